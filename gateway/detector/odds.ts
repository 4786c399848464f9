/**
 * How probable it is that a board that lives has been silent for so long: what the detector weighs
 * against the false alarms that it may give.
 *
 * The survival of a silence, level by level: P(it begins) behind a beat, then P(it outlasts one
 * level more | it outlasted this one). No model of the link is fitted. Independent losses, bursts
 * of ten seconds and outages of minutes all look the same here: a hazard by level, which is all
 * that a verdict needs. A device alone would learn the rare ones in years, so each estimate leans
 * on others, by how far they have earned it:
 *
 *   the last hours -> the last months -> the fleet of its interval -> what one expects of a fleet
 *
 * The fleet is believed as far as a device's own counts agree with it (exp of minus their
 * Kullback-Leibler distance, in counts, less what chance makes of it): in a fleet of like boards a
 * new one knows at once what all know, and one bad board neither is judged by the good ones nor
 * spoils them, since what it adds to the fleet is bounded by three times what the fleet expected of
 * it. Of a link of which nothing at all is known it is expected that two broken promises are half a
 * false alarm in the time in which one is allowed: what the simplest detector goes by.
 *
 * What lost: phi accrual and all that fits a normal or an exponential curve to gaps (with loss they
 * are multiples of one gap, and such a tail is wrong by decades); one burst parameter a device (a
 * Gilbert-Elliott fit), which is right for its own kind of burst only; and an average over the
 * fleet, which is no board's.
 */

import {
  ALL,
  BEATS,
  LEVEL_X,
  LEVELS,
  type Learned,
  NUMBERS,
  OWN_LEVELS,
  SILENT,
  SURVIVORS,
} from "./learned.ts";

/** Promises are grouped by octaves: ten codes each. */
const CLASSES = 26;
const CLASS_OF = Uint8Array.from({ length: 256 }, (_, code) => Math.floor(code / 10));
/** The fleet's word on q counts like so many beats, on a level like so many silences, at most. */
const FLEET_BEATS = 10_000;
const FLEET_SILENCES = 512;
/** Distance that chance makes between like boards, for each probability that is compared. */
const BY_CHANCE = 2;
/** What was before counts like so many times "lately". */
const BEFORE = 2;
/** Beats of a class, silences: then it forgets half. */
const CLASS_BEATS_MAX = 2 ** 28;
const CLASS_SILENCES_MAX = 2 ** 17;
/** A silence counts in the fleet with at most so many times what the fleet expected. */
const FLEET_SHARE = 3;

export class Odds {
  readonly #learned: Learned;
  readonly #beats = new Float64Array(CLASSES);
  readonly #survivors = new Float64Array(CLASSES * LEVELS);
  /** By level: P(a beat is followed by a silence that outlasts it). Of the last one asked for. */
  readonly survival = new Float64Array(LEVELS);

  constructor(learned: Learned) {
    this.#learned = learned;
  }

  /** What a device brought along when it joined. @param code its promise */
  joined(slot: number, code: number): void {
    const of = CLASS_OF[code]!;
    const at = slot * NUMBERS;
    const { numbers } = this.#learned;
    this.#beats[of]! += numbers[at + ALL]!;
    for (let level = 0; level < OWN_LEVELS; level++) {
      this.#survivors[of * LEVELS + level]! += numbers[at + SURVIVORS + level]!;
    }
  }

  /** A beat of this promise was heard. */
  beat(code: number): void {
    this.#beats[CLASS_OF[code]!]! += 1;
  }

  /** It ended a silence that had outlasted `levels`. Call before the device's own counts change. */
  silence(slot: number, code: number, levels: number, expected: number): void {
    const of = CLASS_OF[code]!;
    const { numbers } = this.#learned;
    const at = slot * NUMBERS;
    const fleet = this.#fleet(of, expected);
    const own = (numbers[at + SURVIVORS]! + 0.5) / (numbers[at + ALL]! + 0.5 / fleet);
    const share = Math.min(1, (FLEET_SHARE * fleet) / own);
    const from = of * LEVELS;
    for (let level = 0; level < Math.min(levels, LEVELS); level++) {
      this.#survivors[from + level]! += share;
    }
    if (this.#beats[of]! > CLASS_BEATS_MAX || this.#survivors[from]! > CLASS_SILENCES_MAX) {
      this.#beats[of]! /= 2;
      for (let level = 0; level < LEVELS; level++) this.#survivors[from + level]! /= 2;
    }
  }

  /**
   * Fills `survival` for a device.
   * @param expected P(silence) of a link of which nothing is known, and P(it goes on)
   * @param lately beats that "the last hours" hold
   */
  weigh(slot: number, code: number, expected: number, lately: number): void {
    const { numbers } = this.#learned;
    const at = slot * NUMBERS;
    const of = CLASS_OF[code]!;
    const own = at + SURVIVORS;
    const fleet = this.#fleet(of, expected);
    const all = numbers[at + ALL]!;
    const agrees = Math.exp(Math.min(0, BY_CHANCE - all * distance(numbers[own]!, all, fleet)));
    const weight = FLEET_BEATS * agrees;
    const alone = 1 - agrees;
    const months = (numbers[own]! + weight * fleet + 0.5 * alone) / (all + weight + alone);
    const before = BEFORE * lately;
    const q = (numbers[at + SILENT]! + before * months) / (numbers[at + BEATS]! + before);
    this.survival[0] = q;
    this.#hazards(own, of * LEVELS, expected, q);
  }

  /** How long a silence must last, in intervals, to be as rare as `allowed`; `most` at most. */
  until(allowed: number, most: number): number {
    const { survival } = this;
    if (survival[0]! <= allowed) return 1;
    for (let level = 1; level < LEVELS; level++) {
      if (survival[level]! > allowed) continue;
      const [above, below] = [survival[level - 1]!, survival[level]!];
      const part = Math.log(above / allowed) / Math.log(above / below);
      const from = LEVEL_X[level - 1]!;
      return Math.min(most, from + part * (LEVEL_X[level]! - from));
    }
    return most;
  }

  #hazards(own: number, from: number, expected: number, q: number): void {
    const { numbers } = this.#learned;
    const { survival } = this;
    const fleet = fleetHazards(this.#survivors, from, expected, q);
    let far = 0;
    for (let level = 0; level + 1 < OWN_LEVELS; level++) {
      const trials = numbers[own + level]!;
      if (trials < 1) break;
      far += trials * distance(numbers[own + level + 1]!, trials, fleet[level]!) - BY_CHANCE;
    }
    const weight = FLEET_SILENCES * Math.exp(-Math.max(0, far));
    let before = fleet[0]!;
    for (let level = 0; level + 1 < LEVELS; level++) {
      const known = level + 1 < OWN_LEVELS;
      const trials = known ? numbers[own + level]! : 0;
      const went = known ? numbers[own + level + 1]! : 0;
      const expects = level === 0 ? before : goesOn(level, before, q);
      before = (went + weight * fleet[level]! + expects) / (trials + weight + 1);
      survival[level + 1] = survival[level]! * before;
    }
  }

  /** P(silence) behind a beat of this class. */
  #fleet(of: number, expected: number): number {
    return (this.#survivors[of * LEVELS]! + 0.5) / (this.#beats[of]! + 0.5 / expected);
  }
}

const hazards = new Float64Array(LEVELS);

/** P(a silence outlasts the next level | it outlasted this one) in a class, by level. */
function fleetHazards(survivors: Float64Array, from: number, expected: number, q: number) {
  let before = expected;
  for (let level = 0; level + 1 < LEVELS; level++) {
    const expects = level === 0 ? expected : goesOn(level, before, q);
    before = hazard(survivors[from + level + 1]!, survivors[from + level]!, expects);
    hazards[level] = before;
  }
  return hazards;
}

/**
 * A hazard from counts and from what was expected. That none of a few silences went on is no proof
 * that none will: until one does, what was expected gives way as slowly as it does for q.
 */
function hazard(wentOn: number, silences: number, expects: number): number {
  if (wentOn < 1) return 0.5 / (silences + 0.5 / expects);
  return (wentOn + 2 * expects) / (silences + 2);
}

/**
 * The hazard of a level from that of the level before: as if outages ended at the same rate, and at
 * least as if losses were independent.
 */
function goesOn(level: number, before: number, q: number): number {
  // The first two levels are one interval each, and each behind them is twice the one before.
  const again = level < 2 ? before : before * before;
  return Math.max(again, level < 3 ? q : q * q);
}

/** Kullback-Leibler distance of `hits` in `trials` from the probability `p`, a trial. */
function distance(hits: number, trials: number, p: number): number {
  if (trials === 0) return 0;
  const share = Math.min(1, hits / trials);
  const yes = share === 0 ? 0 : share * Math.log(share / p);
  const no = share === 1 ? 0 : (1 - share) * Math.log((1 - share) / (1 - p));
  return Math.max(0, yes + no);
}
