// A run in the terminal: what was expected and came of it, what was violated and how to see it
// again, and the figures in columns, the fleet first and then each group; under the names that an
// expectation would use, for it is written next. No colour: it is pasted into issues as often as it
// is read. Text from files and runs is stripped of what would move the cursor.

import { sayInstant } from "../duration.ts";
import type { RunResult, Violation } from "../result.ts";
import { type Metric, metricOf, metricsOf, sayValue } from "./metrics.ts";
import { aloneWords, type Difference, differences, type Pairing, pairUp } from "./pairs.ts";
import { missed } from "./runs.ts";
import { count, plain, sayMs, sayNumber } from "./say.ts";
import { table, wrap } from "./table.ts";

/** Last events of a device that are printed with a violation; the rest are in the report. */
const LAST_MAX = 8;

const clean = (text: string) => text.replace(/\p{Cc}/gu, "·");
const lines = (list: readonly string[]) => `${list.map((l) => clean(plain(l))).join("\n")}\n`;

/** Everything of one run but the pictures, in at most `columns` cells a line. */
export function reportText(result: RunResult, columns = 100): string {
  const { scenario, about, seed, hash, events, virtualMs, wallMs } = result;
  const speed = wallMs > 0 ? ` (${sayNumber((events / wallMs) * 1_000)} events/s)` : "";
  return lines([
    ...wrap(`${scenario}, seed ${seed}`, columns),
    ...wrap(about, columns),
    ...wrap(
      `${sayMs(virtualMs)} in ${sayMs(wallMs)}, ${sayNumber(events)} events${speed}, hash ${hash}`,
      columns,
    ),
    ...expectationLines(result, columns),
    ...violationLines(result.violations, columns),
    ...figureLines(result, columns),
    ...notEmulatedLines(result, columns),
  ]);
}

function expectationLines(result: RunResult, columns: number): string[] {
  const { expectations } = result;
  if (expectations.length === 0) return [];
  const wrong = missed(result);
  const head = wrong === 0 ? "all expectations met" : `${wrong} of ${expectations.length} missed`;
  const rows = expectations.map(({ ok, text, metric, value }) => [
    `${ok ? "ok  " : "MISS"}  ${text}`,
    sayValue(metricOf(metric), value),
  ]);
  const again = wrong === 0 ? [] : [`again: nextbeat sim run ${result.token}`];
  return ["", ...table({ head: [head, "was"], rows }, columns), ...again];
}

function violationLines(violations: readonly Violation[], columns: number): string[] {
  return violations.flatMap(({ invariant, token, at, what, last }) => [
    "",
    `VIOLATED ${invariant} at ${sayInstant(at)}`,
    ...wrap(what, columns, 2),
    `  again: nextbeat sim run ${token}`,
    ...last.slice(-LAST_MAX).map((event) => `  | ${event}`),
  ]);
}

function figureLines({ metrics, groups }: RunResult, columns: number): string[] {
  const places = [metrics, ...Object.values(groups)];
  const head = ["", "fleet", ...Object.keys(groups)];
  const all = metricsOf(
    places.flatMap((place) => Object.keys(place).filter((name) => place[name] !== null)),
  );
  const rows = all.map((metric) => [
    metric.name,
    ...places.map((place) => (metric.name in place ? sayValue(metric, place[metric.name]) : "")),
  ]);
  return rows.length === 0 ? [] : ["", ...table({ head, rows }, columns)];
}

function notEmulatedLines({ notEmulated }: RunResult, columns: number): string[] {
  if (notEmulated.length === 0) return [];
  return ["", "not emulated:", ...notEmulated.flatMap((text) => wrap(text, columns, 2))];
}

/** A difference as people write it: `+1.2 s`; of shares in points of a percent. */
export function sayDelta(metric: Metric, delta: number): string {
  const isShare = metric.unit === "share";
  const text = isShare ? `${sayNumber(delta * 100)}\u202fpp` : sayValue(metric, delta);
  return delta > 0 ? `+${text}` : text;
}

export function sayInterval({ metric, difference }: Difference): string {
  const { low, high } = difference;
  if (low === undefined || high === undefined) return "";
  return `${sayDelta(metric, low)} … ${sayDelta(metric, high)}`;
}

/** `+22.6 ± 12.6`: Student's interval lies evenly around the mean. */
function sayWithError({ metric, difference: { mean, high } }: Difference): string {
  const delta = sayDelta(metric, mean);
  return high === undefined
    ? delta
    : `${delta} ± ${sayDelta(metric, high - mean).replace("+", "")}`;
}

/** Before a figure: whether its change is certain, and for the better. */
const MARKS = {
  better: "better  ",
  worse: "worse   ",
  changed: "changed ",
  open: "        ",
  same: "",
};

/** What changed from `a` to `b`, by pairs of the same seed; figures that are alike are left out. */
export function compareText(
  a: readonly RunResult[],
  b: readonly RunResult[],
  columns = 100,
  names: readonly [string, string] = ["A", "B"],
): string {
  return pairUp(a, b)
    .map((pairing) => lines(pairLines(pairing, columns, names)))
    .join("\n");
}

function pairLines(pairing: Pairing, columns: number, names: readonly [string, string]): string[] {
  const { scenario, a } = pairing;
  const of = scenario === "" ? "" : `${scenario}: `;
  const alone = aloneWords(pairing, names);
  const left = alone === "" ? [] : [alone];
  if (a.length === 0) return [`${of}no seed was run on both sides`, ...left];
  const all = differences(pairing);
  const shown = all.filter(({ verdict }) => verdict !== "same");
  const many = a.length > 1;
  const head = ["", ...names, many ? "difference ± 95 %" : "difference"];
  const rows = shown.map((d) => [
    `${many ? MARKS[d.verdict] : ""}${d.metric.name}${d.where === "" ? "" : ` of ${d.where}`}`,
    sayValue(d.metric, d.a),
    sayValue(d.metric, d.b),
    sayWithError(d),
  ]);
  const same = all.length - shown.length;
  return [
    `${of}${names[0]} and ${names[1]} under the same weather: ${count(a.length, "seed")}`,
    ...left,
    "",
    ...(rows.length === 0 ? [] : table({ head, rows }, columns)),
    ...(same === 0 ? [] : [`${same} of ${all.length} figures are the same to 0.1 %`]),
  ];
}
