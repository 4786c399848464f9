/**
 * How large a fleet of real senders one process keeps alive on real sockets, against a real gateway
 * in another: what it costs in CPU and memory, how late its timers are, and whether any board went
 * unheard. First on a hundred sockets, then on as many as the system gives.
 */

import { linkPreset } from "../../sim/presets.ts";
import { summarise } from "../../sim/summary.ts";
import { P_LONG } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { liveFleet, sleep, until } from "./live.ts";
import { leaveCore, startGatewayProcess, temporaryFolder, usageOf } from "./process.ts";
import { seedStore } from "./seeded.ts";
import { count, mib, table, verdict } from "./table.ts";

interface Size {
  readonly boards: number;
  readonly intervalMs: number;
  readonly socketsMax?: number;
}

const { seconds, seed } = readFlags({ seconds: 30, seed: 3 });
const SIZES: readonly Size[] = [
  { boards: 10_000, intervalMs: 5_000, socketsMax: 100 },
  { boards: 10_000, intervalMs: 5_000 },
  { boards: 50_000, intervalMs: 60_000 },
];
const link = linkPreset("wifi-good")!;
/** A board may lose all tries of its first HELLO and must wait for the next. */
const HEARD_WITHIN_MS = 60_000;
const heads = ["boards, interval", "sockets", "beats/s", "acked", "core", "us a beat", "RSS"];
heads.push("late p50", "p99", "max", "absent", "gateway core");

async function run(size: Size): Promise<{ row: string[]; held: boolean }> {
  const { boards, intervalMs } = size;
  const strangers = liveFleet({ boards, firstId: 1, intervalMs, link, seed, port: 1 });
  const data = temporaryFolder();
  const enrolments = strangers.members.map(({ board }) => board.enrolment);
  await seedStore(data, { boards: 0, suiteOf: () => 1, promise: P_LONG, strangers: enrolments });
  const gateway = await startGatewayProcess(data);
  const fleet = liveFleet({ ...size, firstId: 1, link, seed, port: gateway.port });
  await fleet.open();
  const heard = () => fleet.members.every(({ acked }) => acked > 0);
  await sleep(intervalMs);
  await until(heard, HEARD_WITHIN_MS);
  fleet.alarms.lateness.clear();
  const before = { own: usageOf(process.pid), gateway: usageOf(gateway.pid), ...summarise(fleet) };
  const begun = performance.now();
  await sleep(seconds * 1_000);
  const tookMs = performance.now() - begun;
  const after = { own: usageOf(process.pid), gateway: usageOf(gateway.pid), ...summarise(fleet) };
  const absent = await absentAt(gateway.url);
  const beats = after.beats - before.beats;
  const acked = (after.acked - before.acked) / beats;
  const cpuUs = after.own.cpuUs - before.own.cpuUs;
  const { p50, p99, max } = fleet.alarms.lateness.figures();
  await fleet.close();
  gateway.kill();
  await gateway.ended;
  const share = (us: number) => `${Math.round(us / tookMs / 10)} %`;
  return {
    held: heard() && absent === 0 && fleet.failures === 0,
    row: [
      `${count(boards)}, ${intervalMs / 1_000} s`,
      count(after.sockets),
      count((beats / tookMs) * 1_000),
      `${(100 * acked).toFixed(1)} %`,
      share(cpuUs),
      (cpuUs / beats).toFixed(0),
      mib(after.own.rss),
      ...[p50, p99, max].map((ms) => (ms ?? Number.NaN).toFixed(1)),
      String(absent),
      share(after.gateway.cpuUs - before.gateway.cpuUs),
    ],
  };
}

/** Boards that the gateway calls absent. */
async function absentAt(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^nextbeat_devices\{status="absent"\} (\d+)/m.exec(metrics)?.[1]);
}

leaveCore();
const rows: string[][] = [];
let held = true;
for (const size of SIZES) {
  const found = await run(size);
  rows.push(found.row);
  held &&= found.held;
}
console.log(`all times in ms; over ${seconds} s, on ${link.name}; seed ${seed}\n`);
console.log(`${table(heads, rows)}\n`);
verdict(
  held,
  "every board is acknowledged, none is called absent, nothing is refused",
  "see above",
);
process.exitCode = held ? 0 : 1;
