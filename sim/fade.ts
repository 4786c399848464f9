// A path that is good for `goodMs` on average, then bad for `badMs`, both exponential, looked up at
// any instant: one trajectory, whatever is sent, the same in virtual time and between sockets.
//
// Bad stretches begin at the points of a Poisson process of rate 1/goodMs, which goes on while the
// path is bad; each point draws how long the path stays bad from it on. What an exponential stay
// has left never depends on how long it has lasted, so a point within a stretch may replace the
// stay by a new one, and it is still the two-state Markov chain. For the same reason a stay
// may be drawn anew at any fixed instant: here at the borders of cells of time.
// So each cell has its points and the end of a stay that comes in from before, all drawn from the
// cell's own number; an instant needs its own cell, and the one before only if it comes earlier
// than that end. With cells of sqrt(goodMs badMs) that is one draw and a bit, after a silence of a
// millisecond or of a year.
//
// What lost: walking from stay to stay (a sleeper's path flips 400 times between two of its beats),
// and blocks that each start in the stationary law, which is not exact near their borders.

import { decay } from "./exact.ts";
import { threefryHigh, threefryLow } from "./random.ts";

/** A chain of two states, ready to be looked up. */
export interface Fade {
  readonly badMs: number;
  readonly cellMs: number;
  /** P(a cell has at most k points) in 2^-32. */
  readonly atMost: Float64Array;
}

const WORD = 0x100000000;
/** Points that a cell can have; with a mean of at most 1, more come once in 10^13 cells. */
const POINTS_MAX = 15;

/** @param goodMs,badMs mean stays, both above 0 */
export function fadeOf(goodMs: number, badMs: number): Fade {
  // Where bad is the longer state, such cells would be crowded.
  const cellMs = Math.sqrt(goodMs * Math.min(badMs, goodMs));
  const mean = cellMs / goodMs;
  const atMost = new Float64Array(POINTS_MAX + 1);
  let term = decay(mean);
  let sum = 0;
  for (let k = 0; k < POINTS_MAX; k++) {
    sum += term;
    term *= mean / (k + 1);
    atMost[k] = sum * WORD;
  }
  atMost[POINTS_MAX] = WORD;
  return { badMs, cellMs, atMost };
}

/**
 * Whether the path is bad at `now`.
 * @param k0,k1 the key of its luck
 * @param purpose first word of the counter; its last four bits are 0
 */
export function isBad(fade: Fade, k0: number, k1: number, purpose: number, now: number): boolean {
  const { badMs, cellMs, atMost } = fade;
  let cell = Math.floor(now / cellMs);
  let into = now - cell * cellMs;
  for (;;) {
    const count = threefryHigh(k0, k1, purpose, cell) >>> 0;
    const left = threefryLow() >>> 0;
    if (count >= atMost[0]!) {
      let latest = -1;
      let stay = 0;
      for (let n = 1; n <= POINTS_MAX && count >= atMost[n - 1]!; n++) {
        const point = ((threefryHigh(k0, k1, purpose + n, cell) >>> 0) / WORD) * cellMs;
        if (point > latest && point <= into) {
          latest = point;
          stay = threefryLow() >>> 0;
        }
      }
      if (latest >= 0) return outlasts(stay, (into - latest) / badMs);
    }
    if (!outlasts(left, into / badMs)) return false;
    cell--;
    into = cellMs;
  }
}

/** Whether a stay that drew `word` is longer than `age`, in means: with probability e^-age. */
function outlasts(word: number, age: number): boolean {
  // e^-x lies between 1 - x + x^2/2 - x^3/6 and 1 / (1 + x + x^2/2 + x^3/6): the exponential itself
  // is needed for one word in twenty.
  const half = age / 2;
  const third = age / 3;
  if (word * (1 + age * (1 + half * (1 + third))) >= WORD) return false;
  if (word < (1 - age * (1 - half * (1 - third))) * WORD) return true;
  return word < decay(age) * WORD;
}
