// When each board is due, and the one wake-up of each that stands in the queue. A wake-up is never
// taken out: a retry whose beat was acknowledged comes, is found too early, and goes on to where
// the board now is due, without anybody looking at the board. What lost: taking events out of the
// middle of the queue, which makes each of them twice as large.

import type { Agenda } from "./agenda.ts";

export class Wakes {
  private readonly agenda: Agenda;
  private readonly kind: number;
  private ids: Uint32Array;
  /** Of each board, us: when it is due, and its earliest wake-up in the queue. */
  private due: Float64Array;
  private armed: Float64Array;

  /**
   * @param kind of the events that it puts into the queue; their payload is the board's number
   * @param capacity boards that there is room for; it grows by itself
   */
  constructor(agenda: Agenda, kind: number, capacity = 64) {
    this.agenda = agenda;
    this.kind = kind;
    this.ids = new Uint32Array(capacity);
    this.due = new Float64Array(capacity).fill(Number.POSITIVE_INFINITY);
    this.armed = new Float64Array(capacity).fill(Number.POSITIVE_INFINITY);
  }

  /** The next board, by number. @param id the source of its events */
  add(number: number, id: number): void {
    if (number >= this.ids.length) this.grow();
    this.ids[number] = id;
  }

  /** The board is due at `at`, us; Infinity: never. */
  set(number: number, at: number): void {
    this.due[number] = at;
    if (at < this.armed[number]!) this.push(number, at);
  }

  /** A wake-up came at `at`. Whether the board is due; if not, the next one is in the queue. */
  fires(number: number, at: number): boolean {
    if (this.armed[number] !== at) return false;
    this.armed[number] = Number.POSITIVE_INFINITY;
    const due = this.due[number]!;
    if (due <= at) return true;
    if (due !== Number.POSITIVE_INFINITY) this.push(number, due);
    return false;
  }

  private push(number: number, at: number): void {
    this.armed[number] = at;
    this.agenda.push(at, this.kind, this.ids[number]!, number);
  }

  private grow(): void {
    const length = this.ids.length * 2;
    const ids = new Uint32Array(length);
    ids.set(this.ids);
    this.ids = ids;
    for (const column of ["due", "armed"] as const) {
      const wider = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
      wider.set(this[column]);
      this[column] = wider;
    }
  }
}
