/**
 * When a command will probably be delivered.
 *
 * A device that listens gets it now, one after the other. A sleeper gets it when its rhythm, or its
 * promise, says that it wakes; what does not fit into that window, a promise later, and so on.
 * Nothing is said where nothing is promised, or where the not-after comes first: a forecast that
 * will not come true would be worse than none.
 */

import type { Command } from "../affairs.ts";
import { COMMAND_WINDOW_MS } from "../limits.ts";
import { nudgeable } from "../nudge.ts";
import type { Records } from "../records.ts";
import { isWaiting, type Queue } from "./queue.ts";

/** A command as people see it. `forecastAt`: when it will probably be delivered; null: unknown. */
export interface CommandView extends Command {
  readonly forecastAt: number | null;
}

/** What one COMMAND and its RESULT take where nothing is learned yet, in ms. */
const EACH_MS = 1_000;

/** @param expectedAt when the next beat probably comes */
export function forecast(
  records: Records,
  { slot, told, srtt }: Queue,
  expectedAt: number,
  now: number,
): CommandView[] {
  const each = srtt === 0 ? EACH_MS : srtt;
  const status = records.status(slot);
  const here = status === "present" || status === "late";
  const promiseMs = records.promiseMs(slot);
  const listens = nudgeable(records, slot) && status === "present";
  const perWake = Math.max(1, Math.floor(COMMAND_WINDOW_MS / each));
  let before = 0;
  return told.map((command) => {
    if (!isWaiting(command)) return { ...command, forecastAt: null };
    const wakes = listens ? 0 : Math.floor(before / perWake);
    const inWake = listens ? before : before % perWake;
    const first = listens ? now : Math.max(now, expectedAt);
    const at = first + wakes * promiseMs + inWake * each;
    before++;
    const known = here && promiseMs > 0 && at < command.notAfterAt;
    return { ...command, forecastAt: known ? at : null };
  });
}
