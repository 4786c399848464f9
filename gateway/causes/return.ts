/**
 * Why a device was silent, as its return tells: the second table of causes.ts.
 *
 * A board that comes back brings more than it knows. Its seq says how many beats it made meanwhile,
 * its address whether they took another way, its reset cause whether it lived on.
 */

import { recoveryText } from "../../device/words.ts";
import type { Source } from "../facts.ts";
import type { News } from "../news.ts";
import * as row from "../rows.ts";
import type { Inputs } from "./evidence.ts";
import { isBoot, resetText } from "./signs.ts";
import { type Around, type Finding, findIn, type Row } from "./table.ts";

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
  /** Evidence so far. */
  readonly shown: Inputs;
  readonly around: Around;
}

/** Who comes later by a greater share of its promise did not only sleep too long. */
const OVERSLEPT_MAX = 0.25;
/** Who moves more often than in one of four beats does so for no reason that explains anything. */
const MOVES_MAX = 0.25;

/** Rungs after which a board itself sends from elsewhere: socket, Wi-Fi, gateway, reboot. */
const OTHER_SOCKET = 4 | 8 | 16 | 32;

const RETURN: readonly Row<Back>[] = [
  { cause: "clock", confidence: 0.7, holds: overSlept },
  { cause: "nat", confidence: 0.6, holds: rebound },
  { cause: "returned", confidence: 0, holds: () => true },
];

/** Of a device that was silent and is heard again. @param shown evidence so far; added to */
export function causeOfReturn(
  around: Around,
  slot: number,
  now: number,
  arrival: Arrival,
  shown: Inputs,
): Finding {
  const { step, news, seenAt } = arrival;
  shown.awayMs = now - seenAt;
  if (step > 1) shown.missed = step - 1;
  if (news.reset >= 0) shown.resetCause = resetText(news.reset);
  if (news.acked >= 0) shown.unacked = 16 - ones(news.acked);
  if (news.recovery > 0) shown.recovery = recoveryText(news.recovery);
  return findIn(RETURN, { slot, now, arrival, shown, around });
}

/**
 * The very next beat of a sleeper, without a boot between: nothing was lost, it only came late. A
 * board that is awake has a crystal to go by; its beat was late on the way.
 */
function overSlept({ slot, now, arrival, shown, around: { records } }: Back): boolean {
  const { step, news, seenAt, promiseMs } = arrival;
  const overSleptMs = now - seenAt - promiseMs;
  if (step !== 1 || isBoot(news.reset) || overSleptMs <= 0) return false;
  if (records.rows.bytes[slot * row.BYTES + row.REACH] === 0) return false;
  if (overSleptMs > promiseMs * OVERSLEPT_MAX) return false;
  shown.overSleptMs = overSleptMs;
  return true;
}

/** It went on sending, nothing arrived, and now its frames take another way, as they seldom do. */
function rebound({ slot, arrival, shown, around: { records, signs } }: Back): boolean {
  const { step, news, moved, from } = arrival;
  if (!moved || step < 2 || isBoot(news.reset)) return false;
  if (news.recovery > 0 && news.recovery & OTHER_SOCKET) return false;
  if (records.source[slot]?.transport === "mqtt") return false;
  // A board that sleeps opens a new socket each time.
  if (records.rows.bytes[slot * row.BYTES + row.REACH] === 2) return false;
  if (signs.moves(slot) >= MOVES_MAX) return false;
  shown.movedFrom = `${from?.address} port ${from?.port}`;
  return true;
}

function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
