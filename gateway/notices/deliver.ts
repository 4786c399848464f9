/**
 * Takes the notices of the outbox to their routes, until each is delivered or given up.
 *
 * It knows what the store knows: it is given the facts when they are durable, and those that take a
 * notice away already before. So nothing is told that a crash could take back, and what is
 * withdrawn before it was told is never told. Of one incident each route is told in order, the end
 * never before the beginning; incidents do not wait for each other.
 *
 * A failed attempt is repeated after 5 s, then three times as long each time up to 4 h, with a
 * fifth of it by chance either way, for a day. What lost: a queue for each route that stops at its
 * first failure. One notice that a receiver refuses would hold up all others for a day.
 */

import type { Notice } from "../affairs.ts";
import type { Fact } from "../facts.ts";
import type { Message } from "./message.ts";
import type { Outcome } from "./request.ts";

export const RETRY_FIRST_MS = 5_000;
export const RETRY_FACTOR = 3;
export const RETRY_MAX_MS = 4 * 3_600_000;
/** Of a wait, either way. */
export const JITTER = 0.2;
/** A notice older than this is given up after its next failure. */
export const GIVE_UP_MS = 86_400_000;
/** Attempts of one route at once. */
export const CONCURRENT_MAX = 4;

export type Send = (message: Message, stop: AbortSignal) => Promise<Outcome>;

/** `retried` counts attempts, all others notices. */
export type Result = "delivered" | "retried" | "given-up" | "disabled" | "withdrawn";

export interface Receiver {
  readonly waitMs: number;
  readonly send: Send;
}

export interface DeliverOptions {
  /** By the name of the route. */
  readonly receivers: ReadonlyMap<string, Receiver>;
  readonly now: () => number;
  /** Calls back after `ms`. @returns takes it back */
  readonly after: (ms: number, call: () => void) => () => void;
  readonly random: () => number;
  readonly messageOf: (notice: Notice) => Message;
  /** For the core: it is delivered, or (false) given up. */
  readonly onDone: (n: number, ok: boolean) => void;
  readonly onResult: (route: string, result: Result, notice: Notice, why?: string) => void;
}

interface Entry {
  notice: Notice;
  tries: number;
  /** Not before. */
  at: number;
  flying: boolean;
}

export class Deliver {
  readonly #options: DeliverOptions;
  /** By n, oldest first. */
  readonly #entries = new Map<number, Entry>();
  readonly #disabled = new Set<string>();
  readonly #stop = new AbortController();
  #cancel = (): void => {};

  constructor(options: DeliverOptions) {
    this.#options = options;
  }

  /** Notices that wait, by route. */
  get waiting(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const name of this.#options.receivers.keys()) counts.set(name, 0);
    for (const { notice } of this.#entries.values()) {
      counts.set(notice.route, (counts.get(notice.route) ?? 0) + 1);
    }
    return counts;
  }

  /** What the store still had at the start. */
  start(notices: readonly Notice[]): void {
    for (const notice of notices) this.#take(notice);
    this.#go();
  }

  /** Facts on their way to the store: what is taken away there is not begun any more. */
  coming(facts: readonly Fact[]): void {
    for (const fact of facts) {
      if (fact.kind !== "notice" || fact.notice !== null) continue;
      const entry = this.#entries.get(fact.n);
      if (entry === undefined) continue;
      this.#entries.delete(fact.n);
      if (!entry.flying) this.#options.onResult(entry.notice.route, "withdrawn", entry.notice);
    }
  }

  /** Facts that are durable now. */
  durable(facts: readonly Fact[]): void {
    const given = facts.filter((fact) => fact.kind === "notice");
    if (given.length === 0) return;
    // Of one commit the last word on a notice counts.
    const last = new Map(given.map(({ n, notice }) => [n, notice]));
    for (const notice of last.values()) if (notice !== null) this.#take(notice);
    this.#go();
  }

  /** One attempt with a message of the caller's; undefined where there is no such route. */
  attempt(route: string, message: Message): Promise<Outcome> | undefined {
    return this.#options.receivers.get(route)?.send(message, this.#stop.signal);
  }

  /** Begins nothing more, and ends what is under way: it is tried again after the next start. */
  stop(): void {
    this.#cancel();
    this.#stop.abort();
  }

  #take(notice: Notice): void {
    const entry = this.#entries.get(notice.n);
    if (entry !== undefined) {
      entry.notice = notice;
      return;
    }
    const { waitMs } = this.#options.receivers.get(notice.route) ?? { waitMs: 0 };
    const at = notice.madeAt + (notice.kind === "opened" ? waitMs : 0);
    this.#entries.set(notice.n, { notice, tries: 0, at, flying: false });
  }

  /** Begins all that may begin, and waits for what comes next. */
  #go(): void {
    this.#cancel();
    if (this.#stop.signal.aborted) return;
    const now = this.#options.now();
    const flying = new Map<string, number>();
    for (const { notice, flying: is } of this.#entries.values()) {
      if (is) flying.set(notice.route, (flying.get(notice.route) ?? 0) + 1);
    }
    const begun = new Set<string>();
    let next = Infinity;
    for (const entry of [...this.#entries.values()]) {
      const { route, incident } = entry.notice;
      const key = `${incident} ${route}`;
      const mine = flying.get(route) ?? 0;
      const first = !begun.has(key);
      begun.add(key);
      if (!first || entry.flying || mine >= CONCURRENT_MAX) continue;
      if (entry.at > now) next = Math.min(next, entry.at);
      else {
        flying.set(route, mine + 1);
        void this.#try(entry);
      }
    }
    if (next < Infinity) this.#cancel = this.#options.after(next - now, () => this.#go());
  }

  async #try(entry: Entry): Promise<void> {
    const { receivers, messageOf } = this.#options;
    const { notice } = entry;
    entry.flying = true;
    entry.tries++;
    const receiver = receivers.get(notice.route);
    const known = receiver !== undefined && !this.#disabled.has(notice.route);
    const outcome: Outcome = known
      ? await receiver.send(messageOf(notice), this.#stop.signal)
      : { result: "gone", why: receiver ? "the route is disabled" : "there is no such route now" };
    if (this.#stop.signal.aborted && outcome.result !== "delivered") return;
    entry.flying = false;
    this.#happened(entry, outcome);
    this.#go();
  }

  #happened(entry: Entry, { result, why, retryMs }: Outcome): void {
    const { onResult, now } = this.#options;
    const { notice } = entry;
    const { route, madeAt } = notice;
    if (result === "delivered") {
      this.#finish(entry, true);
      onResult(route, "delivered", notice);
    } else if (result === "gone") {
      this.#disabled.add(route);
      this.#finish(entry, false);
      onResult(route, "disabled", notice, why);
    } else if (now() - madeAt >= GIVE_UP_MS) {
      this.#finish(entry, false);
      onResult(route, "given-up", notice, why);
    } else {
      entry.at = now() + Math.max(this.#backOff(entry.tries), retryMs ?? 0);
      onResult(route, "retried", notice, why);
    }
  }

  /** Taken away in the meantime or not: the core knows what it still has. */
  #finish({ notice: { n } }: Entry, ok: boolean): void {
    this.#entries.delete(n);
    this.#options.onDone(n, ok);
  }

  #backOff(tries: number): number {
    const ms = Math.min(RETRY_FIRST_MS * RETRY_FACTOR ** (tries - 1), RETRY_MAX_MS);
    return ms * (1 + JITTER * (2 * this.#options.random() - 1));
  }
}
