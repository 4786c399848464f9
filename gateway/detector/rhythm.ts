/**
 * What a device promised last, and how it beats: what deadlines are made of. A promise is the
 * device's word for the worst case; its rhythm is what was seen, and tells its interval, which the
 * promise hides behind tries, waking and rounding.
 *
 * In ms, and not in promises: a board that had to try again promises more for a while, and beats as
 * before. When the promise moves by more than tries can explain, the interval is another one
 * (`pace`), and the rhythm is stretched with it until it is seen.
 */

import { CRC_PROMISE_MAX } from "../limits.ts";
import type { Records } from "../records.ts";
import * as row from "../rows.ts";
import { backedOff } from "./chances.ts";
import { ALL, GAP, type Learned, MOST, NUMBERS, SPREAD } from "./learned.ts";

/** Share of a promise that a clock may have drifted since its gaps were seen. */
const DRIFT = 0.02;
/** Share of a promise that a slow clock is granted at most. */
export const STRETCH_MAX = 0.25;
/** Beats from which on a device's own rhythm counts. */
const YOUNG = 16;
/** Beats come at U(0.9, 1) of a gap (rule 14). */
const MEAN_GAP = 0.95;
/** The upper end of gaps is their mean and two mean deviations, if even, and so much for chance. */
const CHANCE = 1.0075;
/** And not above the longest one seen; nor is that believed that is longer by more than this. */
const LONGER = 1.05;
/**
 * What tries may add to a chance, a part of the gap and ms at most: the second comes late in one
 * case of a hundred, and then its tries do; of three gaps hardly ever all are long.
 */
const TRIES = 1 / 24;
const TRIES_MAX_MS = 2_500;
const TRIES_LATER = 0.2;
const YEAR_MS = 31_557_600_000;

/** What is added to a promise of which nothing is known yet, in ms. @param graceMs the floor */
export function graceOf(promiseMs: number, graceMs: number): number {
  return Math.max(graceMs, promiseMs * DRIFT);
}

/** What tries may add to the chance at `x` intervals, in ms (chances.ts). */
export function triesMs(x: number, unitMs: number): number {
  return Math.min(TRIES_MAX_MS, unitMs * TRIES) * (x > 2 ? TRIES_LATER : 1);
}

/** Beats in a year. */
export function yearly(unitMs: number): number {
  return YEAR_MS / (MEAN_GAP * unitMs);
}

export class Rhythm {
  readonly #records: Records;
  readonly #learned: Learned;
  readonly #graceMs: number;

  constructor(records: Records, learned: Learned, graceMs: number) {
    this.#records = records;
    this.#learned = learned;
    this.#graceMs = graceMs;
  }

  /** When the last accepted beat came. */
  seenAt(slot: number): number {
    return this.#records.rows.floats[slot * row.FLOATS + row.AT]!;
  }

  /** Of its promise. */
  code(slot: number): number {
    return this.#records.rows.bytes[slot * row.BYTES + row.PROMISE]!;
  }

  /** Nothing promised and yet here: a damaged record, which must not be present for ever. */
  promiseMs(slot: number): number {
    return this.#records.promiseMs(slot) || CRC_PROMISE_MAX;
  }

  /** Whether its own rhythm is known. */
  grown(slot: number): boolean {
    return this.#learned.numbers[slot * NUMBERS + ALL]! >= YOUNG;
  }

  /** The gap behind its last beat is longer than its interval: rule 18. */
  stretched(slot: number): boolean {
    return backedOff(this.#learned.unacked(slot)) > 1;
  }

  /** What is added to the promise of its last beat. */
  graceMs(slot: number, promiseMs: number): number {
    if (!this.grown(slot) || this.stretched(slot)) return graceOf(promiseMs, this.#graceMs);
    const longest = this.#upperMs(slot, LONGER);
    const over = longest + DRIFT * promiseMs - promiseMs;
    return Math.max(this.#graceMs, Math.min(over, STRETCH_MAX * promiseMs));
  }

  /** Its interval: the upper end of its gaps, tries left out; at first the promise. */
  unitMs(slot: number, promiseMs: number): number {
    if (!this.grown(slot)) return promiseMs / backedOff(this.#learned.unacked(slot));
    return this.#upperMs(slot, CHANCE);
  }

  /** How long its silence must be to outlast the chance at `x`, in ms. */
  outlastMs(slot: number, x: number, promiseMs: number, unitMs: number, graceMs: number): number {
    // Behind a beat that was backed off, its promise is the first of the gaps.
    const first = this.stretched(slot) ? promiseMs : unitMs;
    // Where the interval is the promise, that has counted the tries.
    const tries = this.grown(slot) ? triesMs(x, unitMs) : 0;
    return first + (x - 1) * unitMs + tries + graceMs;
  }

  #upperMs(slot: number, above: number): number {
    const at = slot * NUMBERS;
    const { numbers } = this.#learned;
    const upper = (numbers[at + GAP]! + 2 * numbers[at + SPREAD]!) * above;
    return Math.min(numbers[at + MOST]!, upper) * this.#factor(slot);
  }

  /** From one beat to the next: the least that was seen, nearly; 0: unknown. */
  leastMs(slot: number): number {
    const at = slot * NUMBERS;
    const { numbers } = this.#learned;
    const least = numbers[at + GAP]! * (1 - DRIFT) - 4 * numbers[at + SPREAD]!;
    return this.grown(slot) ? Math.max(0, least * this.#factor(slot)) : 0;
  }

  /** From one beat to the next: as a rule. */
  usualMs(slot: number): number {
    const gap = this.#learned.numbers[slot * NUMBERS + GAP]! * this.#factor(slot);
    return gap === 0 || this.stretched(slot) ? MEAN_GAP * this.promiseMs(slot) : gap;
  }

  /** Two beats in a row came: what that says of its rhythm. */
  learn(slot: number, gapMs: number, promiseMs: number): void {
    if (gapMs > promiseMs * (1 + STRETCH_MAX) || this.stretched(slot)) return;
    this.#learned.rhythm(slot, gapMs, this.code(slot));
  }

  /** The rhythm is that of another interval, by this factor. A back-off changes no interval. */
  #factor(slot: number): number {
    return this.stretched(slot) ? 1 : this.#learned.stretch(slot, this.code(slot));
  }
}
