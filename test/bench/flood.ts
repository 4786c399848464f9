/**
 * A million datagrams that must come to nothing, at a running gateway with real boards beating
 * through the middle of it.
 *
 * Every one of them is really looked at: the flood waits while the gateway's socket is a quarter
 * full, so nothing is dropped by the kernel and counted as survived. What must hold is said in
 * `verdict` lines, and any that does not makes the exit code 1. Frames recorded from before (stale
 * beats, and the last one over and over) are part of it; only the last one may be answered, at most
 * four times a second and board (rule 3). Usage: node dist/test/bench/flood.js [--count 1000000]
 * [--boards 1000] [--live 50]
 */

import type { DeviceJson } from "../../gateway/http/answers.ts";
import { linkPreset } from "../../sim/presets.ts";
import type { SocketFleet } from "../../sim/sockets.ts";
import { devicesOf, framesOf } from "./api.ts";
import { P_LONG } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { type Flooded, flood, queueOf, SEQ, suiteOf } from "./flooding.ts";
import { liveFleet, until } from "./live.ts";
import { leaveCore, startGatewayProcess, temporaryFolder, usageOf } from "./process.ts";
import { seedStore } from "./seeded.ts";
import { count, mib, table, verdict } from "./table.ts";

/** Growth of the resident memory that the collector's mood explains. */
const RSS_SLACK = 24 * 1_048_576;
const LOG_MAX = 65_536;

/** A record as it is kept: what counts down by itself left out. */
function kept(device: DeviceJson | undefined): string {
  return JSON.stringify({ ...device, knownInMs: undefined });
}

/** Silent boards whose record is not what it was. */
function changed(before: Map<string, DeviceJson>, after: Map<string, DeviceJson>): string[] {
  const found: string[] = [];
  for (const [id, device] of before) {
    if (device.name.startsWith("live-")) continue;
    if (kept(device) !== kept(after.get(id))) found.push(id);
  }
  if (after.size !== before.size) found.push(`${after.size} devices, not ${before.size}`);
  return found;
}

/** Whether a board that beats was ever called late, and whether all of them are being heard now. */
async function stillServed(fleet: SocketFleet, url: string): Promise<boolean> {
  const before = fleet.members.map(({ acked }) => acked);
  const heard = await until(() => fleet.members.every(({ acked }, n) => acked > before[n]!), 5_000);
  const here = [...(await devicesOf(url)).values()].filter(({ name }) => name.startsWith("live-"));
  const well = here.filter(({ status, tseq }) => status === "present" && tseq === 1).length;
  const acked = fleet.members.reduce((sum, member) => sum + member.acked, 0);
  const beats = fleet.members.reduce((sum, member) => sum + member.beats, 0);
  const found = `${well} of ${here.length} present throughout, ${acked} of ${beats} beats acked`;
  return verdict(heard && well === here.length, "boards that beat are served", found);
}

function judge(
  flooded: Flooded,
  counted: number,
  logged: number,
  dropped: number,
  unlike: readonly string[],
): boolean[] {
  const { answers, repeatAnswers, repeatsMax, falseRepeats, rss } = flooded;
  const total = [...flooded.sent.values()].reduce((sum, n) => sum + n, 0);
  const early = Math.max(...rss.slice(20, 30));
  const late = Math.max(...rss.slice(-10));
  return [
    verdict(
      dropped === 0 && counted >= total,
      "all were looked at",
      `${count(counted)} counted, ${dropped} dropped`,
    ),
    verdict(answers === 0, "none was answered", `${answers} answers`),
    verdict(
      repeatAnswers > 0 && repeatAnswers <= repeatsMax && falseRepeats === 0,
      "the last beat again: at most 4 answers a second and board",
      `${repeatAnswers} answers, ${repeatsMax} allowed`,
    ),
    verdict(
      unlike.length === 0,
      "no record changed",
      `${unlike.length} changed ${unlike.slice(0, 5).join(" ")}`,
    ),
    verdict(
      late < early + RSS_SLACK,
      "memory is flat",
      `${mib(early)} after a fifth, ${mib(late)} at the end`,
    ),
    verdict(logged < LOG_MAX, "the log is bounded", `${logged} bytes`),
  ];
}

const flags = readFlags({ count: 1_000_000, boards: 1_000, live: 50 });
leaveCore();
const data = temporaryFolder();
const seed = 7_227;
const link = linkPreset("lan")!;
const live = { boards: flags.live, firstId: 0x10000, intervalMs: 500, link, seed };
const strangers = liveFleet({ ...live, port: 1 }).members.map(({ board }) => board.enrolment);
await seedStore(data, {
  boards: flags.boards,
  suiteOf,
  promise: P_LONG,
  seqOf: () => SEQ,
  strangers,
});
const server = await startGatewayProcess(data);
const fleet = liveFleet({ ...live, port: server.port });
await fleet.open();
const sound = [
  verdict(
    await until(() => fleet.members.every(({ acked }) => acked > 1), 10_000),
    "the boards that beat are there before the flood",
    `${flags.live}`,
  ),
];
const before = await devicesOf(server.url);
const loggedBefore = server.logged();
const droppedBefore = queueOf(server.port).dropped;
const framesBefore = [...(await framesOf(server.url)).values()].reduce((sum, n) => sum + n, 0);
const cpuBefore = usageOf(server.pid).cpuUs;
const flooded = await flood(server, flags.boards, flags.count);
const cpuUs = usageOf(server.pid).cpuUs - cpuBefore;
const frames = await framesOf(server.url);
const counted = [...frames.values()].reduce((sum, n) => sum + n, 0) - framesBefore;
const dropped = queueOf(server.port).dropped - droppedBefore;
const unlike = changed(before, await devicesOf(server.url));
const logged = server.logged() - loggedBefore;
const named = (numbers: Iterable<[string, number]>) =>
  [...numbers].filter(([, n]) => n > 0).map(([name, n]) => [name, count(n)]);
console.log(`\n${table(["sent", "datagrams"], named(flooded.sent))}\n`);
console.log(`${table(["became", "frames"], named(frames))}\n`);
console.log(
  `${count(flags.count)} datagrams in ${flooded.seconds.toFixed(1)} s, ` +
    `${(cpuUs / flags.count).toFixed(2)} us of CPU each\n`,
);
sound.push(...judge(flooded, counted, logged, dropped, unlike));
sound.push(await stillServed(fleet, server.url));
await fleet.close();
server.kill();
const end = await server.ended;
sound.push(verdict(end === 0, "it ends when asked", `exit code ${end}`));
process.exitCode = sound.every(Boolean) ? 0 : 1;
