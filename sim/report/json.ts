// A run for programs. The eight fields that are promised come first and keep their shape; what
// pictures are drawn from stands beside them, so that `sim compare` and other people's plots need
// no second run.

import type { RunResult } from "../result.ts";
import { differences, pairUp } from "./pairs.ts";

/** One line of JSON: `resultsOf` reads it again. */
export function resultJson(result: RunResult): string {
  const { scenario, seed, hash, events, virtualMs, metrics, ...beside } = result;
  const { expectations, violations, ...rest } = beside;
  return `${JSON.stringify({
    scenario,
    seed,
    hash,
    events,
    virtualMs,
    metrics,
    expectations,
    violations,
    ...rest,
  })}\n`;
}

/** What changed from `a` to `b`, a list: for each scenario its seeds and its figures. */
export function compareJson(a: readonly RunResult[], b: readonly RunResult[]): string {
  const compared = pairUp(a, b).map((pairing) => ({
    scenario: pairing.scenario,
    seeds: pairing.a.map(({ seed }) => seed),
    alone: pairing.alone,
    figures: differences(pairing).map(({ metric, ...found }) => ({
      metric: metric.name,
      ...found,
    })),
  }));
  return `${JSON.stringify(compared)}\n`;
}

const EXPECTED = "given something else, expected what `nextbeat sim run --json` prints";

/** Reads what `resultJson` wrote, a line a run, or an array of runs. Throws an Error with words. */
export function resultsOf(text: string): RunResult[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const whole = /^\s*\[/.test(text) ? [text] : lines;
  const values = whole.flatMap(valuesOf);
  if (values.length === 0 || !values.every(isResult)) throw new Error(EXPECTED);
  return values;
}

/** What no result is gets our words, not the parser's: a scenario is given easily by mistake. */
function valuesOf(part: string): unknown {
  try {
    return JSON.parse(part);
  } catch {
    throw new Error(EXPECTED);
  }
}

/** Enough to tell a result from something else: it comes from ourselves, or not at all. */
function isResult(value: unknown): value is RunResult {
  if (typeof value !== "object" || value === null) return false;
  const result = value as Partial<RunResult>;
  return (
    typeof result.scenario === "string" &&
    typeof result.seed === "number" &&
    typeof result.metrics === "object" &&
    typeof result.trace === "object"
  );
}
