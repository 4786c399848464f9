// The interpreter's globals in virtual time, for scripts that are written for a board: sockets that
// fail as the firmware's do, a flash whose bytes are filled once, timers, promises. Two scripts
// that are given the same world and leave the same log behave alike.
//
// The order of work is the interpreter's: timers, then the network's first attempt to send, then
// what promises call, then the next attempt. A failed `sendto` drops 7 bytes of the queue and takes
// what is left for the next datagram: the log shows it as `leaked`.

import { createHash } from "node:crypto";
import { createContext, runInContext } from "node:vm";
import { crc32 } from "node:zlib";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const hex = (text: string): string => bytes(text).toString("hex");

/** What the world does, of which all luck is drawn in the order of the board's own doings. */
export interface World {
  /** Uniform in [0, 1), for the board's `Math.random`. */
  dice(): number;
  /** Whether the n-th datagram leaves the board. */
  sends(n: number): boolean;
  /** What comes back for a frame: when, after how many ms, from where. */
  replies(frame: string, at: number): { frame: string; ms: number; port?: number }[];
}

/**
 * All instants are whole 1/1024 s, in ms: sums of them are exact, so that rounding does not decide
 * whether a timer was early.
 */
const TICK_MS = 1000 / 1024;
const tick = (ms: number): number => Math.ceil(ms / TICK_MS) * TICK_MS;

interface Timer {
  at: number;
  order: number;
  call: () => void;
}

class PretendSocket {
  dSnd = "";
  host = "";
  port = 0;
  readonly listeners = new Map<string, (...args: unknown[]) => void>();

  on(event: string, listener: (...args: unknown[]) => void): void {
    this.listeners.set(event, listener);
  }
  send(message: string, port: number, host: string): void {
    if (message === "") throw new Error("an empty datagram kills a peer");
    if (!/^\d+\.\d+\.\d+\.\d+$/.test(host)) throw new Error(`${host} blocks, or is broadcast`);
    this.port = port;
    this.host = host;
    this.dSnd += `--------${message}`;
  }
  close(): void {
    this.listeners.get("close")?.();
  }
}

class Resolved {
  private readonly jobs: (() => void)[];
  constructor(jobs: (() => void)[]) {
    this.jobs = jobs;
  }
  then(call: () => void): void {
    this.jobs.push(call);
  }
}

/** A flash: it outlives the board that runs on it. */
export class PretendFlash {
  readonly files = new Map<string, string>();

  read(name: string): string | undefined {
    return this.files.get(name);
  }
  write(name: string, data: string, offset = 0, size = 0): boolean {
    const old = this.files.get(name);
    if (offset === 0) this.files.set(name, data.padEnd(size, "\xff"));
    else {
      const end = offset + data.length;
      if (old === undefined || !/^\xff*$/.test(old.slice(offset, end)) || end > old.length)
        throw new Error("File already written with different data");
      this.files.set(name, old.slice(0, offset) + data + old.slice(end));
    }
    return true;
  }
}

export class PretendBoard {
  now = 0;
  readonly log: string[] = [];
  private timers: Timer[] = [];
  private jobs: (() => void)[] = [];
  private readonly sockets: PretendSocket[] = [];
  private order = 1;
  private sendings = 0;
  private readonly world: World;
  private readonly config: Record<string, unknown>;

  /** `natives`: modules beside those that every board has. */
  constructor(
    script: string,
    config: object,
    flash: PretendFlash,
    world: World,
    natives: Record<string, object> = {},
  ) {
    this.world = world;
    this.config = { ...config };
    const later = (call: () => void, ms: number): number => {
      this.timers.push({ at: tick(this.now + Math.max(ms, 0.1)), order: this.order++, call });
      return this.order - 1;
    };
    const stored = {
      read: (name: string) => flash.read(name),
      write: (name: string, data: string, offset?: number, size?: number) => {
        this.note(`write ${name} ${offset ?? 0} ${size ?? 0} ${hex(data)}`);
        return flash.write(name, data, offset, size);
      },
    };
    const modules: Record<string, object> = {
      dgram: { createSocket: () => this.open() },
      crypto: { SHA256: (m: string) => createHash("sha256").update(bytes(m)).digest() },
      Storage: stored,
      ...natives,
    };
    const context = createContext({
      NEXTBEAT: this.config,
      require: (name: string) => modules[name],
      E: {
        toString: (data: Uint8Array) => Buffer.from(data).toString("latin1"),
        CRC32: (data: string) => crc32(bytes(data)),
        srand: (seed: number) => this.note(`srand ${seed}`),
      },
      getTime: () => 1000 + this.now / 1000,
      setTimeout: later,
      clearTimeout: (timer: number) => {
        if (typeof timer !== "number") throw new Error("every timer of the board is gone");
        this.timers = this.timers.filter((t) => t.order !== timer);
      },
      Promise: { resolve: () => new Resolved(this.jobs) },
      dice: () => world.dice(),
    });
    runInContext("Math.random = dice;", context);
    runInContext(script, context);
    this.work();
  }

  /** Lives on until `at`. */
  runTo(at: number): void {
    for (;;) {
      this.timers.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.timers[0];
      if (!next || next.at > at) break;
      this.timers.shift();
      this.now = next.at;
      next.call();
      this.work();
    }
    this.now = tick(at);
  }

  /** The network comes and goes, as board-wifi.ts sees it. */
  link(host: string): void {
    this.config["host"] = host;
    if (host) (this.config["wake"] as (frame: string) => void)("");
    this.work();
  }

  private note(line: string): void {
    this.log.push(`${this.now.toFixed(3)} ${line}`);
  }

  private open(): PretendSocket {
    const socket = new PretendSocket();
    this.sockets.push(socket);
    this.note("socket");
    return socket;
  }

  /** What follows a callback: attempts to send, promises between the first and the second. */
  private work(): void {
    for (let attempt = 1; ; attempt++) {
      const busy = this.sockets.find((s) => s.dSnd !== "");
      if (busy) this.attempt(busy, attempt);
      for (let job = this.jobs.shift(); job; job = this.jobs.shift()) job();
      if (!busy) return;
    }
  }

  private attempt(socket: PretendSocket, attempt: number): void {
    const frame = socket.dSnd.slice(8);
    if (attempt > 1) this.note(`leaked ${hex(frame)}`);
    if (attempt > 1 || this.world.sends(++this.sendings)) {
      socket.dSnd = "";
      this.note(`send ${hex(frame)}`);
      for (const { frame: reply, ms, port } of this.world.replies(frame, this.now))
        this.timers.push({
          at: tick(this.now + ms),
          order: this.order++,
          call: () => this.hear(socket, reply, port ?? socket.port),
        });
    } else {
      socket.dSnd = socket.dSnd.slice(7);
      this.note("not sent");
    }
  }

  private hear(socket: PretendSocket, frame: string, port: number): void {
    this.note(`heard ${hex(frame)}`);
    if (frame === "") socket.close();
    else socket.listeners.get("message")?.(frame, { address: socket.host, port });
  }
}
