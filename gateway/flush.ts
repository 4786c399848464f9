/**
 * The lazy half of rule 8: beats that were acknowledged and are in memory alone, on their way to
 * the disk.
 *
 * A device stands here once, however often it beats meanwhile; that is what makes the disk's work a
 * matter of time and not of traffic. A commit takes the first `flushMax` of them, so that no frame
 * waits behind the writing of a whole fleet. The oldest goes after half of `flushMs`: the other
 * half is for the disk itself. What lost: a timer for each device, and a fixed beat of the whole
 * table, which makes a thousand devices of an idle second pay for nothing.
 */

import type { Draft } from "./effects.ts";
import type { Records } from "./records.ts";

export class Flush {
  /** Call `into` no later than this. */
  wakeAt = Infinity;
  readonly #records: Records;
  readonly #delayMs: number;
  /**
   * Slots, oldest first; one whose beat went to disk with a fact of its own is no longer dirty, and
   * is passed over.
   */
  #waiting: number[] = [];

  constructor(records: Records, flushMs: number) {
    this.#records = records;
    this.#delayMs = flushMs / 2;
  }

  /** The last beat of `slot`, accepted at `now`, may be written later. */
  mark(slot: number, now: number): void {
    const { dirty } = this.#records.columns;
    if (dirty[slot] === 1) return;
    dirty[slot] = 1;
    if (this.#waiting.length === 0) this.wakeAt = now + this.#delayMs;
    this.#waiting.push(slot);
  }

  /** Puts the oldest `max` beats into a draft. */
  into(draft: Draft, max: number): void {
    const records = this.#records;
    const taken = this.#waiting.slice(0, max);
    for (const slot of taken) {
      if (records.columns.dirty[slot] === 1) draft.store(records.beatFact(slot));
    }
    if (taken.length < this.#waiting.length) this.#waiting = this.#waiting.slice(max);
    else {
      this.#waiting = [];
      this.wakeAt = Infinity;
    }
  }
}
