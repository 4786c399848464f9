/**
 * The rows of the benchmark, what physics allows in each, and what must hold of its result.
 *
 * Bounds on the mean time to detection at equal messages and false alarms (n frames an hour, each
 * lost with p, alpha false alarms an hour): *open loop*, r / 2n with r the least number that makes
 * n p^r / r <= alpha, which is what any schedule can do that hears no answer; *feedback*, (1 - p^r)
 * / (2 (1 - p) n), for a sender that repeats until it is answered. Both are for independent losses.
 * Of *outages* no number of messages can tell the end before they end: R of them a year,
 * exponential with mean b, make every wait shorter than b ln(R / alpha) wrong too often.
 */

import type { RowKind, RowResult, Score } from "./detectors-row.ts";
import { YEAR_MS } from "./detectors-row.ts";

const HOUR_MS = 3_600_000;
/** Mean loss, and mean length of its bursts, ms; 0: independent. */
const LINKS: readonly (readonly [loss: number, burstMs: number])[] = [
  [0, 0],
  [0.01, 0],
  [0.1, 0],
  [0.3, 0],
  ...[0.01, 0.1, 0.3].flatMap((loss) =>
    [10_000, 60_000, 300_000].map((burstMs) => [loss, burstMs] as const),
  ),
];
/** A real-time board beats through no outage of minutes: the rows that say something. */
const LINKS_REAL_TIME = LINKS.filter(([loss, burstMs]) => loss < 0.3 && burstMs <= 10_000);
/** One false alarm a week. */
const ALPHA_REAL_TIME = 52;

/** @param years of sleepers, of awake boards; days of real-time boards: device-years, -days */
export function kinds(years: number, awake: number, days: number, seed: number): RowKind[] {
  const make = (
    intervalMs: number,
    reach: number,
    deviceYears: number,
    each: number,
    falseAlarms: number,
    links: typeof LINKS,
  ): RowKind[] =>
    links.map(([loss, burstMs], n) => ({
      intervalMs,
      reach,
      loss,
      burstMs,
      boards: Math.max(1, Math.round(deviceYears / each)),
      years: deviceYears,
      falseAlarms,
      seed: seed + 1e6 * n + intervalMs,
    }));
  return [
    ...make(60_000, 0, awake, 1, 1, LINKS),
    ...make(600_000, 2, years, 1, 1, LINKS),
    ...make(200, 0, days / 365.25, 1 / 365.25, ALPHA_REAL_TIME, LINKS_REAL_TIME),
  ];
}

export function nameOf({ intervalMs, reach, loss, burstMs }: RowKind): string {
  const who = reach > 0 ? "sleeper" : intervalMs < 1_000 ? "real time" : "awake";
  const beat = intervalMs < 1_000 ? `${intervalMs} ms` : `${intervalMs / 1_000} s`;
  const how = burstMs > 0 ? `${burstMs / 1_000} s` : loss > 0 ? "single" : "";
  return `${who} ${beat}, ${loss * 100} % ${how}`.trim();
}

export interface Bounds {
  readonly openMs: number;
  readonly feedbackMs: number;
  readonly outageMs: number;
}

/** Bounds on the mean time to detection, ms. */
export function boundsOf(kind: RowKind, { frames, deviceYears }: RowResult): Bounds {
  const { loss: p, burstMs, falseAlarms } = kind;
  const n = (frames / deviceYears / YEAR_MS) * HOUR_MS;
  const alpha = (falseAlarms / YEAR_MS) * HOUR_MS;
  let r = 1;
  while ((n * p ** r) / r > alpha) r++;
  const outages = burstMs === 0 ? 0 : (p * YEAR_MS) / burstMs;
  return {
    openMs: (r / (2 * n)) * HOUR_MS,
    feedbackMs: ((1 - p ** r) / (2 * (1 - p) * n)) * HOUR_MS,
    outageMs: burstMs * Math.log(Math.max(1, outages / falseAlarms)),
  };
}

/** Rules that have fewer false absents than ours and find deaths sooner on average. */
export function betterThanOurs([ours, ...others]: readonly Score[]): Score[] {
  return others.filter(
    ({ falseAbsents, meanMs }) => falseAbsents < ours!.falseAbsents && meanMs < ours!.meanMs,
  );
}

/** Whether false absents are not more than allowed, by what chance makes of it (3 sigma). */
export function keepsAlpha(kind: RowKind, { scores, deviceYears }: RowResult): boolean {
  const allowed = kind.falseAlarms * deviceYears;
  return scores[0]!.falseAbsents * deviceYears <= allowed + 3 * Math.sqrt(allowed) + 3;
}
