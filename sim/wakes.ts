// When each board is due, and the one wake-up of each that stands in the queue. A wake-up is never
// taken out: a retry whose beat was acknowledged comes, is found too early, and goes on to where
// the board now is due, without anybody looking at the board. What lost: taking events out of the
// middle of the queue, which makes each of them twice as large.

import type { Agenda } from "./agenda.ts";

/** Of a row: when the board is due, us; its earliest wake-up in the queue, us; their source. */
const ROW = 3;
const DUE = 0;
const ARMED = 1;
const ID = 2;

export class Wakes {
  private readonly agenda: Agenda;
  private readonly kind: number;
  /** A row a board, so that it is one place in memory to look at, and not three. */
  private rows: Float64Array;

  /**
   * @param kind of the events that it puts into the queue; their payload is the board's number
   * @param capacity boards that there is room for; it grows by itself
   */
  constructor(agenda: Agenda, kind: number, capacity = 64) {
    this.agenda = agenda;
    this.kind = kind;
    this.rows = new Float64Array(capacity * ROW);
  }

  /** The next board, by number. @param id the source of its events */
  add(number: number, id: number): void {
    const at = number * ROW;
    if (at >= this.rows.length) {
      const rows = new Float64Array(Math.max(this.rows.length * 2, ROW));
      rows.set(this.rows);
      this.rows = rows;
    }
    this.rows[at + DUE] = this.rows[at + ARMED] = Number.POSITIVE_INFINITY;
    this.rows[at + ID] = id;
  }

  /** The board is due at `at`, us; Infinity: never. */
  set(number: number, at: number): void {
    const row = number * ROW;
    this.rows[row + DUE] = at;
    if (at < this.rows[row + ARMED]!) this.push(number, at);
  }

  /** A wake-up came at `at`. Whether the board is due; if not, the next one is in the queue. */
  fires(number: number, at: number): boolean {
    const row = number * ROW;
    if (this.rows[row + ARMED] !== at) return false;
    this.rows[row + ARMED] = Number.POSITIVE_INFINITY;
    const due = this.rows[row + DUE]!;
    if (due <= at) return true;
    if (due !== Number.POSITIVE_INFINITY) this.push(number, due);
    return false;
  }

  private push(number: number, at: number): void {
    const row = number * ROW;
    this.rows[row + ARMED] = at;
    this.agenda.push(at, this.kind, this.rows[row + ID]!, number);
  }
}
