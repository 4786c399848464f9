// One direction of a path, described: it may lose, delay, double, reorder and corrupt frames. What
// becomes of a frame is links.ts; here are the numbers, and what follows from them in closed form.
//
// Loss is a Gilbert-Elliott chain in *time*: the path is good for `goodMs` on average, then bad for
// `badMs`. netem's chain ticks per packet instead: at a beat a minute its "burst of ten packets"
// lasts ten minutes, and a retry after 200 ms looks as independent as one after a minute, which is
// the very thing that decides how a device should retry. Seen every `dt`, the chain in time is one
// per packet: with pi = bad / (good + bad) and k = e^(-dt (1/good + 1/bad)), it turns bad with
// (1 - k) pi and good with (1 - k) (1 - pi). It has been running for ever: chains that all start
// good lose 4 % too little in the first hour.

import { decay, type Quantile } from "./exact.ts";

/** One direction of a path. Probabilities 0..1, durations in ms. */
export interface LinkModel {
  /** P(loss) while good and while bad. */
  readonly lossGood: number;
  readonly lossBad: number;
  /** Mean stay in each state; `badMs` 0 = always good. */
  readonly goodMs: number;
  readonly badMs: number;
  /** One-way delay, as quantiles. */
  readonly delay: readonly Quantile[];
  /** A uniform 0..jitterMs on top of the delay. */
  readonly jitterMs: number;
  /** After `idleMs` without a frame (0 = never) the radio sleeps: the next one pays `wake` too. */
  readonly idleMs: number;
  readonly wake: readonly Quantile[];
  /** P(a second copy arrives as well, with a delay of its own). */
  readonly duplicate: number;
  /** P(held back by a uniform 0..reorderMs and overtaken); other frames keep their order. */
  readonly reorder: number;
  readonly reorderMs: number;
  /** P(one bit, any of them, is flipped). */
  readonly corrupt: number;
  /** Nothing passes from `from` until before `until`. */
  readonly partitions: readonly Partition[];
  /** The third state: nothing passes for `outageMs`, after `outageEveryMs` without (0 = never). */
  readonly outageEveryMs: number;
  readonly outageMs: number;
  /** Frames follow each other at this rate (0 = at once), headers included. */
  readonly bitsPerSecond: number;
  /** Bytes that may wait or be under way at that rate (0 = any number); the next is lost. */
  readonly queueBytes: number;
  /** Headers of a frame below ours: 28 for IPv4 and UDP. */
  readonly overheadBytes: number;
  /** A longer frame, headers included, is lost; 0 = none is. */
  readonly mtu: number;
  /** netem's chain, a tick a frame, instead of the one in time: the six fields above it rest. */
  readonly netem: Netem | undefined;
  /** What happens to each frame, on top of all else. */
  readonly pattern: Pattern | undefined;
}

export interface Partition {
  readonly from: number;
  readonly until: number;
}

/** P(good -> bad) and P(bad -> good) at each frame, which is judged in the state before. */
export interface Netem {
  readonly p: number;
  readonly r: number;
  readonly lossBad: number;
  readonly lossGood: number;
}

/** An exact replay, over and over: a step for each frame, or each millisecond, of the link. */
export interface Pattern {
  readonly per: "frame" | "ms";
  /** -1: lost; else what is added to the delay, ms. At least one step. */
  readonly steps: readonly number[];
}

export type Direction = "up" | "down";

/** A path that does nothing but take `delayMs`: to start a model from. */
export function plainLink(delayMs: number): LinkModel {
  return {
    lossGood: 0,
    lossBad: 0,
    goodMs: 1000,
    badMs: 0,
    delay: [
      [0, delayMs],
      [1, delayMs],
    ],
    jitterMs: 0,
    idleMs: 0,
    wake: [
      [0, 0],
      [1, 0],
    ],
    duplicate: 0,
    reorder: 0,
    reorderMs: 0,
    corrupt: 0,
    partitions: [],
    outageEveryMs: 0,
    outageMs: 0,
    bitsPerSecond: 0,
    queueBytes: 0,
    overheadBytes: 28,
    mtu: 0,
    netem: undefined,
    pattern: undefined,
  };
}

/** Share of its time that the path is bad. */
export function badShare({ goodMs, badMs }: LinkModel): number {
  return badMs / (goodMs + badMs);
}

/** Share of its time that nothing passes, partitions aside. */
export function outageShare({ outageEveryMs, outageMs }: LinkModel): number {
  return outageMs === 0 ? 0 : outageMs / (outageEveryMs + outageMs);
}

/** What a frame each `spacingMs` sees of the chain: the same one, ticking per frame. */
export function netemAt(model: LinkModel, spacingMs: number): Netem {
  if (model.netem) return model.netem;
  const { goodMs, badMs, lossBad, lossGood } = model;
  const bad = badShare(model);
  const turns = 1 - memory(goodMs, badMs, spacingMs);
  return { p: turns * bad, r: turns * (1 - bad), lossBad, lossGood };
}

/** P(a frame is lost), in closed form: in the air, not in a queue, a pattern or a partition. */
export function meanLoss(model: LinkModel): number {
  const outage = outageShare(model);
  return outage + (1 - outage) * chainLoss(model);
}

/** P(a frame is lost | the one `spacingMs` before it was), in closed form as `meanLoss`. */
export function lossAfterLoss(model: LinkModel, spacingMs: number): number {
  const loss = meanLoss(model);
  if (loss === 0) return 0;
  const out = outageShare(model);
  const kept = out === 0 ? 0 : memory(model.outageEveryMs, model.outageMs, spacingMs);
  // Both frames in outages, one of them, none: for the others the chain must see to it.
  const both = out * (out + (1 - out) * kept);
  const one = 2 * (out - both);
  const none = 1 - both - one;
  return (both + one * chainLoss(model) + none * chainBoth(model, spacingMs)) / loss;
}

/** What is left of what a chain with these mean stays knew of itself, `ms` later: 1 to 0. */
function memory(firstMs: number, secondMs: number, ms: number): number {
  return decay(ms * (1 / firstMs + 1 / secondMs));
}

function chainLoss(model: LinkModel): number {
  const { p, r } = model.netem ?? { p: badShare(model), r: 1 - badShare(model) };
  const { lossBad, lossGood } = model.netem ?? model;
  return p === 0 ? lossGood : (p * lossBad + r * lossGood) / (p + r);
}

/** P(two frames in a row are lost to the chain). */
function chainBoth(model: LinkModel, spacingMs: number): number {
  const { p, r, lossBad, lossGood } = netemAt(model, spacingMs);
  const bad = model.netem ? (p === 0 ? 0 : p / (p + r)) : badShare(model);
  const afterGood = (1 - p) * lossGood + p * lossBad;
  const afterBad = (1 - r) * lossBad + r * lossGood;
  return (1 - bad) * lossGood * afterGood + bad * lossBad * afterBad;
}
