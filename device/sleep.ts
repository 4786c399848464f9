// What must survive deep sleep: see `doze`.

import type { Sender } from "./state.ts";

/** What must survive a deep sleep that begins now, beside (epoch, limit, acked): a byte string. */
export function doze(s: Sender, now: number): string {
  return s.wakeAt < now ? "" : "";
}

/** After a boot: as if it woke exactly at the old `wakeAt`. 1, or 0 where `kept` was ignored. */
export function rouse(s: Sender, kept: string): number {
  return kept && s.frame ? 1 : 0;
}
