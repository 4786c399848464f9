/**
 * The program as other people have it: packed, installed into an empty folder where no compiler is,
 * and run from there by its name. The checkout lends nothing but the tarball.
 *
 * `npm pack` runs without the build that comes before it, so that what is packed is what stands in
 * dist, and a bench can be run while somebody works on the sources.
 */

import { execFile, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** A package that wants to be compiled fails. */
const NO_COMPILER = { CC: "/bin/false", CXX: "/bin/false" };

export interface Installed {
  readonly folder: string;
  readonly bin: string;
  readonly tarballBytes: number;
  /** Of all files below node_modules. */
  readonly bytes: number;
  /** Our own among them. */
  readonly packages: number;
  readonly installMs: number;
  /** Systems and processors for which the store's native part is there. */
  readonly natives: readonly string[];
}

/** Packs, and installs into a new folder below `place`. */
export function install(place: string): Installed {
  const said = execFileSync(
    "npm",
    ["pack", "--ignore-scripts", "--json", "--pack-destination", place],
    {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const [packed] = Object.values(JSON.parse(said) as object) as { filename: string }[];
  const tarball = join(place, packed!.filename);
  const folder = join(place, "empty");
  mkdirSync(folder);
  // Without one, npm would take the nearest folder above that has one.
  writeFileSync(join(folder, "package.json"), '{"private":true}\n');
  const begun = performance.now();
  execFileSync("npm", ["install", "--no-audit", "--no-fund", tarball], {
    cwd: folder,
    env: { ...process.env, ...NO_COMPILER },
    stdio: "ignore",
  });
  const installMs = performance.now() - begun;
  const modules = join(folder, "node_modules");
  const lock = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8"));
  return {
    folder,
    bin: join(modules, ".bin", "nextbeat"),
    tarballBytes: statSync(tarball).size,
    bytes: bytesBelow(modules),
    packages: Object.keys(lock.packages).length,
    installMs,
    natives: readdirSync(join(modules, "classic-level", "prebuilds"), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith(".node")),
  };
}

function bytesBelow(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

const execute = promisify(execFile);

/** One command of the installed program. @returns stdout; rejects where it did not end with 0 */
export async function command({ folder, bin }: Installed, ...argv: string[]): Promise<string> {
  return (await execute(bin, argv, { cwd: folder, maxBuffer: 64 * 1_048_576 })).stdout;
}

export interface Started {
  readonly pid: number;
  readonly udp: number;
  readonly http: number;
  readonly broker: number;
  /** From the start of the process to its line "listening". */
  readonly listeningMs: number;
  stop(): Promise<void>;
}

const children = new Set<ReturnType<typeof spawn>>();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** A process that ends with this one. */
export function child(program: string, argv: readonly string[], options: SpawnOptions) {
  const started = spawn(program, argv, options);
  children.add(started);
  started.once("exit", () => children.delete(started));
  return started;
}

/** `nextbeat gateway --broker` on free ports of loopback, its data in `data`. */
export async function startGateway({ folder, bin }: Installed, data: string): Promise<Started> {
  const ports = ["--udp-port", "0", "--http-port", "0", "--broker-port", "0"];
  const argv = ["gateway", "--data", data, "--udp-host", "127.0.0.1", "--broker", ...ports];
  const begun = performance.now();
  const gateway = child(bin, argv, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => gateway.once("exit", () => resolve()));
  return await new Promise((resolve, reject) => {
    createInterface({ input: gateway.stdout! }).on("line", (line) => {
      const { msg, udp, http, broker } = JSON.parse(line);
      if (msg !== "listening") return;
      const listeningMs = performance.now() - begun;
      const stop = (): Promise<void> => {
        gateway.kill("SIGTERM");
        return ended;
      };
      resolve({ pid: gateway.pid!, udp, http, broker, listeningMs, stop });
    });
    void ended.then(() => reject(new Error("the gateway ended before it listened")));
  });
}
