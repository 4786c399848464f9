/**
 * One row of the benchmark: a fleet over one kind of path for so many device-years, and what each
 * rule makes of the same arrivals.
 *
 * Nobody dies here, and yet detection is measured exactly: had a board died at an age `a` behind a
 * beat, a rule that waits `T` would have found it `T - a` later. So over all instants of the run
 * the mean time to detection is the sum of T m - m^2 / 2 over the sum of the gaps, with m the
 * smaller of gap and T, and a gap longer than T is a false absent. What lost: killing boards at
 * random, which measures the same with noise.
 *
 * Ours is the real detector over a real table of records. It is asked at each silence, and between
 * them at one beat in `SAMPLE`.
 */

import { Detector } from "../../gateway/detector.ts";
import { Hearing } from "../../gateway/hearing.ts";
import { LIMITS } from "../../gateway/limits.ts";
import { Records } from "../../gateway/records.ts";
import * as rows from "../../gateway/rows.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { Speaker } from "./detectors-board.ts";
import { bursts, independent, randomOf } from "./detectors-links.ts";
import { fixedRules, Phi } from "./detectors-rules.ts";

export interface RowKind {
  readonly intervalMs: number;
  /** Reach class: 0 awake, 2 asleep between beats. */
  readonly reach: number;
  readonly loss: number;
  /** 0: losses are independent. */
  readonly burstMs: number;
  readonly boards: number;
  readonly years: number;
  readonly falseAlarms: number;
  readonly seed: number;
}

export interface Score {
  readonly rule: string;
  /** Per device-year. */
  readonly falseAbsents: number;
  readonly meanMs: number;
  readonly worstMs: number;
}

export interface RowResult {
  /** Ours first. */
  readonly scores: readonly Score[];
  readonly beats: number;
  readonly frames: number;
  readonly deviceYears: number;
  /** How often ours waited for so many chances, at the samples. */
  readonly ks: ReadonlyMap<number, number>;
}

export const YEAR_MS = 31_557_600_000;
const SAMPLE = 256;
/** A board is simulated for so many beats, then the next one. */
const TURN = 1_440;

/** Sums over gaps of one rule. */
class Tally {
  readonly rule: string;
  falseAbsents = 0;
  area = 0;
  worst = 0;

  constructor(rule: string) {
    this.rule = rule;
  }

  /** A gap under a wait, counted `weight` times. */
  gap(gapMs: number, waitMs: number, weight: number): void {
    const seen = Math.min(gapMs, waitMs);
    this.area += weight * (waitMs * seen - (seen * seen) / 2);
    if (gapMs > waitMs) this.falseAbsents++;
    if (waitMs > this.worst) this.worst = waitMs;
  }
}

interface Device {
  readonly slot: number;
  readonly speaker: Speaker;
  readonly phis: readonly Phi[];
  beats: number;
  /** Ours, when it was last asked, ms. */
  waitMs: number;
}

export class Row {
  readonly #kind: RowKind;
  readonly #records = new Records(sha256);
  readonly detector: Detector;
  readonly #devices: Device[];
  readonly #ours = new Tally("nextbeat");
  readonly #phis: Tally[];
  readonly #fixed: { readonly waitMs: number; readonly tally: Tally }[];
  readonly #ks = new Map<number, number>();
  #sum = 0;
  #squares = 0;
  #beats = 0;
  readonly #news = { reset: -1, acked: -1, recovery: -1 };

  constructor(kind: RowKind) {
    this.#kind = kind;
    const limits = { ...LIMITS, falseAlarms: kind.falseAlarms };
    this.detector = new Detector(this.#records, new Hearing([], 0), limits);
    this.#devices = Array.from({ length: kind.boards }, (_, n) => this.#device(n));
    this.#phis = this.#devices[0]!.phis.map(({ name }) => new Tally(name));
    this.#fixed = fixedRules(kind.intervalMs).map(({ name, waitMs }) => ({
      waitMs,
      tally: new Tally(name),
    }));
  }

  run(): RowResult {
    const { years, boards } = this.#kind;
    const until = (years / boards) * YEAR_MS;
    for (let left = true; left; ) {
      left = false;
      for (const device of this.#devices) if (this.#turn(device, until)) left = true;
    }
    return this.#result();
  }

  #device(n: number): Device {
    const { intervalMs, reach, loss, burstMs, seed } = this.#kind;
    const path = randomOf(seed + 7 * n + 1);
    const link = burstMs === 0 ? independent(loss, path) : bursts(loss, burstMs, path);
    const speaker = new Speaker(intervalMs, randomOf(seed + 7 * n), link);
    const slot = this.#records.add({
      id: n + 1,
      name: `board-${n}`,
      site: "",
      labels: [],
      suite: 2,
      key: String.fromCharCode(n & 255, n >> 8).padEnd(16, "k"),
    });
    this.#records.source[slot] = { transport: "udp", address: "192.0.2.7", port: 7 };
    this.#records.rows.bytes[slot * rows.BYTES + rows.REACH] = reach;
    this.#records.rows.words[slot * rows.WORDS + rows.EPOCH] = 1;
    this.detector.joined(slot, "");
    const phis = [new Phi(intervalMs, 3_000), new Phi(intervalMs, 0)];
    return { slot, speaker, phis, beats: 0, waitMs: 0 };
  }

  /** A board's next beats. @returns whether its time goes on */
  #turn(device: Device, until: number): boolean {
    const { speaker, slot, phis } = device;
    const { detector } = this;
    const news = this.#news;
    const { floats, bytes } = this.#records.rows;
    const soonMs = 1.25 * this.#kind.intervalMs;
    for (let n = 0; n < TURN; n++) {
      const before = speaker.at;
      if (before >= until) return false;
      speaker.next();
      const gap = speaker.at - before;
      const first = device.beats++ === 0;
      if (!first) {
        this.#beats++;
        this.#sum += gap;
        this.#squares += gap * gap;
        const silent = gap > soonMs;
        if (silent || device.beats % SAMPLE === 0) this.#judge(device, before, gap, silent);
      }
      news.acked = speaker.acked;
      detector.hears(slot, first ? 0 : speaker.step, news, speaker.at);
      floats[slot * rows.FLOATS + rows.AT] = speaker.at;
      bytes[slot * rows.BYTES + rows.PROMISE] = speaker.promise;
      if (!first) for (const phi of phis) phi.heard(gap);
    }
    return true;
  }

  #judge(device: Device, before: number, gap: number, silent: boolean): void {
    // A usual gap stands for those between the samples.
    const weight = silent ? 1 : SAMPLE;
    // A short silence cannot matter to a wait that was long of late.
    const short = silent && gap < device.waitMs / 2;
    if (!short) device.waitMs = this.detector.verdictAt(device.slot) - before;
    this.#ours.gap(gap, device.waitMs, weight);
    for (const [n, phi] of device.phis.entries()) this.#phis[n]!.gap(gap, phi.wait(), weight);
    if (!silent) {
      const k = this.detector.evidence(device.slot).k as number;
      this.#ks.set(k, (this.#ks.get(k) ?? 0) + 1);
      return;
    }
    for (const { waitMs: wait, tally } of this.#fixed) {
      if (gap <= wait) continue;
      tally.falseAbsents++;
      tally.area -= wait * gap - (gap * gap) / 2 - wait * wait + (wait * wait) / 2;
    }
  }

  #result(): RowResult {
    const deviceYears = this.#sum / YEAR_MS;
    const scores = [this.#ours, ...this.#phis].map((tally) => this.#score(tally, tally.area));
    for (const { waitMs, tally } of this.#fixed) {
      tally.worst = waitMs;
      scores.push(this.#score(tally, tally.area + waitMs * this.#sum - this.#squares / 2));
    }
    const frames = this.#devices.reduce((sum, { speaker }) => sum + speaker.frames, 0);
    return { scores, beats: this.#beats, frames, deviceYears, ks: this.#ks };
  }

  #score({ rule, falseAbsents, worst }: Tally, area: number): Score {
    return {
      rule,
      falseAbsents: falseAbsents / (this.#sum / YEAR_MS),
      meanMs: area / this.#sum,
      worstMs: worst,
    };
  }
}
