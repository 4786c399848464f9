/**
 * Every deadline of every device: one instant a slot, asked for in exact order of (instant, slot).
 *
 * A lazy timing wheel. A beat nearly always moves its device's deadline away, so moving stores one
 * number and leaves the entry in its old bucket; when the wheel comes by, the entry is found not
 * due and goes to the bucket where it now belongs. One move per promise instead of one per beat,
 * and each costs nanoseconds; only a deadline that comes nearer is moved at once. What lost: a
 * binary heap, 100 to 150 ns per beat and a fit of cache misses (measured at 100 000 and a million
 * slots, against 10), and one timer per device, 1 us per beat and 160 bytes.
 *
 *   | 0 | 1 | 2 | ... | 4095 |   64 ms each, so the wheel spans 262 s; what lies beyond waits in
 *         ^ tick                   the last bucket and is placed again when the wheel comes by
 *
 * Invariant: the bucket of an entry never lies behind the tick of its deadline. So no bucket before
 * the one of the earliest deadline holds anything due, and what is due within one bucket is sorted
 * before it is given out.
 */

import * as row from "./rows.ts";
import { NONE, Rows } from "./rows.ts";

/**
 * Ms in one bucket: below the shortest promise (107), and a power of two so that the division is
 * exact.
 */
export const TICK_MS = 64;
/** A power of two. */
export const BUCKETS = 4096;

/** In BUCKET: an entry that stands in the sorted list of what is due. NONE: no entry. */
const IN_DUE = -2;

export class Deadlines {
  /**
   * The earliest deadline, or something before it; exact after `due` has returned -1, up to the
   * wheel's span.
   */
  wakeAt = Infinity;
  #tick: number;
  readonly #rows: Rows;
  readonly #heads = new Int32Array(BUCKETS).fill(NONE);
  #entries = 0;
  /**
   * Slots found due in the current tick with the instants they were due at, in order, and the next
   * one to give.
   */
  #due: number[] = [];
  #dueAt: number[] = [];
  #given = 0;

  /** @param rows where the entries stand: those of the devices, or some for them alone */
  constructor(now: number, rows = new Rows()) {
    this.#tick = Math.floor(now / TICK_MS);
    this.#rows = rows;
  }

  /**
   * The deadline of a slot; Infinity: none. Stays readable after `due` gave it out, until `set` or
   * `clear`.
   */
  get(slot: number): number {
    return this.#rows.floats[slot * row.FLOATS + row.DEADLINE] ?? Infinity;
  }

  /** Sets or moves the deadline of a slot to the instant `at`, in ms. */
  set(slot: number, at: number): void {
    if (slot >= this.#rows.room) this.#rows.wipe(slot);
    const { ints, floats } = this.#rows;
    const bucket = ints[slot * row.WORDS + row.BUCKET]!;
    floats[slot * row.FLOATS + row.DEADLINE] = at;
    if (at < this.wakeAt) this.wakeAt = at;
    if (bucket >= 0) {
      const ahead = (bucket - this.#tick) & (BUCKETS - 1);
      if (Math.floor(at / TICK_MS) >= this.#tick + ahead) return;
      this.#unlink(slot);
    }
    if (!this.#insert(slot, at)) this.#link(slot);
  }

  /** Takes the deadline of a slot away. Its entry goes when the wheel comes by. */
  clear(slot: number): void {
    const { ints, floats } = this.#rows;
    if (slot >= this.#rows.room) return;
    floats[slot * row.FLOATS + row.DEADLINE] = Infinity;
    const w = slot * row.WORDS + row.BUCKET;
    if (ints[w] === IN_DUE) ints[w] = NONE;
  }

  /** Takes a slot off whose row will be another's. */
  remove(slot: number): void {
    this.clear(slot);
    if (this.#bucket(slot) >= 0) this.#unlink(slot);
  }

  /**
   * The slot whose deadline is the earliest at or before `now`, which then no longer counts; -1
   * when there is none. Deadlines set between two calls take their place in the order.
   */
  due(now: number): number {
    const last = Math.floor(now / TICK_MS);
    for (;;) {
      while (this.#given < this.#due.length) {
        const at = this.#dueAt[this.#given]!;
        const slot = this.#due[this.#given++]!;
        // Moved or cleared since it was found: it then has another entry, or none.
        if (this.#bucket(slot) !== IN_DUE || this.get(slot) !== at) continue;
        this.#put(slot, NONE);
        return slot;
      }
      if (this.#given > 0) {
        this.#due.length = 0;
        this.#dueAt.length = 0;
        this.#given = 0;
      }
      if (this.#collect(now)) continue;
      if (this.#tick >= last) break;
      this.#advance(last);
    }
    this.wakeAt = this.#earliest();
    return -1;
  }

  /** To the next tick that has an entry, or to `last`: a nanosecond for each empty one. */
  #advance(last: number): void {
    let tick = this.#entries === 0 ? last : this.#tick + 1;
    while (tick < last && this.#heads[tick & (BUCKETS - 1)] === NONE) tick++;
    this.#tick = tick;
  }

  /**
   * Sorts out the bucket of the current tick: what is due goes into the list, what was moved away
   * to its bucket.
   */
  #collect(now: number): boolean {
    const { ints, floats } = this.#rows;
    const end = (this.#tick + 1) * TICK_MS;
    let slot = this.#heads[this.#tick & (BUCKETS - 1)]!;
    while (slot !== NONE) {
      const next = ints[slot * row.WORDS + row.NEXT]!;
      const at = floats[slot * row.FLOATS + row.DEADLINE]!;
      if (at <= now && at < end) {
        this.#unlink(slot);
        this.#put(slot, IN_DUE);
        this.#due.push(slot);
      } else if (at >= end) {
        this.#unlink(slot);
        if (at !== Infinity) this.#link(slot);
      }
      slot = next;
    }
    if (this.#due.length > 1) this.#due.sort((a, b) => this.get(a) - this.get(b) || a - b);
    for (const found of this.#due) this.#dueAt.push(this.get(found));
    return this.#due.length > 0;
  }

  /** While a list is being given out: a deadline that lies before its end takes its place in it. */
  #insert(slot: number, at: number): boolean {
    let place = this.#due.length;
    while (place > this.#given) {
      const other = this.#dueAt[place - 1]!;
      if (other < at || (other === at && this.#due[place - 1]! <= slot)) break;
      place--;
    }
    if (place === this.#due.length) return false;
    this.#due.splice(place, 0, slot);
    this.#dueAt.splice(place, 0, at);
    this.#put(slot, IN_DUE);
    return true;
  }

  /**
   * The earliest deadline, found by walking to the first bucket that holds a real one. Entries met
   * on the way that were moved away go to their buckets now instead of later. Beyond the span: the
   * instant to look again.
   */
  #earliest(): number {
    if (this.#entries === 0) return Infinity;
    const { ints, floats } = this.#rows;
    const horizon = (this.#tick + BUCKETS) * TICK_MS;
    for (let ahead = 0; ahead < BUCKETS; ahead++) {
      const tick = this.#tick + ahead;
      let slot = this.#heads[tick & (BUCKETS - 1)]!;
      let earliest = Infinity;
      while (slot !== NONE) {
        const next = ints[slot * row.WORDS + row.NEXT]!;
        const at = floats[slot * row.FLOATS + row.DEADLINE]!;
        if (at === Infinity) this.#unlink(slot);
        else if (at >= horizon) return Math.min(earliest, tick * TICK_MS);
        else if (at >= (tick + 1) * TICK_MS) {
          this.#unlink(slot);
          this.#link(slot);
        } else if (at < earliest) earliest = at;
        slot = next;
      }
      if (earliest !== Infinity) return earliest;
    }
    return Infinity;
  }

  /** Into the bucket of its deadline: not before the current tick, not beyond the last bucket. */
  #link(slot: number): void {
    const { ints } = this.#rows;
    const tick = Math.floor(this.get(slot) / TICK_MS);
    const ahead = Math.min(Math.max(tick - this.#tick, 0), BUCKETS - 1);
    const bucket = (this.#tick + ahead) & (BUCKETS - 1);
    const head = this.#heads[bucket]!;
    ints[slot * row.WORDS + row.NEXT] = head;
    ints[slot * row.WORDS + row.PREVIOUS] = NONE;
    if (head !== NONE) ints[head * row.WORDS + row.PREVIOUS] = slot;
    this.#heads[bucket] = slot;
    this.#put(slot, bucket);
    this.#entries++;
  }

  #unlink(slot: number): void {
    const { ints } = this.#rows;
    const next = ints[slot * row.WORDS + row.NEXT]!;
    const previous = ints[slot * row.WORDS + row.PREVIOUS]!;
    if (previous === NONE) this.#heads[this.#bucket(slot)] = next;
    else ints[previous * row.WORDS + row.NEXT] = next;
    if (next !== NONE) ints[next * row.WORDS + row.PREVIOUS] = previous;
    this.#put(slot, NONE);
    this.#entries--;
  }

  #bucket(slot: number): number {
    return this.#rows.ints[slot * row.WORDS + row.BUCKET]!;
  }

  #put(slot: number, bucket: number): void {
    this.#rows.ints[slot * row.WORDS + row.BUCKET] = bucket;
  }
}
