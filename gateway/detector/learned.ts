/**
 * What is learned of each device: sixteen numbers, 64 bytes, one line of the cache; and eight bytes
 * of marks beside them, which are forgotten at a stop.
 *
 *   | beats silent lost | all | survivors: past 1 2 3 5 9 17 33 65 | gap spread most | down |
 *     the last hours      the last months                            rhythm            ACKs
 *
 * Counts are forgotten by halving them all when they are full: old weather then weighs half, a
 * quarter, an eighth. What lost: multiplying each of them at each beat, ten stores where one will
 * do; and rings of the last arrivals, 8 kB a device for what Akka calls a window.
 *
 * A *silence* is a time without a beat that outlasted promise and grace and ended by a beat of a
 * board that had not booted. A *survivor* of a level is a silence that was still going on when the
 * board had been due there (chances.ts). A silence is counted once, however many beats it ate: by
 * its length, in intervals, so an outage of a minute is one level for a board that beats each
 * minute and five for one that beats each two seconds.
 */

import { LEAVING } from "../../device/wire.ts";

/** Numbers a device. */
export const NUMBERS = 16;

/** Beats heard lately; how many of them ended a silence; how many beats were lost before them. */
export const BEATS = 0;
export const SILENT = 1;
export const LOST = 2;
/** Beats heard in all; how many of them ended a silence that had outlasted level 0, 1, ... 7. */
export const ALL = 3;
export const SURVIVORS = 4;
export const OWN_LEVELS = 8;
/** Ms between two beats in a row: their mean, mean deviation, and upper end; 0: none yet. */
export const GAP = 12;
export const SPREAD = 13;
export const MOST = 14;
/** The part of beats heard whose ACKs did not arrive. */
export const DOWN = 15;

/** Levels that silences are counted by, in all; a device has the first of them for itself. */
export const LEVELS = 16;

/** Where each level lies, in intervals behind the last beat heard: 1 2 3 5 9 17 33 ... */
export const LEVEL_X: readonly number[] = Array.from({ length: LEVELS }, (_, level) =>
  level === 0 ? 1 : 2 ** (level - 1) + 1,
);

/** "The last hours": so many beats, or so many ms of them where that is more. */
const LATELY_BEATS = 256;
const LATELY_MS = 3 * 3_600_000;
/** "The last months": so many beats, or silences. */
const ALL_MAX = 2 ** 20;
const SILENCES_MAX = 2 ** 10;
/** Numbers go to disk once in so many beats, or ms of them where that is more. */
const STORED_BEATS = 1_024;
const STORED_MS = 4 * 3_600_000;
/** A mean forgets by a 64th a beat, the upper end by a 4096th, ACKs by a 64th. */
const RHYTHM = 1 / 64;
const UPPER = 1 / 4_096;
const ACKS = 1 / 64;
/** A promise that differs from the one before by more codes than this is another interval. */
const SAME_INTERVAL = 3;

/** Beats that the last hours hold at least, at such a promise. */
export function latelyOf(promiseMs: number): number {
  return Math.max(LATELY_BEATS, LATELY_MS / promiseMs);
}

// Marks: a countdown to the next time that the numbers go to disk; beats without an ACK before the
// last one heard; whether what came before the next beat is unknown to us; and the promise, as
// code, that the rhythm belongs to.
const COUNTDOWN = 0xffff;
const UNACKED = 16;
const UNSURE = 1 << 20;
const CODE = 24;

/** Words of marks a device, and which of them says what was heard of its last beats. */
const MARKS = 2;
const RECENT = 1;
const RECENT_MAX = 30;

export class Learned {
  /** Replaced when the table grows. */
  numbers = new Float32Array(0);
  #marks = new Uint32Array(0);

  /**
   * Makes the numbers of a slot those that `bytes` gave once, or those of nobody.
   * @param code the promise that they belong to
   */
  load(slot: number, bytes: string, code: number): void {
    if ((slot + 1) * NUMBERS > this.numbers.length) this.#grow(slot + 1);
    const at = slot * NUMBERS;
    this.numbers.fill(0, at, at + NUMBERS);
    // Not all of a fleet at once, that was started at once.
    const first = STORED_BEATS / 2 + ((slot * 7_919) % (STORED_BEATS / 2));
    this.#marks[slot * MARKS] = first | UNSURE | (code << CODE);
    this.#marks[slot * MARKS + RECENT] = 1;
    if (bytes.length !== 4 * NUMBERS) return;
    const raw = new Uint8Array(this.numbers.buffer, 4 * at, 4 * NUMBERS);
    for (let byte = 0; byte < raw.length; byte++) raw[byte] = bytes.charCodeAt(byte);
    const sound = this.numbers.subarray(at, at + NUMBERS).every((n) => n >= 0 && n < 2 ** 24);
    if (!sound) this.numbers.fill(0, at, at + NUMBERS);
  }

  /** The numbers as a byte string, for the store. */
  bytes(slot: number): string {
    const raw = new Uint8Array(this.numbers.buffer, 4 * slot * NUMBERS, 4 * NUMBERS);
    return String.fromCharCode(...raw);
  }

  /** Beats in a row without an ACK when the last one heard was made; 0..15. */
  unacked(slot: number): number {
    return (this.#marks[slot * MARKS]! >> UNACKED) & 15;
  }

  /** Whether what was before the next beat is unknown to us. */
  unsure(slot: number): boolean {
    return (this.#marks[slot * MARKS]! & UNSURE) !== 0;
  }

  /**
   * A beat more, and what it says of the ones before.
   * @param news how much there is to learn from it, against 1 for a beat that is like the others
   * @returns whether the numbers are now worth a place on the disk
   */
  mark(slot: number, unacked: number, news: number, promiseMs: number): boolean {
    const marks = this.#marks[slot * MARKS]!;
    let left = (marks & COUNTDOWN) - news;
    const due = left <= 0;
    if (due) left = Math.min(COUNTDOWN, Math.max(STORED_BEATS, STORED_MS / promiseMs));
    this.#marks[slot * MARKS] = left | (unacked << UNACKED) | (marks & (0xff << CODE));
    return due;
  }

  /**
   * A beat was heard, and `lost` ones before it were not; -1: nobody knows what was before it.
   * Bits: a 1 in front, then a beat each, newest in bit 0.
   */
  remember(slot: number, lost: number): void {
    const at = slot * MARKS + RECENT;
    const before = lost < 0 ? 1 : this.#marks[at]!;
    const more = Math.min(Math.max(0, lost), RECENT_MAX - 1) + 1;
    const length = Math.min(31 - Math.clz32(before) + more, RECENT_MAX);
    const beats = ((before << more) | 1) & ((1 << length) - 1);
    this.#marks[at] = (1 << length) | beats;
  }

  /** Its last beats, newest last: "1" heard, "0" not; "" nothing is known. */
  recent(slot: number): string {
    return this.#marks[slot * MARKS + RECENT]!.toString(2).slice(1);
  }

  /** By how much the rhythm must be stretched for a promise: 1, unless the interval changed. */
  stretch(slot: number, code: number): number {
    const known = this.#marks[slot * MARKS]! >>> CODE;
    if (Math.abs(code - known) <= SAME_INTERVAL || code === LEAVING) return 1;
    return 2 ** ((code - known) / 10);
  }

  /** A beat was heard, `lost` ones before it were not. `silent`: it ended a silence. */
  beat(slot: number, lost: number, silent: boolean, promiseMs: number): void {
    const { numbers } = this;
    const at = slot * NUMBERS;
    numbers[at + BEATS]! += 1;
    numbers[at + ALL]! += 1;
    if (lost > 0) numbers[at + LOST]! += lost;
    if (silent) numbers[at + SILENT]! += 1;
    const beats = numbers[at + BEATS]!;
    if (beats > 2 * LATELY_BEATS && beats > 2 * latelyOf(promiseMs)) {
      this.#halve(at + BEATS, at + ALL);
    }
    if (numbers[at + ALL]! > ALL_MAX || numbers[at + SURVIVORS]! > SILENCES_MAX) {
      this.#halve(at + ALL, at + SURVIVORS + OWN_LEVELS);
    }
  }

  /** A silence ended that had outlasted `levels` of them. */
  survived(slot: number, levels: number): void {
    const at = slot * NUMBERS + SURVIVORS;
    for (let level = 0; level < Math.min(levels, OWN_LEVELS); level++) {
      this.numbers[at + level]! += 1;
    }
  }

  /** Two beats in a row came, so many ms apart; the first one's promise had this code. */
  rhythm(slot: number, gapMs: number, code: number): void {
    const { numbers } = this;
    const at = slot * NUMBERS;
    if (numbers[at + MOST] === 0) {
      numbers[at + GAP] = numbers[at + MOST] = gapMs;
      numbers[at + SPREAD] = gapMs / 16;
      this.#belongs(slot, code);
      return;
    }
    const stretch = this.stretch(slot, code);
    if (stretch !== 1) {
      for (let n = GAP; n <= MOST; n++) numbers[at + n]! *= stretch;
      this.#belongs(slot, code);
    }
    const off = gapMs - numbers[at + GAP]!;
    const all = numbers[at + ALL]!;
    const rate = all * RHYTHM < 1 ? 1 / (all + 1) : RHYTHM;
    const mean = numbers[at + GAP]! + off * rate;
    numbers[at + GAP] = mean;
    numbers[at + SPREAD]! += (Math.abs(off) - numbers[at + SPREAD]!) * rate;
    const most = numbers[at + MOST]!;
    numbers[at + MOST] = Math.max(gapMs, most - (most - mean) * UPPER);
  }

  #belongs(slot: number, code: number): void {
    const at = slot * MARKS;
    this.#marks[at] = (this.#marks[at]! & 0xffffff) | (code << CODE);
  }

  /** The ACK of a beat that we heard reached its device, or not. */
  acked(slot: number, heard: boolean): void {
    const at = slot * NUMBERS + DOWN;
    this.numbers[at]! += ((heard ? 0 : 1) - this.numbers[at]!) * ACKS;
  }

  #halve(from: number, to: number): void {
    for (let at = from; at < to; at++) this.numbers[at]! /= 2;
  }

  #grow(least: number): void {
    const room = Math.max(64, least, Math.ceil((this.numbers.length / NUMBERS) * 1.25));
    const numbers = new Float32Array(room * NUMBERS);
    numbers.set(this.numbers);
    const marks = new Uint32Array(room * MARKS);
    marks.set(this.#marks);
    this.numbers = numbers;
    this.#marks = marks;
  }
}
