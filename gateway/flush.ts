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
import * as row from "./rows.ts";

export class Flush {
  /** Call `into` no later than this. */
  wakeAt = Infinity;
  readonly #records: Records;
  readonly #delayMs: number;
  /**
   * Slots in a ring, oldest first; one whose beat went to disk with a fact of its own is no longer
   * dirty, and is passed over.
   */
  #ring = new Int32Array(1_024);
  #first = 0;
  #waiting = 0;

  constructor(records: Records, flushMs: number) {
    this.#records = records;
    this.#delayMs = flushMs / 2;
  }

  /** The last beat of `slot`, accepted at `now`, may be written later. */
  mark(slot: number, now: number): void {
    const { bytes } = this.#records.rows;
    const at = slot * row.BYTES + row.FLAGS;
    if (bytes[at]! & row.DIRTY) return;
    bytes[at]! |= row.DIRTY;
    if (this.#waiting === 0) this.wakeAt = now + this.#delayMs;
    if (this.#waiting === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#waiting++) & (this.#ring.length - 1)] = slot;
  }

  /** Puts the oldest `max` beats into a draft. */
  into(draft: Draft, max: number): void {
    const records = this.#records;
    for (let left = Math.min(max, this.#waiting); left > 0; left--) {
      const slot = this.#ring[this.#first]!;
      this.#first = (this.#first + 1) & (this.#ring.length - 1);
      this.#waiting--;
      if (records.rows.flag(slot, row.DIRTY)) draft.store(records.beatFact(slot));
    }
    if (this.#waiting === 0) this.wakeAt = Infinity;
  }

  #grow(): void {
    const wide = new Int32Array(this.#ring.length * 2);
    wide.set(this.#ring.subarray(this.#first));
    wide.set(this.#ring.subarray(0, this.#first), this.#ring.length - this.#first);
    this.#ring = wide;
    this.#first = 0;
  }
}
