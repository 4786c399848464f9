// The figures that a run yields, by name: what an expectation may bound, and in which unit it is
// written. `where` is allowed for those that a group or an access point has one of its own.

import { writeDuration, writeShare } from "./units.ts";

/** How a bound is written: a share as 5 % or 0.05, a duration with its unit, else a number. */
export type MetricUnit = "count" | "share" | "ms" | "number";

export interface Metric {
  readonly unit: MetricUnit;
  /** False: of the gateway or of the whole run only. */
  readonly byGroup: boolean;
}

const group = (unit: MetricUnit): Metric => ({ unit, byGroup: true });
const whole = (unit: MetricUnit): Metric => ({ unit, byGroup: false });
const each = (name: string, points: readonly string[], metric: Metric): Record<string, Metric> =>
  Object.fromEntries(points.map((point) => [`${name}.${point}`, metric]));
const DETECT = ["mean", "p50", "p90", "p99", "max"];

export const METRICS: Readonly<Record<string, Metric>> = {
  devices: group("count"),
  beats: group("count"),
  beatsAcked: group("count"),
  ackedShare: group("share"),
  /** Share of boards of which at least one beat was acknowledged. */
  heardShare: group("share"),
  ...each("frames", ["up", "down"], group("count")),
  ...each("loss", ["up", "down"], group("share")),
  falseLate: group("count"),
  falseAbsent: group("count"),
  falseAbsentPerDeviceDay: group("number"),
  deaths: group("count"),
  missedDeaths: group("count"),
  /** From a death until the device is told absent, or late. */
  ...each("detect", DETECT, group("ms")),
  ...each("detectLate", DETECT, group("ms")),
  /** From power or the path being back until the device is told present. */
  ...each("return", ["p50", "p99", "max"], group("ms")),
  /** Present at the end, of those that live. */
  recoveredShare: group("share"),
  changes: group("count"),
  /** Changes to absent. */
  alarms: group("count"),
  hellos: group("count"),
  clashes: group("count"),
  stale: group("count"),
  replaysTaken: group("count"),
  rebinds: group("count"),
  /** Rungs of the ladder climbed (device/ladder.ts). */
  rungs: group("count"),
  ...each("roundTrip", ["p50", "p99"], group("ms")),
  "energy.mAhPerDay": group("number"),
  "battery.daysP50": group("number"),
  "battery.daysP5": group("number"),
  brownOuts: group("count"),
  violations: whole("count"),
  "gateway.rxPerSecond.max": whole("number"),
  "gateway.txPerSecond.max": whole("number"),
  "gateway.rxDropped": whole("count"),
  "gateway.bytesOutPerIn": whole("number"),
  "gateway.commits": whole("count"),
};

export const METRIC_NAMES: readonly string[] = Object.keys(METRICS);

/** "falseAbsent of control at most 0". */
export function boundText(
  metric: string,
  where: string | undefined,
  min: number | undefined,
  max: number | undefined,
): string {
  const say = (bound: number) => String(writeBound(metric, bound));
  const bounds = [
    ...(min === undefined ? [] : [`at least ${say(min)}`]),
    ...(max === undefined ? [] : [`at most ${say(max)}`]),
  ];
  return `${metric}${where === undefined ? "" : ` of ${where}`} ${bounds.join(" and ")}`;
}

/** A bound as it is written in a scenario. */
export function writeBound(metric: string, bound: number): string | number {
  const unit = METRICS[metric]?.unit;
  return unit === "share" ? writeShare(bound) : unit === "ms" ? writeDuration(bound) : bound;
}
