// Results in the order in which a report tells them: by scenario, each with the runs of its seeds,
// and which of these a picture of one run should be of.

import type { Detection, RunResult, Trace } from "../result.ts";
import { ascending } from "./stats.ts";

export type Fault = Trace["faults"][number];

/** The runs of one scenario, by seed. */
export interface Batch {
  readonly scenario: string;
  readonly about: string;
  readonly runs: readonly RunResult[];
}

export function batches(results: readonly RunResult[]): Batch[] {
  const by = new Map<string, RunResult[]>();
  for (const run of results) {
    const batch = by.get(run.scenario);
    if (batch === undefined) by.set(run.scenario, [run]);
    else batch.push(run);
  }
  return [...by].map(([scenario, runs]) => ({
    scenario,
    about: runs[0]!.about,
    runs: runs.sort((a, b) => a.seed - b.seed),
  }));
}

/** `1 to 20`, `1, 3, 7 to 9`. */
export function sayRanges(seeds: readonly number[]): string {
  const sorted = ascending([...new Set(seeds)]);
  const runs: [number, number][] = [];
  for (const seed of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === seed - 1) last[1] = seed;
    else runs.push([seed, seed]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a} to ${b}`)).join(", ");
}

/** The run that has most to tell: broken invariants first, then missed expectations. */
export function telling(runs: readonly RunResult[]): RunResult {
  const weight = (run: RunResult) => run.violations.length * 1_000 + missed(run);
  return runs.reduce((best, run) => (weight(run) > weight(best) ? run : best));
}

export function missed(run: RunResult): number {
  return run.expectations.filter(({ ok }) => !ok).length;
}

/**
 * The class of each group's marks, the same in all pictures of these runs: s1 to s6 over and over,
 * from the seventh on dashed.
 */
export function groupKinds(runs: readonly RunResult[]): (group: string) => string {
  const lists = runs.flatMap(({ trace }) => [trace.falseAbsents, trace.detections, trace.energy]);
  const groups = [...new Set(lists.flatMap((list) => list.map(({ group }) => group)))];
  return (group) => {
    const index = Math.max(0, groups.indexOf(group));
    return `s${(index % 6) + 1}${index < 6 ? "" : " dashed"}`;
  };
}

/** Deaths by group, groups in order of appearance over all runs. */
export function deathsByGroup(runs: readonly RunResult[]): Map<string, Detection[][]> {
  const groups = new Map<string, Detection[][]>();
  runs.forEach((run, seed) => {
    for (const detection of run.trace.detections) {
      const of = groups.get(detection.group) ?? runs.map(() => []);
      groups.set(detection.group, of);
      of[seed]!.push(detection);
    }
  });
  return groups;
}
