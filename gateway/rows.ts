/**
 * The numbers of every device: one row of 128 bytes a slot, all rows in one piece of memory.
 *
 * A row is two lines of the cache, and what a usual beat must read stands in the first: a hundred
 * thousand rows are in no cache, so a beat of any of them costs what it misses. What lost: an
 * object a device, which the collector visits, and a column a number, where a beat missed a dozen
 * times.
 *
 *         0       4       8       12      16      20      24      28
 *     0  |              key              |  id   | epoch |  seq  |bucket |
 *    32  |S p P v r m s f|      at       |     held      |   deadline    |
 *    64  |      tag      | tseq  |issued | told  |joined | next  |before |
 *    96  |  welcomedAt   |   issuedBy    |c S C x|          ext          |
 */

import { CAUSES, STATUSES } from "./facts.ts";

/** Words (32 bits), floats and bytes in a row: a field of `slot` stands at `slot * WORDS + ID`. */
export const WORDS = 32;
export const FLOATS = 16;
export const BYTES = 128;

// ---- The first line. Words.

/** Four of them; none under suite 0. */
export const KEY = 0;
/** 0: the slot is free. */
export const ID = 4;
/** In force; 0 = none. */
export const EPOCH = 5;
/** Of the last accepted beat. */
export const SEQ = 6;
/** Of the deadline, in the wheel (deadlines.ts). */
export const BUCKET = 7;

// Bytes.

export const SUITE = 32;
/** Of the last accepted beat. */
export const PROMISE = 33;
/** Rule 8: the promise in the newest BeatFact given out, 0 = none. */
export const PROMISE_STORED = 34;
export const VITALS = 35;
export const REACH = 36;
/** Of the source. */
export const MAPPED = 37;
/** Index into STATUSES. */
export const STATUS = 38;
export const FLAGS = 39;

// Floats.

/** When the last accepted beat came. */
export const AT = 5;
/** Ticket of the newest beat that an ACK must wait for, its own or an earlier one's. */
export const HELD = 6;
/** Infinity: none. */
export const DEADLINE = 7;

// ---- The second line. Words.

/** Of the last accepted beat: its first 4 bytes (2 under suite 0), and the last 4. */
export const TAG = 16;
/** Number of the last change. */
export const TSEQ = 18;
/** Rule 7: the highest epoch issued; it is pending where the flag says so. */
export const ISSUED = 19;
/** What may be told (told.ts): number of a change, and below its status and cause. */
export const TOLD_TSEQ = 20;
/** Devices that joined the table before this one. */
export const JOINED = 21;
/** Slots beside this one in its bucket. */
export const NEXT = 22;
export const PREVIOUS = 23;

// Floats.

/** When the pending epoch was last put into a WELCOME. */
export const WELCOMED_AT = 12;
/** Ticket of the commit of ISSUED, which a WELCOME must wait for. */
export const ISSUED_BY = 13;

// Bytes.

/** Index into CAUSES, or NO_CAUSE. */
export const CAUSE = 112;
export const TOLD_STATUS = 113;
export const TOLD_CAUSE = 114;
/** Extensions of the last accepted beat: how many bytes, and the bytes, up to EXT_MAX. */
export const EXT_BYTES = 115;
export const EXT = 116;
export const EXT_MAX = 12;

/** Flags. The last beat is in memory alone (rule 8). */
export const DIRTY = 1;
/** ISSUED was given to the device and is not in force yet. */
export const PENDING = 2;
/** Taken in by `open`. */
export const OPEN = 4;
/** Commands wait for it. */
export const COMMANDS = 8;

/** In CAUSE: no change yet. */
export const NO_CAUSE = CAUSES.length;

/** In BUCKET, NEXT and PREVIOUS: none. */
export const NONE = -1;

/** By so much the table grows at once: not more, so that little memory waits unused. */
const GROWTH = 1.25;

export class Rows {
  /** Replaced when the table grows: never keep them over a call to `wipe`. */
  words = new Uint32Array(0);
  /** The same words, signed. */
  ints = new Int32Array(0);
  floats = new Float64Array(0);
  bytes = new Uint8Array(0);
  /** Slots that there are rows for, all wiped at least once. */
  room = 0;

  /** Makes the row of a slot that of nobody; the table grows as it must. */
  wipe(slot: number): void {
    if (slot >= this.room) this.#grow(slot + 1);
    else this.bytes.set(EMPTY, slot * BYTES);
  }

  flag(slot: number, flag: number): boolean {
    return (this.bytes[slot * BYTES + FLAGS]! & flag) !== 0;
  }

  #grow(least: number): void {
    const old = this.bytes;
    const room = Math.max(64, least, Math.ceil(this.room * GROWTH));
    const memory = new ArrayBuffer(room * BYTES);
    this.words = new Uint32Array(memory);
    this.ints = new Int32Array(memory);
    this.floats = new Float64Array(memory);
    this.bytes = new Uint8Array(memory);
    this.bytes.set(old);
    while (this.room < room) this.bytes.set(EMPTY, this.room++ * BYTES);
  }
}

/**
 * Four bytes of a key or a tag, lowest first as suite 2 has them. Past the end they are 0, as in
 * the tags of suite 0, which have two.
 */
export function wordOf(bytes: string, at: number): number {
  return (
    bytes.charCodeAt(at) |
    (bytes.charCodeAt(at + 1) << 8) |
    (bytes.charCodeAt(at + 2) << 16) |
    (bytes.charCodeAt(at + 3) << 24)
  );
}

/** The eight bytes of two words. */
export function textOf(first: number, second: number): string {
  // biome-ignore format: one word a line
  return String.fromCharCode(
    first & 255, (first >> 8) & 255, (first >> 16) & 255, first >>> 24,
    second & 255, (second >> 8) & 255, (second >> 16) & 255, second >>> 24,
  );
}

/** The row of nobody. */
const EMPTY = emptyRow();

function emptyRow(): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  const ints = new Int32Array(bytes.buffer);
  const floats = new Float64Array(bytes.buffer);
  bytes[STATUS] = bytes[TOLD_STATUS] = STATUSES.indexOf("unknown");
  bytes[CAUSE] = bytes[TOLD_CAUSE] = NO_CAUSE;
  ints[BUCKET] = ints[NEXT] = ints[PREVIOUS] = NONE;
  floats[DEADLINE] = Infinity;
  floats[WELCOMED_AT] = -Infinity;
  return bytes;
}
