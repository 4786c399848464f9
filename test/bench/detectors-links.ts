/**
 * Paths that lose frames: each by itself, or all of them while the path is away. An outage takes
 * both directions, as a radio does; its begin and end are those of a chain in continuous time, bad
 * for `burstMs` on average (sim/link.ts says why not a chain by frame).
 */

import { DELAY_MS, type Path } from "./detectors-board.ts";

export type Random = () => number;

/** xorshift32 after a scramble: uniform in [0, 1), a nanosecond each. Seeds of any kind. */
export function randomOf(seed: number): Random {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35) | 1;
  for (let n = 0; n < 8; n++) x = shifted(x);
  return () => {
    x = shifted(x);
    return (x >>> 0) / 4_294_967_296;
  };
}

function shifted(x: number): number {
  let y = x ^ (x << 13);
  y ^= y >>> 17;
  return y ^ (y << 5);
}

/** Frames are lost each with `loss`, in either direction. */
export function independent(loss: number, random: Random): Path {
  if (loss === 0) return { up: () => true, down: () => true, clean: () => true };
  // Frames until the next lost one: a logarithm a loss and not a draw a frame.
  const skip = () => Math.floor(Math.log(1 - random()) / Math.log(1 - loss));
  let left = skip();
  const passes = () => {
    if (left-- > 0) return true;
    left = skip();
    return false;
  };
  const clean = () => {
    if (left < 2) return false;
    left -= 2;
    return true;
  };
  return { up: passes, down: passes, clean };
}

/** All frames are lost a part `loss` of the time, for `burstMs` on average each time. */
export function bursts(loss: number, burstMs: number, random: Random, startAt = 0): Path {
  const goodMs = (burstMs * (1 - loss)) / loss;
  const stay = (mean: number) => -mean * Math.log(1 - random());
  let bad = random() < loss;
  let until = startAt + stay(bad ? burstMs : goodMs);
  // Frames are asked for in nearly the order of time: by less than a path takes.
  const passes = (at: number) => {
    while (at >= until) {
      bad = !bad;
      until += stay(bad ? burstMs : goodMs);
    }
    return !bad;
  };
  return { up: passes, down: passes, clean: (at) => passes(at) && at + DELAY_MS < until };
}
