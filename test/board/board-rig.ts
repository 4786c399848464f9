// The interpreter's globals in virtual time, for scripts that are written for a board: sockets that
// fail as the firmware's do, a flash whose bytes are filled once, timers, promises. Two scripts
// that are given the same world and leave the same log behave alike.
//
// The order of work is the interpreter's: timers, the network's first attempt to send, what
// promises call, the next attempt. A failed `sendto` drops 7 bytes of the queue and takes what is
// left for the next datagram: the log shows it as `leaked`.

import { createHash } from "node:crypto";
import { createContext, runInContext } from "node:vm";
import { bytes, E, hex } from "./board-bytes.ts";
import { PowerCut, type PretendFlash } from "./board-flash.ts";
import { type Line, type Peer, PretendDatagrams, PretendStream, Resolved } from "./board-net.ts";

/** What the world does, of which all luck is drawn in the order of the board's own doings. */
export interface World {
  /** Uniform in [0, 1), for the board's `Math.random`. */
  dice(): number;
  /** Whether the n-th datagram leaves the board. */
  sends(n: number): boolean;
  /** What comes back for a frame: when, after how many ms, from where. */
  replies(frame: string, at: number): { frame: string; ms: number; port?: number }[];
  /** Who answers a TCP connection, which `line` leads back from; undefined: nobody. */
  accepts?(to: { host: string; port: number }, line: Line): Peer | undefined;
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

/** How a board's life ended, and for how long: it runs no further. */
export interface Ended {
  readonly why: "sleep" | "reboot" | "power";
  readonly ms: number;
}

/** What a board has beside the interpreter's own; `begin` gets it before its script runs. */
export interface Natives {
  /** Modules for `require`, and globals. */
  readonly modules?: Record<string, object>;
  readonly globals?: Record<string, unknown>;
  /** What `getTime` says at its start, in ms. */
  readonly startAt?: number;
}

export class PretendBoard {
  now = 0;
  /** By how many ms somebody has set the clock, in all: `getTime` shows it, timers do not. */
  set = 0;
  /** JsVars that nobody uses. */
  free = 2_000;
  readonly log: string[] = [];
  ended: Ended | undefined;
  private timers: Timer[] = [];
  private jobs: (() => void)[] = [];
  private readonly sockets: PretendDatagrams[] = [];
  private order = 1;
  private sendings = 0;
  private readonly world: World;
  private readonly config: Record<string, unknown>;

  constructor(
    script: string,
    config: object,
    flash: PretendFlash,
    world: World,
    { modules: more = {}, globals = {}, startAt = 1_000_000 }: Natives = {},
    begin: (board: PretendBoard) => void = () => {},
  ) {
    begin(this);
    this.world = world;
    this.config = { ...config };
    // What catches the end of its life does nothing more.
    const alive = (): void => {
      if (this.ended) throw new Error("not alive any more");
    };
    const later = (call: () => void, ms: number): number => {
      alive();
      if (Number.isNaN(ms)) this.note(`a timer of ${ms} ms`);
      this.timers.push({ at: tick(this.now + Math.max(ms, 0.1)), order: this.order++, call });
      return this.order - 1;
    };
    const stored = {
      read: (name: string) => flash.read(name),
      write: (name: string, data: string, offset?: number, size?: number) => {
        alive();
        this.note(`write ${name} ${offset ?? 0} ${size ?? 0} ${hex(data)}`);
        return this.powered(() => flash.write(name, data, offset, size));
      },
      erase: (name: string) => {
        alive();
        this.note(`erase ${name}`);
        return this.powered(() => flash.erase(name));
      },
    };
    const modules: Record<string, object> = {
      dgram: { createSocket: () => this.open() },
      net: {
        connect: (to: { host: string; port: number }) => {
          alive();
          this.note(`connect ${to.host} ${to.port}`);
          const answers = (line: Line) => world.accepts?.(to, line);
          return new PretendStream(answers, (ms, call) => this.after(ms, call));
        },
      },
      crypto: { SHA256: (m: string) => createHash("sha256").update(bytes(m)).digest() },
      Storage: stored,
      ...more,
    };
    const context = createContext({
      NEXTBEAT: this.config,
      require: (name: string) => {
        if (!modules[name]) throw new Error(`Module ${name} not found`);
        return modules[name];
      },
      print: (text: unknown) => this.note(`print ${text}`),
      process: {
        env: { BOARD: "PRETEND", MODULES: Object.keys(modules).join() },
        memory: () => ({ free: this.free }),
      },
      E: { ...E, srand: (seed: number) => this.note(`srand ${seed}`) },
      getTime: () => (startAt + this.now + this.set) / 1000,
      setTimeout: later,
      clearTimeout: (timer: number) => {
        if (typeof timer !== "number") throw new Error("every timer of the board is gone");
        this.timers = this.timers.filter((t) => t.order !== timer);
      },
      Promise: { resolve: () => new Resolved(this.jobs) },
      dice: () => world.dice(),
      ...globals,
    });
    runInContext("Math.random = dice;", context);
    this.call(() => runInContext(script, context));
    this.work();
  }

  /** When its next timer is due; Infinity: never. */
  get nextAt(): number {
    return Math.min(Infinity, ...this.timers.map(({ at }) => at));
  }

  /** A datagram from the gateway comes to its newest socket. */
  deliver(frame: string, ms: number): void {
    const socket = this.sockets.at(-1);
    if (socket) this.after(ms, () => this.hear(socket, frame, socket.port));
  }

  /** Its life is over: nothing after this has any effect. Never returns, as on the chips. */
  end(why: Ended["why"], ms = 0): never {
    if (!this.ended) {
      this.note(`${why} ${ms}`);
      this.ended = { why, ms };
    }
    throw new Error("not alive any more");
  }

  /** A timer of the world's own: what a module calls back, or a peer sends. */
  after(ms: number, call: () => void): void {
    this.timers.push({ at: tick(this.now + ms), order: this.order++, call });
  }

  note(line: string): void {
    this.log.push(`${this.now.toFixed(3)} ${line}`);
  }

  /** A callback's exception is printed, and life goes on. */
  private call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      if (!this.ended) this.note(`uncaught ${error}`);
    }
  }

  private powered<T>(write: () => T): T {
    try {
      return write();
    } catch (error) {
      if (error instanceof PowerCut) this.end("power");
      throw error;
    }
  }

  /** Lives on until `at`. */
  runTo(at: number): void {
    while (!this.ended) {
      this.timers.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.timers[0];
      if (!next || next.at > at) break;
      this.timers.shift();
      this.now = next.at;
      this.call(next.call);
      this.work();
    }
    if (!this.ended) this.now = tick(at);
  }

  /** The network comes and goes, as board-wifi.ts sees it. */
  link(host: string): void {
    this.config["host"] = host;
    if (host) (this.config["wake"] as (frame: string) => void)("");
    this.work();
  }

  private open(): PretendDatagrams {
    const socket = new PretendDatagrams();
    this.sockets.push(socket);
    this.note("socket");
    return socket;
  }

  /** What follows a callback: attempts to send, promises between the first and the second. */
  private work(): void {
    for (let attempt = 1; !this.ended; attempt++) {
      const busy = this.sockets.find((s) => s.dSnd !== "");
      if (busy) this.attempt(busy, attempt);
      for (let job = this.jobs.shift(); job; job = this.jobs.shift()) this.call(job);
      if (!busy) return;
    }
  }

  private attempt(socket: PretendDatagrams, attempt: number): void {
    const frame = socket.dSnd.slice(8);
    if (attempt > 1) this.note(`leaked ${hex(frame)}`);
    if (attempt > 1 || this.world.sends(++this.sendings)) {
      socket.dSnd = "";
      this.note(`send ${hex(frame)}`);
      for (const { frame: reply, ms, port } of this.world.replies(frame, this.now))
        this.after(ms, () => this.hear(socket, reply, port ?? socket.port));
    } else {
      socket.dSnd = socket.dSnd.slice(7);
      this.note("not sent");
    }
  }

  private hear(socket: PretendDatagrams, frame: string, port: number): void {
    this.note(`heard ${hex(frame)}`);
    if (frame === "") socket.close();
    else socket.listeners.get("message")?.(frame, { address: socket.host, port });
  }
}
