/**
 * When to doubt: the simple detector. Pure arithmetic on instants in ms; the presence issue
 * replaces this file by one that learns.
 *
 * A promise is already an upper bound: the device put its clock error, its joining and all its
 * tries into it (rule 14). What it cannot know is that this beat travelled fast and the next one
 * travels slowly, and how far its clock has drifted since it was last measured. So the grace has a
 * floor, `graceMs`, 250 ms by default: the difference between a quick and a queued datagram on a
 * home network (a path over a satellite or NB-IoT wants seconds: it is a limit with a name); and a
 * share, 2 per cent of the promise: cheap sleep clocks move by about that much with temperature.
 * What lost: 1.5 times the interval, as MQTT has it, which is ten minutes too many for a sleeper
 * and too few milliseconds for a board at 200 ms.
 *
 *   beat                    dueAt   late                  absent
 *    |------- promise --------|--grace--|------ promise ------|
 *
 * One promise may break by a single unlucky hour of the air, so it makes a device `late`, which
 * nobody is woken for. Two in a row make it `absent`.
 */

import { DOUBT, LONG_STOP } from "./limits.ts";

/** Share of a promise that a clock may have drifted. */
const DRIFT = 0.02;

/** What we add to a promise, in ms. @param graceMs the floor */
export function graceOf(promiseMs: number, graceMs: number): number {
  return Math.max(graceMs, promiseMs * DRIFT);
}

/** The instant at which a device heard at `seenAt` becomes late. */
export function lateAt(seenAt: number, promiseMs: number, graceMs: number): number {
  return seenAt + promiseMs + graceOf(promiseMs, graceMs);
}

/**
 * The instant at which a device late since `late` becomes absent: the second promise in a row is
 * broken.
 */
export function absentAt(late: number, promiseMs: number): number {
  return late + promiseMs;
}

/**
 * The instant before which a gateway that starts at `now` doubts nobody. While it was away devices
 * were not acknowledged, and after three promises without an answer they back off, up to eightfold
 * (rule 18).
 * @param stoppedMs how long no gateway ran; undefined: unknown, hence long
 */
export function doubtAfterStart(
  now: number,
  promiseMs: number,
  graceMs: number,
  stoppedMs: number | undefined,
): number {
  const long = stoppedMs === undefined || stoppedMs > LONG_STOP * promiseMs;
  return now + (long ? DOUBT : 1) * promiseMs + graceOf(promiseMs, graceMs);
}
