/**
 * The gateway's core alone, in this process: what a beat costs without sockets and disk, what a
 * board costs in memory, what its deadline costs, and the worst instant there is: every board late
 * at once. The simulator drives this same core, and its speed is one over these figures.
 *
 * Beside the figures of throughput.ts these say where the time goes: what is missing here is Node's
 * sockets and the store. Boards come in random order, since in the order of their slots the caches
 * would flatter us; medians of a few runs, of CPU. Usage: node dist/test/bench/core.js [--devices
 * 100000] [--rounds 3]
 */

import { sealAck, verifyTag } from "../../device/tag.ts";
import { HEARTBEAT, UP } from "../../device/wire.ts";
import { Deadlines } from "../../gateway/deadlines.ts";
import type { Effects, Source } from "../../gateway/facts.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { EPOCH, sealBeat, tagKeyOf } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { shuffled } from "./luck.ts";
import { live, timed } from "./meter.ts";
import { storedDevice } from "./seeded.ts";
import { median, spread, table } from "./table.ts";

const FROM: Source = { transport: "udp", address: "127.0.0.1", port: 9 };
/** Interval codes of the promises here: an hour, and 72 s of who beats once a minute. */
const P_HOUR = 152;
const P_MINUTE = 95;
const MINUTE_MS = 60_000;

/** A frame as a socket gives it: in one piece. Built by `+` it would be joined when first read. */
function asReceived(frame: string): string {
  return Buffer.from(frame, "latin1").toString("latin1");
}

interface Figures {
  readonly handle: number[];
  readonly flush: number[];
  readonly bytes: number;
  readonly bytesReady: number;
}

function* stored(boards: number, suite: number, promise: number) {
  for (let id = 1; id <= boards; id++) yield storedDevice(id, suite, promise, 1, 0);
}

function coreOf(boards: number, suite: number, promise = P_HOUR): Gateway {
  const options = { generation: 1, secret: "a secret of twenty b", sha256, unixSeconds: () => 0 };
  return new Gateway({ ...options, stoppedMs: 0 }, stored(boards, suite, promise), 0);
}

/** The next beat of every board. `seq` is above 1, which the core knows. */
function framesOf(order: Uint32Array, suite: number, seq: number, promise: number): string[] {
  return Array.from(order, (id) =>
    asReceived(sealBeat(tagKeyOf(id, suite), id, EPOCH, seq, promise)),
  );
}

/** One beat of every board, and the lazy write of all of them, some rounds long. */
function beats(boards: number, suite: number, rounds: number): Figures {
  const before = live();
  const core = coreOf(boards, suite);
  const bytes = (live() - before) / boards;
  const order = shuffled(boards);
  const handle: number[] = [];
  const flush: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const [handleNs, flushNs] = beatAll(core, order, suite, round);
    // The first round compiles the code and makes the keys ready.
    if (round > 0) {
      handle.push(handleNs);
      flush.push(flushNs);
    }
  }
  return { handle, flush, bytes, bytesReady: (live() - before - order.byteLength) / boards };
}

/** One round, whose frames are gone when it is over. @returns ns for a beat, and for its write */
function beatAll(core: Gateway, order: Uint32Array, suite: number, round: number) {
  const frames = framesOf(order, suite, 2 + round, P_HOUR);
  let now = 1_000 + round * 10_000;
  let acks = 0;
  const obey = (effects: Effects) => {
    acks += effects.send.length;
    if (effects.ticket !== 0) core.committed(effects.ticket, now);
  };
  const handleNs = timed(frames.length, () => {
    for (const frame of frames) {
      now += 0.01;
      obey(core.handle(frame, FROM, now));
    }
  });
  now += 1_000;
  const flushNs = timed(frames.length, () => {
    while (core.wakeAt <= now) obey(core.expire(now));
  });
  if (acks !== frames.length) throw new Error(`${acks} ACKs`);
  return [handleNs, flushNs] as const;
}

/** All that the core does for a beat while time passes: itself, its write, and its deadline. */
function minutes(boards: number, suite: number, rounds: number): number[] {
  const core = coreOf(boards, suite, P_MINUTE);
  const order = shuffled(boards);
  let now = 0;
  const obey = ({ ticket }: Effects) => {
    if (ticket !== 0) core.committed(ticket, now);
  };
  const ns = Array.from({ length: rounds + 2 }, (_, round) => {
    const frames = framesOf(order, suite, 2 + round, P_MINUTE);
    return timed(boards, () => {
      for (const frame of frames) {
        now += MINUTE_MS / boards;
        while (core.wakeAt <= now) obey(core.expire(core.wakeAt));
        obey(core.handle(frame, FROM, now));
      }
    });
  });
  if (core.counters.changes !== 0) throw new Error("somebody was late");
  // The first two compile the code.
  return ns.slice(2);
}

/** ns of a beat's tag verified, and of its ACK sealed. */
function tagsNs(suite: number): number {
  const keys = Array.from({ length: 1_024 }, (_, at) => tagKeyOf(at + 1, suite));
  const frames = keys.map((key, at) => asReceived(sealBeat(key, at + 1, EPOCH, 2, P_HOUR)));
  const n = 200_000;
  const work = () => {
    for (let i = 0; i < n; i++) {
      const key = keys[i & 1_023]!;
      const frame = frames[i & 1_023]!;
      if (!verifyTag(key, (UP << 7) | HEARTBEAT, EPOCH, 2, frame, 8, "")) throw new Error("tag");
      sealAck(key, EPOCH, 2, 0, 7, 0, false, frame, 8);
    }
  };
  work();
  return timed(n, work);
}

function deadlines(boards: number): string[][] {
  const order = shuffled(boards);
  const rearm: number[] = [];
  const move: number[] = [];
  for (let round = 0; round < 4; round++) {
    const wheel = new Deadlines(0);
    for (const slot of order) wheel.set(slot - 1, 60_000);
    rearm.push(
      timed(boards, () => {
        for (const slot of order) wheel.set(slot - 1, 120_000 + slot / 100);
      }),
    );
    // The wheel comes by where the deadlines were, and carries them to where they are.
    move.push(timed(boards, () => wheel.due(61_000)));
  }
  return [
    ["a deadline alone: move it away, as each beat does", spread(rearm.slice(1), 0), "ns"],
    ["a deadline alone: carry it on, once a promise", spread(move.slice(1), 0), "ns"],
  ];
}

/** Nobody spoke after a start: all are late at one instant, and absent at another. */
function storm(boards: number, rounds: number): string[][] {
  const decide = { late: [] as number[], absent: [] as number[] };
  const told = { late: [] as number[], absent: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const core = coreOf(boards, 2);
    for (const status of ["late", "absent"] as const) {
      const at = core.view(1, 0)!.deadlineAt!;
      // The wheel comes near, as it does while time passes.
      for (let now = at - 60 * MINUTE_MS; now < at; now += MINUTE_MS) core.expire(now);
      let ticket = 0;
      const decideNs = timed(1, () => {
        ticket = core.expire(at).ticket;
      });
      const toldNs = timed(1, () => core.committed(ticket, at));
      if (core.counts(at)[status] !== boards) throw new Error(`not all ${status}`);
      decide[status].push(decideNs / 1e6);
      told[status].push(toldNs / 1e6);
    }
  }
  // The slowest is the first: its code is not compiled.
  return (["late", "absent"] as const).flatMap((status) => [
    [`all ${status} at one instant: decide`, spread(decide[status], 0), "ms"],
    [`all ${status} at one instant: told`, spread(told[status], 0), "ms"],
  ]);
}

const { devices, rounds } = readFlags({ devices: 100_000, rounds: 3 });
const rows: string[][] = [];
for (const suite of [1, 2]) {
  const tags = median([tagsNs(suite), tagsNs(suite), tagsNs(suite)]);
  const { handle, flush, bytes, bytesReady } = beats(devices, suite, rounds);
  const add = (what: string, figure: string, unit: string) =>
    rows.push([`suite ${suite}: ${what}`, figure, unit]);
  add("a beat, verified and acknowledged", spread(handle, 0), "ns");
  add("of these, the two tags", tags.toFixed(0), "ns");
  add("a lazy write, without the store", spread(flush, 0), "ns");
  add("all of it, a beat a minute", spread(minutes(devices, suite, rounds), 0), "ns");
  add("a board enrolled, never heard since the start", bytes.toFixed(0), "bytes");
  add("a board that beats", bytesReady.toFixed(0), "bytes");
}
console.log(`the core, ${devices} boards in random order`);
console.log(
  table(["", "", ""], [...rows, ...deadlines(devices), ...storm(devices, rounds)]).trimStart(),
);
