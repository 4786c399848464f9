/** `device bundle`: one script for a board, with its own salt, its owner's alone (rule 12). */

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { readExtensions } from "../device/extensions.ts";
import { UP } from "../device/wire.ts";
import { quote } from "../gateway/cli/device-bundle.ts";
import { refused, run } from "./cli-rig.ts";
import { clearUp, temporaryFolder } from "./socket-rig.ts";

const KEY = "000102030405060708090a0b225c0d0a";
const prebuilt = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../dist/device/${name}`, import.meta.url)), "latin1");

beforeAll(() => {
  for (const suite of ["hmac", "chaskey"]) {
    const file = new URL(`../dist/device/nextbeat-udp-${suite}.js`, import.meta.url);
    if (!existsSync(file)) throw new Error('there are no bundles yet; "npm run build" makes them');
  }
});
afterEach(clearUp);

/** Bundles device `shed` with the given flags. @returns the script, and what its first line sets */
async function bundle(data: string, ...flags: string[]) {
  const file = join(data, "out.js");
  const where = ["--data", data, "--gateway", "192.168.1.5", "-o", file];
  const said = await run("device", "bundle", "shed", ...where, ...flags);
  expect(said).toMatchObject({ code: 0, err: "" });
  const script = readFileSync(file, "latin1");
  expect(script).toMatch(/^[\x20-\x7e\n]*$/);
  const first = script.slice(0, script.indexOf("\n"));
  const config = vm.runInNewContext(`${first};NEXTBEAT`) as Record<string, string | number>;
  return { said, file, script, config };
}

async function enrolled(suite: string): Promise<string> {
  const data = temporaryFolder();
  await run("device", "add", "shed", "--id", "4d2", "--key", KEY, "--suite", suite, "--data", data);
  return data;
}

describe("device bundle", () => {
  it.each(["hmac", "chaskey"])("puts configuration before the %s bundle", async (suite) => {
    const { said, file, script, config } = await bundle(await enrolled(suite));
    expect(config).toMatchObject({
      id: 0x4d2,
      secret: Buffer.from(KEY, "hex").toString("latin1"),
      host: "192.168.1.5",
      port: 7227,
      own: 60_000,
    });
    expect(config.salt).toMatch(/^[\w-]{11}$/);
    expect(readExtensions(String(config.extra), UP)?.map((extension) => extension.type)).toEqual([
      4, 7,
    ]);
    expect(config).not.toHaveProperty("ssid");
    expect(script.slice(script.indexOf("\n") + 1)).toBe(
      `${prebuilt(`nextbeat-udp-${suite}.js`)};\n`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(said.out).toContain(`${file}: ${script.length} bytes (configuration `);
  });

  it("takes Wi-Fi, sleep, interval and the application's script", async () => {
    const data = await enrolled("hmac");
    writeFileSync(join(data, "pass"), 'pä"ss\\\r\n');
    writeFileSync(join(data, "app.js"), "setWatch(f,BTN);\n");
    writeFileSync(join(data, "out.js"), "old", { mode: 0o644 });
    const wifi = ["--wifi", "Hütte", "--wifi-pass-file", join(data, "pass")];
    const rest = [
      "--app",
      join(data, "app.js"),
      "--interval",
      "1h30m",
      "--reach",
      "awake",
      "--json",
    ];
    const { said, file, script, config } = await bundle(data, ...wifi, ...rest);
    const bytes = (text: string) => Buffer.from(text).toString("latin1");
    expect(config).toMatchObject({ own: 5_400_000, ssid: bytes("Hütte") });
    expect(config.pass).toBe(bytes('pä"ss\\'));
    const client = `${prebuilt("nextbeat-wifi.js")};\n${prebuilt("nextbeat-udp-hmac.js")};\n`;
    expect(script.endsWith(`\n${client}setWatch(f,BTN);\n`)).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(said.out)).toMatchObject({
      file,
      id: "0004d2",
      bytes: script.length,
      app: 17,
    });
  });

  it("gives the board exactly the fields that its program reads", async () => {
    const types = readFileSync(new URL("../device/espruino.d.ts", import.meta.url), "utf8");
    const declared = /declare const NEXTBEAT: \{\n(.*?)\n\};/s.exec(types)?.[1] ?? "";
    const names = [...declared.matchAll(/^ {2}(\w+):/gm)].map((field) => field[1]!);
    const { config } = await bundle(await enrolled("hmac"), "--wifi", "x");
    // `wake` is made on the board.
    expect(Object.keys(config).sort()).toEqual(names.filter((name) => name !== "wake").sort());
  });

  it("never gives two bundles of a key the same salt (rule 12)", async () => {
    const data = await enrolled("hmac");
    const salts = new Set<unknown>();
    for (let n = 0; n < 5; n++) salts.add((await bundle(data)).config.salt);
    expect(salts.size).toBe(5);
  });

  it("refuses what a board could not use, and writes nothing", async () => {
    const data = await enrolled("hmac");
    const out = join(data, "out.js");
    const flags = ["--data", data, "-o", out];
    const to = ["--gateway", "192.168.1.5", ...flags];
    const bad = (code: number, words: string, ...argv: string[]) =>
      refused(code, words, "device", "bundle", "shed", ...argv);
    await bad(2, "required option '--gateway <host[:port]>' not specified", ...flags);
    await bad(2, "required option '-o, --output <file>'", "--gateway", "a", "--data", data);
    await bad(2, "boards do not speak IPv6", "--gateway", "::1", ...flags);
    await bad(2, "such as 90s, 5m or 1h30m", ...to, "--interval", "60");
    await bad(2, "Expected awake", ...to, "--reach", "asleep");
    await bad(2, "unknown option '--mqtt'", ...to, "--mqtt", "x");
    await bad(2, "expected --wifi SSID with it", ...to, "--wifi-pass-file", out);
    await bad(2, "given 33 bytes, expected 1 to 32", ...to, "--wifi", "x".repeat(33));
    await bad(2, "there is no such file", ...to, "--wifi", "x", "--wifi-pass-file", out);
    await bad(2, "--app /nowhere: there is no such file", ...to, "--app", "/nowhere");
    await bad(1, "no such file or folder", "--gateway", "a", "--data", data, "-o", "/nowhere/x");
    await refused(1, 'name "other"', "device", "bundle", "other", ...to);
    expect(existsSync(out)).toBe(false);
    expect(existsSync(`${out}.part`)).toBe(false);
  });

  it("writes any bytes as ASCII that means them", () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
    expect(quote(all)).toMatch(/^[\x20-\x7e]*$/);
    expect(vm.runInNewContext(quote(`${all}0`))).toBe(`${all}0`);
  });
});
