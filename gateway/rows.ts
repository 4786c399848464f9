/**
 * The numbers of every device: one row of 128 bytes a slot, all rows in one piece of memory.
 *
 * A row is two lines of the cache. A beat reads and writes the first; what a HELLO, a duplicate or
 * a change needs besides stands in the second. A hundred thousand rows are in no cache, so a beat
 * of any of them costs what it misses. What lost: an object a device, which the collector visits,
 * and a column a number, where a beat missed a dozen times: half of what it cost.
 *
 *         0       4       8       12      16      20      24      28
 *     0  |              key              |  id   | epoch |  seq  |     tag
 *    32  :       | tseq  |S p P v r m s f|      at       |     held      |
 *    64  |issued | told  | joined|c S C o|  welcomedAt   |   issuedBy    |
 *    96  |                          repeatedAt                           |
 */

import { CAUSES, STATUSES } from "./facts.ts";
import { DUPLICATES_MAX } from "./limits.ts";

/** Words (32 bits), floats and bytes in a row: a field of `slot` stands at `slot * WORDS + ID`. */
export const WORDS = 32;
export const FLOATS = 16;
export const BYTES = 128;

/** Words. Four of the key; none under suite 0. */
export const KEY = 0;
/** 0: the slot is free. */
export const ID = 4;
/** In force; 0 = none. */
export const EPOCH = 5;
/** The last accepted beat. Its tag: the first 4 bytes (2 under suite 0), and the last 4. */
export const SEQ = 6;
export const TAG = 7;
/** Number of the last change. */
export const TSEQ = 9;

/** Bytes. */
export const SUITE = 40;
/** Of the last accepted beat. */
export const PROMISE = 41;
/** Rule 8: the promise in the newest BeatFact given out, 0 = none. */
export const PROMISE_STORED = 42;
export const VITALS = 43;
export const REACH = 44;
/** Of the source. */
export const MAPPED = 45;
/** Index into STATUSES. */
export const STATUS = 46;
export const FLAGS = 47;

/** Floats. When the last accepted beat came. */
export const AT = 6;
/** Ticket of the newest beat that an ACK must wait for, its own or an earlier one's. */
export const HELD = 7;

// The second line begins. Words.

/** Rule 7: the highest epoch issued; it is pending where the flag says so. */
export const ISSUED = 16;
/** What may be told (told.ts): number of a change, and below its status and cause. */
export const TOLD_TSEQ = 17;
/** Devices that joined the table before this one. */
export const JOINED = 18;

/** Bytes. Index into CAUSES, or NO_CAUSE. */
export const CAUSE = 76;
export const TOLD_STATUS = 77;
export const TOLD_CAUSE = 78;
/** Which of REPEATED_AT is the oldest. */
export const REPEATED_OLDEST = 79;

/** Floats. When the pending epoch was last put into a WELCOME. */
export const WELCOMED_AT = 10;
/** Ticket of the commit of ISSUED, which a WELCOME must wait for. */
export const ISSUED_BY = 11;
/** Rule 3: instants of the last duplicates acknowledged, DUPLICATES_MAX of them. */
export const REPEATED_AT = 12;

/** Flags. The last beat is in memory alone (rule 8). */
export const DIRTY = 1;
/** ISSUED was given to the device and is not in force yet. */
export const PENDING = 2;
/** The last beat had extensions. */
export const EXTENDED = 4;
/** Taken in by `open`. */
export const OPEN = 8;

/** In CAUSE: no change yet. */
export const NO_CAUSE = CAUSES.length;

/** Slots are added by so much at once: an eighth, so that little memory waits unused. */
const GROWTH = 1.125;

export class Rows {
  /** Replaced when the table grows: never keep them over a call to `wipe`. */
  words = new Uint32Array(0);
  floats = new Float64Array(0);
  bytes = new Uint8Array(0);

  /** Makes the row of a slot that of nobody; the table grows as it must. */
  wipe(slot: number): void {
    if ((slot + 1) * BYTES > this.bytes.length) this.#grow(slot + 1);
    this.bytes.set(EMPTY, slot * BYTES);
  }

  flag(slot: number, flag: number): boolean {
    return (this.bytes[slot * BYTES + FLAGS]! & flag) !== 0;
  }

  #grow(least: number): void {
    const old = this.bytes;
    const room = Math.max(64, least, Math.ceil((old.length / BYTES) * GROWTH));
    const memory = new ArrayBuffer(room * BYTES);
    this.words = new Uint32Array(memory);
    this.floats = new Float64Array(memory);
    this.bytes = new Uint8Array(memory);
    this.bytes.set(old);
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

/** The row of nobody. */
const EMPTY = emptyRow();

function emptyRow(): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  const floats = new Float64Array(bytes.buffer);
  bytes[STATUS] = bytes[TOLD_STATUS] = STATUSES.indexOf("unknown");
  bytes[CAUSE] = bytes[TOLD_CAUSE] = NO_CAUSE;
  floats[WELCOMED_AT] = -Infinity;
  floats.fill(-Infinity, REPEATED_AT, REPEATED_AT + DUPLICATES_MAX);
  return bytes;
}
