/**
 * NUDGE: "send your next beat now" (rule 17). Bound to the last accepted beat, so that only the
 * board that sent it can be reached by it, and none that has a newer one in flight.
 */

import { SUITE_CRC, sealTag } from "../device/tag.ts";
import { DOWN, encodeNudge, NUDGE } from "../device/wire.ts";
import type { Draft } from "./effects.ts";
import type { Records } from "./records.ts";
import * as row from "./rows.ts";

/** A board obeys one nudge in so many ms (rule 17): more often is of no use. */
export const NUDGE_MIN_MS = 5_000;

/** Whether the device in `slot` listens all the time, and has nudges at all. */
export function nudgeable(records: Records, slot: number): boolean {
  const { words, bytes } = records.rows;
  const b = slot * row.BYTES;
  if (bytes[b + row.REACH] !== 0 || bytes[b + row.SUITE] === SUITE_CRC) return false;
  return words[slot * row.WORDS + row.EPOCH] !== 0 && records.source[slot] !== undefined;
}

/** The NUDGE for a device that is `nudgeable`; it goes to `records.source[slot]` (rule 5). */
function nudgeFrame(records: Records, slot: number): string {
  const { words } = records.rows;
  const w = slot * row.WORDS;
  const seq = words[w + row.SEQ]!;
  const body = encodeNudge(seq);
  const p = (DOWN << 7) | NUDGE;
  return (
    body + sealTag(records.tagKey(slot), p, words[w + row.EPOCH]!, seq, body, records.tag(slot))
  );
}

/** Nudges a device that is `nudgeable`, but not twice in 5 s. @returns whether it did */
export function nudge(records: Records, slot: number, now: number, draft: Draft): boolean {
  const { nudged } = records;
  for (const [other, at] of nudged) {
    if (now - at < NUDGE_MIN_MS) break;
    nudged.delete(other);
  }
  if (nudged.has(slot)) return false;
  nudged.set(slot, now);
  draft.reply(records.source[slot]!, nudgeFrame(records, slot));
  return true;
}
