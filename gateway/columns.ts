/**
 * The numbers of every device, in columns by slot: about 120 bytes a device.
 *
 * Columns, because a table of a hundred thousand objects costs the collector a visit to each of
 * them, and a beat a cache miss for each field; measured, a third of the memory and a tenth of the
 * time of `Map<number, object>`. One table says what columns there are, so that growing and wiping
 * cannot forget one. What lost: a class with a field per column, where the list stood three times.
 */

import { CAUSES, STATUSES } from "./facts.ts";
import { DUPLICATES_MAX } from "./limits.ts";

type Column = Uint8Array | Uint32Array | Float64Array;

/** Of a column: its type, what an empty slot holds, and how many numbers a slot has. */
function column<T extends Column>(type: new (length: number) => T, empty = 0, width = 1) {
  return { type, empty, width };
}

/** In `cause`: no change yet. */
const NO_CAUSE = CAUSES.length;

const COLUMNS = {
  /** 0: the slot is free. */
  id: column(Uint32Array),
  suite: column(Uint8Array),

  /** Presence: index into STATUSES, index into CAUSES, number of the last change. */
  status: column(Uint8Array, STATUSES.indexOf("unknown")),
  cause: column(Uint8Array, NO_CAUSE),
  tseq: column(Uint32Array),

  /** Rule 7: highest epoch issued, epoch in force, pending one; 0 = none. */
  issued: column(Uint32Array),
  epoch: column(Uint32Array),
  pending: column(Uint32Array),
  /** When the pending epoch was last put into a WELCOME. */
  welcomedAt: column(Float64Array, -Infinity),
  /** Ticket of the commit of `issued`, which a WELCOME must wait for. */
  issuedBy: column(Float64Array),

  /** The last accepted beat. Its tag: the first 4 bytes (2 under suite 0) and the last 4. */
  seq: column(Uint32Array),
  tagHigh: column(Uint32Array),
  tagLow: column(Uint32Array),
  promise: column(Uint8Array),
  vitals: column(Uint8Array),
  reach: column(Uint8Array),
  at: column(Float64Array),
  mapped: column(Uint8Array),

  /**
   * Rule 8. The promise in the newest BeatFact given out, 0 = none; 1 = the last beat is in memory
   * alone.
   */
  promiseStored: column(Uint8Array),
  dirty: column(Uint8Array),
  /** Ticket of the newest beat that an ACK must wait for, its own or an earlier one's. */
  held: column(Float64Array),

  /**
   * Rule 3: instants of the last duplicates acknowledged, which of them is the oldest, and the
   * clashes.
   */
  repeatedAt: column(Float64Array, -Infinity, DUPLICATES_MAX),
  repeatedOldest: column(Uint8Array),
  clashes: column(Uint32Array),
  clashAt: column(Float64Array, -Infinity),
};

type Name = keyof typeof COLUMNS;
export type Columns = { [K in Name]: InstanceType<(typeof COLUMNS)[K]["type"]> };

const NAMES = Object.keys(COLUMNS) as Name[];

/** Columns of `slots` slots, with what stands in `old`; slots beyond must be wiped before use. */
export function makeColumns(slots: number, old?: Columns): Columns {
  const columns: Partial<Record<Name, Column>> = {};
  for (const name of NAMES) {
    const { type, width } = COLUMNS[name];
    const wide = new type(slots * width);
    if (old !== undefined) wide.set(old[name]);
    columns[name] = wide;
  }
  return columns as Columns;
}

export function wipeSlot(columns: Columns, slot: number): void {
  for (const name of NAMES) {
    const { empty, width } = COLUMNS[name];
    columns[name].fill(empty, slot * width, (slot + 1) * width);
  }
}
