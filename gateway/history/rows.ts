/**
 * What history keeps of each device in memory: 96 bytes a slot, all rows in one piece, with the
 * code of the hour that is being gathered.
 *
 * What a usual beat touches stands in the first 32 bytes. Code that is too long for its row, of a
 * device that beats many times a minute, goes on in a string. What lost: two counts for each minute
 * of the hour, 120 bytes and in the usual case all alike.
 *
 *         0       4       8       12      16      20      24      28
 *     0  | from  |min|hrd|mis|est|c l f h|         code          |
 *    32  |     code      |    missAt     |     since     |  up   | down  |
 *    64  | deaf  | left  | maint | block |before |         hours         |
 */

import { COUNT_MAX, headOf, RUN_KINDS, RUN_MAX, varint } from "./code.ts";

export const SHORTS = 48;
export const INTS = 24;
export const FLOATS = 12;
const BYTES = 96;

/** Int: minute at which this part began, counted as history.ts does. */
export const FROM = 0;
/** Shorts: minutes from there to the newest one that counts anything, and what it counts. */
export const MINUTE = 2;
export const HEARD = 3;
export const MISSED = 4;
/** Beats that were taken for missed since the device fell silent, and are in parts on disk. */
export const ESTIMATED = 5;
/** Bytes: of the code in this row; kind of its last token; flags; of the totals in this row. */
const CODE_BYTES = 12;
const LAST = 13;
const FLAGS = 14;
const HOUR_BYTES = 15;
const CODE = 16;
const CODE_MAX = 24;
/** Float: when the next beat counts as missed; only where the flag AWAY is. */
export const MISS_AT = 5;
/** Float: up to when the time is accounted for. */
export const SINCE = 6;
/** Ints: ms in this part. */
export const UP = 14;
export const DOWN = 15;
export const DEAF = 16;
export const LEFT = 17;
export const MAINTENANCE = 18;
/** Ints: when the first of the four hours began, and the last of those in `hours`. */
export const BLOCK = 19;
export const BEFORE = 20;
const HOURS = 84;
const HOURS_MAX = BYTES - HOURS;

/** Flags. It is called absent: what it promised counts as missed. */
export const AWAY = 1;
/** This part, or these four hours, began with the gateway or the device, and not on time. */
export const PART_STUB = 2;
export const BLOCK_STUB = 4;
/** It was heard once: before, there is nothing to write. */
export const BEGUN = 8;

/** A part longer than so many minutes (the machine was suspended) is dropped. */
const PART_MAX = 60_000;
const NO_TOKEN = 255;
const GROWTH = 1.25;

export class HistoryRows {
  /** Replaced when the table grows: never keep them over a call to `wipe`. */
  shorts = new Uint16Array(0);
  ints = new Int32Array(0);
  floats = new Float64Array(0);
  #bytes = new Uint8Array(0);
  #room = 0;
  /** Beginnings of codes, and of hours, that did not fit. */
  readonly #codes = new Map<number, string>();
  readonly #hours = new Map<number, string>();

  /** Makes the row of a slot that of nobody; the table grows as it must. */
  wipe(slot: number): void {
    if (slot >= this.#room) this.#grow(slot + 1);
    this.#bytes.fill(0, slot * BYTES, (slot + 1) * BYTES);
    this.#bytes[slot * BYTES + LAST] = NO_TOKEN;
    this.#codes.delete(slot);
    this.#hours.delete(slot);
  }

  flag(slot: number, flag: number): boolean {
    return (this.#bytes[slot * BYTES + FLAGS]! & flag) !== 0;
  }

  setFlag(slot: number, flag: number, on: boolean): void {
    const at = slot * BYTES + FLAGS;
    if (on) this.#bytes[at]! |= flag;
    else this.#bytes[at]! &= ~flag;
  }

  /** One more beat in this minute. */
  hear(slot: number, minute: number): void {
    const { shorts } = this;
    const s = slot * SHORTS;
    const place = minute - this.ints[slot * INTS + FROM]!;
    const silent = place - shorts[s + MINUTE]! - 1;
    // Most often the minute before had one as well.
    const again = silent === 0 && shorts[s + HEARD] === 1 && shorts[s + MISSED] === 0;
    if (again && this.#longer(slot)) {
      shorts[s + MINUTE] = place;
      return;
    }
    if (silent >= 0) this.advance(slot, minute);
    if (shorts[s + HEARD]! < COUNT_MAX) shorts[s + HEARD]!++;
  }

  /** Adds a minute of one beat to a run of them, if there is one with room for it. */
  #longer(slot: number): boolean {
    const row = slot * BYTES;
    if (this.#bytes[row + LAST] !== 1) return false;
    const at = row + CODE + this.#bytes[row + CODE_BYTES]! - 1;
    if ((this.#bytes[at]! & 31) === RUN_MAX - 1) return false;
    this.#bytes[at]!++;
    return true;
  }

  /** From now on counts go to this minute: those before it are over. */
  advance(slot: number, minute: number): void {
    const { shorts, ints } = this;
    const s = slot * SHORTS;
    const place = minute - ints[slot * INTS + FROM]!;
    const silent = place - shorts[s + MINUTE]! - 1;
    if (silent < 0) return;
    if (place > PART_MAX) {
      this.takeCode(slot);
      ints[slot * INTS + FROM] = minute;
      shorts[s + MINUTE] = 0;
    } else {
      this.append(slot, shorts[s + HEARD]!, shorts[s + MISSED]!, 1);
      if (silent > 0) this.append(slot, 0, 0, silent);
      shorts[s + MINUTE] = place;
    }
    shorts[s + HEARD] = shorts[s + MISSED] = 0;
  }

  /** Adds `minutes` equal minutes to the code of the part. */
  append(slot: number, heard: number, missed: number, minutes: number): void {
    const head = headOf(heard, missed);
    const kind = head >> 5;
    const row = slot * BYTES;
    let left = minutes;
    if (kind < RUN_KINDS && this.#bytes[row + LAST] === kind) {
      const at = row + CODE + this.#bytes[row + CODE_BYTES]! - 1;
      const more = Math.min(left, RUN_MAX - 1 - (this.#bytes[at]! & 31));
      this.#bytes[at]! += more;
      left -= more;
    }
    while (left > 0) {
      const take = kind < RUN_KINDS ? Math.min(left, RUN_MAX) : 1;
      this.#put(slot, head + (kind < RUN_KINDS ? take - 1 : 0));
      if (kind === 5) for (const c of varint(heard) + varint(missed)) this.#put(slot, byteOf(c));
      this.#bytes[row + LAST] = kind;
      left -= take;
    }
  }

  /** The code of the part; from now on it is empty. */
  takeCode(slot: number): string {
    const row = slot * BYTES;
    const code = (this.#codes.get(slot) ?? "") + this.#text(row + CODE, row + CODE_BYTES);
    this.#codes.delete(slot);
    this.#bytes[row + CODE_BYTES] = 0;
    this.#bytes[row + LAST] = NO_TOKEN;
    return code;
  }

  /** @returns all totals of these four hours, these being the newest */
  addHour(slot: number, totals: string): string {
    const row = slot * BYTES;
    const length = this.#bytes[row + HOUR_BYTES]!;
    if (length + totals.length > HOURS_MAX) {
      this.#hours.set(slot, this.hours(slot) + totals);
      this.#bytes[row + HOUR_BYTES] = 0;
    } else {
      for (let at = 0; at < totals.length; at++) {
        this.#bytes[row + HOURS + length + at] = totals.charCodeAt(at);
      }
      this.#bytes[row + HOUR_BYTES] = length + totals.length;
    }
    return this.hours(slot);
  }

  hours(slot: number): string {
    const row = slot * BYTES;
    return (this.#hours.get(slot) ?? "") + this.#text(row + HOURS, row + HOUR_BYTES);
  }

  clearHours(slot: number): void {
    this.#hours.delete(slot);
    this.#bytes[slot * BYTES + HOUR_BYTES] = 0;
  }

  /** Runs something that changes a row, and makes it what it was. */
  trying<Result>(slot: number, work: () => Result): Result {
    const row = this.#bytes.slice(slot * BYTES, (slot + 1) * BYTES);
    const code = this.#codes.get(slot);
    const hours = this.#hours.get(slot);
    const result = work();
    this.#bytes.set(row, slot * BYTES);
    if (code !== undefined) this.#codes.set(slot, code);
    else this.#codes.delete(slot);
    if (hours !== undefined) this.#hours.set(slot, hours);
    else this.#hours.delete(slot);
    return result;
  }

  #put(slot: number, byte: number): void {
    const row = slot * BYTES;
    const length = this.#bytes[row + CODE_BYTES]!;
    if (length === CODE_MAX) {
      this.#codes.set(
        slot,
        (this.#codes.get(slot) ?? "") + this.#text(row + CODE, row + CODE_BYTES),
      );
      this.#bytes[row + CODE] = byte;
      this.#bytes[row + CODE_BYTES] = 1;
    } else {
      this.#bytes[row + CODE + length] = byte;
      this.#bytes[row + CODE_BYTES] = length + 1;
    }
  }

  /** @param lengthAt where the number of bytes stands */
  #text(from: number, lengthAt: number): string {
    const end = from + this.#bytes[lengthAt]!;
    return String.fromCharCode.apply(null, this.#bytes.subarray(from, end) as never);
  }

  #grow(least: number): void {
    const old = this.#bytes;
    this.#room = Math.max(64, least, Math.ceil(this.#room * GROWTH));
    const memory = new ArrayBuffer(this.#room * BYTES);
    this.shorts = new Uint16Array(memory);
    this.ints = new Int32Array(memory);
    this.floats = new Float64Array(memory);
    this.#bytes = new Uint8Array(memory);
    this.#bytes.set(old);
  }
}

function byteOf(character: string): number {
  return character.charCodeAt(0);
}
