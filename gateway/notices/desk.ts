/**
 * Notices in the running gateway: the driver with its receivers, real timers and real luck, and
 * what it counts and logs.
 */

import { Counter, Gauge, type Registry } from "prom-client";
import type { Notice } from "../affairs.ts";
import type { Clock } from "../clock.ts";
import type { Fact } from "../facts.ts";
import type { Log } from "../log.ts";
import { Deliver, type Result } from "./deliver.ts";
import { type MessageOptions, messageOf, testMessage } from "./message.ts";
import { NO_NOTICES, type NoticeSettings, receiversOf } from "./receivers.ts";
import type { Outcome } from "./request.ts";

export interface DeskOptions {
  readonly settings: NoticeSettings | undefined;
  readonly clock: Clock;
  /** The store's, for the ids of notices. */
  readonly secret: string;
  readonly log: Log;
  /** For the core: notice `n` was delivered, or given up. Resolves when that is durable. */
  readonly onDone: (n: number, ok: boolean) => Promise<void>;
}

export interface RouteState {
  readonly name: string;
  readonly kind: "webhook" | "ntfy" | "execute";
  readonly waiting: number;
}

export class Desk {
  readonly #options: DeskOptions;
  readonly #settings: NoticeSettings;
  readonly #deliver: Deliver;
  readonly #counts = new Map<string, number>();

  constructor(options: DeskOptions) {
    const { settings = NO_NOTICES, clock, onDone } = options;
    this.#options = options;
    this.#settings = settings;
    this.#deliver = new Deliver({
      receivers: receiversOf(settings.routes, clock),
      now: () => clock.now(),
      after(ms, call) {
        const timer = setTimeout(call, ms);
        return () => clearTimeout(timer);
      },
      random: Math.random,
      messageOf: (notice) => messageOf(notice, this.#setting()),
      // A store that fails ends the process, and says so itself.
      onDone: (n, ok) => void onDone(n, ok).catch(() => {}),
      onResult: (...what) => this.#happened(...what),
    });
  }

  /** @param notices what the store still had */
  start(notices: readonly Notice[]): void {
    this.#deliver.start(notices);
  }

  stop(): void {
    this.#deliver.stop();
  }

  /** Facts on their way to the store. */
  coming(facts: readonly Fact[]): void {
    this.#deliver.coming(facts);
  }

  /** Facts that are durable now. */
  durable(facts: readonly Fact[]): void {
    this.#deliver.durable(facts);
  }

  /** Sends a marked test over a route; undefined: there is no such route. */
  test(route: string): Promise<Outcome> | undefined {
    return this.#deliver.attempt(route, testMessage(route, this.#setting()));
  }

  get routes(): RouteState[] {
    const { waiting } = this.#deliver;
    return this.#settings.routes.map(({ name, channel: { kind } }) => {
      return { name, kind, waiting: waiting.get(name) ?? 0 };
    });
  }

  meter(registers: Registry[]): void {
    const counts = this.#counts;
    const deliver = this.#deliver;
    new Counter({
      name: "nextbeat_notices_total",
      help: "Notices by what came of them; retried: attempts that failed and are repeated",
      labelNames: ["route", "result"],
      registers,
      collect() {
        this.reset();
        for (const [key, count] of counts) {
          const [route = "", result = ""] = key.split(" ");
          this.inc({ route, result }, count);
        }
      },
    });
    new Gauge({
      name: "nextbeat_notices_waiting",
      help: "Notices that are neither delivered nor given up",
      labelNames: ["route"],
      registers,
      collect() {
        this.reset();
        for (const [route, count] of deliver.waiting) this.set({ route }, count);
      },
    });
  }

  #setting(): MessageOptions {
    const { clock, secret } = this.#options;
    const { timeZone } = this.#settings;
    return { secret, now: clock.now(), wallAt: (at) => clock.wallAt(at), timeZone };
  }

  #happened(route: string, result: Result, notice: Notice, why?: string): void {
    const { log } = this.#options;
    const key = `${route} ${result}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    const { n, incident, kind } = notice;
    const fields = { route, notice: n, incident, kind, ...(why !== undefined && { why }) };
    log.few(`notice ${result}`, fields);
    if (result === "disabled" && this.#counts.get(key) === 1) {
      log.warn("this route is disabled until the next start", { route, why });
    }
  }
}
