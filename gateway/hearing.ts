/**
 * When we could hear, and when not: deaf intervals.
 *
 * A broken promise counts only if we could have heard the beat that broke it (architecture rule 2).
 * The shell measures deafness (ears.ts) and says when it begins and ends; here it is kept, bounded,
 * and asked for when a deadline falls: nothing is re-armed when deafness ends, each deadline is
 * looked at when it comes. What lost: moving a hundred thousand deadlines at the end of each blink.
 *
 * Reasons overlap (a flood, and the network down in the middle of it), so each transport has the
 * union of all that made it deaf, apart and in order: whether an interval was touched is then a
 * search in a short list, and mostly one comparison with its newest end.
 *
 *   overflow   |-------|
 *   broker          |--------|        of mqtt alone
 *   udp        |-------|
 *   mqtt       |-------------|
 */

import type { Deaf, Deafness } from "./affairs.ts";
import { DEAFNESS } from "./affairs.ts";
import type { Draft } from "./effects.ts";
import type { Source } from "./facts.ts";

/** Deaf intervals remembered: the oldest that are over go first. The store keeps as many. */
export const DEAF_MAX = 1_000;
/** Deafnesses in a row that are looked at for where they began. */
const HOPS_MAX = 16;
/** Steps of the wall clock so near to each other, in ms, share one record. */
const CLOCK_STEPS_MS = 3_600_000;

/** Deafness that touches an interval: when it began, and ended (Infinity: it goes on). */
export interface Touching {
  readonly fromAt: number;
  readonly endAt: number;
  /** Of what ended last. */
  readonly why: Deafness;
}

type Transport = Source["transport"];

export class Hearing {
  /** Call `into` no later than this. */
  wakeAt = Infinity;
  readonly #deaf: Deaf[];
  #last: number;
  readonly #spans: Record<Transport, Touching[]> = { udp: [], mqtt: [], sim: [] };
  /** Facts that wait for the first effects. */
  #unwritten: Deaf[] = [];
  readonly #closedMs = new Map<Deafness, number>();

  constructor(deaf: readonly Deaf[], last: number) {
    this.#deaf = deaf.slice(-DEAF_MAX);
    this.#last = last;
  }

  /**
   * No gateway ran from `lastAt` to `now`. What went on when the last one ended, ended with it.
   * @param lastAt -Infinity: no gateway ever ran here
   */
  began(lastAt: number, now: number): void {
    const fromAt = lastAt > -Infinity ? Math.min(lastAt, now) : now;
    for (const [at, deaf] of this.#deaf.entries()) {
      if (deaf.toAt !== null) continue;
      this.#deaf[at] = { ...deaf, toAt: Math.max(deaf.fromAt, fromAt) };
      this.#unwritten.push(this.#deaf[at]);
    }
    if (fromAt < now) {
      const stopped = { n: ++this.#last, why: "stopped", transport: null } as const;
      this.#deaf.push({ ...stopped, fromAt, toAt: now });
      this.#closedMs.set("stopped", now - fromAt);
      this.#unwritten.push(this.#deaf.at(-1)!);
    }
    if (this.#unwritten.length > 0) this.wakeAt = now;
    this.#unite();
  }

  /** What was found at the start, for the disk. */
  into(draft: Draft): void {
    for (const deaf of this.#unwritten) draft.store({ kind: "deaf", deaf });
    this.#unwritten = [];
    this.wakeAt = Infinity;
  }

  /**
   * Deafness, of one transport or of all (`null`); `toAt` null: it goes on, until it is told again
   * with its end. What begins where the last one for the same reason ended continues it.
   */
  add(
    why: Deafness,
    transport: Transport | null,
    fromAt: number,
    toAt: number | null,
    draft: Draft,
  ): void {
    if (!(fromAt <= (toAt ?? Infinity))) {
      throw new RangeError(`deaf from ${fromAt} to ${toAt}; expected the end not before the start`);
    }
    const at = this.#deaf.findLastIndex(
      (deaf) => deaf.why === why && deaf.transport === transport && continues(deaf, fromAt),
    );
    const before = this.#deaf[at];
    if (before !== undefined && before.toAt === null && toAt === null) return;
    const deaf: Deaf =
      before === undefined
        ? { n: ++this.#last, why, transport, fromAt, toAt }
        : {
            ...before,
            fromAt: Math.min(before.fromAt, fromAt),
            toAt: toAt === null ? null : Math.max(before.toAt ?? -Infinity, toAt),
          };
    if (before === undefined) this.#push(deaf);
    else this.#deaf[at] = deaf;
    const gained = lengthOf(deaf) - (before === undefined ? 0 : lengthOf(before));
    this.#closedMs.set(why, (this.#closedMs.get(why) ?? 0) + gained);
    draft.store({ kind: "deaf", deaf });
    if (why !== "clock") this.#unite();
  }

  /** Deafness of `transport` that touches `fromAt`..`toAt`, from its beginning to its end. */
  touching(transport: Transport, fromAt: number, toAt: number): Touching | undefined {
    const spans = this.#spans[transport];
    let at = lastFrom(spans, toAt);
    const last = spans[at];
    if (last === undefined || last.endAt < fromAt) return undefined;
    while (at > 0 && spans[at - 1]!.endAt >= fromAt) at--;
    return at === spans.length - 1 ? last : { ...last, fromAt: spans[at]!.fromAt };
  }

  /**
   * The deafness that `at` lies in, from where it really began for a device: if two are nearer to
   * each other than `gapMs`, it may not have spoken in between, nor been answered.
   */
  around(transport: Transport, at: number, gapMs: number): Touching | undefined {
    let found = this.touching(transport, at, at);
    for (let hops = 0; found !== undefined && hops < HOPS_MAX; hops++) {
      const further: Touching = this.touching(transport, found.fromAt - gapMs, at)!;
      if (further.fromAt === found.fromAt) break;
      found = further;
    }
    return found;
  }

  /** How much of `fromAt`..`toAt` was deaf for `transport`, in ms: overlaps count once. */
  deafMs(transport: Transport, fromAt: number, toAt: number): number {
    const spans = this.#spans[transport];
    let sum = 0;
    for (let at = lastFrom(spans, toAt); at >= 0 && spans[at]!.endAt > fromAt; at--) {
      sum += Math.min(spans[at]!.endAt, toAt) - Math.max(spans[at]!.fromAt, fromAt);
    }
    return sum;
  }

  /** Deaf time by reason since this gateway started, and the stop before it, in ms. */
  totalMs(now: number): Map<Deafness, number> {
    const total = new Map(DEAFNESS.map((why) => [why, this.#closedMs.get(why) ?? 0]));
    for (const { why, fromAt, toAt } of this.#deaf) {
      if (toAt === null) total.set(why, total.get(why)! + Math.max(0, now - fromAt));
    }
    return total;
  }

  /** In the order in which they began to be told. */
  get list(): readonly Deaf[] {
    return this.#deaf;
  }

  #push(deaf: Deaf): void {
    this.#deaf.push(deaf);
    if (this.#deaf.length <= DEAF_MAX) return;
    const oldest = this.#deaf.findIndex(({ toAt }) => toAt !== null);
    this.#deaf.splice(Math.max(0, oldest), 1);
  }

  /** Makes the unions anew: deafness is rare, and asking is not. A step of a clock is no time. */
  #unite(): void {
    const inOrder = this.#deaf
      .filter(({ why }) => why !== "clock")
      .sort((a, b) => a.fromAt - b.fromAt);
    for (const name of ["udp", "mqtt", "sim"] as const) {
      const spans: Touching[] = [];
      for (const { why, transport, fromAt, toAt } of inOrder) {
        if (transport !== null && transport !== name) continue;
        const endAt = toAt ?? Infinity;
        const last = spans.at(-1);
        if (last === undefined || last.endAt < fromAt) spans.push({ fromAt, endAt, why });
        else if (last.endAt < endAt) spans[spans.length - 1] = { ...last, endAt, why };
      }
      this.#spans[name] = spans;
    }
  }
}

/** Whether what begins at `fromAt` is still the same deafness. */
function continues({ why, fromAt: begun, toAt }: Deaf, fromAt: number): boolean {
  if (toAt === null) return true;
  return fromAt >= begun && fromAt <= toAt + (why === "clock" ? CLOCK_STEPS_MS : 0);
}

/** What goes on has no length yet. */
function lengthOf({ why, fromAt, toAt }: Deaf): number {
  return toAt === null || why === "clock" ? 0 : toAt - fromAt;
}

/** The last span that begins at or before `at`; -1: none. */
function lastFrom(spans: readonly Touching[], at: number): number {
  let low = 0;
  let high = spans.length;
  if (high > 0 && spans[high - 1]!.fromAt <= at) return high - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.fromAt <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
