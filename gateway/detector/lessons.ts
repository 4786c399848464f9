/**
 * What each beat teaches of the device that sent it: how long it was silent and what was lost
 * meanwhile, how it beats, which of our answers reached it.
 *
 * What is no lesson: the first beat after a start of ours, since nobody knows what we missed; a
 * beat of a board that has booted (extension 4), which was off and not unheard; a silence in which
 * we were deaf; and one that outlasted every verdict: that was an absence, whatever its cause, and
 * no longer wait would have kept it quiet. An epoch that ended without a boot is none of these: a
 * board whose beats are lost long enough asks for a new one (rule 12).
 */

import type { Hearing } from "../hearing.ts";
import type { News } from "../news.ts";
import type { Records } from "../records.ts";
import { LEVEL_X, LEVELS, type Learned } from "./learned.ts";
import type { Odds } from "./odds.ts";
import type { Rhythm } from "./rhythm.ts";

/** How long a verdict waits at most, in intervals, and in ms where that is more. */
const WAIT_MAX_X = 65;
const WAIT_MAX_MS = 2 * 3_600_000;
/** For the disk a silence is worth so many beats (learned.ts). */
const SILENCE_NEWS = 64;
/** Extension 4: a wake from deep sleep is no boot. */
const WAKE = 2;
/** Bits of extension 9. */
const ACKED_BITS = 16;

/** How far a verdict may wait, in intervals. */
export function waitMaxX(unitMs: number): number {
  return Math.max(WAIT_MAX_X, WAIT_MAX_MS / unitMs);
}

/** P(silence) behind a beat of a link of which nothing is known, at an interval in ms. */
interface Prior {
  expected(slot: number, unitMs: number): number;
}

export class Lessons {
  readonly #records: Records;
  readonly #hearing: Hearing;
  readonly #learned: Learned;
  readonly #odds: Odds;
  readonly #rhythm: Rhythm;

  constructor(records: Records, hearing: Hearing, learned: Learned, odds: Odds, rhythm: Rhythm) {
    this.#records = records;
    this.#hearing = hearing;
    this.#learned = learned;
    this.#odds = odds;
    this.#rhythm = rhythm;
  }

  /**
   * A fresh beat, and the record still has the one before it.
   * @param prior what one expects where nothing is known
   * @returns whether what is known is worth a place on the disk again
   */
  beat(slot: number, step: number, news: News, now: number, prior: Prior): boolean {
    const learned = this.#learned;
    const promiseMs = this.#records.promiseMs(slot);
    const booted = news.reset >= 0 && news.reset !== WAKE;
    let worth = 1;
    if (promiseMs > 0 && !booted && !learned.unsure(slot)) {
      worth = this.#since(slot, step, now, promiseMs, prior);
      if (step > 0 && step <= ACKED_BITS) {
        learned.acked(slot, news.acked < 0 || ((news.acked >> (step - 1)) & 1) === 1);
      }
    }
    learned.remember(slot, this.#lost(slot, step, booted, now));
    const unacked = news.acked < 0 || step === 0 ? 0 : zeros(news.acked);
    return learned.mark(slot, unacked, worth, promiseMs);
  }

  /** Beats before this one that we did not hear and could have; -1: nobody knows. */
  #lost(slot: number, step: number, booted: boolean, now: number): number {
    if (this.#learned.unsure(slot)) return -1;
    if (step <= 1 || booted) return 0;
    return this.#deaf(slot, now) ? -1 : step - 1;
  }

  /** From the time since the last beat. @returns how much it taught, in beats */
  #since(slot: number, step: number, now: number, promiseMs: number, prior: Prior): number {
    const rhythm = this.#rhythm;
    const silentMs = now - rhythm.seenAt(slot);
    const graceMs = silentMs > promiseMs ? rhythm.graceMs(slot, promiseMs) : 0;
    const silent = silentMs > promiseMs + graceMs;
    const code = rhythm.code(slot);
    if (silent) {
      const unitMs = rhythm.unitMs(slot, promiseMs);
      const outlasts = (x: number) =>
        silentMs > rhythm.outlastMs(slot, x, promiseMs, unitMs, graceMs);
      if (outlasts(waitMaxX(unitMs)) || this.#deaf(slot, now)) return 1;
      let levels = 1;
      while (levels < LEVELS && outlasts(LEVEL_X[levels]!)) levels++;
      this.#odds.silence(slot, code, levels, prior.expected(slot, unitMs));
      this.#learned.survived(slot, levels);
    }
    this.#odds.beat(code);
    this.#learned.beat(slot, step - 1, silent, promiseMs);
    if (step === 1) rhythm.learn(slot, silentMs, promiseMs);
    return silent ? SILENCE_NEWS : 1;
  }

  #deaf(slot: number, now: number): boolean {
    const transport = this.#records.source[slot]?.transport ?? "udp";
    const dueAt = this.#rhythm.seenAt(slot) + this.#rhythm.leastMs(slot);
    return this.#hearing.touching(transport, dueAt, now) !== undefined;
  }
}

/** Zeros at the end of sixteen bits. */
function zeros(bits: number): number {
  return bits === 0 ? 15 : 31 - Math.clz32(bits & -bits);
}
