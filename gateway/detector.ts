/**
 * When to doubt a device, and when to give it up: the deadlines of `late` and `absent`, from its
 * newest beat and from what was learned of it. Pure arithmetic on instants in ms.
 *
 * **Late.** A promise is already an upper bound: the device put its clock error, its joining and
 * all its tries into it (rule 14). What it cannot know is that this beat travelled fast and the
 * next one travels slowly, and how far its clock has drifted. So the grace has a floor, `graceMs`,
 * 250 ms by default: the difference between a quick and a queued datagram on a home network (a path
 * over a satellite or NB-IoT wants seconds: it is a limit with a name); and covers the longest gap
 * seen, in promises, and two per cent: cheap sleep clocks move by about that much with temperature.
 * A clock that runs slow stretches its own grace, to a quarter of the promise and no further.
 *
 * **Absent.** Silence is the only evidence, and a beat can be lost with all its tries. So a verdict
 * waits until boards that live are so seldom silent for so long that no more than `falseAlarms` a
 * device-year are wrong; how seldom that is, is counted (odds.ts). The wait ends behind a chance to
 * speak (chances.ts), since between two of them nothing is learned:
 *
 *   beat         dueAt   late = chance 1      chance 2             chance k = absent
 *    |--- promise --|--grace--|---- interval ----|---- interval, 2, 4, 8 ----|
 *
 * An interval is the longest gap seen, at first the promise; of nobody but its fleet known, k is 2.
 * With a link that loses nothing k is 1: late and absent then fall together for a sleeper, and in
 * two changes; a device that listens is asked first, and has an eighth of its promise, a second at
 * most, to answer.
 *
 * **What a nudge is worth.** It makes a board speak that has nothing in flight: one that over-slept,
 * or whose program was held up. It cannot move one whose beat was lost with all its tries: that one
 * still waits for its ACK, and obeys no nudge until its next beat (rule 17). Nor can it ask ahead:
 * a beat that comes early because of it is lost as easily as one that comes by itself. So silence
 * after a nudge is no evidence where losses are what there is to fear, it never shortens the wait
 * for chance k, and one nudge is sent each time that a board is late: a second would only make up
 * for the loss of the first. Detection in seconds is for boards that promise seconds, and, one
 * promise behind their last beat, for boards whose beats are not lost.
 *
 * What lost: one time-out for all; three misses for all; phi accrual (odds.ts); a beat's arrival
 * estimated from the last ones (Chen, Bertier) where the device itself says when it will speak.
 */

import type { Evidence } from "./affairs.ts";
import { backedOff, chanceFrom } from "./chances.ts";
import { type Hearing, silenceMs } from "./hearing.ts";
import * as own from "./learned.ts";
import { LEVEL_X, LEVELS, Learned, latelyOf, NUMBERS } from "./learned.ts";
import { CRC_PROMISE_MAX, type Limits } from "./limits.ts";
import type { News } from "./news.ts";
import { nudgeable } from "./nudge.ts";
import { Odds } from "./odds.ts";
import type { Records } from "./records.ts";
import * as row from "./rows.ts";

/** Share of a promise that a clock may have drifted since its gaps were seen. */
const DRIFT = 0.02;
/** Share of a promise that a slow clock is granted at most. */
const STRETCH_MAX = 0.25;
/** Beats from which on a device's own rhythm counts. */
const YOUNG = 16;
/** How long a verdict waits at most, in intervals, and in ms where that is more. */
const WAIT_MAX_X = 65;
const WAIT_MAX_MS = 2 * 3_600_000;
/** A board that listens has this part of its promise, and so many ms at most, for an answer. */
const ANSWER = 1 / 8;
const ANSWER_MAX_MS = 1_000;
/** Tries of later beats (rule 13: doubled time-outs): a part of the gap, ms at most. */
const TRIES = 1 / 16;
const TRIES_MAX_MS = 2_500;
const YEAR_MS = 31_557_600_000;
/** Beats come at U(0.9, 1) of a gap (rule 14). */
const MEAN_GAP = 0.95;
/** For the disk a silence is worth so many beats (learned.ts). */
const SILENCE_NEWS = 64;
/** Extension 4: a wake from deep sleep is no boot. */
const WAKE = 2;

/** What is added to a promise of which nothing is known yet, in ms. @param graceMs the floor */
export function graceOf(promiseMs: number, graceMs: number): number {
  return Math.max(graceMs, promiseMs * DRIFT);
}

/** How a verdict on one device comes about. */
interface Verdict {
  /** The chance behind which it falls. */
  readonly k: number;
  /** How long behind `late`. */
  readonly waitMs: number;
}

export class Detector {
  /** False alarms that a device may cause in a year, on average. */
  falseAlarms: number;
  readonly #records: Records;
  readonly #hearing: Hearing;
  readonly #graceMs: number;
  readonly #missesMin: number;
  readonly #missesMax: number;
  readonly #learned = new Learned();
  readonly #odds = new Odds(this.#learned);
  #ripe = false;

  constructor(records: Records, hearing: Hearing, limits: Limits) {
    this.#records = records;
    this.#hearing = hearing;
    this.#graceMs = limits.graceMs;
    this.falseAlarms = limits.falseAlarms;
    this.#missesMin = limits.missesMin;
    this.#missesMax = limits.missesMax;
  }

  /** A device joined the table. @param learned what `bytes` gave once, or "" */
  joined(slot: number, learned: string): void {
    const code = this.#code(slot);
    this.#learned.load(slot, learned, code);
    if (learned !== "") this.#odds.joined(slot, code);
  }

  /** A device is about to leave the table. */
  removed(_slot: number): void {}

  /**
   * A fresh beat came, and the record still has the one before it.
   * @param step seq minus the last accepted one; 0: the first beat of an epoch
   */
  hears(slot: number, step: number, news: News, now: number): void {
    const learned = this.#learned;
    const promiseMs = this.#records.promiseMs(slot);
    const booted = news.reset >= 0 && news.reset !== WAKE;
    let worth = 1;
    if (promiseMs > 0 && !booted && !learned.unsure(slot)) {
      worth = this.#learn(slot, step, now, promiseMs);
      if (step > 0 && step <= 16) {
        learned.acked(slot, news.acked < 0 || ((news.acked >> (step - 1)) & 1) === 1);
      }
    }
    const unacked = news.acked < 0 || step === 0 ? 0 : zeros(news.acked);
    this.#ripe = learned.mark(slot, unacked, worth, promiseMs);
  }

  /** What the last `hears` made worth a place on the disk; "" nothing. */
  ripe(slot: number): string {
    return this.#ripe ? this.bytes(slot) : "";
  }

  /** The instant at which the device becomes late, from its newest beat. */
  lateAt(slot: number): number {
    const promiseMs = this.#promiseMs(slot);
    return this.#seenAt(slot) + promiseMs + this.#graceOf(slot, promiseMs);
  }

  /** The instant at which a device late since `late` becomes absent; not before `late`. */
  absentAt(slot: number, late: number): number {
    return late + this.#verdict(slot).waitMs;
  }

  /**
   * If it had died just after its last beat, and nothing held up the verdict: when it would be told
   * absent.
   */
  verdictAt(slot: number): number {
    return this.absentAt(slot, this.lateAt(slot));
  }

  /** Before this instant no beat was due: deafness that ended earlier excuses nothing. */
  dueFrom(slot: number): number {
    const at = slot * NUMBERS;
    const { numbers } = this.#learned;
    const earliest = numbers[at + own.GAP]! * (1 - DRIFT) - 4 * numbers[at + own.SPREAD]!;
    const known = this.#grown(slot) && earliest > 0;
    return this.#seenAt(slot) + (known ? earliest * this.#stretch(slot) : 0);
  }

  /** When the next beat will most likely come. */
  expectedAt(slot: number): number {
    const gap = this.#learned.numbers[slot * NUMBERS + own.GAP]! * this.#stretch(slot);
    const backed = backedOff(this.#learned.unacked(slot));
    if (gap === 0 || backed > 1) return this.#seenAt(slot) + MEAN_GAP * this.#promiseMs(slot);
    return this.#seenAt(slot) + gap;
  }

  /**
   * The instant before which nobody doubts a device that could not be heard until `endAt`.
   * @param deafMs for how long; Infinity: unknown, hence long
   */
  doubtAfter(slot: number, endAt: number, deafMs: number): number {
    const promiseMs = this.#promiseMs(slot);
    return endAt + silenceMs(promiseMs, deafMs) + this.#graceOf(slot, promiseMs);
  }

  /** The part of its beats that did not arrive lately; null: unknown. */
  lossUp(slot: number): number | null {
    const { numbers } = this.#learned;
    const at = slot * NUMBERS;
    const beats = numbers[at + own.BEATS]!;
    return beats < YOUNG / 2 ? null : numbers[at + own.LOST]! / (beats + numbers[at + own.LOST]!);
  }

  /** The part of the beats that we heard whose ACKs did not arrive lately; null: unknown. */
  lossDown(slot: number): number | null {
    const at = slot * NUMBERS;
    return this.#grown(slot) ? this.#learned.numbers[at + own.DOWN]! : null;
  }

  /** What the verdict on this device rests on, by the names of evidence.ts. */
  evidence(slot: number): Evidence {
    const seenAt = this.#seenAt(slot);
    const promiseMs = this.#promiseMs(slot);
    const at = slot * NUMBERS;
    const { numbers } = this.#learned;
    const { k } = this.#verdict(slot);
    const [q, again] = [this.#odds.survival[0]!, this.#odds.survival[1]!];
    const lossUp = this.lossUp(slot);
    const lossDown = this.lossDown(slot);
    return {
      seenAt,
      dueAt: seenAt + promiseMs,
      promiseMs,
      graceMs: this.#graceOf(slot, promiseMs),
      k,
      alpha: this.falseAlarms,
      beats: Math.round(numbers[at + own.ALL]!),
      burst: q / Math.max(q - again, q / 1_000),
      ...(this.#grown(slot) && {
        ratio: numbers[at + own.GAP]! / promiseMs,
        spread: numbers[at + own.SPREAD]! / promiseMs,
      }),
      ...(lossUp !== null && { lossUp }),
      ...(lossDown !== null && { lossDown }),
    };
  }

  /** What was learned of the device, for the store. */
  bytes(slot: number): string {
    return this.#learned.bytes(slot);
  }

  /** Loss and rhythm from the time since the last beat. @returns how much it taught, in beats */
  #learn(slot: number, step: number, now: number, promiseMs: number): number {
    const learned = this.#learned;
    const silentMs = now - this.#seenAt(slot);
    const graceMs = this.#graceOf(slot, promiseMs);
    const code = this.#code(slot);
    if (silentMs <= promiseMs + graceMs) {
      this.#odds.beat(code);
      learned.beat(slot, step - 1, false, promiseMs);
      this.#rhythm(slot, step, silentMs, promiseMs, code);
      return 1;
    }
    const unitMs = this.#unitMs(slot, promiseMs);
    const x = (silentMs - graceMs - this.#triesMs(slot, unitMs)) / unitMs;
    // Nobody waits longer than that: it was an absence, whatever its cause.
    if (x > waitMaxX(unitMs)) return 1;
    const transport = this.#records.source[slot]?.transport ?? "udp";
    if (this.#hearing.touching(transport, this.dueFrom(slot), now) !== undefined) return 1;
    let levels = 1;
    while (levels < LEVELS && LEVEL_X[levels]! < x) levels++;
    this.#odds.silence(slot, code, levels, this.#expected(unitMs));
    this.#odds.beat(code);
    learned.survived(slot, levels);
    learned.beat(slot, step - 1, true, promiseMs);
    this.#rhythm(slot, step, silentMs, promiseMs, code);
    return SILENCE_NEWS;
  }

  #rhythm(slot: number, step: number, gapMs: number, promiseMs: number, code: number): void {
    const slow = gapMs > promiseMs * (1 + STRETCH_MAX);
    if (step !== 1 || slow || backedOff(this.#learned.unacked(slot)) > 1) return;
    this.#learned.rhythm(slot, gapMs, code);
  }

  /** From the odds of the device to the chance that its verdict waits for. */
  #verdict(slot: number): Verdict {
    const promiseMs = this.#promiseMs(slot);
    const unitMs = this.#unitMs(slot, promiseMs);
    this.#odds.weigh(slot, this.#code(slot), this.#expected(unitMs), latelyOf(promiseMs));
    const least = this.#odds.until(this.falseAlarms / yearly(unitMs), waitMaxX(unitMs));
    const unacked = this.#learned.unacked(slot);
    const { x, k } = chanceFrom(least, unacked, unitMs, this.#missesMin, this.#missesMax);
    if (k > 1) {
      // Behind a beat that was backed off, its promise is the first of the gaps.
      const first = unacked > 1 ? promiseMs : unitMs;
      const behindMs = first + (x - 1) * unitMs + this.#triesMs(slot, unitMs);
      return { k, waitMs: Math.max(0, behindMs - promiseMs) };
    }
    const asked = nudgeable(this.#records, slot);
    return { k, waitMs: asked ? Math.min(promiseMs * ANSWER, ANSWER_MAX_MS) : 0 };
  }

  /** P(silence), and that it goes on, where nothing is known: half a false alarm with k = 2. */
  #expected(unitMs: number): number {
    return Math.min(0.1, Math.sqrt(this.falseAlarms / (2 * yearly(unitMs))));
  }

  #grown(slot: number): boolean {
    return this.#learned.numbers[slot * NUMBERS + own.ALL]! >= YOUNG;
  }

  #code(slot: number): number {
    return this.#records.rows.bytes[slot * row.BYTES + row.PROMISE]!;
  }

  #seenAt(slot: number): number {
    return this.#records.rows.floats[slot * row.FLOATS + row.AT]!;
  }

  /** Nothing promised and yet here: a damaged record, which must not be present for ever. */
  #promiseMs(slot: number): number {
    return this.#records.promiseMs(slot) || CRC_PROMISE_MAX;
  }

  /** The rhythm is that of another interval, by this factor. A back-off changes no interval. */
  #stretch(slot: number): number {
    if (backedOff(this.#learned.unacked(slot)) > 1) return 1;
    return this.#learned.stretch(slot, this.#code(slot));
  }

  #graceOf(slot: number, promiseMs: number): number {
    if (!this.#grown(slot) || backedOff(this.#learned.unacked(slot)) > 1) {
      return graceOf(promiseMs, this.#graceMs);
    }
    const longest = this.#learned.numbers[slot * NUMBERS + own.MOST]! * this.#stretch(slot);
    const over = longest + DRIFT * promiseMs - promiseMs;
    return Math.max(this.#graceMs, Math.min(over, STRETCH_MAX * promiseMs));
  }

  /** Its interval: the upper end of its gaps, tries left out; at first the promise. */
  #unitMs(slot: number, promiseMs: number): number {
    if (!this.#grown(slot)) return promiseMs / backedOff(this.#learned.unacked(slot));
    const at = slot * NUMBERS;
    const { numbers } = this.#learned;
    const upper = numbers[at + own.GAP]! + 2 * numbers[at + own.SPREAD]!;
    return Math.min(numbers[at + own.MOST]!, upper) * this.#stretch(slot);
  }

  /** Where the interval is the promise, that has counted them. */
  #triesMs(slot: number, unitMs: number): number {
    return this.#grown(slot) ? triesMs(unitMs) : 0;
  }
}

/** What the tries of a beat take at an interval, in ms, as far as its jitter leaves no room. */
export function triesMs(unitMs: number): number {
  return Math.min(TRIES_MAX_MS, unitMs * TRIES);
}

/** Beats in a year. */
function yearly(unitMs: number): number {
  return YEAR_MS / (MEAN_GAP * unitMs);
}

function waitMaxX(unitMs: number): number {
  return Math.max(WAIT_MAX_X, WAIT_MAX_MS / unitMs);
}

/** Zeros at the end of sixteen bits. */
function zeros(bits: number): number {
  return bits === 0 ? 15 : 31 - Math.clz32(bits & -bits);
}
