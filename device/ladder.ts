// What a board does about silence, step by step: data, and one function that reads it.
//
// Each row is a rung: a bit, told in extension 14 of the next beat that is acknowledged; how many
// more sets of tries must have ended unanswered since the row above was taken; and how long that
// must be ago. Counts alone would have a board at 200 ms tear down its Wi-Fi after a second, time
// alone one that beats once an hour after the first lost frame. Cheap rungs stand first and come
// again, the dear ones are as rare as their row says; behind the last row the first follows. Rungs
// that a board does not have (`ladder`) are passed over. What the sender does by itself, trying
// again and backing off, has its rows only so that it is told.
//
// The shell asks after each poll, and does what it is told: a callback here could not be tested
// without a network that fails on time. The alternative, an `if` in each place that can fail, is
// how boards come to reboot for ever because of a router's.

import { intervalMs } from "./interval.ts";
import type { Sender } from "./state.ts";

/** Build.ts may say that a board tells of none: then nobody reads what it was. */
declare const WITH_EXTENSIONS: boolean | undefined;
export const TELLS = typeof WITH_EXTENSIONS === "undefined" || WITH_EXTENSIONS;

/** Nothing but the next beat, or HELLO. Costs nothing. */
export const TRY = 1;
/** The same bytes again, 60 and 180 s later (rule 13): a wake of 100 to 200 mC each on an ESP32. */
export const MAKE_UP = 2;
/** A new socket, or connection: a new port, so a new NAT binding. 0 mC over UDP. */
export const SOCKET = 4;
/** Leave Wi-Fi, join it again, resolve the name again: 1 to 3 s deaf, 100 to 340 mC. */
export const REJOIN = 8;
/** The next gateway in the list, which may be another transport: a new round of tries, 1 to 8 s. */
export const GATEWAY = 16;
/** Reboot: what is wrong in RAM or in the radio's firmware ends. 2 to 4 s deaf, a boot on flash. */
export const REBOOT = 32;
/** Gaps of 8 intervals, then a HELLO an hour (rules 12 and 18): who returns is heard that late. */
export const BACK_OFF = 64;

/**
 * Rungs in order, three bytes each: bit; sets of tries that failed since the row before; interval
 * code of how long that is ago at least (44: 2 s, 67: 10 s, 83: 32 s, 93: 63 s, 125: 10 min, 152:
 * 1 h). The reboot's hour is since the row before it, so no two of them are closer than that.
 */
export const RUNGS =
  "\x01\x01\x01" +
  "\x04\x01\x2c" +
  "\x08\x01\x43" +
  "\x10\x01\x43" +
  "\x04\x02\x53" +
  "\x08\x01\x53" +
  "\x10\x01\x5d" +
  "\x40\x02\x7d" +
  "\x20\x01\x98";

/** The rung to take now, one of the above, or 0. Ask after each `poll`; obey before the next. */
export function climb(s: Sender, now: number): number {
  // The first row waits for nothing, so the instant of the rung before it may be any.
  while (!((s.ladder | TRY) & RUNGS.charCodeAt(s.step))) s.step = (s.step + 3) % RUNGS.length;
  if (
    s.failed < s.climbed + RUNGS.charCodeAt(s.step + 1) ||
    (s.step && now < s.climbAt + intervalMs(RUNGS.charCodeAt(s.step + 2)))
  )
    return 0;
  const rung = RUNGS.charCodeAt(s.step);
  s.climbed = s.failed;
  s.climbAt = now;
  s.step = (s.step + 3) % RUNGS.length;
  s.rungs |= rung;
  s.told &= ~rung;
  return rung;
}
