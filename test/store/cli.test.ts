/** `backup`, `restore` and `device export`: over HTTP and in a folder, and what they refuse. */

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readTokens, Tokens } from "../../gateway/http/tokens.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { refused, run } from "../cli/rig.ts";
import { clearUp, startHere, temporaryFolder } from "../gateway/socket-rig.ts";
import { bench } from "../http/rig.ts";

const KEY = "000102030405060708090a0b0c0d0eff";
const running: RunningGateway[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
  clearUp();
});

async function served(): Promise<string> {
  const gateway = await startHere(new Map());
  running.push(gateway);
  return `http://127.0.0.1:${gateway.httpPort}`;
}

const PLACES = [
  ["over HTTP", async () => ["--url", await served()]],
  ["in a folder", () => Promise.resolve(["--data", temporaryFolder()])],
] as const;

describe.each(PLACES)("backup and restore %s", (_where, place) => {
  it("give all back in another folder", async () => {
    const where = await place();
    await run("device", "add", "shed-07", "--id", "2bd", "--key", KEY, ...where);
    const file = join(temporaryFolder(), "nextbeat.backup");
    const made = await run("backup", file, "--json", ...where);
    expect(made).toMatchObject({ code: 0, err: "" });
    const { records, bytes } = JSON.parse(made.out);
    expect(bytes).toBe(statSync(file).size);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await refused(2, "there is such a file; --force replaces it", "backup", file, ...where);
    expect((await run("backup", file, "--force", ...where)).code).toBe(0);

    const data = join(temporaryFolder(), "new");
    const restored = await run("restore", file, "--data", data);
    expect(restored.out).toBe(`${records} records restored into ${data}\n`);
    const shown = await run("device", "export", "--keys", "--json", "--data", data);
    expect(JSON.parse(shown.out)).toMatchObject([{ id: "0002bd", name: "shed-07", key: KEY }]);
    await refused(1, "a store lies in it; --force", "restore", file, "--data", data);
    expect((await run("restore", file, "--force", "--data", data)).code).toBe(0);
  });

  it("export words, and keys only where they were asked for", async () => {
    const where = await place();
    const labels = ["--label", "a;b", "--label", "c\\d"];
    await run("device", "add", 'the "shed", 7', "--id", "2bd", "--key", KEY, ...labels, ...where);
    await run("device", "add", "x", "--suite", "0", "--site", "south", ...where);
    const plain = await run("device", "export", ...where);
    expect(plain.out).toBe(
      "id,name,site,labels,suite\r\n" +
        '0002bd,"the ""shed"", 7",,a\\;b;c\\\\d,1\r\n' +
        "0002be,x,south,,0\r\n",
    );
    expect((await run("device", "export", "--format", "json", ...where)).out).not.toContain(KEY);
    const file = join(temporaryFolder(), "devices.csv");
    expect((await run("device", "export", "--keys", "-o", file, ...where)).out).toBe(
      "2 devices written\n",
    );
    expect(readFileSync(file, "utf8")).toContain(`1,${KEY}\r\n0002be,x,south,,0,\r\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe("restore", () => {
  it("refuses what is no whole backup in one line, and changes nothing", async () => {
    const data = temporaryFolder();
    await run("device", "add", "x", "--data", data);
    const file = join(temporaryFolder(), "file");
    await run("backup", file, "--data", data);
    const whole = readFileSync(file);
    const args = ["restore", file, "--force", "--data", data];
    const before = readdirSync(data, { recursive: true });
    for (const [bytes, words] of [
      [Buffer.from("hello"), "it is no backup; nothing was changed"],
      [whole.subarray(0, whole.length >> 1), "and is not whole; nothing was changed"],
      [whole.fill(0x5a, 40, 41), "nothing was changed"],
    ] as const) {
      writeFileSync(file, bytes);
      await refused(2, words, ...args);
    }
    expect(readdirSync(data, { recursive: true })).toEqual(before);
    await refused(2, "there is no such file", "restore", join(data, "none"), "--data", data);
  });
});

describe("backup", () => {
  it("leaves no file where nobody answers, or nothing lies", async () => {
    const file = join(temporaryFolder(), "file");
    await refused(
      1,
      "no gateway answers at http://127.0.0.1:9",
      "backup",
      file,
      "--url",
      "http://127.0.0.1:9",
    );
    await refused(1, "there is no store in it", "backup", file, "--data", temporaryFolder());
    expect([existsSync(file), existsSync(`${file}.part`)]).toEqual([false, false]);
  });

  it("takes the write scope: it has the keys of all boards", async () => {
    const [read, write] = ["read-token-of-the-test", "write-token-of-the-test"];
    const tokens = new Tokens(readTokens(`read ${read}\nwrite ${write}\n`), "secret");
    const { app } = await bench({ tokens });
    const status = async (token: string, method = "GET") => {
      const headers = { host: "gateway.lan", authorization: `Bearer ${token}` };
      return (await app.request("/api/v1/backup", { method, headers })).status;
    };
    expect([await status(read), await status(read, "HEAD")]).toEqual([403, 403]);
    expect([await status(write), await status(write, "POST")]).toEqual([200, 405]);
  });
});
