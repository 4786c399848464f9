// A path that is good for `goodMs` on average, then bad for `badMs`, looked up at any instant. The
// two-state Markov chain with those exponential stays is the same process as this one: at the
// points of a Poisson process of rate 1/good + 1/bad the path forgets its state and takes a new
// one, bad with probability bad / (good + bad). (The rate of good -> bad is the product of the two,
// 1/good, and likewise back.) So the state at an instant is the mark of the latest point before it.
//
// The points of a cell of time are drawn from the cell's own number, so any instant is found in
// two cells on average, after a silence of a millisecond or of a year, and whatever was sent before:
// one trajectory, the same in virtual time and between sockets. Cells are as long as the
// mean distance of two points. What lost: walking from stay to stay (a sleeper's path flips 400
// times between two of its beats), and jumping between blocks that each start in the stationary
// law, which is exact nowhere near their borders.

import { decay } from "./exact.ts";
import { threefry } from "./random.ts";

/** A chain of two states, ready to be looked up. */
export interface Fade {
  readonly cellMs: number;
  /** Share of its time that it is in the second state, in 2^-32. */
  readonly share: number;
}

const WORD = 0x100000000;

/** P(a cell has at most k points) in 2^-32: Poisson's law with mean 1. */
const AT_MOST: readonly number[] = Array.from({ length: 14 }, (_, most) => {
  let sum = 0;
  let term = decay(1);
  for (let k = 0; k <= most; k++) {
    sum += term;
    term /= k + 1;
  }
  return most === 13 ? WORD : sum * WORD;
});

/** @param firstMs,secondMs mean stays in the two states, both above 0 */
export function fadeOf(firstMs: number, secondMs: number): Fade {
  return {
    cellMs: 1 / (1 / firstMs + 1 / secondMs),
    share: (secondMs / (firstMs + secondMs)) * WORD,
  };
}

/**
 * Whether the chain is in its second state.
 * @param k0,k1 the key of its luck
 * @param purpose first word of the counter; the last four bits are 0
 */
export function isFaded(fade: Fade, k0: number, k1: number, purpose: number, now: number): boolean {
  const at = now / fade.cellMs;
  let cell = Math.floor(at);
  let before = (at - cell) * WORD;
  for (;;) {
    const [count, place] = threefry(k0, k1, purpose, cell);
    let points = 0;
    while (count >= AT_MOST[points]!) points++;
    if (points > 0) {
      let latest = -1;
      let mark = 0;
      if (place <= before) {
        latest = place;
        // What the number of points leaves of its word is uniform: the first point's mark.
        const least = AT_MOST[points - 1]!;
        mark = ((count - least) * WORD) / (AT_MOST[points]! - least);
      }
      for (let n = 1; n < points; n++) {
        const [where, what] = threefry(k0, k1, purpose + n, cell);
        if (where <= before && where > latest) {
          latest = where;
          mark = what;
        }
      }
      if (latest >= 0) return mark < fade.share;
    }
    cell--;
    before = WORD;
  }
}
