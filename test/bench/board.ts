// The very bundles that are flashed, on the board's interpreter: UDP and MQTT, both suites, all at
// once, each through a fifth of loss each way, a gateway that stops, a path that is cut for a tenth
// of the time, and a broker that dies. What must hold: beats come back each time, no command is
// acted on twice, nobody is called absent who is there, and memory stays as it was.
//
//     node dist/test/bench/board.js --seconds 600
//
// It needs `espruino` on the PATH, and for MQTT `mosquitto`.

import { interpreter } from "../../device/interpreter.ts";
import { mosquittoHere } from "../peers/mosquitto.ts";
import { type TrialReport, trial } from "../peers/trial.ts";
import { readFlags } from "./flags.ts";
import { table, verdict } from "./table.ts";

const INTERVAL_MS = 2_000;
const COMMAND_MS = 5_000;
/** JsVars: what the interpreter keeps for itself comes and goes by as many. */
const MORE_VARS = 8;

const HEADS = ["transport", "heard", "lost", "gateway", "path", "broker", "false absents"].concat([
  "reboots",
  "commands",
  "done",
  "expired",
  "failed",
  "twice",
  "JsVars before",
  "after",
]);

function row({ name, heard, lost, recoveredMs, ended, twice, used, ...counts }: TrialReport) {
  const back = (trouble: string) => {
    const [, ms] = recoveredMs.find(([each]) => each === trouble) ?? [];
    return ms === undefined ? "-" : `${(ms / 1_000).toFixed(1)} s`;
  };
  const { falseAbsents, reboots, sent } = counts;
  return [
    name,
    `${heard}`,
    `${lost}`,
    ...["gateway", "path", "broker"].map(back),
    ...[falseAbsents, reboots, sent].map(String),
    ...(["done", "expired", "failed"] as const).map((state) => `${ended[state] ?? 0}`),
    ...[twice.length, ...used].map(String),
  ];
}

function held(reports: readonly TrialReport[]): boolean {
  const worst = (of: (report: TrialReport) => number) => Math.max(...reports.map(of));
  const slowest = worst(({ recoveredMs }) => Math.max(...recoveredMs.map(([, ms]) => ms)));
  const wrong = reports.flatMap(({ twice, never }) => [...twice, ...never]);
  const open = worst(({ ended }) => (ended.queued ?? 0) + (ended.offered ?? 0));
  const more = worst(({ used: [before, after] }) => after - before);
  const absents = worst(({ falseAbsents }) => falseAbsents);
  return [
    verdict(
      slowest < 1e9,
      "beats come back after each trouble",
      `within ${(slowest / 1_000).toFixed(1)} s`,
    ),
    verdict(wrong.length === 0, "each command is acted on once, or not", wrong.join(", ") || "so"),
    verdict(open === 0, "the end of each command is told", `${open} are not`),
    verdict(absents === 0, "nobody who is there is called absent", `${absents}`),
    verdict(more <= MORE_VARS, `memory: at most ${MORE_VARS} JsVars more`, `${more} more`),
  ].every(Boolean);
}

const { seconds } = readFlags({ seconds: 600 });
const espruino = interpreter();
if (!espruino) {
  console.log("no espruino interpreter on the PATH: nothing is measured");
} else {
  if (!mosquittoHere) console.log("no mosquitto on the PATH: MQTT is left out");
  const ways = mosquittoHere ? (["udp", "mqtt"] as const) : (["udp"] as const);
  console.log(
    `${seconds} s, a beat each ${INTERVAL_MS / 1_000} s, 20 % loss each way; how soon a beat came after each trouble`,
  );
  const shared = { espruino, seconds, intervalMs: INTERVAL_MS, commandMs: COMMAND_MS };
  const reports = await Promise.all(
    ways.flatMap((way) => ([1, 2] as const).map((suite) => trial({ ...shared, way, suite }))),
  );
  console.log(table(HEADS, reports.map(row)));
  process.exitCode = held(reports) ? 0 : 1;
}
