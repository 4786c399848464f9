// The rules of the house that a machine can check: who may import whom, what a core may not know,
// how long things may get, and that nothing lies about unused. A rule that is not checked decays;
// one that is checked in review only is checked when somebody is tired.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Lines a file may have. */
const LINES_MAX = 250;
const COLUMNS_MAX = 100;
/** What cannot be broken: an address, a title, a string or an expression on a line of its own. */
const UNBREAKABLE = /https?:\/\/|biome-ignore|^\s*(test|it)\(["`]|^\s*(["'`]|\/[^/*])/;

/** Codec and tags: all that the gateway may know of the device. */
const CODEC = [
  "bytes",
  "chaskey",
  "crc16",
  "decode",
  "describe",
  "extensions",
  "interval",
  "tag",
  "wire",
];
CODEC.push("words");

/** The board's shell and its build: they touch the world; the rest of device/ is core. */
const BOARD_SHELL =
  /^device\/(board.*|run|udp|mqtt|main|build|shrink|subset|interpreter|.*\.d)\.ts$/;

/** What no core may know: it is handed the time and the dice, and says what it wants done. */
const WORLDLY =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.|setTimeout|setInterval|setImmediate|process\.|console\.)|["']node:/;

function list(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((e) => {
    const path = `${folder}/${e.name}`;
    if (e.isDirectory()) return e.name === "stubs" || e.name === "vectors" ? [] : list(path);
    return [path];
  });
}

const FILES = ["device", "gateway", "sim", "test"].flatMap(list);
const SOURCES = FILES.filter((path) => path.endsWith(".ts"));
const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Files that a file imports, as paths from the root; packages are left out. */
function imports(path: string): string[] {
  const found = text(path).matchAll(
    /^(?:import|export)\b[^;]*?from "(\.[^"]+)"|^import "(\.[^"]+)"/gm,
  );
  return [...found].map((m) => relative(ROOT, resolve(ROOT, dirname(path), (m[1] ?? m[2])!)));
}

function reach(entries: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const open = [...entries];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path) || !existsSync(join(ROOT, path))) continue;
    seen.add(path);
    if (path.endsWith(".ts")) open.push(...imports(path));
  }
  return seen;
}

describe("the import graph", () => {
  it("device/ imports nothing outside itself", () => {
    const strays = SOURCES.filter((p) => p.startsWith("device/")).flatMap((p) =>
      imports(p).filter((to) => !to.startsWith("device/")),
    );
    expect(strays).toEqual([]);
  });

  it("gateway/ imports of device/ the codec and the tags, and of sim/ and test/ nothing", () => {
    const allowed = new Set(CODEC.map((name) => `device/${name}.ts`));
    const strays = SOURCES.filter((p) => p.startsWith("gateway/")).flatMap((p) =>
      imports(p)
        .filter((to) => !to.startsWith("gateway/") && !allowed.has(to))
        .map((to) => `${p} -> ${to}`),
    );
    expect(strays).toEqual([]);
  });

  it("sim/ imports no shell, and nothing imports test/", () => {
    const strays = SOURCES.filter((p) => !p.startsWith("test/")).flatMap((p) =>
      imports(p)
        .filter((to) => to.startsWith("test/") || (p.startsWith("sim/") && BOARD_SHELL.test(to)))
        .map((to) => `${p} -> ${to}`),
    );
    expect(strays).toEqual([]);
  });

  it("no file is dead", () => {
    const programs = ["device/main.ts", "device/board-wifi.ts", "device/build.ts"];
    programs.push("device/board-espruino-wifi.ts");
    programs.push("gateway/main.ts", "gateway/assets.ts", "sim/main.ts");
    // The backend for trials, and for tests of whoever builds on the store.
    programs.push("gateway/store/memory.ts");
    const alive = reach(programs);
    const tests = reach(SOURCES.filter((p) => /\.test\.ts$|^test\/bench\//.test(p)));
    const dead = SOURCES.filter((p) => !(p.startsWith("test/") ? tests : alive).has(p));
    expect(dead.filter((p) => !p.endsWith(".d.ts"))).toEqual([]);
  });
});

describe("the cores", () => {
  it.each([
    [
      "device",
      reach(["sender", "sleep", "binding", "state", "describe"].map((n) => `device/${n}.ts`)),
    ],
    ["gateway", reach(["gateway/gateway.ts"])],
    ["sim", reach(["sim/world.ts"])],
  ])("of %s know no clock, timer, dice, console or node", (_, files) => {
    expect(files.size).toBeGreaterThan(5);
    const strays = [...files].flatMap((path) =>
      text(path)
        .split("\n")
        .map((line) => line.replace(/^\s*(\*|\/\/|\/\*).*$|\s\/\/ .*$/, ""))
        .filter((line) => WORLDLY.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(strays).toEqual([]);
  });
});

describe("the files", () => {
  it(`have at most ${LINES_MAX} lines of ${COLUMNS_MAX} columns`, () => {
    const strays = SOURCES.flatMap((path) => {
      const lines = text(path).trimEnd().split("\n");
      const wide = lines.flatMap((line, i) =>
        line.length > COLUMNS_MAX && !UNBREAKABLE.test(line)
          ? [`${path}:${i + 1} has ${line.length} columns`]
          : [],
      );
      return lines.length > LINES_MAX ? [`${path} has ${lines.length} lines`, ...wide] : wide;
    });
    expect(strays).toEqual([]);
  });

  it("open with their idea", () => {
    expect(SOURCES.filter((p) => !/^(#!.*\n)?(\/\/|\/\*)/.test(text(p)))).toEqual([]);
  });

  it("hold no enum, decorator, default export, barrel, or leftover", () => {
    const strays = SOURCES.filter((p) => p !== "test/tidy.test.ts").flatMap((path) =>
      text(path)
        .split("\n")
        .filter((line) =>
          /^\s*(export )?(const )?enum |^\s*@\w+\(|^export default|^export \* from|TODO|FIXME|XXX/.test(
            line,
          ),
        )
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(strays).toEqual([]);
  });
});

describe("the checkout", () => {
  const tracked = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" })
    .trim()
    .split("\n");

  it("has the folders of the house and no other", () => {
    const folders = new Set(tracked.filter((p) => p.includes("/")).map((p) => p.split("/")[0]));
    expect([...folders].sort()).toEqual([".ci", "device", "gateway", "sim", "test"]);
  });

  it("names each package it uses, exactly, and uses each that it names", () => {
    const manifest = JSON.parse(text("package.json"));
    const named: Record<string, string> = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const [name, version] of Object.entries(named))
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    const used = new Set(
      SOURCES.flatMap((path) =>
        [...text(path).matchAll(/^(?:import|\}) .*from "((?:@[^/"]+\/)?[^./"][^/":]*)/gm)].map(
          (m) => m[1]!,
        ),
      ),
    );
    used.delete("node");
    expect([...used].filter((name) => !(name in named)).sort()).toEqual([]);
    // The compiler, the linter and the flashing tool are commands.
    const commands = ["typescript", "@biomejs/biome", "@types/node", "espruino"];
    const idle = Object.keys(named).filter((name) => !used.has(name) && !commands.includes(name));
    expect(idle).toEqual([]);
  });

  it("says in its lock file what, not from where", () => {
    expect(text("package-lock.json")).not.toMatch(/"resolved": "https?:/);
  });

  it("has a test that cites each numbered rule of the protocol built so far", () => {
    const tests = SOURCES.filter((p) => p.endsWith(".test.ts"))
      .map(text)
      .join("\n");
    const built = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19];
    const cited = built.filter((n) => new RegExp(`\\brules? (\\d+[,a-z ]+)*${n}\\b`).test(tests));
    expect(cited).toEqual(built);
  });
});
