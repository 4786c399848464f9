// One direction of a path that may lose, delay, double, reorder and corrupt frames. Bytes go in
// with an instant, deliveries come out; there is no socket, timer or clock, so the same link stands
// in virtual time and between real sockets (the shape of str0m's netem).
//
// Loss is a Gilbert-Elliott chain in *time*: the path is good for `goodMs` on average, then bad for
// `badMs`. netem's chain ticks per packet instead: at a beat a minute its "burst of ten packets"
// lasts ten minutes, and a retry after 200 ms looks as independent as one after a minute, which is
// the very thing that decides how a device should retry. Between two frames `dt` apart the chain
// is advanced exactly, with one draw: P(bad) = pi + ([was bad] - pi) e^(-dt (1/good + 1/bad)),
// pi = bad / (good + bad). Nothing is simulated while nobody sends. It starts in its stationary
// law: chains that all start good lose 4 % too little in the first hour.
//
// What happens to the n-th frame is drawn by n, never by the time: the same frames in the same
// order meet the same luck in virtual time and on sockets. Where a socket's timer shifts a frame by
// d, a decision changes only if it was within d of a flip: less than 1 in 10 000 for 1 ms.

import { decay, type Quantile, quantile } from "./exact.ts";
import { draw, purposeOf } from "./random.ts";

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
  /** netem's chain, a tick a frame, instead of the one in time: `goodMs` and `badMs` rest. */
  readonly netem: Netem | undefined;
  /** What happens to each frame, on top of all else. */
  readonly pattern: Pattern | undefined;
}

/** P(good -> bad) and P(bad -> good) at each frame, which is judged in the state before. */
export interface Netem {
  readonly p: number;
  readonly r: number;
  readonly lossBad: number;
  readonly lossGood: number;
}

/** An exact replay, over and over: a step for each frame, or for each millisecond. */
export interface Pattern {
  readonly per: "frame" | "ms";
  /** LOST (-1), or what is added to the delay, ms; at least one step. */
  readonly steps: readonly number[];
}

export interface Partition {
  readonly from: number;
  readonly until: number;
}

export type Direction = "up" | "down";

export interface Link {
  model: LinkModel;
  /** Nothing passes while set: a partition without a schedule, for who works by hand. */
  cut: boolean;
  readonly seed: number;
  readonly entity: number;
  readonly direction: Direction;
  /** Frames submitted, and what became of them. */
  count: number;
  lost: number;
  duplicated: number;
  corrupted: number;
  bad: boolean;
  /** The instant of the last frame submitted; -Infinity before the first. */
  submittedAt: number;
  /** The latest arrival of a frame that keeps its order. */
  arrivedAt: number;
}

export interface Delivery {
  /** Not before the instant of submission; a fraction of a millisecond is possible. */
  readonly at: number;
  readonly bytes: string;
}

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

/** @param entity whose path this is; its luck is keyed by it, the direction and the seed. */
export function createLink(
  model: LinkModel,
  seed: number,
  entity: number,
  direction: Direction,
): Link {
  return {
    model,
    cut: false,
    seed,
    entity,
    direction,
    count: 0,
    lost: 0,
    duplicated: 0,
    corrupted: 0,
    bad: false,
    submittedAt: Number.NEGATIVE_INFINITY,
    arrivedAt: Number.NEGATIVE_INFINITY,
  };
}

const WHAT = [
  "state",
  "loss",
  "delay",
  "jitter",
  "wake",
  "copy",
  "copy delay",
  "hold",
  "hold time",
  "corrupt",
  "bit",
] as const;
type What = (typeof WHAT)[number];

const purposes = (direction: Direction): Record<What, number> =>
  Object.fromEntries(WHAT.map((what) => [what, purposeOf(`${direction} ${what}`)])) as Record<
    What,
    number
  >;
const PURPOSES = { up: purposes("up"), down: purposes("down") };

/**
 * Hands one frame to the link.
 * @param now ms, not falling; the same clock for all calls
 * @returns what arrives at the other end and when: none (lost), one, or two (doubled)
 */
export function submit(link: Link, bytes: string, now: number): Delivery[] {
  const { model } = link;
  const n = link.count++;
  const idle = now - link.submittedAt;
  link.submittedAt = now;
  const luck = (what: What) => draw(link.seed, link.entity, PURPOSES[link.direction][what], n);

  if (model.badMs > 0) link.bad = luck("state") < badProbability(model, link.bad, idle);
  const loss = link.bad ? model.lossBad : model.lossGood;
  // The chain moves on behind a cut, too: what is cut off changes nothing of what comes later.
  const passes = !(link.cut || isPartitioned(model, now) || (loss > 0 && luck("loss") < loss));
  if (!passes) {
    link.lost++;
    return [];
  }

  let frame = bytes;
  if (model.corrupt > 0 && luck("corrupt") < model.corrupt) {
    link.corrupted++;
    frame = flipBit(bytes, Math.floor(luck("bit") * bytes.length * 8));
  }
  let delay = quantile(model.delay, luck("delay"));
  if (model.jitterMs > 0) delay += luck("jitter") * model.jitterMs;
  if (model.idleMs > 0 && idle >= model.idleMs) delay += quantile(model.wake, luck("wake"));

  let at = now + delay;
  if (model.reorder > 0 && luck("hold") < model.reorder) {
    at += luck("hold time") * model.reorderMs;
  } else {
    at = link.arrivedAt = Math.max(at, link.arrivedAt);
  }
  const deliveries = [{ at, bytes: frame }];
  if (model.duplicate > 0 && luck("copy") < model.duplicate) {
    link.duplicated++;
    deliveries.push({ at: now + quantile(model.delay, luck("copy delay")), bytes: frame });
  }
  return deliveries;
}

/** P(the path is bad), `elapsed` ms after it was seen in a state; Infinity = never seen. */
function badProbability(model: LinkModel, wasBad: boolean, elapsed: number): number {
  const share = badShare(model);
  const memory = decay(elapsed * (1 / model.goodMs + 1 / model.badMs));
  return share + ((wasBad ? 1 : 0) - share) * memory;
}

function isPartitioned(model: LinkModel, now: number): boolean {
  for (const { from, until } of model.partitions) if (now >= from && now < until) return true;
  return false;
}

function flipBit(bytes: string, bit: number): string {
  const at = bit >> 3;
  const flipped = String.fromCharCode(bytes.charCodeAt(at) ^ (1 << (bit & 7)));
  return bytes.slice(0, at) + flipped + bytes.slice(at + 1);
}

/** Share of its time that the path is bad. */
export function badShare(model: LinkModel): number {
  return model.badMs / (model.goodMs + model.badMs);
}

/** P(a frame is lost), in closed form, partitions aside. */
export function meanLoss(model: LinkModel): number {
  const bad = badShare(model);
  return (1 - bad) * model.lossGood + bad * model.lossBad;
}

/** P(a frame is lost | the one `spacingMs` before it was), in closed form. */
export function lossAfterLoss(model: LinkModel, spacingMs: number): number {
  const loss = meanLoss(model);
  if (loss === 0) return 0;
  if (model.badMs === 0) return loss;
  const wasBad = (badShare(model) * model.lossBad) / loss;
  const lossAfter = (state: boolean) => {
    const bad = badProbability(model, state, spacingMs);
    return (1 - bad) * model.lossGood + bad * model.lossBad;
  };
  return wasBad * lossAfter(true) + (1 - wasBad) * lossAfter(false);
}
