/**
 * Why a device was silent, as its return tells: the second table of causes.ts.
 *
 * A board that comes back brings more than it knows. Its seq says how many beats it made meanwhile,
 * its address whether they took another way, its reset cause whether it lived on.
 */

import type { Evidence } from "./affairs.ts";
import { type Around, type Finding, findIn, type Row } from "./causes-table.ts";
import type { Inputs } from "./evidence.ts";
import type { Source } from "./facts.ts";
import type { News } from "./news.ts";
import * as row from "./rows.ts";
import { resetText } from "./signs.ts";

/** How the beat came by which a device returned. */
export interface Arrival {
  /** Its seq minus that of the one before; 0: the first of an epoch. */
  step: number;
  news: News;
  /** When the one before came, and what it promised, in ms. */
  seenAt: number;
  promiseMs: number;
  /** Another address or port than that of the one before. */
  moved: boolean;
  from: Source | undefined;
}

interface Back {
  readonly slot: number;
  readonly now: number;
  readonly arrival: Arrival;
  readonly around: Around;
}

/** Who comes later by a greater share of its promise did not only sleep too long. */
const OVERSLEPT_MAX = 0.25;
/** Who moves more often than in one of four beats does so for no reason that explains anything. */
const MOVES_MAX = 0.25;

const RETURN: readonly Row<Back>[] = [
  { cause: "clock", confidence: 0.7, holds: overSlept },
  { cause: "nat", confidence: 0.6, holds: rebound },
  { cause: "returned", confidence: 0, holds: () => ({}) },
];

/** Of a device that was silent and is heard again. @param inputs what is known in any case */
export function causeOfReturn(
  around: Around,
  slot: number,
  now: number,
  arrival: Arrival,
  inputs: Evidence,
): Finding {
  const { step, news, seenAt } = arrival;
  const shown: Inputs = {
    awayMs: now - seenAt,
    ...(step > 1 && { missed: step - 1 }),
    ...(news.reset >= 0 && { resetCause: resetText(news.reset) }),
    ...(news.acked >= 0 && { unacked: 16 - ones(news.acked) }),
  };
  return findIn(RETURN, { slot, now, arrival, around }, { ...inputs, ...shown });
}

/**
 * The very next beat of a sleeper, without a boot between: nothing was lost, it only came late. A
 * board that is awake has a crystal to go by; its beat was late on the way.
 */
function overSlept({ slot, now, arrival, around: { records } }: Back): Inputs | undefined {
  const { step, news, seenAt, promiseMs } = arrival;
  const overSleptMs = now - seenAt - promiseMs;
  if (step !== 1 || news.reset >= 0 || overSleptMs <= 0) return undefined;
  if (records.rows.bytes[slot * row.BYTES + row.REACH] === 0) return undefined;
  return overSleptMs <= promiseMs * OVERSLEPT_MAX ? { overSleptMs } : undefined;
}

/** It went on sending, nothing arrived, and now its frames take another way, as they seldom do. */
function rebound({ slot, arrival, around: { records, signs } }: Back): Inputs | undefined {
  const { step, news, moved, from } = arrival;
  if (!moved || step < 2 || news.reset >= 0) return undefined;
  if (records.source[slot]?.transport === "mqtt") return undefined;
  // A board that sleeps opens a new socket each time.
  if (records.rows.bytes[slot * row.BYTES + row.REACH] === 2) return undefined;
  if (signs.moves(slot) >= MOVES_MAX) return undefined;
  return { movedFrom: `${from?.address} port ${from?.port}` };
}

function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
