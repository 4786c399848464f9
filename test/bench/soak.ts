/**
 * Hours of everything at once, at one gateway: boards on a lossy link, silent ones whose records
 * must not move, floods of hostile datagrams, and kills. The other benches look at one thing for a
 * minute; this one is for what only shows after ten thousand of them: a slow leak, a board lost for
 * good, a number that was used twice. The first third of the time goes to scenarios made up by luck
 * in virtual time (`nextbeat sim swarm`), the first of them of number `seed`. Usage: node
 * dist/test/bench/soak.js [--seconds 600] [--boards 300] [--seed 7227]
 */

import { linkPreset } from "../../sim/presets.ts";
import { runSwarm } from "../../sim/swarm-command.ts";
import { changesOf, devicesOf } from "./api.ts";
import { P_LONG } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { flood, SEQ, suiteOf } from "./flooding.ts";
import { Killing, type Round } from "./killing.ts";
import { liveFleet, sleep, until } from "./live.ts";
import { leaveCore, startGatewayProcess, temporaryFolder, usageOf } from "./process.ts";
import { seedStore } from "./seeded.ts";
import { count, mib, table, verdict } from "./table.ts";

/** Of the whole soak's time. */
const SWARM_SHARE = 1 / 3;
const SILENT = 1_000;
const FIRST_LIVE = 0x10000;
const INTERVAL_MS = 2_000;
/**
 * A board that was unheard four times speaks every 16 s, and one of three such beats may be lost.
 */
const HEARD_WITHIN_MS = 90_000;
/** Longer than three intervals: boards back off. */
const DOWN_MAX_MS = 8_000;
const FLOOD = 20_000;
const BETWEEN_FLOODS_MS = 4_000;
/** Of one life of the gateway, in shares of the whole soak. */
const LIVES = 6;
const RSS_SLACK = 24 * 1_048_576;
const LOG_MAX = 65_536;

/** One gateway between its start and its kill. */
interface Life {
  /** Resident memory after each flood. */
  readonly rss: readonly number[];
  readonly logged: number;
}

const flags = readFlags({ seconds: 600, boards: 300, seed: 7_227 });
const { seed } = flags;
console.log(`seed ${seed}`);
const swarmSeconds = Math.ceil(flags.seconds * SWARM_SHARE);
const swarmed = runSwarm(
  { seconds: swarmSeconds, seed },
  {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  },
);
const seconds = flags.seconds - swarmSeconds;
leaveCore();
const data = temporaryFolder();
const link = linkPreset("wifi-congested")!;
const live = { boards: flags.boards, firstId: FIRST_LIVE, intervalMs: INTERVAL_MS, link, seed };
const strangers = liveFleet({ ...live, port: 1 }).members.map(({ board }) => board.enrolment);
await seedStore(data, { boards: SILENT, suiteOf, promise: P_LONG, seqOf: () => SEQ, strangers });
const server = await startGatewayProcess(data);
const fleet = liveFleet({ ...live, port: server.port });
await fleet.open();
const killing = new Killing({
  fleet,
  server,
  data,
  interval: INTERVAL_MS,
  heardWithin: HEARD_WITHIN_MS,
  seed,
});
const met = await until(() => fleet.members.every(({ acked }) => acked > 0), HEARD_WITHIN_MS);
const silentBefore = await silent();

const begun = performance.now();
const endAt = begun + seconds * 1_000;
const lives: Life[] = [];
const rounds: Round[] = [];
let floods = 0;
let answers = 0;
let repeats = 0;
let falseRepeats = 0;
while (performance.now() < endAt) {
  const killAt = performance.now() + (seconds * 1_000) / LIVES;
  const rss: number[] = [];
  do {
    const flooded = await flood(killing.server, SILENT, FLOOD, seed + floods);
    floods++;
    answers += flooded.answers;
    repeats += flooded.repeatAnswers;
    falseRepeats += flooded.falseRepeats + Math.max(0, flooded.repeatAnswers - flooded.repeatsMax);
    rss.push(usageOf(killing.server.pid).rss);
    await sleep(BETWEEN_FLOODS_MS);
  } while (performance.now() < Math.min(killAt, endAt));
  lives.push({ rss, logged: killing.server.logged() });
  if (performance.now() < endAt) rounds.push(await killing.round(rounds.length, DOWN_MAX_MS));
}

/** From the highest of the first half to that of the second: a start is allowed to warm up. */
function growth(rss: readonly number[]): number {
  const half = Math.ceil(rss.length / 2);
  return rss.length < 2 ? 0 : Math.max(...rss.slice(half)) - Math.max(...rss.slice(0, half));
}

/** The records of the silent boards, as text. */
async function silent(): Promise<string> {
  const devices = [...(await devicesOf(killing.server.url)).values()];
  // Instants are estimates of the wall clock and may shift by a little with each start.
  const kept = devices.filter(({ name }) => !name.startsWith("live-"));
  return JSON.stringify(
    kept.map(({ id, seq, epoch, status, tseq, address }) => [
      id,
      seq,
      epoch,
      status,
      tseq,
      address,
    ]),
  );
}

const beats = fleet.members.reduce((sum, member) => sum + member.beats, 0);
const acked = fleet.members.reduce((sum, member) => sum + member.acked, 0);
const silentAfter = await silent();
const changes = (await changesOf(killing.server.url)).filter(({ cursor }) => cursor > SILENT);
const told = (to: string) => changes.filter((change) => change.to === to).length;
const sum = (of: (round: Round) => number): number => rounds.reduce((n, round) => n + of(round), 0);
const grown = Math.max(...lives.map(({ rss }) => growth(rss)));
console.log(
  `\n${table(
    ["over the soak of one gateway", ""],
    [
      ["seconds", count((performance.now() - begun) / 1_000)],
      ["beats of boards on a lossy link", count(beats)],
      ["of these acknowledged", count(acked)],
      ["kills", String(rounds.length)],
      ["acknowledged beats that a kill took", count(sum((r) => r.forgotten))],
      ["beats replayed after a kill", count(sum((r) => r.replayed))],
      ["hostile datagrams", count(floods * FLOOD)],
      ["late and back", count(told("late"))],
      ["resident memory at the end", mib(lives.at(-1)!.rss.at(-1)!)],
    ],
  )}\n`,
);
const sound = [
  verdict(swarmed === 0, "no invariant broke in virtual time", `${swarmSeconds} s of swarm`),
  verdict(met, "every board was met", `${flags.boards}`),
  verdict(told("absent") === 0, "nobody was called absent", `${told("absent")} absent`),
  verdict(
    sum((r) => r.unheard) === 0,
    "nobody is refused for good",
    `${sum((r) => r.unheard)} not heard again`,
  ),
  verdict(
    sum((r) => r.forgottenOld) === 0,
    "what is older than the flush window is known",
    `${sum((r) => r.forgottenOld)} forgotten`,
  ),
  verdict(
    sum((r) => r.replayedFresh + r.moved) === 0,
    "replays are refused",
    `${sum((r) => r.replayedFresh)} taken for fresh`,
  ),
  verdict(
    answers === 0 && falseRepeats === 0 && repeats > 0,
    "hostile datagrams are not answered",
    `${answers} answers, ${repeats} to last beats again, ${falseRepeats} of them false`,
  ),
  verdict(
    silentAfter === silentBefore,
    "no record of a silent board changed",
    silentAfter === silentBefore ? "none" : "some",
  ),
  verdict(
    grown < RSS_SLACK,
    "memory is flat in each life",
    `grew by at most ${mib(Math.max(0, grown))}`,
  ),
  verdict(
    lives.every(({ logged }) => logged < LOG_MAX),
    "the log is bounded",
    `${Math.max(...lives.map(({ logged }) => logged))} bytes`,
  ),
];
killing.close();
await fleet.close();
killing.server.kill();
const end = await killing.server.ended;
sound.push(verdict(end === 0, "it ends when asked", `exit code ${end}`));
process.exitCode = sound.every(Boolean) ? 0 : 1;
