// The trial of the board's bundles (trial.ts) in half a minute: the whole of it takes ten and is a
// bench (bench/board.ts).

import { expect, it } from "vitest";
import { interpreter } from "../../device/interpreter.ts";
import { mosquittoHere } from "./mosquitto.ts";
import { trial } from "./trial.ts";

const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: bundles are not tried live");
else if (!mosquittoHere) console.warn("no mosquitto on the PATH: bundles are tried over UDP alone");

const WAYS = mosquittoHere ? (["udp", "mqtt"] as const) : (["udp"] as const);
const TRIED = WAYS.flatMap((way) => ([1, 2] as const).map((suite) => [way, suite] as const));

it.skipIf(!espruino).concurrent.each(TRIED)(
  "over %s, suite %d: beats come back, each command is acted on once or not, memory stays",
  async (way, suite) => {
    const shared = { espruino: espruino!, seconds: 30, intervalMs: 1_000, commandMs: 700 };
    const report = await trial({ ...shared, way, suite });
    const troubles = way === "udp" ? ["gateway", "path"] : ["gateway", "path", "broker"];
    expect(report.recoveredMs.map(([trouble]) => trouble)).toEqual(troubles);
    for (const [trouble, ms] of report.recoveredMs) expect(ms, trouble).toBeLessThan(30_000);
    expect(report).toMatchObject({ twice: [], never: [] });
    expect(report.ended.done, JSON.stringify(report)).toBeGreaterThan(0);
    const [before, after] = report.used;
    // A variable that is not given back with each beat would be thirty.
    expect(after).toBeLessThan(before + 16);
  },
  // Half a minute, and the bundles, which a machine that is busy otherwise makes slowly.
  240_000,
);
