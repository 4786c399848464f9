/**
 * How many packets a second the UDP proxy takes before its timing is no longer to be believed, what
 * they cost, and whether what it says of itself is true. The proxy runs in this process, boards and
 * gateway in another (proxy-ends.ts). A packet is a frame that came and went, in either direction.
 */

import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { plainLink } from "../../sim/link.ts";
import { openUdpProxy } from "../../sim/live/proxy-udp.ts";
import { type LinkPreset, linkPreset } from "../../sim/presets.ts";
import { readFlags } from "./flags.ts";
import { usageOf } from "./process.ts";
import type { Found, Task } from "./proxy-ends.ts";
import { count, table, verdict } from "./table.ts";

const REQUIRED = 20_000;
const DELAY_MS = 20;
const model = plainLink(DELAY_MS);
const steady: LinkPreset = { name: "20 ms", about: "", up: model, down: model };
const { seconds, seed } = readFlags({ seconds: 5, seed: 1 });

/** This process has a core for itself, where there are two. */
function spread(ends: ChildProcess): void {
  const cores = availableParallelism();
  if (cores < 2 || !existsSync("/usr/bin/taskset")) return;
  execFileSync("taskset", ["-apc", "0", String(process.pid)]);
  execFileSync("taskset", ["-apc", `1-${cores - 1}`, String(ends.pid)]);
}

const ms = (value: number | null | undefined): string => (value ?? Number.NaN).toFixed(2);

interface Round {
  readonly row: string[];
  readonly perSecond: number;
  readonly faults: readonly string[];
}

async function round(
  ends: ChildProcess,
  port: number,
  link: LinkPreset,
  packets: number,
): Promise<Round> {
  const target = { address: "127.0.0.1", family: 4, port } as const;
  const proxy = await openUdpProxy({ port: 0, host: "127.0.0.1", target, seed, link });
  const before = usageOf(process.pid);
  const begun = performance.now();
  const task: Task = { port: proxy.port, perSecond: packets / 2, seconds, delayMs: DELAY_MS };
  ends.send(task);
  const [found] = (await once(ends, "message")) as [Found];
  const after = usageOf(process.pid);
  const { up, down, errorMs, unreadMs, faults } = proxy.report();
  const tookMs = performance.now() - begun;
  await proxy.close();
  const passed = up.sent + down.sent;
  const cpuUs = after.cpuUs - before.cpuUs;
  const outside = link === steady;
  return {
    perSecond: passed / seconds,
    faults,
    row: [
      `${count(packets)}/s, ${link.name}`,
      count(passed / seconds),
      (cpuUs / passed).toFixed(1),
      `${Math.round(cpuUs / tookMs / 10)} %`,
      ...[errorMs.p50, errorMs.p99, errorMs.max].map(ms),
      ms(unreadMs.p99),
      ...(outside ? [found.up[0], found.up[1], found.down[0], found.down[1]] : []).map(ms),
      ...(outside ? [String(found.sent - found.answered)] : []),
    ],
  };
}

const ends = fork(fileURLToPath(new URL("proxy-ends.js", import.meta.url)));
const [port] = (await once(ends, "message")) as [number];
spread(ends);
// Once without looking, so that code gets compiled.
for (const packets of [REQUIRED, 2_000]) await round(ends, port, steady, packets);
const heads = [
  "offered, link",
  "passed/s",
  "us CPU",
  "core",
  "late p50",
  "p99",
  "max",
  "unread p99",
];
heads.push("outside: up p50", "p99", "down p50", "p99", "missing");
const rounds: Round[] = [];
for (const packets of [2_000, REQUIRED, 2 * REQUIRED, 3 * REQUIRED]) {
  rounds.push(await round(ends, port, steady, packets));
}
const congested = linkPreset("wifi-congested")!;
rounds.push(await round(ends, port, congested, REQUIRED));
ends.disconnect();
console.log(`all times in ms; each row ${seconds} s; seed ${seed}\n`);
console.log(
  table(
    heads,
    rounds.map(({ row }) => row),
  ),
);
for (const { row, faults } of rounds) {
  console.log(
    `${row[0]}: ${faults.length === 0 ? "certified" : `not certified: ${faults.join("; ")}`}`,
  );
}
const required = rounds[1]!;
const held = verdict(
  required.faults.length === 0 && required.perSecond > REQUIRED * 0.99,
  `${count(REQUIRED)} packets a second, certified`,
  `${count(required.perSecond)} a second`,
);
process.exitCode = held ? 0 : 1;
