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
 * device-year are wrong; how seldom that is, is counted (detector/odds.ts). The wait ends behind a
 * chance to speak (detector/chances.ts), since between two of them nothing is learned:
 *
 *   beat         dueAt   late = chance 1      chance 2             chance k = absent
 *    |--- promise --|--grace--|---- interval ----|---- interval, 2, 4, 8 ----|
 *
 * An interval is the longest gap seen, at first the promise; where nothing is known, k is 2. With a
 * link that loses nothing k is 1: late and absent then fall together for a sleeper, in two changes
 * at one instant; a device that listens is nudged first, and has an eighth of its promise, a second
 * at most, to answer.
 *
 * **What a nudge is worth.** It makes a board speak that has nothing in flight: one that overslept,
 * or whose program was held up. It cannot move one whose beat was lost with all its tries: that one
 * still waits for its ACK, and obeys no nudge until its next beat (rule 17). Nor can it ask ahead:
 * a beat that comes early because of it is lost as easily as one that comes by itself. So silence
 * after a nudge is no evidence where losses are what there is to fear, it never shortens the wait
 * for chance k, and one nudge is sent each time that a board is late: a second would only make up
 * for the loss of the first. Detection in seconds is for boards that promise seconds, and, one
 * promise behind their last beat, for boards whose beats are not lost.
 *
 * What lost: one time-out for all; three misses for all; phi accrual (detector/odds.ts); a beat's
 * arrival estimated from the last ones (Chen, Bertier) where the device itself says when it will
 * speak.
 */

import type { Evidence } from "./affairs.ts";
import { chanceFrom } from "./detector/chances.ts";
import {
  ALL,
  BEATS,
  DOWN,
  GAP,
  Learned,
  LOST,
  latelyOf,
  NUMBERS,
  SILENT,
  SPREAD,
} from "./detector/learned.ts";
import { Lessons, waitMaxX } from "./detector/lessons.ts";
import { Odds } from "./detector/odds.ts";
import { Rhythm, yearly } from "./detector/rhythm.ts";
import { silenceMs } from "./detector/silence.ts";
import type { Hearing } from "./hearing.ts";
import type { Limits } from "./limits.ts";
import { type News, newsOf } from "./news.ts";
import { nudgeable } from "./nudge.ts";
import type { Records } from "./records.ts";

/** A board that listens has this part of its promise, and so many ms at most, for an answer. */
const ANSWER = 1 / 8;
const ANSWER_MAX_MS = 1_000;
/** Beats of the last hours from which on their loss is told. */
const TOLD_BEATS = 8;
/** P(silence) where nothing is known, at most. */
const EXPECTED_MAX = 0.1;

/** How a verdict on one device comes about. */
interface Verdict {
  /** The chance behind which it falls. */
  readonly k: number;
  /** How long behind `late`. */
  readonly waitMs: number;
}

export class Detector {
  readonly #records: Records;
  readonly #limits: Limits;
  /** Sites that chose their own false alarms. */
  readonly #sites: ReadonlyMap<string, number>;
  readonly #learned = new Learned();
  readonly #odds = new Odds(this.#learned);
  readonly #rhythm: Rhythm;
  readonly #lessons: Lessons;
  #ripe = false;

  constructor(records: Records, hearing: Hearing, limits: Limits) {
    this.#records = records;
    this.#limits = limits;
    this.#sites = new Map(Object.entries(limits.falseAlarmsAt));
    this.#rhythm = new Rhythm(records, this.#learned, limits.graceMs);
    this.#lessons = new Lessons(records, hearing, this.#learned, this.#odds, this.#rhythm);
  }

  /** A device joined the table. @param learned what `bytes` gave once, or "" */
  joined(slot: number, learned: string): void {
    const code = this.#rhythm.code(slot);
    this.#learned.load(slot, learned, code);
    if (learned !== "") this.#odds.joined(slot, code);
  }

  /**
   * A fresh beat came, and the record still has the one before it.
   * @param step seq minus the last accepted one; 0: the first beat of an epoch
   */
  hears(slot: number, step: number, news: News, now: number): void {
    this.#ripe = this.#lessons.beat(slot, step, news, now, this);
  }

  /** What the last `hears` made worth a place on the disk; "" nothing. */
  ripe(slot: number): string {
    return this.#ripe ? this.bytes(slot) : "";
  }

  /** The instant at which the device becomes late, from its newest beat. */
  lateAt(slot: number): number {
    const promiseMs = this.#rhythm.promiseMs(slot);
    return this.#rhythm.seenAt(slot) + promiseMs + this.#rhythm.graceMs(slot, promiseMs);
  }

  /** The instant at which a device late since `late` becomes absent; not before `late`. */
  absentAt(slot: number, late: number): number {
    return late + this.#verdict(slot).waitMs;
  }

  /** When it is told absent, had it died just after its last beat and nothing held that up. */
  verdictAt(slot: number): number {
    return this.absentAt(slot, this.lateAt(slot));
  }

  /** Before this instant no beat was due: deafness that ended earlier excuses nothing. */
  dueFrom(slot: number): number {
    return this.#rhythm.seenAt(slot) + this.#rhythm.leastMs(slot);
  }

  /** When the next beat will most likely come. */
  expectedAt(slot: number): number {
    return this.#rhythm.seenAt(slot) + this.#rhythm.usualMs(slot);
  }

  /**
   * The instant before which nobody doubts a device that could not be heard until `endAt`.
   * @param deafMs for how long; Infinity: unknown, hence long
   */
  doubtAfter(slot: number, endAt: number, deafMs: number): number {
    const promiseMs = this.#rhythm.promiseMs(slot);
    const { acked } = newsOf(this.#records.ext(slot));
    const answered = acked < 0 || (acked & 1) === 1;
    const silentMs = silenceMs(promiseMs, deafMs, answered);
    return endAt + silentMs + this.#rhythm.graceMs(slot, promiseMs);
  }

  /** The part of its beats that did not arrive lately; null: unknown. */
  lossUp(slot: number): number | null {
    const { numbers } = this.#learned;
    const beats = numbers[slot * NUMBERS + BEATS]!;
    const lost = numbers[slot * NUMBERS + LOST]!;
    return beats < TOLD_BEATS ? null : lost / (beats + lost);
  }

  /** The part of its promises of the last hours that were kept; null: too few to say. */
  kept(slot: number): number | null {
    const { numbers } = this.#learned;
    const beats = numbers[slot * NUMBERS + BEATS]!;
    return beats < TOLD_BEATS ? null : 1 - numbers[slot * NUMBERS + SILENT]! / beats;
  }

  /** The part of the beats that we heard whose ACKs did not arrive lately; null: unknown. */
  lossDown(slot: number): number | null {
    return this.#rhythm.grown(slot) ? this.#learned.numbers[slot * NUMBERS + DOWN]! : null;
  }

  /** Its last beats since our start, newest last: "1" heard, "0" not. */
  recent(slot: number): string {
    return this.#learned.recent(slot);
  }

  /** What the verdict on this device rests on, by the names of causes/evidence.ts. */
  evidence(slot: number): Evidence {
    const rhythm = this.#rhythm;
    const seenAt = rhythm.seenAt(slot);
    const promiseMs = rhythm.promiseMs(slot);
    const at = slot * NUMBERS;
    const { numbers } = this.#learned;
    const { k } = this.#verdict(slot);
    const [silent, goesOn] = [this.#odds.survival[0]!, this.#odds.survival[1]!];
    const lossUp = this.lossUp(slot);
    const lossDown = this.lossDown(slot);
    return {
      seenAt,
      dueAt: seenAt + promiseMs,
      promiseMs,
      graceMs: rhythm.graceMs(slot, promiseMs),
      k,
      alpha: this.#alpha(slot),
      beats: Math.round(numbers[at + ALL]!),
      // A silence that goes on with probability h is 1 / (1 - h) beats long.
      burst: silent / Math.max(silent - goesOn, silent / 1_000),
      ...(rhythm.grown(slot) && {
        ratio: numbers[at + GAP]! / promiseMs,
        spread: numbers[at + SPREAD]! / promiseMs,
      }),
      ...(lossUp !== null && { lossUp }),
      ...(lossDown !== null && { lossDown }),
    };
  }

  /** What was learned of the device, for the store: bytes of detector/learned.ts. */
  bytes(slot: number): string {
    return this.#learned.bytes(slot);
  }

  /**
   * P(silence) behind a beat, and that it goes on, of a link of which nothing is known: two broken
   * promises are half a false alarm in the time in which one is allowed.
   */
  expected(slot: number, unitMs: number): number {
    return Math.min(EXPECTED_MAX, Math.sqrt(this.#alpha(slot) / (2 * yearly(unitMs))));
  }

  /** False alarms that the device may cause in a year, on average. */
  #alpha(slot: number): number {
    const { falseAlarms } = this.#limits;
    if (this.#sites.size === 0) return falseAlarms;
    return this.#sites.get(this.#records.roster.site(slot)) ?? falseAlarms;
  }

  /** From the odds of the device to the chance that its verdict waits for. */
  #verdict(slot: number): Verdict {
    const promiseMs = this.#rhythm.promiseMs(slot);
    const unitMs = this.#rhythm.unitMs(slot, promiseMs);
    const code = this.#rhythm.code(slot);
    this.#odds.weigh(slot, code, this.expected(slot, unitMs), latelyOf(promiseMs));
    const least = this.#odds.until(this.#alpha(slot) / yearly(unitMs), waitMaxX(unitMs));
    const unacked = this.#learned.unacked(slot);
    const { missesMin, missesMax } = this.#limits;
    const { x, k } = chanceFrom(least, unacked, unitMs, missesMin, missesMax);
    if (k > 1) {
      const behindMs = this.#rhythm.outlastMs(slot, x, promiseMs, unitMs, 0);
      return { k, waitMs: Math.max(0, behindMs - promiseMs) };
    }
    const asked = nudgeable(this.#records, slot);
    return { k, waitMs: asked ? Math.min(promiseMs * ANSWER, ANSWER_MAX_MS) : 0 };
  }
}
