/**
 * The end of a part: what a row gathered becomes two facts, and the row begins anew.
 *
 * The totals of an hour are written with those of the hours before it, six to a key: one key an
 * hour would be 216 million of them for 100 000 devices and 90 days, and a key that waits for its
 * six hours would lose them all in a crash.
 */

import type { HistoryFact } from "./facts.ts";
import * as code from "./history-code.ts";
import * as at from "./history-rows.ts";

/** How minutes of this process are dated, and which of its lives this is. */
export interface Dates {
  /** Unix seconds of the beginning of a minute. */
  readonly unixAt: (minute: number) => number;
  readonly generation: number;
}

/**
 * Ends the part of a device before `minute`; none where it has none yet.
 * @param id the device's
 */
export function closePart(
  rows: at.HistoryRows,
  slot: number,
  minute: number,
  id: number,
  dates: Dates,
): HistoryFact[] {
  const { ints } = rows;
  const i = slot * at.INTS;
  const from = ints[i + at.FROM]!;
  if (minute <= from) return [];
  rows.advance(slot, minute);
  if (ints[i + at.FROM] !== from) return [];
  const start = dates.unixAt(from);
  const minutes = rows.takeCode(slot);
  const stub = rows.flag(slot, at.PART_STUB) ? dates.generation : undefined;
  const part = code.minutePart(id, start, stub);
  const block = blockFact(rows, slot, id, from, minutes, dates);
  ints[i + at.FROM] = minute;
  rows.shorts[slot * at.SHORTS + at.MINUTE] = 0;
  rows.setFlag(slot, at.PART_STUB, false);
  ints.fill(0, i + at.UP, i + at.MAINTENANCE + 1);
  return [{ kind: "history", id, part, bytes: code.startBytes(start) + minutes }, block];
}

/** The six hours so far, with the totals of the part that ends. */
function blockFact(
  rows: at.HistoryRows,
  slot: number,
  id: number,
  from: number,
  minutes: string,
  { unixAt, generation }: Dates,
): HistoryFact {
  const { ints } = rows;
  const i = slot * at.INTS;
  const due = code.blockIndex(id, unixAt(from));
  if (due !== code.blockIndex(id, unixAt(ints[i + at.BLOCK]!))) {
    rows.clearHours(slot);
    rows.setFlag(slot, at.BLOCK_STUB, false);
    ints[i + at.BLOCK] = from;
    ints[i + at.BEFORE] = from - 60;
  }
  const totals = { ...sumOf(minutes), ...timesOf(rows, slot) };
  const hours = rows.addHour(slot, code.encodeTotals(totals, from - ints[i + at.BEFORE]!));
  ints[i + at.BEFORE] = from;
  const start = unixAt(ints[i + at.BLOCK]!);
  const stub = rows.flag(slot, at.BLOCK_STUB) ? generation : undefined;
  const part = code.blockPart(id, start, stub);
  return { kind: "history", id, part, bytes: code.startBytes(start) + hours };
}

function sumOf(minutes: string): { heard: number; missed: number } {
  let heard = 0;
  let missed = 0;
  code.readMinutes(new code.Reading(minutes), (h, m, n) => {
    heard += h * n;
    missed += m * n;
  });
  return { heard, missed };
}

function timesOf({ ints }: at.HistoryRows, slot: number) {
  const s = (field: number) => Math.round(ints[slot * at.INTS + field]! / 1_000);
  const [up, down, deaf] = [s(at.UP), s(at.DOWN), s(at.DEAF)];
  return { up, down, deaf, left: s(at.LEFT), maintenance: s(at.MAINTENANCE) };
}
