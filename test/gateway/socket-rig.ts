/**
 * Real sockets for the tests of the gateway's shell: a socket on loopback that waits for answers, a
 * gateway in this process on a store in memory, and one in a process of its own that can be killed.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../gateway/clock.ts";
import { type Log, quiet } from "../../gateway/log.ts";
import { type GatewaySettings, type RunningGateway, startGateway } from "../../gateway/server.ts";
import { type MemoryDisk, memoryStore } from "../../gateway/store/memory.ts";
import { type Board, nonceOf } from "./gateway-rig.ts";

/** A socket of a board: sends frames to one port and hands out what comes back, in order. */
export class BoardSocket {
  readonly received: string[] = [];
  readonly #socket: Socket;
  readonly #host: string;
  #waiting: (() => void)[] = [];

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on("message", (message) => {
      this.received.push(message.toString("latin1"));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static open(host = "127.0.0.1"): Promise<BoardSocket> {
    const v6 = host.includes(":");
    // Without a look-up the datagram is in the kernel when `send` returns.
    const socket = createSocket({
      type: v6 ? "udp6" : "udp4",
      lookup: (name, _options, found) => found(null, name, v6 ? 6 : 4),
    });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, host, () => resolve(new BoardSocket(socket, host)));
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(frame: string, port: number): void {
    this.#socket.send(Buffer.from(frame, "latin1"), port, this.#host);
  }

  /** The first received frame that `wanted` takes, taken out of the queue; waits for it. */
  async next<T>(wanted: (frame: string) => T | undefined): Promise<T> {
    for (;;) {
      for (const [at, frame] of this.received.entries()) {
        const found = wanted(frame);
        if (found === undefined) continue;
        this.received.splice(at, 1);
        return found;
      }
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  /** HELLO until there is a WELCOME; the board takes its epoch. */
  async hello(board: Board, port: number): Promise<void> {
    const nonce = nonceOf(board.id * 1_000 + board.seq);
    this.send(board.hello(nonce), port);
    const welcome = await this.next((frame) => board.welcomeOf(frame, nonce));
    board.epoch = welcome.epoch;
    board.seq = 0;
  }

  /** The next beat of the board, acknowledged. @returns the beat */
  async beat(board: Board, port: number, promise?: number): Promise<string> {
    const frame = board.beat(promise === undefined ? {} : { promise });
    this.send(frame, port);
    await this.next((answer) => board.ackOf(answer, frame));
    return frame;
  }

  close(): void {
    this.#socket.close();
  }
}

/** A gateway in this process, on free ports of loopback. */
export function startHere(
  disk: MemoryDisk,
  more: Partial<GatewaySettings> = {},
): Promise<RunningGateway> {
  return startGateway({
    clock: systemClock(0),
    store: (options) => memoryStore(options, disk),
    udpPort: 0,
    udpHosts: ["127.0.0.1"],
    httpPort: 0,
    httpHost: "127.0.0.1",
    log: quiet,
    onFatal: (error) => {
      throw error;
    },
    ...more,
  });
}

/** A log whose lines a test reads. */
export function keptLog(lines: string[]): Log {
  const keep = (msg: string, fields = {}) => void lines.push(JSON.stringify({ msg, ...fields }));
  return { info: keep, warn: keep, error: keep, few: keep };
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const MAIN = join(ROOT, "dist", "gateway", "main.js");

/** Compiles the gateway where its sources are newer than what was compiled last. */
export function buildGateway(): void {
  const stamp = join(ROOT, "node_modules", ".cache", "tsc", "gateway.tsbuildinfo");
  const built = existsSync(MAIN) && existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (Math.max(newest("gateway"), newest("device")) <= built) return;
  execFileSync(
    process.execPath,
    [join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-b", "gateway"],
    {
      cwd: ROOT,
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
}

function newest(folder: string): number {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts"));
  return Math.max(...sources.map((file) => statSync(join(ROOT, folder, file)).mtimeMs));
}

/** A gateway in a process of its own. */
export interface ChildGateway {
  readonly process: ChildProcess;
  readonly udpPort: number;
  readonly url: string;
  /** Resolves with the exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Runs `nextbeat gateway` on free ports; resolves when it listens. */
export async function startChild(data: string, ...more: string[]): Promise<ChildGateway> {
  const flags = ["--data", data, "--udp-port", "0", "--http-port", "0", "--udp-host", "127.0.0.1"];
  const child = spawn(process.execPath, [MAIN, "gateway", ...flags, ...more], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? -1));
  });
  const lines = createInterface({ input: child.stdout });
  const ports = await new Promise<{ udp: number; http: number }>((resolve, reject) => {
    lines.on("line", (line) => {
      const said = JSON.parse(line);
      if (said.msg === "listening") resolve(said);
    });
    void ended.then((end) => reject(new Error(`the gateway ended with ${end}: ${complaint}`)));
  });
  return { process: child, udpPort: ports.udp, url: `http://127.0.0.1:${ports.http}`, ended };
}

const children = new Set<ChildProcess>();
const folders: string[] = [];

export function temporaryFolder(): string {
  const made = mkdtempSync(join(tmpdir(), "nextbeat-test-"));
  folders.push(made);
  return made;
}

/** For afterEach: nothing that was started or made here stays. */
export function clearUp(): void {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  children.clear();
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
}
