// From figures to places: a scale knows where a value stands and which ticks people would put
// beside it. Three kinds: linear; logarithmic from a least value on; and durations, whose ticks
// fall on seconds, minutes and hours instead of powers of ten.

import { sayNumber, superscript } from "./say.ts";

export interface Tick {
  readonly value: number;
  readonly text: string;
}

export interface Scale {
  /** Where it stands, px. Values outside stand at the ends. */
  at(value: number): number;
  readonly ticks: readonly Tick[];
}

export type Say = (value: number) => string;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Steps that people count time in; below a second and above ten days, powers of ten of 1 2 5. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10].map((n) => n * DAY),
];

/** The step of 1, 2 or 5 times a power of ten that gives at most `most` steps over `span`. */
export function niceStep(span: number, most: number): number {
  const least = span / Math.max(1, most);
  let power = 1;
  while (power > least) power /= 10;
  while (power * 10 <= least) power *= 10;
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least * (1 - 1e-9))!;
}

/** The end of an axis that starts at 0 and has room for `max`: a whole number of nice steps. */
export function niceEnd(max: number, most = 5): number {
  if (!(max > 0)) return 1;
  const step = niceStep(max, most);
  return Math.ceil(max / step - 1e-9) * step;
}

function straight(from: number, to: number, a: number, b: number): (value: number) => number {
  const span = to - from;
  return (value) => a + ((b - a) * (Math.min(to, Math.max(from, value)) - from)) / (span || 1);
}

/** Values from `from` to `to` stand from `a` to `b`, about `most` ticks beside them. */
export function linear(
  from: number,
  to: number,
  a: number,
  b: number,
  { most = 5, say = sayNumber as Say, whole = false } = {},
): Scale {
  const step = Math.max(niceStep(to - from, most), whole ? 1 : 0);
  const ticks: Tick[] = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k++) {
    const value = Number((k * step).toPrecision(12));
    ticks.push({ value, text: say(value) });
  }
  return { at: straight(from, to, a, b), ticks };
}

/** Time from 0 to `to` ms. */
export function time(to: number, a: number, b: number, most = 8): Scale {
  const least = to / most;
  const step = least < SECOND ? niceStep(to, most) : (STEPS.find((s) => s >= least) ?? 10 * DAY);
  const unit = unitOf(step);
  const ticks: Tick[] = [];
  for (let k = 0; k * step <= to + step * 1e-9; k++)
    ticks.push({ value: k * step, text: k === 0 ? "0" : inUnit(k * step, unit) });
  return { at: straight(0, to, a, b), ticks };
}

type Unit = readonly [name: string, ms: number];

/** The biggest unit in which the step is at least a half. */
function unitOf(step: number): Unit {
  const units: readonly Unit[] = [
    ["d", DAY],
    ["h", HOUR],
    ["min", MINUTE],
    ["s", SECOND],
  ];
  return units.find(([, ms]) => step * 2 >= ms) ?? ["ms", 1];
}

function inUnit(ms: number, [name, unit]: Unit): string {
  return `${Number((ms / unit).toFixed(3))} ${name}`;
}

/** Decades between `from` and `to` (both above 0), thinned to about `most`. */
export function log(
  from: number,
  to: number,
  a: number,
  b: number,
  { most = 6, say = decade as Say } = {},
): Scale {
  const place = straight(Math.log10(from), Math.log10(to), a, b);
  const first = Math.ceil(Math.log10(from) - 1e-9);
  const last = Math.floor(Math.log10(to) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / most));
  const powers = [];
  for (let k = first; k <= last; k += every) powers.push(k);
  const values = powers.flatMap((k) => within(10 ** k, powers.length < 3, from, to));
  return {
    at: (value) => place(Math.log10(Math.max(from, value))),
    ticks: values.map((value) => ({ value, text: say(value) })),
  };
}

/** A decade, and where there are few of them also twice and five times it. */
function within(decade: number, more: boolean, from: number, to: number): number[] {
  return (more ? [decade, 2 * decade, 5 * decade] : [decade]).filter((v) => v >= from && v <= to);
}

function decade(value: number): string {
  const power = Math.round(Math.log10(value));
  return power >= -3 && power <= 3 ? sayNumber(value) : `10${superscript(String(power))}`;
}

/**
 * Counts from 0 to many thousands: logarithmic, but with a place for 0, and for 1 well above it,
 * so that three absent boards among ten thousand are seen.
 */
export function counts(to: number, a: number, b: number, most = 5): Scale {
  const end = Math.log10(1 + 2 * to);
  const place = straight(0, end, a, b);
  const powers = [];
  for (let k = 0; 10 ** k <= to; k++) powers.push(k);
  const every = Math.max(1, Math.ceil(powers.length / most));
  const decades = powers.filter((k) => k % every === 0).map((k) => 10 ** k);
  const values = [0, ...decades, ...(to >= 2.5 * decades.at(-1)! ? [to] : [])];
  return {
    at: (value) => place(Math.log10(1 + 2 * Math.max(0, value))),
    ticks: values.map((value) => ({ value, text: sayNumber(value) })),
  };
}

/** Durations from `from` to `to` ms (above 0), logarithmic, ticks on seconds, minutes, hours. */
export function logTime(from: number, to: number, a: number, b: number, most = 7): Scale {
  const place = straight(Math.log10(from), Math.log10(to), a, b);
  const inside = (list: readonly number[]) =>
    list.filter((ms) => ms >= from * (1 - 1e-9) && ms <= to * (1 + 1e-9));
  const fine = inside([1, 2, 5, 10, 20, 50, 100, 200, 500, ...STEPS, 100 * DAY, 1_000 * DAY]);
  const coarse = inside([1, 10, 100, SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR]);
  const days = inside([1, 10, 100, 1_000].map((n) => n * DAY));
  const values = fine.length <= most ? fine : [...coarse, ...days];
  return {
    at: (value) => place(Math.log10(Math.max(from, value))),
    ticks: values.map((value) => ({ value, text: inUnit(value, unitOf(value)) })),
  };
}
