// The changes that a disk was given, by cursor, which counts without a gap: the newest of them, 32
// bytes each in rows of one buffer, as a store keeps only so many. As objects, and all of them,
// they were the most that a million boards left behind: on a lossy link each has several an hour.
//
//   f64  at      u32 x 5  cursor, id, tseq, 1 + incident (0: none), from | to << 8 | cause << 16

import type { Cause, Change, Status } from "../gateway/facts.ts";
import { CAUSES, STATUSES } from "../gateway/facts.ts";

const DOUBLES = 4;
const WORDS = 8;
const W = 2;
/** Changes that are kept, a power of two: more than a batch of them has. */
const KEPT = 1 << 18;

export class Changes {
  /** How many it was ever given. */
  size = 0;
  private doubles = new Float64Array(64 * DOUBLES);
  private words = new Uint32Array(this.doubles.buffer);

  /** Cursor of the last one, 0: none. */
  get cursor(): number {
    return this.size === 0 ? 0 : this.words[((this.size - 1) & (KEPT - 1)) * WORDS + W]!;
  }

  /** Takes one. @param at its instant in world time */
  push({ cursor, id, tseq, incident, from, to, cause }: Change, at: number): void {
    const row = this.size++ & (KEPT - 1);
    if (row * DOUBLES >= this.doubles.length) this.grow();
    this.doubles[row * DOUBLES] = at;
    const w = row * WORDS + W;
    this.words[w] = cursor;
    this.words[w + 1] = id;
    this.words[w + 2] = tseq;
    this.words[w + 3] = incident === null ? 0 : incident + 1;
    this.words[w + 4] =
      STATUSES.indexOf(from) | (STATUSES.indexOf(to) << 8) | (CAUSES.indexOf(cause) << 16);
  }

  /** The `nth` that was taken, from 1 on: the one of that cursor; undefined: no longer, or not. */
  get(nth: number): Change | undefined {
    if (nth < 1 || nth > this.size || nth <= this.size - KEPT) return undefined;
    const row = (nth - 1) & (KEPT - 1);
    const w = row * WORDS + W;
    const steps = this.words[w + 4]!;
    const incident = this.words[w + 3]!;
    return {
      cursor: this.words[w]!,
      id: this.words[w + 1]!,
      tseq: this.words[w + 2]!,
      at: this.doubles[row * DOUBLES]!,
      from: STATUSES[steps & 255] as Status,
      to: STATUSES[(steps >> 8) & 255] as Status,
      cause: CAUSES[steps >> 16] as Cause,
      incident: incident === 0 ? null : incident - 1,
    };
  }

  private grow(): void {
    const doubles = new Float64Array(this.doubles.length * 2);
    doubles.set(this.doubles);
    this.doubles = doubles;
    this.words = new Uint32Array(doubles.buffer);
  }
}
