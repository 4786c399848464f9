// What boards think the time is. A board has two oscillators: a crystal while it is awake, and in
// many a sleep a cheap RC oscillator that is off by a per cent and drifts with the temperature of
// its surroundings. Its local time is piecewise linear in the world's: a piece is an hour of one
// state, and at each change of state the clock is anchored anew.
//
// Whole days add nothing but their length (temperature.ts), so a jump over a year costs as much as
// one over a minute. What lost: pieces walked hour by hour and kept in a cache.
//
// All clocks of a fleet stand in one table of numbers, 27 bytes each: an object of these fields,
// whose fractions V8 keeps in boxes apart, takes 136.
//
// Not modelled: the calibration of the RC oscillator at boot, and with it the first hour after a
// change of temperature; the temperature of the crystal (below 1 ppm).

import { type Quantile, quantile } from "./exact.ts";
import { draw, purposeOf } from "./random.ts";
import { hourAt, type Temperature, warmth, warmthAt } from "./temperature.ts";

/** The temperature at which a sleep oscillator has the error that was drawn for it. */
const REFERENCE_DEGREES = 25;
/** The largest error of a clock: half or one and a half times as fast. */
export const PPM_MAX = 500_000;
const AWAKE = purposeOf("clock awake");
const ASLEEP = purposeOf("clock asleep");

/** Errors in parts per million, + = fast. A board's own are drawn from the distributions. */
export interface ClockModel {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  readonly awakePpm: readonly Quantile[];
  /** Of the oscillator that runs while it sleeps; undefined: the same one. */
  readonly asleepPpm: readonly Quantile[] | undefined;
  /** What a kelvin above 25 degrees adds while it sleeps. */
  readonly ppmPerKelvin: number;
}

/** What many clocks share. */
interface Course {
  readonly model: ClockModel;
  readonly temperature: Temperature;
}

/** The clocks of a fleet. `clock` is the number that `add` gave; instants are ms. */
export class Clocks {
  private readonly seed: number;
  private readonly courses: Course[] = [];
  private used = 0;
  private course: Uint16Array;
  private sleeps: Uint8Array;
  private awakePpm: Float32Array;
  private asleepPpm: Float32Array;
  private worldAt: Float64Array;
  private localAt: Float64Array;

  /** @param room for so many; it grows by itself, with up to twice the bytes. */
  constructor(seed: number, room = 64) {
    this.seed = seed;
    this.course = new Uint16Array(room);
    this.sleeps = new Uint8Array(room);
    this.awakePpm = new Float32Array(room);
    this.asleepPpm = new Float32Array(room);
    this.worldAt = new Float64Array(room);
    this.localAt = new Float64Array(room);
  }

  /**
   * One more clock; it shows 0 when the world's does, and is awake.
   * @param entity whose luck its errors are
   */
  add(model: ClockModel, entity: number, temperature: Temperature): number {
    const clock = this.used++;
    if (clock === this.course.length) this.grow(2 * clock + 1);
    this.course[clock] = this.courseOf(model, temperature);
    const luck = (purpose: number) => draw(this.seed, entity, purpose, 0);
    const awake = quantile(model.awakePpm, luck(AWAKE));
    this.awakePpm[clock] = awake;
    this.asleepPpm[clock] = model.asleepPpm ? quantile(model.asleepPpm, luck(ASLEEP)) : awake;
    return clock;
  }

  /** What the clock shows. */
  local(clock: number, world: number): number {
    const from = this.worldAt[clock]!;
    const swing = this.swing(clock);
    const steady = this.localAt[clock]! + (world - from) * this.rate(clock);
    return swing === 0 ? steady : steady + swing * (warmth(world) - warmth(from));
  }

  /**
   * The first whole microsecond at which the clock shows `local` or more, if it stays in its state:
   * who wakes then never wakes too early, and `world(local(t))` is t. May lie in the past.
   */
  world(clock: number, local: number): number {
    const sought = this.solve(clock, local);
    if (!Number.isFinite(sought)) return sought;
    let us = Math.round(sought * 1000);
    while (this.local(clock, us / 1000) < local) us++;
    return us / 1000;
  }

  /** Which oscillator runs from now on. */
  asleep(clock: number, asleep: boolean, now: number): void {
    if ((this.sleeps[clock] === 1) === asleep) return;
    this.anchor(clock, now);
    this.sleeps[clock] = asleep ? 1 : 0;
  }

  /** The clock jumps by so much. */
  step(clock: number, byMs: number, now: number): void {
    this.anchor(clock, now);
    this.localAt[clock]! += byMs;
  }

  /** Both oscillators are off by so much from now on; the temperature adds to it as before. */
  setPpm(clock: number, ppm: number, now: number): void {
    if (!(Math.abs(ppm) <= PPM_MAX)) throw new RangeError(`${ppm} ppm: at most ${PPM_MAX}`);
    this.anchor(clock, now);
    this.awakePpm[clock] = ppm;
    this.asleepPpm[clock] = ppm;
  }

  private anchor(clock: number, now: number): void {
    this.localAt[clock] = this.local(clock, now);
    this.worldAt[clock] = now;
  }

  /** Local ms in a world ms, the day's swing apart. */
  private rate(clock: number): number {
    if (this.sleeps[clock] === 0) return 1 + this.awakePpm[clock]! / 1e6;
    const { model, temperature } = this.courses[this.course[clock]!]!;
    const warmer = temperature.mean - REFERENCE_DEGREES;
    return 1 + (this.asleepPpm[clock]! + model.ppmPerKelvin * warmer) / 1e6;
  }

  /** What the rate gains at the warmest instant of the day. */
  private swing(clock: number): number {
    if (this.sleeps[clock] === 0) return 0;
    const { model, temperature } = this.courses[this.course[clock]!]!;
    return (model.ppmPerKelvin * temperature.swing) / 1e6;
  }

  /** The instant at which the clock shows `local`, but for rounding. */
  private solve(clock: number, local: number): number {
    const rate = this.rate(clock);
    const swing = this.swing(clock);
    const from = this.worldAt[clock]!;
    let world = from + (local - this.localAt[clock]!) / rate;
    if (swing === 0 || !Number.isFinite(world)) return world;
    // The day's swing moves the instant by minutes at most, so the hour is this one or the next:
    // along the piece of the hour it is exact as soon as the hour is right.
    for (let turn = 0; turn < 4; turn++) {
      const miss = local - this.local(clock, world);
      const better = world + miss / (rate + swing * warmthAt(world));
      if (hourAt(better) === hourAt(world)) return better;
      world = better;
    }
    return world;
  }

  private courseOf(model: ClockModel, temperature: Temperature): number {
    const { courses } = this;
    for (let i = courses.length - 1; i >= 0; i--) {
      const course = courses[i]!;
      const { mean, swing } = course.temperature;
      const same = mean === temperature.mean && swing === temperature.swing;
      if (course.model === model && same) return i;
    }
    return courses.push({ model, temperature }) - 1;
  }

  private grow(room: number): void {
    const grown = new Clocks(this.seed, room);
    for (const column of COLUMNS) {
      grown[column].set(this[column]);
    }
    const { course, sleeps, awakePpm, asleepPpm, worldAt, localAt } = grown;
    Object.assign(this, { course, sleeps, awakePpm, asleepPpm, worldAt, localAt });
  }
}

const COLUMNS = ["course", "sleeps", "awakePpm", "asleepPpm", "worldAt", "localAt"] as const;

/** One clock as an object. Boards of a fleet share the table that is handed in. */
export class BoardClock {
  private readonly clocks: Clocks;
  private readonly clock: number;

  constructor(
    model: ClockModel,
    seed: number,
    entity: number,
    temperature: Temperature,
    clocks = new Clocks(seed, 1),
  ) {
    this.clocks = clocks;
    this.clock = clocks.add(model, entity, temperature);
  }

  local(world: number): number {
    return this.clocks.local(this.clock, world);
  }

  world(local: number): number {
    return this.clocks.world(this.clock, local);
  }

  asleep(asleep: boolean, now: number): void {
    this.clocks.asleep(this.clock, asleep, now);
  }

  step(byMs: number, now: number): void {
    this.clocks.step(this.clock, byMs, now);
  }

  setPpm(ppm: number, now: number): void {
    this.clocks.setPpm(this.clock, ppm, now);
  }
}
