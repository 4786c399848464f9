/** What the extensions of a beat tell the gateway itself, read once for all who want to know. */

import { EXT_ACKED, EXT_CAUSE, EXT_RECOVERY, readExtensions } from "../device/extensions.ts";
import { UP } from "../device/wire.ts";

/** What a beat's extensions say that the gateway goes by; -1: nothing. */
export interface News {
  /** Why the device booted (extension 4): this beat is the first since. */
  readonly reset: number;
  /** Which of its last 16 beats the device had acknowledged, newest in bit 0 (extension 9). */
  readonly acked: number;
  /** What it did about a silence, as bits (extension 14). */
  readonly recovery: number;
}

/** Extension 4: a wake from deep sleep is no boot. */
const WAKE = 2;

/** Whether the device booted before this beat: a gap before it is then no loss. */
export function booted({ reset }: News): boolean {
  return reset >= 0 && reset !== WAKE;
}

/** A beat without extensions, as most are. */
export const NO_NEWS: News = Object.freeze({ reset: -1, acked: -1, recovery: -1 });

/** @param ext well-formed extensions */
export function newsOf(ext: string): News {
  let reset = -1;
  let acked = -1;
  let recovery = -1;
  for (const { type, value } of readExtensions(ext, UP) ?? []) {
    if (type === EXT_CAUSE) reset = value.charCodeAt(0);
    else if (type === EXT_ACKED) acked = (value.charCodeAt(0) << 8) | value.charCodeAt(1);
    else if (type === EXT_RECOVERY) recovery = value.charCodeAt(0);
  }
  return { reset, acked, recovery };
}
