/**
 * What systemd is told, where it started us: that the gateway is ready, that it is well, that it
 * stops (sd_notify(3)).
 *
 * "Well" is not that the loop turns. The watchdog is fed by one thing alone: a beat of the
 * gateway's own that passed the real socket, its tag, the store and its ACK since it was fed last
 * (ears/self.ts). A loop that turns over a dead socket or a full disk is then started anew.
 *
 * Node has no datagrams over Unix sockets, so `systemd-notify` speaks for us: 25 ms of another
 * process three times in a watchdog's period, and the unit needs `NotifyAccess=all`. What lost: a
 * native module, the only one that would need a compiler on a Raspberry Pi.
 */

import { spawn } from "node:child_process";
import type { Log } from "./log.ts";

export interface WatchdogOptions {
  readonly env: NodeJS.ProcessEnv;
  /** When the newest beat left that passed all of it, monotonic ms; -Infinity: none. */
  readonly passedAt: () => number;
  readonly log: Log;
}

/** In a period of the watchdog it is fed this often: one that fails alone is then no death. */
const FEEDS = 3;
/** Below this many ms a feed would cost more than it tells. */
const FEED_MIN_MS = 1_000;
const COMMAND = "systemd-notify";

export class Watchdog {
  readonly #options: WatchdogOptions;
  #timer: NodeJS.Timeout | undefined;
  #fedAt = Number.NEGATIVE_INFINITY;

  private constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** Undefined where nobody wants to be told. */
  static open(options: WatchdogOptions): Watchdog | undefined {
    return options.env.NOTIFY_SOCKET ? new Watchdog(options) : undefined;
  }

  /** The gateway listens. @param status one line for `systemctl status` */
  ready(status: string): void {
    this.#tell("READY=1", `STATUS=${status}`);
    const period = periodMs(this.#options.env);
    if (period === undefined) return;
    const feed = () => this.#feed();
    this.#timer = setInterval(feed, Math.max(FEED_MIN_MS, period / FEEDS)).unref();
  }

  stopping(): void {
    clearInterval(this.#timer);
    this.#tell("STOPPING=1");
  }

  #feed(): void {
    const passedAt = this.#options.passedAt();
    if (!(passedAt > this.#fedAt)) return;
    this.#fedAt = passedAt;
    this.#tell("WATCHDOG=1");
  }

  #tell(...words: string[]): void {
    const { env, log } = this.#options;
    const args = [`--pid=${process.pid}`, ...words];
    spawn(COMMAND, args, { env, stdio: "ignore" }).once("error", (error) => {
      log.few("systemd cannot be told", { command: COMMAND, why: error.message });
    });
  }
}

/** What the unit says in `WatchdogSec`; undefined: nothing, or it is meant for another process. */
function periodMs(env: NodeJS.ProcessEnv): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env;
  if (WATCHDOG_PID && Number(WATCHDOG_PID) !== process.pid) return undefined;
  const ms = Number(WATCHDOG_USEC) / 1_000;
  return ms > 0 ? ms : undefined;
}
