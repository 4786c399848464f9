/**
 * Many devices out of a file, other words, another key: what the command line does to the registry.
 */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readCsv } from "../../gateway/cli/csv.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { BoardSocket, startHere } from "../gateway/socket-rig.ts";
import { refused, run } from "./rig.ts";

const folders: string[] = [];
const gateways: RunningGateway[] = [];

afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "nextbeat-registry-"));
  folders.push(made);
  return made;
}

/** Both places where a registry can be, as options of every command. */
const PLACES = ["a store", "a running gateway"] as const;
async function place(kind: (typeof PLACES)[number]): Promise<string[]> {
  if (kind === "a store") return ["--data", join(folder(), "data")];
  const gateway = await startHere(new Map());
  gateways.push(gateway);
  return ["--url", `http://127.0.0.1:${gateway.httpPort}`];
}

const list = async (where: string[]) =>
  JSON.parse((await run("device", "ls", "--json", ...where)).out) as Record<string, unknown>[];

describe.each(PLACES)("on %s", (kind) => {
  it("what was exported is imported elsewhere, keys and all", async () => {
    const [from, to] = [await place(kind), await place(kind)];
    await run(
      "device",
      "add",
      "shed-07",
      "--site",
      "south",
      "--label",
      "a;b",
      "--label",
      "c\\d",
      ...from,
    );
    await run("device", "add", 'say "hi", twice', "--id", "abc", "--suite", "2", ...from);
    await run("device", "add", "bench", "--suite", "0", ...from);
    for (const format of ["csv", "json"]) {
      const file = join(folder(), `farm.${format}`);
      const given = ["--keys", "--format", format, "-o", file];
      expect((await run("device", "export", ...given, ...from)).code).toBe(0);
      const skip = format === "json" ? ["--skip-existing"] : [];
      const said = await run("device", "import", file, ...skip, ...to);
      const words = format === "json" ? "0 devices enrolled, 3 were there" : "3 devices enrolled";
      expect(said).toEqual({ code: 0, out: `${words}\n`, err: "" });
      const again = join(folder(), `again.${format}`);
      // Files that others can read stand there already.
      for (const old of [again, `${again}.part`]) writeFileSync(old, "", { mode: 0o644 });
      await run("device", "export", "--keys", "--format", format, "-o", again, ...to);
      expect(readFileSync(again, "utf8")).toBe(readFileSync(file, "utf8"));
      expect(statSync(again).mode & 0o777).toBe(0o600);
    }
  });

  it("a file with names alone gets ids and keys; ids that are given are not taken by others", async () => {
    const where = await place(kind);
    const file = join(folder(), "names.csv");
    writeFileSync(file, "\ufeffname,id\r\nfirst,\r\n\r\nsecond,1\nthird,\n");
    expect((await run("device", "import", file, ...where)).out).toBe("3 devices enrolled\n");
    const found = await list(where);
    expect(new Set(found.map(({ id }) => id)).size).toBe(3);
    expect(found.find(({ name }) => name === "second")).toMatchObject({ id: "000001", suite: 1 });
  });

  it("another name, site and labels; and what is not said stays", async () => {
    const where = await place(kind);
    await run("device", "add", "shed", "--label", "a", ...where);
    const set = (...given: string[]) => run("device", "set", ...given, ...where);
    expect((await set("shed", "--name", "barn", "--site", "north")).out).toBe(
      "000001 barn, north, a\n",
    );
    expect((await set("barn", "--label", "x", "--label", "y")).out).toBe(
      "000001 barn, north, x, y\n",
    );
    expect((await set("000001", "--no-labels", "--site", "")).out).toBe(
      "000001 barn, no site, no labels\n",
    );
    await refused(2, "expected --name", "device", "set", "barn", ...where);
    await refused(1, "no device has", "device", "set", "shed", "--site", "x", ...where);
    await run("device", "add", "other", ...where);
    await refused(1, "is taken", "device", "set", "other", "--name", "barn", ...where);
  });

  it("another key, and the old one is refused for ever", async () => {
    const where = await place(kind);
    const old = /key {2}(\w+)/.exec(
      (await run("device", "add", "shed", "--site", "s", ...where)).out,
    )![1]!;
    const { code, out } = await run("device", "rekey", "shed", "--suite", "2", ...where);
    expect(code).toBe(0);
    const [, id, key] = /^id {3}(\w{6})\nkey {2}(\w{32})\n$/.exec(out)!;
    expect(key).not.toBe(old);
    expect(await list(where)).toMatchObject([
      { id, name: "shed", site: "s", suite: 2, status: "unknown" },
    ]);
    await refused(1, "enrolled before", "device", "rekey", "shed", "--key", old, ...where);
    expect(await list(where)).toHaveLength(1);
    expect((await run("device", "rekey", "shed", "--suite", "0", ...where)).out).toContain("none");
  });
});

describe("a file that is wrong changes nothing", () => {
  it.each([
    ["name,nmae\n", 2, ':1: given "nmae", expected of'],
    ["id,site\n", 2, ":1: given no column name, expected of"],
    ["", 2, "expected a line of heads"],
    ["name,site,name\na,b,c\n", 2, ":1: column name stands there twice"],
    ["name,site\na\n", 2, ":2: given 1 cells, expected 2"],
    ['name\n"a\nb\n', 2, ':2: given "\\"a'],
    ['name\n"a"b\n', 2, ':2: given "b'],
    ["name,id\nok,\nbad,xyz\n", 2, ':3: id: given "xyz"'],
    ["name,suite\nok,7\n", 2, ':2: suite: given "7"'],
    ["name\nsame\nother\nsame\n", 2, ":4: the name same stands at"],
    ["name,id\na,1\nb,000001\n", 2, ":3: the id 000001 stands at"],
    [`name,key\na,${"0".repeat(32)}\nb,${"0".repeat(32)}\n`, 2, ":3: this key stands at"],
    ["name\nnew\nthere\n", 1, ":3: 000001 there is enrolled"],
    ["name,id\nnew,1\n", 1, ":2: 000001 there is enrolled"],
  ])("%j", async (text, code, words) => {
    const where = await place("a store");
    await run("device", "add", "there", ...where);
    const file = join(folder(), "wrong.csv");
    writeFileSync(file, text);
    await refused(code, words, "device", "import", file, ...where);
    expect(await list(where)).toHaveLength(1);
  });

  it("and so does one that is no JSON, or no list", async () => {
    const where = await place("a store");
    await run("device", "add", "there", ...where);
    const file = join(folder(), "wrong.json");
    for (const [text, words] of [
      ["[", "JSON"],
      ["{}", "expected a list"],
      ["[{}]", "device 1: name: missing"],
      ["[null]", "device 1: name: missing"],
      ['[{"name":"a","colour":1}]', '"colour" is not known'],
    ] as const) {
      writeFileSync(file, text);
      await refused(2, words, "device", "import", file, ...where);
    }
    await refused(2, "no such file", "device", "import", join(folder(), "none.csv"), ...where);
  });
});

it("cells may hold commas, quotes and lines, and each row knows its line", () => {
  expect(readCsv('a,"b ""x"", y"\n"two\nlines",\n\nlast,1', "f")).toEqual([
    { line: 1, cells: ["a", 'b "x", y'] },
    { line: 2, cells: ["two\nlines", ""] },
    { line: 5, cells: ["last", "1"] },
  ]);
});

it("a board with the old key is not heard, one with the new key is", async () => {
  const gateway = await startHere(new Map());
  gateways.push(gateway);
  const where = ["--url", `http://127.0.0.1:${gateway.httpPort}`];
  const board = new Board(0x2bd, 2, { name: "shed" });
  await gateway.registry.add(board.enrolment);
  const socket = await BoardSocket.open();
  await socket.hello(board, gateway.udpPort);
  await socket.beat(board, gateway.udpPort);
  const seq = () => gateway.core.view(0x2bd, performance.now())!.seq;
  expect(seq()).toBe(1);
  const fresh = new Board(0x2bd, 2, { name: "shed", key: "another, sixteen" });
  const hex = Buffer.from(fresh.enrolment.key, "latin1").toString("hex");
  expect((await run("device", "rekey", "shed", "--key", hex, ...where)).code).toBe(0);
  const before = gateway.core.counters["bad-tag"] ?? 0;
  socket.send(board.beat(), gateway.udpPort);
  while ((gateway.core.counters["bad-tag"] ?? 0) === before)
    await new Promise((w) => setTimeout(w, 5));
  expect(seq()).toBe(0);
  await socket.hello(fresh, gateway.udpPort);
  await socket.beat(fresh, gateway.udpPort);
  expect(seq()).toBe(1);
  socket.close();
});
