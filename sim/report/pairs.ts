// Two sets of runs under the same weather, figure by figure. Runs are paired by seed: the same
// frames met the same fate on both sides as long as both sent them, so that the difference of a
// pair is of what was changed and not of the dice. The interval of the mean difference is then far
// narrower than that of either mean; comparing the means alone lost for that reason.

import type { Metrics, RunResult } from "../result.ts";
import { type Metric, metricsOf } from "./metrics.ts";
import { type Batch, batches, sayRanges } from "./runs.ts";
import { type Estimate, estimate, mean } from "./stats.ts";

export interface Pairing {
  /** The scenario, where several are compared; else "". */
  readonly scenario: string;
  readonly a: readonly RunResult[];
  readonly b: readonly RunResult[];
  /** Seeds of runs that have no counterpart. */
  readonly alone: { readonly a: readonly number[]; readonly b: readonly number[] };
}

/**
 * Runs of both sides with the same seed, in order of seeds. One scenario on each side: they are
 * what is compared, whatever their names. Several: each with its namesake.
 */
export function pairUp(a: readonly RunResult[], b: readonly RunResult[]): Pairing[] {
  const [left, right] = [batches(a), batches(b)];
  if (left.length <= 1 && right.length <= 1) return [pairSeeds("", a, b)];
  const all = new Set([...left, ...right].map(({ scenario }) => scenario));
  const of = (side: readonly Batch[], name: string) =>
    side.find(({ scenario }) => scenario === name)?.runs ?? [];
  return [...all].map((name) => pairSeeds(name, of(left, name), of(right, name)));
}

function pairSeeds(scenario: string, a: readonly RunResult[], b: readonly RunResult[]): Pairing {
  const inOrder = (runs: readonly RunResult[]) =>
    [...new Map(runs.map((run) => [run.seed, run])).values()].sort((x, y) => x.seed - y.seed);
  const has = (runs: readonly RunResult[]) => new Set(runs.map(({ seed }) => seed));
  const [inA, inB] = [has(a), has(b)];
  const without = (runs: readonly RunResult[], other: ReadonlySet<number>) =>
    inOrder(runs).flatMap(({ seed }) => (other.has(seed) ? [] : [seed]));
  return {
    scenario,
    a: inOrder(a).filter(({ seed }) => inB.has(seed)),
    b: inOrder(b).filter(({ seed }) => inA.has(seed)),
    alone: { a: without(a, inB), b: without(b, inA) },
  };
}

/** Of runs without a counterpart; "" if there are none. */
export function aloneWords({ alone }: Pairing, names: readonly [string, string]): string {
  const words = ([alone.a, alone.b] as const).map((seeds, i) =>
    seeds.length === 0 ? "" : `only in ${names[i]}, left out: ${sayRanges(seeds)}`,
  );
  return words.filter((text) => text !== "").join("; ");
}

/** Differences of so small a share may be certain, and still nobody's business. */
const ALIKE = 0.001;

/** One figure of the whole fleet or of one group, on both sides. */
export interface Difference {
  readonly metric: Metric;
  /** Group or access point; "": the whole fleet. */
  readonly where: string;
  /** Means over the pairs in which both sides have the figure. */
  readonly a: number;
  readonly b: number;
  readonly pairs: number;
  /** Of b - a. */
  readonly difference: Estimate;
  /**
   * "same": in no pair the sides differ by more than 0.1 %. "open": the interval holds 0, or is
   * of a single pair and not known.
   */
  readonly verdict: "same" | "better" | "worse" | "changed" | "open";
}

export function differences({ a, b }: Pairing): Difference[] {
  const places = ["", ...new Set([...a, ...b].flatMap(({ groups }) => Object.keys(groups)))];
  return places.flatMap((where) => {
    const figures = (runs: readonly RunResult[]): Metrics[] =>
      runs.map((run) => (where === "" ? run.metrics : (run.groups[where] ?? {})));
    const [left, right] = [figures(a), figures(b)];
    return metricsOf([...left, ...right].flatMap((m) => Object.keys(m))).flatMap((metric) => {
      const found = compare(metric, where, left, right);
      return found === undefined ? [] : [found];
    });
  });
}

function compare(
  metric: Metric,
  where: string,
  left: readonly Metrics[],
  right: readonly Metrics[],
): Difference | undefined {
  const pairs = left.flatMap((m, i) => {
    const [x, y] = [m[metric.name] ?? null, right[i]?.[metric.name] ?? null];
    return x === null || y === null ? [] : [[x, y] as const];
  });
  if (pairs.length === 0) return undefined;
  const difference = estimate(pairs.map(([x, y]) => y - x));
  return {
    metric,
    where,
    a: mean(pairs.map(([x]) => x)),
    b: mean(pairs.map(([, y]) => y)),
    pairs: pairs.length,
    difference,
    verdict: judge(metric, pairs, difference),
  };
}

function judge(
  metric: Metric,
  pairs: readonly (readonly [number, number])[],
  of: Estimate,
): Difference["verdict"] {
  if (pairs.every(([x, y]) => Math.abs(y - x) <= Math.abs(x) * ALIKE)) return "same";
  const { low, high } = of;
  if (low === undefined || high === undefined || (low <= 0 && high >= 0)) return "open";
  if (metric.better === undefined) return "changed";
  return of.mean > 0 === (metric.better === "more") ? "better" : "worse";
}
