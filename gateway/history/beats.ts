/**
 * Beats that wait to be counted: those of one minute, by their slots.
 *
 * A hundred thousand rows are in no cache, so a beat that touched the row of its history would wait
 * for memory, 300 ns when measured. Counted 256 at a time those waits overlap. Whoever reads rows,
 * or changes them otherwise, counts what waits first.
 */

import { MINUTE_MS } from "./code.ts";
import type { HistoryRows } from "./rows.ts";

const MAX = 256;

export class HistoryBeats {
  readonly #rows: HistoryRows;
  readonly #origin: number;
  readonly #slots = new Int32Array(MAX);
  #count = 0;
  /** The minute of those that wait, counted from the origin, and when it ends. */
  #minute = 0;
  #endAt = -Infinity;

  constructor(rows: HistoryRows, origin: number) {
    this.#rows = rows;
    this.#origin = origin;
  }

  add(slot: number, now: number): void {
    if (now >= this.#endAt || this.#count === MAX) {
      this.count();
      this.#minute = Math.floor((now - this.#origin) / MINUTE_MS);
      this.#endAt = this.#origin + (this.#minute + 1) * MINUTE_MS;
    }
    this.#slots[this.#count++] = slot;
  }

  /** Counts those that wait. */
  count(): void {
    const slots = this.#slots;
    const rows = this.#rows;
    for (let at = 0; at < this.#count; at++) rows.hear(slots[at]!, this.#minute);
    this.#count = 0;
  }
}
