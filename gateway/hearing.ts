/**
 * When we could hear, and when not: deaf intervals.
 *
 * A broken promise counts only if we could have heard the beat that broke it (architecture rule 2).
 * The shell measures deafness and says when it begins and ends; here it is kept, bounded, and asked
 * for when a deadline falls: nothing is re-armed when deafness ends, each deadline is looked at
 * when it comes. What lost: moving a hundred thousand deadlines at the end of each blink.
 */

import type { Deaf, Deafness } from "./affairs.ts";
import type { Draft } from "./effects.ts";
import type { Source } from "./facts.ts";

/** Deafness that touches an interval: when it ended (Infinity: not yet), how long it was. */
export interface Touching {
  readonly endAt: number;
  readonly deafMs: number;
  readonly why: Deafness;
}

export class Hearing {
  readonly #deaf: Deaf[] = [];
  #last: number;

  constructor(deaf: readonly Deaf[], last: number) {
    this.#deaf.push(...deaf);
    this.#last = last;
  }

  /** Deafness, of one transport or of all (`null`); `toAt` null: it goes on. */
  add(
    why: Deafness,
    transport: Source["transport"] | null,
    fromAt: number,
    toAt: number | null,
    draft: Draft,
  ): void {
    const open = this.#deaf.findIndex(
      (deaf) => deaf.toAt === null && deaf.why === why && deaf.transport === transport,
    );
    const deaf: Deaf =
      open >= 0
        ? { ...this.#deaf[open]!, toAt }
        : { n: ++this.#last, why, transport, fromAt, toAt };
    if (open >= 0) this.#deaf[open] = deaf;
    else this.#deaf.push(deaf);
    draft.store({ kind: "deaf", deaf });
  }

  /** The latest-ending deafness of `transport` that touches `fromAt`..`toAt`. */
  touching(transport: Source["transport"], fromAt: number, toAt: number): Touching | undefined {
    let found: Touching | undefined;
    for (const deaf of this.#deaf) {
      if (deaf.transport !== null && deaf.transport !== transport) continue;
      const endAt = deaf.toAt ?? Infinity;
      if (deaf.fromAt > toAt || endAt < fromAt || endAt <= (found?.endAt ?? -Infinity)) continue;
      found = { endAt, deafMs: Math.min(endAt, toAt) - deaf.fromAt, why: deaf.why };
    }
    return found;
  }

  /** Newest last. */
  get list(): readonly Deaf[] {
    return this.#deaf;
  }
}
