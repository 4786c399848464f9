/**
 * Programs under test, each in a process of its own: started, measured, killed.
 *
 * CPU is what the kernel charged all threads of the process, so it counts LevelDB's and the
 * collector's too, and does not count the waiting for a core that other programs hold: on a shared
 * machine the only figure worth comparing. The wall rate stands beside it. A server is bound to one
 * core where `taskset` is there, so that "per core" means one.
 */

import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** The compiled command line, beside the compiled benches. */
export const MAIN = fileURLToPath(new URL("../../gateway/main.js", import.meta.url));

/** CPU that a process has used, in us, and its resident memory in bytes. */
export interface Usage {
  readonly cpuUs: number;
  readonly rss: number;
}

/** Throws where there is no /proc: the benches measure on Linux. */
export function usageOf(pid: number): Usage {
  let ns = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${task}/schedstat`, "latin1");
    ns += Number(stat.split(" ")[0]);
  }
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return { cpuUs: ns / 1000, rss: Number(kib) * 1024 };
}

/**
 * Resolves when the process has come to rest, or after `mostMs`. @returns how long that took, in ms
 */
export async function rest(pid: number, mostMs = 15_000): Promise<number> {
  const begun = performance.now();
  let quietSince = begun;
  let before = usageOf(pid).cpuUs;
  while (performance.now() - begun < mostMs) {
    await new Promise((wake) => setTimeout(wake, 50));
    const { cpuUs } = usageOf(pid);
    if (cpuUs - before > 2_000) quietSince = performance.now();
    before = cpuUs;
    if (performance.now() - quietSince > 700) break;
  }
  return quietSince - begun;
}

const CORES = availableParallelism();
const PINS = CORES > 1 && existsSync("/usr/bin/taskset");

/** Leaves the servers' core to them. */
export function leaveCore(): void {
  if (PINS) execFileSync("taskset", ["-apc", `1-${CORES - 1}`, String(process.pid)]);
}

export interface Server {
  readonly pid: number;
  readonly port: number;
  /** Bytes written to stdout so far: the log. */
  readonly logged: () => number;
  /** Resolves with the exit code or the signal when it has ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  kill(signal?: NodeJS.Signals): void;
}

export interface GatewayServer extends Server {
  readonly http: number;
  readonly url: string;
}

const running = new Set<ReturnType<typeof launch>>();
const folders: string[] = [];
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

/** Goes when this process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-bench-"));
  folders.push(folder);
  return folder;
}

/** Runs `nextbeat gateway` on loopback; resolves when it listens. Port 0 takes a free one. */
export async function startGatewayProcess(
  data: string,
  ports = { udp: 0, http: 0 },
): Promise<GatewayServer> {
  const { server, said } = await start(gatewayArgs(data, ports));
  const http = Number(said.http);
  return { ...server, port: Number(said.udp), http, url: `http://127.0.0.1:${http}` };
}

/** Runs it, and kills it `afterMs` later, wherever it stands then. */
export async function startStillborn(
  data: string,
  ports: { udp: number; http: number },
  afterMs: number,
): Promise<void> {
  const child = launch(gatewayArgs(data, ports));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.stdout.resume();
  setTimeout(() => child.kill("SIGKILL"), afterMs);
  await ended;
}

function gatewayArgs(data: string, { udp, http }: { udp: number; http: number }): string[] {
  const flags = ["--data", data, "--udp-host", "127.0.0.1"];
  return [MAIN, "gateway", ...flags, "--udp-port", String(udp), "--http-port", String(http)];
}

/** Runs a script of this folder that says `{"msg":"listening","udp":PORT}`. */
export async function startScript(name: string, ...args: string[]): Promise<Server> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const { server, said } = await start([script, ...args]);
  return { ...server, port: Number(said.udp) };
}

function launch(args: readonly string[]): ChildProcessByStdio<null, Readable, null> {
  const command = PINS ? ["taskset", "-c", "0", process.execPath] : [process.execPath];
  const [program = "", ...before] = command;
  const child = spawn(program, [...before, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

async function start(
  args: readonly string[],
): Promise<{ server: Omit<Server, "port">; said: Record<string, unknown> }> {
  const child = launch(args);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
  let logged = 0;
  child.stdout.on("data", (bytes: Buffer) => {
    logged += bytes.length;
  });
  const said = await new Promise<Record<string, unknown>>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const words = JSON.parse(line) as Record<string, unknown>;
      if (words.msg === "listening") resolve(words);
    });
    void ended.then((end) => reject(new Error(`${args.join(" ")}: ended with ${end}`)));
  });
  const kill = (signal: NodeJS.Signals = "SIGTERM") => void child.kill(signal);
  return { server: { pid: child.pid!, logged: () => logged, ended, kill }, said };
}
