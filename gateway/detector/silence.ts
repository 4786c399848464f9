/** How long an honest device may be silent when we were deaf: the sum of its own laws. */

import { DOUBT, HELLO_GAP_MAX, HELLO_MS, LONG_STOP } from "../limits.ts";

/**
 * Sixteen beats without an ACK take at least so many intervals: rule 18's gaps, 1 1 2 4 8 8 and so
 * on up to the sixteenth beat, are 96 of them, jittered by 0.9.
 */
const BEATS_ON = 86;
/**
 * In so many ms no board starts itself anew (the last rung of device/ladder.ts waits an hour): one
 * that does may be down to HELLO alone long before its sixteenth beat.
 */
const NO_REBOOT_MS = 3_600_000;
/** Every gap is jittered, a tenth shorter at most (rule 14): the one to come may be whole. */
const GAP_LEAST = 0.9;
/** What a promise adds to its interval for joining, tries and clock, at most, in ms. */
const TRIES_MS = 40_000;

/**
 * How long an honest device may be silent after we were deaf for `deafMs`, in ms. It was not
 * acknowledged meanwhile: from the third beat without an ACK on it doubles its gap, up to eightfold
 * (rule 18), so eight promises bound its silence while it beats at all. After sixteen it says HELLO
 * alone, each gap double the last, up to an hour (rule 12): a gap that doubles is about as long as
 * all that was waited before it, so then it is the deafness itself that bounds the silence.
 *
 * Two that lost, by test/bench/restarts.ts. Rule 18 alone, one promise up to a deafness of three
 * and eight beyond: in 100 restarts with stops of up to a day it called 119 boards absent that
 * lived, those that were down to a HELLO an hour. Eight for as long as any promise says that
 * sixteen beats last: 5 in 1 750, boards whose last promise was backed off, eight intervals long,
 * and that had few of their sixteen left (seeds 1004, 1005, 1012 and 1046); and since boards start
 * themselves anew, one in 300 (seed 9). And the deafness as it is, where the gaps before were all
 * short and the one to come is not: one in 3 750 (seed 108).
 *
 * @param answered the promise was made after a beat that was acknowledged: of one interval, with
 *   sixteen beats to come
 */
export function silenceMs(promiseMs: number, deafMs: number, answered = false): number {
  if (deafMs <= promiseMs) return promiseMs;
  const least = deafMs > LONG_STOP * promiseMs ? DOUBT * promiseMs : 0;
  const beats = Math.min(BEATS_ON * (promiseMs - TRIES_MS), NO_REBOOT_MS);
  if (answered && least > 0 && deafMs <= beats) return least;
  const gapMs = Math.min(Math.ceil(deafMs / GAP_LEAST), HELLO_GAP_MAX);
  return Math.max(least, promiseMs + gapMs + HELLO_MS);
}
