/**
 * What `npm pack` takes: all that the program loads, what its documents link to, and no more. A
 * file too few is a command that fails at whoever installed it and nowhere else.
 *
 * dist is as the last build left it; where there is none, the test builds.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { TOOLS, toolsCommand } from "../gateway/cli/port.ts";
import { clearUp, MAIN, temporaryFolder } from "./gateway/socket-rig.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const text = (path: string) => readFileSync(join(ROOT, path), "utf8");
const own = JSON.parse(text("package.json"));
/** Relative, and of packages. */
const IMPORT =
  /^(?:import|export)\b[^;"']*\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

let files: string[] = [];
beforeAll(() => {
  if (!existsSync(MAIN))
    execFileSync("npm", ["run", "-s", "build"], { cwd: ROOT, stdio: "ignore" });
  const said = execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = Object.values(JSON.parse(said)) as { files: { path: string }[] }[];
  files = packed!.files.map(({ path }) => path);
});
afterEach(clearUp);

const scripts = () =>
  files.filter((path) => /^dist\/.*\.js$/.test(path) && !/\/web\/|\/nextbeat-/.test(path));
const imports = (path: string) =>
  [...text(path).matchAll(IMPORT)].map(([, ...found]) => found.join(""));

describe("the package", () => {
  it("has every file that a file of it imports, and depends on every package", () => {
    expect(scripts().length).toBeGreaterThan(200);
    const wrong = scripts().flatMap((path) =>
      imports(path)
        .filter((to) => !to.startsWith("node:"))
        .filter((to) =>
          to.startsWith(".")
            ? !files.includes(posix.join(dirname(path), to))
            : !(to.split("/", to.startsWith("@") ? 2 : 1).join("/") in own.dependencies),
        )
        .map((to) => `${path}: ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it("has what is read at run time: dashboard, units, bundles, scenarios, the time of the build", () => {
    const wanted = ["gateway/web", "gateway/deploy", "sim/scenarios"].flatMap((folder) =>
      readdirSync(join(ROOT, folder)).map(
        (name) => `${folder.replace("gateway", "dist/gateway")}/${name}`,
      ),
    );
    const bundles = readdirSync(join(ROOT, "dist/device")).filter((name) =>
      /^nextbeat-/.test(name),
    );
    expect(bundles.length).toBeGreaterThan(10);
    wanted.push(...bundles.map((name) => `dist/device/${name}`), "dist/gateway/build.json");
    wanted.push(own.bin.nextbeat);
    expect(wanted.filter((path) => !files.includes(path))).toEqual([]);
  });

  it("has the documents that its documents link to", () => {
    const documents = files.filter((path) => path.endsWith(".md"));
    expect(documents).toContain("README.md");
    const dead = documents.flatMap((path) =>
      [...text(path).matchAll(/\]\((?!https?:|#)([^)#]+\.(?:md|js|svg))\)/g)]
        .map(([, to]) => posix.join(dirname(path), to!))
        .filter((to) => !files.includes(to))
        .map((to) => `${path}: ${to}`),
    );
    expect(dead).toEqual([]);
  });

  it("has no tests, no types, no build tools, and nothing whose source is gone", () => {
    expect(files.filter((path) => /test|\.d\.ts$|tsbuildinfo|\.ts$/.test(path))).toEqual([]);
    const strays = scripts().filter((path) =>
      /\/(build|assets|subset|shrink|board[^/]*)\.js$/.test(path),
    );
    expect(strays.filter((path) => path.startsWith("dist/device/"))).toEqual([]);
    expect(files).not.toContain("dist/gateway/assets.js");
  });
});

describe("the command that installs the espruino tools", () => {
  it("names the place where this program will look", async () => {
    expect(toolsCommand(join(ROOT, "gateway", "cli", "port.ts"))).toBe("npm ci");
    const folder = temporaryFolder();
    const file = join(folder, "node_modules", "nextbeat", "dist", "gateway", "cli", "port.js");
    await mkdir(dirname(file), { recursive: true });
    expect(toolsCommand(file)).toBe(`npm install --global ${TOOLS}`);
    writeFileSync(join(folder, "package.json"), "{}");
    expect(toolsCommand(file)).toBe(`npm install --prefix "${folder}" ${TOOLS}`);
    expect(TOOLS).toBe(`espruino@${own.devDependencies.espruino}`);
  });
});
