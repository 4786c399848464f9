/**
 * The gateway's core alone, in this process: what a beat costs without sockets and disk, what a
 * board costs in memory, what its deadline costs, and the worst instant there is: every board late
 * at once.
 *
 * Beside the figures of throughput.ts these say where the time goes: what is missing here is Node's
 * sockets and the store. Boards come in random order, since in the order of their slots the caches
 * would flatter us; medians of a few runs, of CPU. Usage: node dist/test/bench/core.js [--devices
 * 100000] [--rounds 3]
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { computeTag } from "../../device/tag.ts";
import { Deadlines } from "../../gateway/deadlines.ts";
import type { Effects, Source } from "../../gateway/facts.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { EPOCH, sealBeat, tagKeyOf } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { shuffled } from "./luck.ts";
import { storedDevice } from "./seeded.ts";
import { median, spread, table } from "./table.ts";

const FROM: Source = { transport: "udp", address: "127.0.0.1", port: 9 };
/** Interval code of the promises here, and what it is in ms, at least. */
const P_HOUR = 152;
const HOUR_MS = 3_600_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Live bytes: heap, and the memory of typed arrays. */
function live(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * @returns ns of CPU for each of `n`, the collector's with it; the wall clock would count other
 * programs
 */
function timed(n: number, work: () => void): number {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return ((user + system) * 1_000) / n;
}

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

function* stored(boards: number, suite: number) {
  for (let id = 1; id <= boards; id++) yield storedDevice(id, suite, P_HOUR, 1, 0);
}

function coreOf(boards: number, suite: number): Gateway {
  const options = { generation: 1, secret: "a secret of twenty b", sha256, unixSeconds: () => 0 };
  return new Gateway({ ...options, stoppedMs: 0 }, stored(boards, suite), 0);
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
  const frames = Array.from(order, (id) =>
    asReceived(sealBeat(tagKeyOf(id, suite), id, EPOCH, 2 + round, P_HOUR)),
  );
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

/** ns of one tag over a beat's 15 bytes of input. */
function tagNs(suite: number): number {
  const keys = Array.from({ length: 1_024 }, (_, at) => tagKeyOf(at + 1, suite));
  const n = 200_000;
  const work = () => {
    for (let i = 0; i < n; i++) computeTag(keys[i & 1_023]!, "0123456789abcde");
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
    ["move a deadline away, as each beat does", spread(rearm.slice(1), 0), "ns"],
    ["carry a moved one on, once a promise", spread(move.slice(1), 0), "ns"],
  ];
}

/** Nobody spoke after a start: all are late at one instant, and absent at another. */
function storm(boards: number): string[][] {
  const core = coreOf(boards, 2);
  const rows: string[][] = [];
  for (const [status, now] of [
    ["late", 1.5 * HOUR_MS],
    ["absent", 3 * HOUR_MS],
  ] as const) {
    const effects: Effects[] = [];
    const decideNs = timed(1, () => {
      while (core.wakeAt <= now && core.counts(now)[status] < boards) {
        const some = core.expire(now);
        if (some.ticket === 0) break;
        effects.push(some);
      }
    });
    const toldNs = timed(1, () => {
      for (const { ticket } of effects) core.committed(ticket, now);
    });
    const facts = Math.max(...effects.map(({ commit }) => commit.length));
    rows.push([`all ${status} at one instant: decide`, (decideNs / 1e6).toFixed(0), "ms"]);
    rows.push([`all ${status} at one instant: told`, (toldNs / 1e6).toFixed(0), "ms"]);
    rows.push([`all ${status} at one instant: largest commit`, String(facts), "facts"]);
  }
  return rows;
}

const { devices, rounds } = readFlags({ devices: 100_000, rounds: 3 });
const rows: string[][] = [];
for (const suite of [1, 2]) {
  const tag = median([tagNs(suite), tagNs(suite), tagNs(suite)]);
  const { handle, flush, bytes, bytesReady } = beats(devices, suite, rounds);
  rows.push([`suite ${suite}: a beat, verified and acknowledged`, spread(handle, 0), "ns"]);
  rows.push([`suite ${suite}: of these, two tags`, (2 * tag).toFixed(0), "ns"]);
  rows.push([`suite ${suite}: a lazy write, without the store`, spread(flush, 0), "ns"]);
  rows.push([
    `suite ${suite}: a board enrolled, never heard since the start`,
    bytes.toFixed(0),
    "bytes",
  ]);
  rows.push([`suite ${suite}: a board that beats`, bytesReady.toFixed(0), "bytes"]);
}
console.log(`the core, ${devices} boards in random order`);
console.log(table(["", "", ""], [...rows, ...deadlines(devices), ...storm(devices)]).trimStart());
