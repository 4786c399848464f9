/**
 * When to doubt a device: the deadlines of `late` and `absent` from its newest beat. Pure
 * arithmetic on instants in ms.
 *
 * A promise is already an upper bound: the device put its clock error, its joining and all its
 * tries into it (rule 14). What it cannot know is that this beat travelled fast and the next one
 * travels slowly, and how far its clock has drifted since it was last measured. So the grace has a
 * floor, `graceMs`, 250 ms by default: the difference between a quick and a queued datagram on a
 * home network (a path over a satellite or NB-IoT wants seconds: it is a limit with a name); and a
 * share, 2 per cent of the promise: cheap sleep clocks move by about that much with temperature.
 *
 *   beat                    dueAt   late                  absent
 *    |------- promise --------|--grace--|------ promise ------|
 */

import type { Evidence } from "./affairs.ts";
import { CRC_PROMISE_MAX, DOUBT, LONG_STOP } from "./limits.ts";
import type { News } from "./news.ts";
import type { Records } from "./records.ts";
import * as row from "./rows.ts";

/** Share of a promise that a clock may have drifted. */
const DRIFT = 0.02;

/** What is added to a promise of which nothing is known yet, in ms. @param graceMs the floor */
export function graceOf(promiseMs: number, graceMs: number): number {
  return Math.max(graceMs, promiseMs * DRIFT);
}

export class Detector {
  readonly #records: Records;
  readonly #graceMs: number;

  constructor(records: Records, graceMs: number) {
    this.#records = records;
    this.#graceMs = graceMs;
  }

  /** A device joined the table. @param learned what `bytes` gave once, or "" */
  joined(_slot: number, _learned: string): void {}

  /** A device is about to leave the table. */
  removed(_slot: number): void {}

  /**
   * A fresh beat came, and the record still has the one before it.
   * @param step seq minus the last accepted one; 0: the first beat of an epoch
   */
  hears(_slot: number, _step: number, _news: News, _now: number): void {}

  /** The instant at which the device becomes late, from its newest beat. */
  lateAt(slot: number): number {
    return this.#seenAt(slot) + this.#promiseMs(slot) + this.#graceOf(slot);
  }

  /** The instant at which a device late since `late` becomes absent; not before `late`. */
  absentAt(slot: number, late: number): number {
    return late + this.#promiseMs(slot);
  }

  /** Before this instant no beat was due: deafness that ended earlier excuses nothing. */
  dueFrom(slot: number): number {
    return this.#seenAt(slot);
  }

  /**
   * The instant before which nobody doubts a device that could not be heard until `endAt`. In the
   * meantime it was not acknowledged, and after three promises without an answer devices back off,
   * up to eightfold (rule 18). @param deafMs for how long; Infinity: unknown, hence long
   */
  doubtAfter(slot: number, endAt: number, deafMs: number): number {
    const promiseMs = this.#promiseMs(slot);
    const long = deafMs > LONG_STOP * promiseMs;
    return endAt + (long ? DOUBT : 1) * promiseMs + this.#graceOf(slot);
  }

  /** What the verdict on this device rests on, by the names of evidence.ts. */
  evidence(slot: number): Evidence {
    const seenAt = this.#seenAt(slot);
    const promiseMs = this.#promiseMs(slot);
    return { seenAt, dueAt: seenAt + promiseMs, promiseMs, graceMs: this.#graceOf(slot) };
  }

  /** What was learned of the device, for the store; "" nothing. */
  bytes(_slot: number): string {
    return "";
  }

  #seenAt(slot: number): number {
    return this.#records.rows.floats[slot * row.FLOATS + row.AT]!;
  }

  /** Nothing promised and yet here: a damaged record, which must not be present for ever. */
  #promiseMs(slot: number): number {
    return this.#records.promiseMs(slot) || CRC_PROMISE_MAX;
  }

  #graceOf(slot: number): number {
    return graceOf(this.#promiseMs(slot), this.#graceMs);
  }
}
