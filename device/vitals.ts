// What the application and the board say of themselves: battery, signal, alert, payload; and the
// interval that follows from it.
//
// The policy is one line: an alert beats every `ownMin`, a battery at 20 % or less every `ownMax`,
// else `own`. It replaces the board's own interval and nothing else: the gateway's pace, the steps
// of rule 15 and the promise know no other way to change. It is decided on what goes over the wire,
// so that whoever reads the vitals knows the interval. A longer interval begins with the next beat,
// as every change does; a shorter one cannot wait for the end of a long gap, so a beat goes out at
// once.

import { u16 } from "./bytes.ts";
import { EXT_PAYLOAD, EXT_TEMPERATURE, encodeExtension } from "./extensions.ts";
import { clamp, intervalCode } from "./interval.ts";
import { LOADED, type Sender } from "./state.ts";

/** Whether there is an application, and a policy: build.ts may say that there is none. */
declare const WITH_APP: boolean | undefined;
export const APP = typeof WITH_APP === "undefined" || WITH_APP;

/** Bit of the vitals byte: the application's alert. */
export const ALERT = 8;
/** Battery, in tenths, at which a board is sparing: 20 %. */
export const BATTERY_LOW = 2;
/** Longest payload in bytes: with all else that a beat may carry it fits into a frame. */
export const PAYLOAD_MAX = 200;

/** Its own interval, in ms, under what its vitals say. */
export function ownNow(s: Sender): number {
  return s.vitals & ALERT ? s.ownMin : s.vitals >> 4 <= BATTERY_LOW ? s.ownMax : s.own;
}

/** Whether its battery has it beat less often than it is meant to. */
export function sparing(s: Sender): boolean {
  return APP && ownNow(s) > s.own;
}

/** Changes the vitals byte; the interval follows where no pace is in force. */
function feel(s: Sender, vitals: number): void {
  const before = ownNow(s);
  s.vitals = vitals;
  const own = ownNow(s);
  if (own !== before && s.code === intervalCode(before)) {
    s.code = intervalCode(own);
    s.interval = own;
    // An instant that has been: due at once. Who has left says no more.
    if (own < before && !s.leaving) s.beatAt = s.wakeAt = Math.min(s.beatAt, s.sentAt);
  }
}

/**
 * What the board measured, for the beats from now on.
 * @param battery per cent; -1 on external power, NaN unknown
 * @param dBm signal; 0 or NaN unknown
 */
export function measure(s: Sender, battery: number, dBm: number): void {
  const level = battery < 0 ? 14 : battery >= 0 ? Math.round(Math.min(battery, 100) / 10) : 15;
  // -90 is 1, in steps of 8 dB up to 7.
  const signal = dBm < 0 ? clamp(Math.floor((dBm + 98) / 8), 1, 7) : 0;
  feel(s, (level << 4) | (s.vitals & ALERT) | signal);
}

/**
 * The application's alert goes on or off: that is told at once, or in the place of the next try
 * where a beat is being tried. So one that changes faster than answers come cannot have each beat
 * give way to the next before it is acknowledged, until the epoch is spent (rule 12).
 */
export function alert(s: Sender, on: boolean, now: number): void {
  if (!(s.vitals & ALERT) !== !on) {
    const due = s.beatAt;
    feel(s, s.vitals ^ ALERT);
    if (!s.leaving) {
      s.beatAt = Math.min(due, s.frame && s.tries ? Math.max(now, s.retryAt) : now);
      s.wakeAt = now;
    }
  }
}

/**
 * The application's payload of 0..200 bytes, for the next beat and on until one that carried it is
 * acknowledged. The one before it, if no beat that carried it was, is given up. Throws if it
 * is too long.
 */
export function load(s: Sender, payload: string): void {
  if (payload.length > PAYLOAD_MAX)
    throw new Error("payload: given " + payload.length + " bytes, expected 0 to " + PAYLOAD_MAX);
  s.load = encodeExtension(EXT_PAYLOAD, payload);
  s.told &= ~LOADED;
}

/** Degrees C for every beat from now on; NaN: none. */
export function measureTemperature(s: Sender, degrees: number): void {
  s.each =
    degrees > -300 && degrees < 300
      ? encodeExtension(EXT_TEMPERATURE, u16(Math.round(degrees * 100)))
      : "";
}
