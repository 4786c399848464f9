/**
 * Restarts: whether a gateway that is stopped again and again, for up to a day, over steps of the
 * wall clock and starts of its machine, or whose machine sleeps as often, ever calls a board absent
 * that lives, or overlooks one that died. The cores are the real ones, time is virtual.
 *
 * Half of the worlds have links that lose nothing: there, nobody may be called even late. In the
 * others, who was heard since the start and is silent then was lost by his link: as many are on the
 * same boards in the same hours without a stop, which `--calm` of these worlds show.
 * Usage: node dist/test/bench/restarts.js
 *   [--seed 1] [--worlds 400] [--restarts 25] [--asleep 40] [--calm 20]
 */

import { LENGTHS, newScore, type Score } from "../gateway/restart-score.ts";
import { isLossless, storm } from "../gateway/restart-storm.ts";
import { readFlags } from "./flags.ts";
import { count, table, verdict } from "./table.ts";

const YEAR_MS = 365.25 * 86_400_000;
const NAMES = ["0 s", "to 1 min", "to 1 h", "to 24 h"];

const { seed, worlds, restarts, asleep, calm } = readFlags({
  ...{ seed: 1, worlds: 400, restarts: 25, asleep: 40, calm: 20 },
});
const lossless = newScore();
const lossy = newScore();
const sleepy = newScore();
const without = newScore();
for (let n = 0; n < worlds; n++) {
  const at = seed + n;
  storm({ seed: at, restarts, how: "stopped" }, isLossless(at) ? lossless : lossy);
  // Every other seed loses nothing: these are the lossy ones, and those that are not.
  if (n < 2 * calm && !isLossless(at)) storm({ seed: at, restarts, how: "calm" }, without);
  if (n < 2 * asleep && isLossless(at)) storm({ seed: at, restarts, how: "asleep" }, sleepy);
}

const both = (pick: (score: Score) => number): number =>
  pick(lossless) + pick(lossy) + pick(sleepy);
const all = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0);
const yearly = ({ linkAbsent, deviceMs }: Score): number => linkAbsent / (deviceMs / YEAR_MS);

console.log(`seeds ${seed} to ${seed + worlds - 1}, ${restarts} stops each, 15 boards each\n`);
console.log(
  table(
    ["of", "stops", "sleeps", "late, alive", "absent, alive"],
    LENGTHS.map((_, n) => [
      NAMES[n]!,
      count(lossless.restarts[n]! + lossy.restarts[n]!),
      count(sleepy.restarts[n]!),
      count(both((score) => score.falseLate[n]!)),
      count(both((score) => score.falseAbsent[n]!)),
    ]),
  ),
);
const years = (both((score) => score.deviceMs) / YEAR_MS).toFixed(1);
const deaths = both((score) => score.deaths);
const found = both((score) => score.found);
console.log(
  `\n${years} device-years; ${count(deaths)} boards died, ${count(found)} were found dead,`,
);
console.log("the others were back, or the run was over, before they were due");
console.log(`silent by their links: ${yearly(lossy).toFixed(2)} a device-year with stops,`);
console.log(`${yearly(without).toFixed(2)} in ${calm} of these worlds without\n`);
for (const { faults } of [lossless, lossy, sleepy]) for (const fault of faults) console.log(fault);
const doubted = [lossless, sleepy].map((score) => all(score.falseLate) + score.linkAbsent);
const wrong = both((score) => all(score.falseAbsent));
const overlooked = both((score) => score.overlooked);
const held = [
  verdict(
    all(doubted) === 0,
    "where links lose nothing, nobody who lives is late",
    `${all(doubted)}`,
  ),
  verdict(wrong === 0, "nobody who lives is absent because of a stop", `${wrong}`),
  verdict(overlooked === 0, "each death is found within its grant; overlooked", `${overlooked}`),
];
process.exitCode = held.every((ok) => ok) ? 0 : 1;
