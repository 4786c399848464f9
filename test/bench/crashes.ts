/**
 * Ten thousand crashes of the gateway, at every effect and at every write of its store, in lives of
 * some hundreds each (test/gateway/crash-storm.ts). `node dist/test/bench/crashes.js --crashes
 * 10000`.
 *
 * The exit code is 1 where anything that was told was lost, a command acted twice, or an outcome
 * was never told; the line then names the seed of the life, which replays it.
 */

import { storm } from "../gateway/crash-storm.ts";
import { readFlags } from "./flags.ts";
import { count, table, verdict } from "./table.ts";

const flags = readFlags({ crashes: 10_000, life: 500, seed: 1 });

const begun = performance.now();
const places = new Map<string, number>();
const sums = { crashes: 0, hours: 0, writes: 0, changes: 0, commands: 0, incidents: 0, notices: 0 };
const outcomes = new Map<string, number>();
const broken: string[] = [];
for (let seed = flags.seed; sums.crashes < flags.crashes && broken.length === 0; seed++) {
  try {
    const report = await storm(seed, Math.min(flags.life, flags.crashes - sums.crashes));
    const { witness } = report;
    console.log(`seed ${seed}: ${report.crashes} crashes in ${report.hours.toFixed(0)} h, held`);
    sums.crashes += report.crashes;
    sums.hours += report.hours;
    sums.writes += report.writes;
    sums.changes += witness.changes.length;
    sums.commands += witness.orders.size;
    sums.incidents += witness.incidents.size;
    sums.notices += witness.messages.size;
    for (const [place, n] of report.places) places.set(place, (places.get(place) ?? 0) + n);
    for (const { state = "not told" } of witness.orders.values()) {
      outcomes.set(state, (outcomes.get(state) ?? 0) + 1);
    }
  } catch (error) {
    broken.push((error as Error).message.split("\n")[0]!);
  }
}

const rows = [...places].sort(([, a], [, b]) => b - a).map(([place, n]) => [place, count(n)]);
console.log(`${table(["crashes came", ""], rows)}\n`);
const ends = [...outcomes].map(([state, n]) => `${state} ${count(n)}`).join(", ");
console.log(
  `${count(sums.hours)} h in virtual time, ${count(sums.writes)} writes; told: ` +
    `${count(sums.changes)} changes, ${count(sums.incidents)} incidents, ` +
    `${count(sums.notices)} notices; ${count(sums.commands)} commands: ${ends}`,
);
const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
const claim = "nothing told is lost, no command acts twice, every outcome is told";
const found = broken[0] ?? `${count(sums.crashes)} crashes, seeds from ${flags.seed}, ${seconds} s`;
if (!verdict(broken.length === 0, claim, found)) process.exitCode = 1;
