/**
 * Ours against the rules that detectors are known by: false absents a device-year, and the time
 * from a death to the verdict, on the same arrivals.
 *
 *     node dist/test/bench/detectors.js [--years 1000] [--awake 100] [--days 20] [--seed 1]
 *
 * Device-years of sleepers (a beat each 600 s) and of awake boards (60 s), device-days of real-time
 * ones (200 ms): about as many beats each, 50 million a row. Learning is in: it begins with
 * nothing.
 */

import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { betterThanOurs, boundsOf, keepsAlpha, kinds, nameOf } from "./detectors-kinds.ts";
import { Row, type RowKind, type RowResult } from "./detectors-row.ts";
import { readFlags } from "./flags.ts";
import { table, verdict } from "./table.ts";

const THREADS = 2;

if (isMainThread) await main();
else parentPort!.on("message", (kind: RowKind) => parentPort!.postMessage(new Row(kind).run()));

async function main(): Promise<void> {
  const { years, awake, days, seed } = readFlags({ years: 1_000, awake: 100, days: 20, seed: 1 });
  const rows = kinds(years, awake, days, seed);
  const begun = performance.now();
  const results = await runAll(rows);
  console.log(
    `seed ${seed}, ${years} device-years asleep, ${awake} awake, ${days} device-days in real ` +
      `time, ${((performance.now() - begun) / 1_000).toFixed(0)} s`,
  );
  printOurs(rows, results);
  printRules(rows, results);
  const over = rows.filter((kind, n) => !keepsAlpha(kind, results[n]!)).map(nameOf);
  const beaten = rows.flatMap((kind, n) =>
    betterThanOurs(results[n]!.scores).map(({ rule }) => `${rule} at ${nameOf(kind)}`),
  );
  const kept = verdict(over.length === 0, "alpha is kept", over.join("; ") || "in each row");
  const best = verdict(beaten.length === 0, "better in both columns", beaten.join("; ") || "none");
  if (!kept || !best) process.exitCode = 1;
}

async function runAll(rows: readonly RowKind[]): Promise<RowResult[]> {
  const results: RowResult[] = [];
  let next = 0;
  const work = async () => {
    const worker = new Worker(new URL(import.meta.url));
    while (next < rows.length) {
      const n = next++;
      results[n] = await new Promise<RowResult>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
        worker.postMessage(rows[n]);
      });
      worker.removeAllListeners("error");
      const [{ falseAbsents, meanMs }] = results[n].scores as [RowResult["scores"][0]];
      console.error(`${nameOf(rows[n]!)}: ${rate(falseAbsents)} a year, ${time(meanMs)}`);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: THREADS }, work));
  return results;
}

function printOurs(rows: readonly RowKind[], results: readonly RowResult[]): void {
  const heads = ["ours", "alpha", "false a year", "mean", "worst", "k"];
  heads.push("eta open", "eta feedback", "eta outage");
  const lines = rows.map((kind, n) => {
    const result = results[n]!;
    const [{ falseAbsents, meanMs, worstMs }] = result.scores as [RowResult["scores"][0]];
    const { openMs, feedbackMs, outageMs } = boundsOf(kind, result);
    const eta = (bound: number) => (bound === 0 ? "" : (bound / meanMs).toFixed(2));
    const figures = [`${kind.falseAlarms}`, rate(falseAbsents), time(meanMs), time(worstMs)];
    return [nameOf(kind), ...figures, usual(result), ...[openMs, feedbackMs, outageMs].map(eta)];
  });
  console.log(table(heads, lines));
}

function printRules(rows: readonly RowKind[], results: readonly RowResult[]): void {
  const rules = results[0]!.scores.map(({ rule }) => rule);
  const lines = rows.map((kind, n) => [
    nameOf(kind),
    ...results[n]!.scores.flatMap(({ falseAbsents, meanMs }) => [rate(falseAbsents), time(meanMs)]),
  ]);
  console.log(table(["false a year, mean", ...rules.flatMap((rule) => [rule, ""])], lines));
}

/** The k that was waited for most often. */
function usual({ ks }: RowResult): string {
  const [most] = [...ks].sort((a, b) => b[1] - a[1]);
  return `${most?.[0] ?? ""}`;
}

function rate(perYear: number): string {
  return perYear >= 100 ? perYear.toFixed(0) : perYear.toFixed(perYear >= 10 ? 1 : 2);
}

function time(ms: number): string {
  return ms < 10_000 ? `${(ms / 1_000).toFixed(2)} s` : `${(ms / 1_000).toFixed(0)} s`;
}
