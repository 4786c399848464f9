/**
 * `kill -9` of the gateway amid a thousand beating boards, again and again, at instants that nobody
 * chose; every third time it is killed once more while it starts.
 *
 * What must hold after each: nobody is called absent; every board is acknowledged again within a
 * few intervals; no acknowledged beat from before the last flush window is forgotten, or taken for
 * fresh (rule 8). Usage: node dist/test/bench/kill.js [--boards 1000] [--rounds 6] [--interval
 * 2000] [--down 2000] [--seed 7227]
 */

import { linkPreset } from "../../sim/presets.ts";
import { changesOf } from "./api.ts";
import { P_LONG } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { Killing, type Round } from "./killing.ts";
import { liveFleet, sleep, until } from "./live.ts";
import { leaveCore, startGatewayProcess, temporaryFolder } from "./process.ts";
import { seedStore } from "./seeded.ts";
import { table, verdict } from "./table.ts";

/**
 * Intervals within which all must be heard again: three unanswered beats stretch them up to
 * eightfold.
 */
const HEARD_WITHIN = 8;

const flags = readFlags({ boards: 1_000, rounds: 6, interval: 2_000, down: 2_000, seed: 7_227 });
leaveCore();
const data = temporaryFolder();
const live = {
  boards: flags.boards,
  firstId: 1,
  intervalMs: flags.interval,
  link: linkPreset("lan")!,
  seed: flags.seed,
};
const strangers = liveFleet({ ...live, port: 1 }).members.map(({ board }) => board.enrolment);
await seedStore(data, { boards: 0, suiteOf: () => 1, promise: P_LONG, strangers });
const server = await startGatewayProcess(data);
const fleet = liveFleet({ ...live, port: server.port });
await fleet.open();
const { interval, seed } = flags;
const heardWithin = HEARD_WITHIN * interval;
const killing = new Killing({ fleet, server, data, interval, heardWithin, seed });
const met = await until(() => fleet.members.every(({ acked }) => acked > 1), 10 * flags.interval);
const sound = [verdict(met, "every board was met", `${fleet.members.length} boards`)];
const rounds: Round[] = [];
while (rounds.length < flags.rounds) rounds.push(await killing.round(rounds.length, flags.down));
await sleep(3 * flags.interval);

const heads = ["kill", "start ms", "first ack ms", "all acked ms", "acked beats forgotten"];
heads.push("older than the window", "replayed", "taken for fresh", "records moved", "not heard");
const rows = rounds.map((round, n) => [
  String(n + 1),
  ...[round.startMs, round.firstMs, round.allMs].map((ms) => ms.toFixed(0)),
  ...[round.forgotten, round.forgottenOld, round.replayed, round.replayedFresh].map(String),
  ...[round.moved, round.unheard].map(String),
]);
console.log(`\n${table(heads, rows)}\n`);
const sum = (of: (round: Round) => number): number => rounds.reduce((n, round) => n + of(round), 0);
const changes = await changesOf(killing.server.url);
const told = (to: string) => changes.filter((change) => change.to === to).length;
const gaps = changes.filter(({ cursor }, n) => cursor !== n + 1).length;
sound.push(
  verdict(
    told("absent") === 0,
    "nobody was called absent",
    `${told("absent")} absent, ${told("late")} late`,
  ),
  verdict(gaps === 0, "the changes have no gap", `${changes.length} changes`),
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
    sum((r) => r.replayedFresh + r.moved) === 0 && sum((r) => r.replayed) > 0,
    "beats from before the window are refused",
    `${sum((r) => r.replayed)} replayed, ${sum((r) => r.replayedFresh)} taken for fresh`,
  ),
);
killing.close();
await fleet.close();
killing.server.kill();
process.exitCode = sound.every(Boolean) ? 0 : 1;
