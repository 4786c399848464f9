/**
 * Minutes into rows, and rows into facts: where missed beats are put, and the end of a part, when
 * what a row gathered becomes two facts and the row begins anew.
 *
 * The totals of an hour are written with those of the hours before it, four to a key: one key an
 * hour would be 216 million of them for 100 000 devices and 90 days, and a key that waits for its
 * four hours would lose them all in a crash.
 */

import type { HistoryFact } from "../facts.ts";
import * as code from "./code.ts";
import * as at from "./rows.ts";
import { encodeTotals, type Totals } from "./totals.ts";

/** How minutes of this process are dated, and which of its lives this is. */
export interface Dates {
  /** Unix seconds of the beginning of a minute. */
  readonly unixAt: (minute: number) => number;
  readonly generation: number;
}

/**
 * Puts `count` missed beats into the minutes of the interval `from`..`to`, evenly and inside of it.
 * @param origin when minute 0 began
 */
export function spreadMissed(
  rows: at.HistoryRows,
  slot: number,
  count: number,
  origin: number,
  from: number,
  to: number,
): void {
  const { shorts, ints } = rows;
  const missed = slot * at.SHORTS + at.MISSED;
  const minuteAt = (when: number) => Math.floor((when - origin) / code.MINUTE_MS);
  const pending = ints[slot * at.INTS + at.FROM]! + shorts[slot * at.SHORTS + at.MINUTE]!;
  const last = minuteAt(to);
  let done = 0;
  for (let minute = Math.max(pending, minuteAt(from)); done < count; minute++) {
    const end = origin + (minute + 1) * code.MINUTE_MS;
    const upTo = minute >= last ? count : Math.floor(((end - from) * (count + 1)) / (to - from));
    const here = Math.min(count, upTo) - done;
    if (here <= 0) continue;
    rows.advance(slot, minute);
    shorts[missed] = Math.min(code.COUNT_MAX, shorts[missed]! + here);
    done += here;
  }
}

/**
 * Ends the part of a device before `minute`; none where it has none yet.
 * @param id the device's
 * @param told by its newest beat: `Totals.told`
 */
export function closePart(
  rows: at.HistoryRows,
  slot: number,
  minute: number,
  id: number,
  told: number,
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
  const block = blockFact(rows, slot, id, from, totalsOf(rows, slot, minutes, told), dates);
  ints[i + at.FROM] = minute;
  rows.shorts[slot * at.SHORTS + at.MINUTE] = 0;
  rows.setFlag(slot, at.PART_STUB, false);
  ints.fill(0, i + at.UP, i + at.MAINTENANCE + 1);
  return [{ kind: "history", id, part, bytes: code.startBytes(start) + minutes }, block];
}

/** The four hours so far, with the totals of the part that ends. */
function blockFact(
  rows: at.HistoryRows,
  slot: number,
  id: number,
  from: number,
  totals: Totals,
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
  const hours = rows.addHour(slot, encodeTotals(totals, from - ints[i + at.BEFORE]!));
  ints[i + at.BEFORE] = from;
  const start = unixAt(ints[i + at.BLOCK]!);
  const stub = rows.flag(slot, at.BLOCK_STUB) ? generation : undefined;
  const part = code.blockPart(id, start, stub);
  return { kind: "history", id, part, bytes: code.startBytes(start) + hours };
}

/** What a row gathered since its part began. */
function totalsOf({ ints }: at.HistoryRows, slot: number, minutes: string, told: number): Totals {
  const [heard, missed] = code.sumOf(minutes);
  const i = slot * at.INTS;
  return {
    heard,
    missed,
    up: Math.round(ints[i + at.UP]! / 1_000),
    down: Math.round(ints[i + at.DOWN]! / 1_000),
    deaf: Math.round(ints[i + at.DEAF]! / 1_000),
    left: Math.round(ints[i + at.LEFT]! / 1_000),
    maintenance: Math.round(ints[i + at.MAINTENANCE]! / 1_000),
    told,
  };
}
