/**
 * Days of life on 2 500 mAh by the simulator's energy model (sim/boards.ts, with its sources): a
 * board in deep sleep beside one that says the same over MQTT and TLS (life-rival.ts); and what it
 * costs when the gateway's host is gone for three days.
 *
 * Links lose single frames, the same share each way, and take 10 ms. Days are charge over mean
 * draw, the bare module's: self-discharge, a regulator and cold come off both alike. The first
 * hours, with their HELLO, are not counted. An outage costs what the board takes in its three days,
 * in per cent of the 2 500 mAh; beside it what three ordinary days cost.
 *
 * Usage: node dist/test/bench/life.js [--seed 1] [--svg FILE]
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { ScenarioRun } from "../../sim/scenario/run.ts";
import { svgOf } from "./life-picture.ts";
import { rivalLife } from "./life-rival.ts";
import { table, verdict } from "./table.ts";

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, svg: { type: "string" } },
});
const seed = Number(values.seed);
const CAPACITY_MAH = 2_500;
const DAY_MS = 86_400_000;
const BOARDS = ["esp32", "esp8266"] as const;
/** Name, seconds, boards of each kind, and days that are counted. */
const INTERVALS = [
  ["60s", 60, 2, 2],
  ["5m", 300, 4, 5],
  ["15m", 900, 6, 10],
  ["1h", 3_600, 8, 30],
] as const;
const LOSSES = [0, 10, 30] as const;
const MAKE_UPS = [0, 2] as const;
const DELAY_MS = 10;
/** ms until a board's habits are settled. */
const SETTLE_MS = 6 * 3_600_000;
const OUTAGE_DAYS = 3;
const RIVAL_WAKES = 2_000;
/** What an ESP8266's clock is off by, and an ESP32's: their promises must count it. */
const CLOCK = { esp32: "clockError: 2%", esp8266: "clockError: 7%" } as const;

interface Kind {
  readonly board: (typeof BOARDS)[number];
  readonly loss: number;
  readonly makeUps: number;
}
const nameOf = ({ board, loss, makeUps }: Kind) => `${board}-${loss}-${makeUps}`;
const KINDS: readonly Kind[] = BOARDS.flatMap((board) =>
  LOSSES.flatMap((loss) => MAKE_UPS.map((makeUps) => ({ board, loss, makeUps }))),
);

/** A run with a group of each kind, up to where its boards are settled. */
function settled(interval: string, count: number, kinds: readonly Kind[], days: number) {
  const fleet = kinds.map((kind) => {
    const { board, loss, makeUps } = kind;
    const link = `{loss: ${loss}%, delay: ${DELAY_MS}ms}`;
    const clock = `clock: rc-${board}, config: {makeUps: ${makeUps}, ${CLOCK[board]}}`;
    const what = `suite: hmac, interval: ${interval}, reach: deep, board: ${board}`;
    const rest = `link: ${link}, ${clock}, boot: ${interval}`;
    return `  - {group: ${nameOf(kind)}, count: ${count}, ${what}, ${rest}}`;
  });
  const text = `run: ${days + 1}d\nfleet:\n${fleet.join("\n")}\n`;
  const run = new ScenarioRun(parseScenario(text, "life"), seed);
  run.world.run(SETTLE_MS);
  return run;
}

/** What the boards of each kind took in so many days, mAh each, and beats per acknowledged one. */
function spent(run: ScenarioRun, kinds: readonly Kind[], days: number): Map<string, number> {
  const { world, cast } = run;
  const totals = () =>
    new Map(
      kinds.map((kind) => {
        const members = cast.named(nameOf(kind));
        const sum = members.reduce((total, { board }) => {
          const power = board.body!.power!;
          power.left(world.now);
          return total + power.total;
        }, 0);
        return [nameOf(kind), sum / members.length] as const;
      }),
    );
  const before = totals();
  world.run(world.now + days * DAY_MS);
  const after = totals();
  return new Map([...after].map(([name, mAh]) => [name, mAh - before.get(name)!]));
}

const days = (mAhPerDay: number) => CAPACITY_MAH / mAhPerDay;
const heads = ["board", "interval", "loss", "days", "with make-ups", "MQTT + TLS", "ratio"];
const rows: string[][] = [];
const bars: { label: string; ours: number; rival: number }[] = [];
for (const [interval, seconds, count, length] of INTERVALS) {
  const run = settled(interval, count, KINDS, length);
  const mAh = spent(run, KINDS, length);
  for (const board of BOARDS) {
    for (const loss of LOSSES) {
      const [plain, made] = MAKE_UPS.map((makeUps) =>
        days(mAh.get(nameOf({ board, loss, makeUps }))! / length),
      );
      const settings = { board, loss: loss / 100, delayMs: DELAY_MS, away: false };
      const [rivalMAh] = rivalLife({ ...settings, intervalMs: seconds * 1_000 }, RIVAL_WAKES, seed);
      const rival = days(rivalMAh);
      const figures = [plain!, made!, rival].map((each) => each.toFixed(0));
      rows.push([board, interval, `${loss} %`, ...figures, `${(plain! / rival).toFixed(1)} x`]);
      bars.push({ label: `${board}, ${interval}, ${loss} % lost`, ours: plain!, rival });
    }
  }
}
rows.sort(([a = ""], [b = ""]) => a.localeCompare(b));
console.log(`days of life on ${CAPACITY_MAH} mAh, seed ${seed}\n`);
console.log(table(heads, rows));

/** Per cent of the battery that three days without the gateway cost, by kind. */
function outage(interval: string, kinds: readonly Kind[]): Map<string, number> {
  const run = settled(interval, 20, kinds, OUTAGE_DAYS);
  run.world.stopGateway();
  const mAh = spent(run, kinds, OUTAGE_DAYS);
  return new Map([...mAh].map(([name, each]) => [name, (100 * each) / CAPACITY_MAH]));
}

const AIMS: Readonly<Record<string, number>> = { "60s": 2.5, "5m": 1 };
const quiet = KINDS.filter(({ loss }) => loss === 0);
const found: string[][] = [];
let held = true;
const verdicts: (() => boolean)[] = [];
for (const [interval, seconds] of INTERVALS) {
  const usual = spent(settled(interval, 2, quiet, OUTAGE_DAYS), quiet, OUTAGE_DAYS);
  const gone = outage(interval, quiet);
  for (const board of BOARDS) {
    const [plain, made] = MAKE_UPS.map((makeUps) => nameOf({ board, loss: 0, makeUps }));
    const rival = { board, loss: 0, delayMs: DELAY_MS, away: true, intervalMs: seconds * 1_000 };
    const [rivalMAh] = rivalLife(rival, RIVAL_WAKES, seed);
    const shares = [
      (100 * usual.get(plain!)!) / CAPACITY_MAH,
      gone.get(plain!)!,
      gone.get(made!)!,
      (100 * rivalMAh * OUTAGE_DAYS) / CAPACITY_MAH,
    ];
    found.push([board, interval, ...shares.map((share) => `${share.toFixed(2)} %`)]);
    const aim = AIMS[interval];
    if (board !== "esp32" || aim === undefined) continue;
    const most = Math.max(shares[1]!, shares[2]!);
    const claim = `three days without a gateway cost an ESP32 at ${interval} under ${aim} %`;
    verdicts.push(() => verdict(most < aim, claim, `${most.toFixed(2)} %`));
  }
}
found.sort(([a = ""], [b = ""]) => a.localeCompare(b));
console.log("\nthe gateway's host is gone for three days: per cent of the battery\n");
const outageHeads = ["board", "interval", "usual days", "gone", "with make-ups", "MQTT + TLS gone"];
console.log(`${table(outageHeads, found)}\n`);
for (const judge of verdicts) held = judge() && held;
if (values.svg !== undefined) writeFileSync(values.svg, svgOf(bars, CAPACITY_MAH));
process.exitCode = held ? 0 : 1;
