/**
 * How many acknowledged beats a second one core carries, and in how much memory, with 100 000
 * boards enrolled: the real gateway process on a real store, under suites 1 and 2, beside a bare
 * echo server in the same run.
 *
 *   this process, core 1 --- 64 sockets, 16 frames under way on each ---> echo         (core 0)
 *                                                                    ---> gateway, suite 1
 *                                                                    ---> gateway, suite 2
 *
 * The rounds go echo, suite 1, suite 2, and again, so that whatever else the machine does falls on
 * all three; read the ratios, the absolute figures belong to one machine. Frames are sealed before
 * a round, each for another board in random order, each a fresh beat. What the gateway writes
 * lazily is waited for and charged to the beats as well, in a column of its own. Usage: node
 * dist/test/bench/throughput.js [--seconds 3] [--devices 100000] [--rounds 3]
 */

import type { TagKey } from "../../device/tag.ts";
import { acknowledges, EPOCH, P_LONG, sealBeat, tagKeyOf } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { FRAME, Loop, type LoopResult, SEQ_IN_ACK, SEQ_IN_BEAT, SOCKETS } from "./loop.ts";
import { shuffled } from "./luck.ts";
import {
  leaveCore,
  rest,
  type Server,
  startGatewayProcess,
  startScript,
  temporaryFolder,
  usageOf,
} from "./process.ts";
import { seedStore } from "./seeded.ts";
import { count, median, mib, spread, table, verdict } from "./table.ts";

/** More than one core has ever carried, so that a round does not run out of frames. */
const FRAMES_A_SECOND = 130_000;
/** Frames under way on one socket follow each other, so their low 16 bits differ. */
const SEQS = 50_000;

interface Round {
  readonly cpuUs: number;
  readonly withFlushUs: number;
  readonly wall: number;
  readonly busy: number;
  readonly flushMs: number;
}

class Contender {
  readonly name: string;
  readonly server: Server;
  readonly loop: Loop;
  readonly fleet: Fleet;
  readonly seqAt: number;
  readonly rounds: Round[] = [];
  answered = 0;
  checked = 0;
  wrong = 0;
  lost = 0;
  rss = 0;

  constructor(name: string, server: Server, loop: Loop, fleet: Fleet, seqAt: number) {
    this.name = name;
    this.server = server;
    this.loop = loop;
    this.fleet = fleet;
    this.seqAt = seqAt;
  }

  async round(ms: number, kept = true): Promise<void> {
    const first = this.fleet.next;
    const frames = this.fleet.seal(Math.ceil((ms / 1000) * FRAMES_A_SECOND));
    const before = usageOf(this.server.pid);
    const result = await this.loop.run(frames, this.seqAt, ms);
    const after = usageOf(this.server.pid);
    const flushMs = await rest(this.server.pid);
    const later = usageOf(this.server.pid);
    this.fleet.next = first + result.used;
    this.rss = Math.max(this.rss, after.rss);
    this.#count(result, first, frames);
    if (!kept) return;
    const cpuUs = after.cpuUs - before.cpuUs;
    this.rounds.push({
      cpuUs: cpuUs / result.answered,
      withFlushUs: (later.cpuUs - before.cpuUs) / result.answered,
      wall: (result.answered / result.ms) * 1000,
      busy: cpuUs / (result.ms * 1000),
      flushMs,
    });
  }

  #count({ answered, wrong, lost, samples }: LoopResult, first: number, frames: Buffer): void {
    this.answered += answered;
    this.wrong += wrong;
    this.lost += lost;
    for (const { frame, answer } of samples) {
      const sent = frames.subarray(frame * FRAME, (frame + 1) * FRAME);
      const right =
        this.seqAt === SEQ_IN_BEAT
          ? answer.equals(sent.subarray(0, answer.length))
          : this.fleet.acknowledged(first + frame, answer, sent);
      if (right) this.checked++;
      else this.wrong++;
    }
  }

  row(): string[] {
    const { rounds } = this;
    const cpu = rounds.map((round) => round.cpuUs);
    return [
      this.name,
      spread(cpu, 2),
      spread(
        rounds.map((round) => round.withFlushUs),
        2,
      ),
      count(1e6 / median(cpu)),
      count(Math.max(...rounds.map((round) => round.wall))),
      `${Math.round(100 * median(rounds.map((round) => round.busy)))} %`,
      mib(this.rss),
      count(this.answered),
      count(this.checked),
      String(this.wrong),
      String(this.lost),
    ];
  }
}

/**
 * The boards of one gateway in an order without order; the n-th frame is the next beat of the n-th
 * of them.
 */
class Fleet {
  /** Place of the next frame, counted over all rounds. */
  next = 0;
  readonly #keys: TagKey[] = [];
  readonly #order: Uint32Array;

  constructor(boards: number, suite: number) {
    // Whole rounds over the sockets, so that a board always speaks through the same one.
    this.#order = shuffled(boards).subarray(0, boards - (boards % SOCKETS));
    for (const id of this.#order) this.#keys.push(tagKeyOf(id, suite));
  }

  /** Of the beat stored for a board. */
  static seqs(boards: number): (id: number) => number {
    const seqs = new Uint32Array(boards + 1);
    for (const [at, id] of shuffled(boards).entries()) seqs[id] = 1 + (at % SEQS);
    return (id) => seqs[id]!;
  }

  seal(frames: number): Buffer {
    const all = Buffer.allocUnsafe(frames * FRAME);
    for (let i = 0; i < frames; i++) {
      const { key, id, seq } = this.#at(this.next + i);
      all.write(sealBeat(key, id, EPOCH, seq, P_LONG), i * FRAME, "latin1");
    }
    return all;
  }

  acknowledged(n: number, answer: Buffer, sent: Buffer): boolean {
    const { key, seq } = this.#at(n);
    return acknowledges(key, answer.toString("latin1"), EPOCH, seq, sent.toString("latin1"));
  }

  #at(n: number): { key: TagKey; id: number; seq: number } {
    const at = n % this.#order.length;
    const seq = 2 + (at % SEQS) + Math.floor(n / this.#order.length);
    return { key: this.#keys[at]!, id: this.#order[at]!, seq };
  }
}

async function contender(suite: number, devices: number): Promise<Contender> {
  const data = temporaryFolder();
  const seqOf = Fleet.seqs(devices);
  await seedStore(data, { boards: devices, suiteOf: () => suite, promise: P_LONG, seqOf });
  const begun = performance.now();
  const server = await startGatewayProcess(data);
  const startMs = Math.round(performance.now() - begun);
  const { rss } = usageOf(server.pid);
  console.log(`suite ${suite}: ${count(devices)} boards, listens after ${startMs} ms, ${mib(rss)}`);
  const loop = await Loop.open(server.port);
  return new Contender(
    `gateway, suite ${suite}`,
    server,
    loop,
    new Fleet(devices, suite),
    SEQ_IN_ACK,
  );
}

const { seconds, devices, rounds } = readFlags({ seconds: 3, devices: 100_000, rounds: 3 });
leaveCore();
const echoServer = await startScript("echo.js");
const echo = new Contender(
  "echo (Node dgram)",
  echoServer,
  await Loop.open(echoServer.port),
  new Fleet(devices, 2),
  SEQ_IN_BEAT,
);
const all = [echo, await contender(1, devices), await contender(2, devices)];
// Once through all boards: code gets compiled, and every board's key is made ready, as after the
// first minutes.
for (const one of all) await one.round(Math.ceil((devices / FRAMES_A_SECOND) * 3_000), false);
for (let round = 0; round < rounds; round++) for (const one of all) await one.round(seconds * 1000);

const heads = ["server", "us CPU a beat", "with lazy writes", "a core-s", "best wall/s", "core"];
heads.push("RSS", "acked", "tags checked", "wrong", "lost");
console.log(
  `\n${table(
    heads,
    all.map((one) => one.row()),
  )}\n`,
);
for (const one of all.slice(1)) {
  const ratios = one.rounds.map((round, at) => round.cpuUs / echo.rounds[at]!.cpuUs);
  const flush = Math.max(...one.rounds.map((round) => round.flushMs));
  console.log(
    `${one.name}: ${spread(ratios, 2)} times the CPU of the echo, ` +
      `${((one.rss - echo.rss) / devices).toFixed(0)} bytes of RSS` +
      ` a board above it, at rest ${Math.round(flush)} ms after a round`,
  );
}
const sound = all.map((one) =>
  verdict(
    one.wrong === 0 && one.checked > 0,
    `${one.name}: every answer sampled is right`,
    `${count(one.checked)} checked, ${one.wrong} wrong`,
  ),
);
for (const one of all) {
  one.loop.close();
  one.server.kill();
}
process.exitCode = sound.every(Boolean) ? 0 : 1;
