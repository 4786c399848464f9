/**
 * How late the verdicts of a running gateway are, with 100 000 boards beating at it: the real
 * process, its store, and one socket after the other in this process. Some boards fall silent, each
 * at its own moment, then a thousand at one; the gateway's own histogram says how long after the
 * instant by rule each change was told, which is when it was on disk.
 *
 * The claim: 99 in 100 within 250 ms. What the process takes in memory stands beside it, at the
 * start and at the end. Usage: node dist/test/bench/verdicts.js [--devices 100000] [--interval 30]
 * [--silent 2000]
 */

import { createSocket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import { intervalCode } from "../../device/interval.ts";
import type { TagKey } from "../../device/tag.ts";
import { EPOCH, sealBeat, tagKeyOf } from "./boards.ts";
import { readFlags } from "./flags.ts";
import { shuffled } from "./luck.ts";
import { leaveCore, startGatewayProcess, temporaryFolder, usageOf } from "./process.ts";
import { seedStore } from "./seeded.ts";
import { count, mib, table, verdict } from "./table.ts";

const SUITE = 2;
const SOCKETS = 16;
/** Boards that fall silent at one instant. */
const TOGETHER = 1_000;
const LATENESS_MAX_S = 0.25;

const { devices, interval, silent } = readFlags({ devices: 100_000, interval: 30, silent: 2_000 });
const intervalMs = interval * 1_000;
/** What a board at this interval promises: its jitter and its tries are in it. */
const promise = intervalCode(intervalMs * 1.12);

/** The boards: each beats once in an interval, at its own phase. */
class Crowd {
  readonly #keys: TagKey[] = [];
  readonly #order = shuffled(devices);
  readonly #quiet = new Set<number>();
  readonly #seqs = new Uint32Array(devices + 1).fill(1);
  readonly #sockets = Array.from({ length: SOCKETS }, () => createSocket("udp4").unref());
  readonly #port: number;
  readonly #begunAt = performance.now();
  #next = 0;
  sent = 0;

  constructor(port: number) {
    this.#port = port;
    for (let id = 1; id <= devices; id++) this.#keys[id] = tagKeyOf(id, SUITE);
    for (const socket of this.#sockets) socket.on("message", () => {});
  }

  /** `n` more boards fall silent. */
  hush(n: number): void {
    const most = this.#quiet.size + n;
    for (let at = 0; this.#quiet.size < most; at++) this.#quiet.add(this.#order[at]!);
  }

  /** Sends what is due until `until` (ms of `performance.now`). */
  async beat(until: number): Promise<void> {
    while (performance.now() < until) {
      const due = ((performance.now() - this.#begunAt) / intervalMs) * devices;
      for (; this.#next < due; this.#next++) this.#send(this.#order[this.#next % devices]!);
      await sleep(2);
    }
  }

  #send(id: number): void {
    if (this.#quiet.has(id)) return;
    const beat = sealBeat(this.#keys[id]!, id, EPOCH, ++this.#seqs[id]!, promise);
    const socket = this.#sockets[id % SOCKETS]!;
    socket.send(Buffer.from(beat, "latin1"), this.#port, "127.0.0.1");
    this.sent++;
  }
}

/** The buckets of a histogram in Prometheus text: how many at or below each bound, in seconds. */
function bucketsOf(text: string, name: string): [bound: number, n: number][] {
  const lines = text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)`, "gm"));
  return [...lines].map(([, le, n]) => [le === "+Inf" ? Infinity : Number(le), Number(n)]);
}

/** The bound that a share of all lies at or below. */
function quantile(buckets: readonly [number, number][], share: number): number {
  const all = buckets.at(-1)?.[1] ?? 0;
  return buckets.find(([, n]) => n >= all * share)?.[0] ?? NaN;
}

async function lateness(url: string): Promise<[number, number][]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return bucketsOf(text, "nextbeat_verdict_lateness_seconds");
}

function since(now: readonly [number, number][], before: readonly [number, number][]) {
  return now.map(([bound, n], at): [number, number] => [bound, n - (before[at]?.[1] ?? 0)]);
}

leaveCore();
const data = temporaryFolder();
await seedStore(data, { boards: devices, suiteOf: () => SUITE, promise });
const begun = performance.now();
const server = await startGatewayProcess(data);
const startMs = performance.now() - begun;
const atStart = usageOf(server.pid);
console.log(`${count(devices)} boards, listens after ${Math.round(startMs)} ms`);
const crowd = new Crowd(server.port);
const patience = promise === 0 ? 0 : 2.5 * intervalMs;
await crowd.beat(performance.now() + intervalMs);
const steady = usageOf(server.pid);
const first = await lateness(server.url);
for (let step = 0; step < 10; step++) {
  crowd.hush(Math.ceil(silent / 10));
  await crowd.beat(performance.now() + intervalMs / 10);
}
await crowd.beat(performance.now() + patience);
const second = await lateness(server.url);
crowd.hush(TOGETHER);
await crowd.beat(performance.now() + patience);
const third = await lateness(server.url);
const after = usageOf(server.pid);
server.kill();

const rows = [
  { name: "one by one", buckets: since(second, first) },
  { name: `${TOGETHER} more at once`, buckets: since(third, second) },
];
console.log(
  table(
    ["fell silent", "verdicts", "p50 within", "p99 within", "all within"],
    rows.map(({ name, buckets }) => [
      name,
      count(buckets.at(-1)?.[1] ?? 0),
      ...[0.5, 0.99, 1].map((share) => `${quantile(buckets, share) * 1_000} ms`),
    ]),
  ),
);
const seconds = (after.cpuUs - steady.cpuUs) / 1e6;
console.log(
  `\n${count(crowd.sent)} beats; ${seconds.toFixed(1)} s of CPU after the first interval`,
);
console.log(
  `resident: ${mib(atStart.rss)} at the start, ${mib(steady.rss)} when all had beaten, ` +
    `${mib(after.rss)} at the end`,
);
const found = rows[0]!.buckets.at(-1)?.[1] ?? 0;
const held = [
  verdict(found >= silent, "every silent board is found", `${found} verdicts of ${silent} boards`),
  ...rows.map(({ name, buckets }) => {
    const p99 = quantile(buckets, 0.99);
    return verdict(p99 <= LATENESS_MAX_S, `p99 under 250 ms, ${name}`, `within ${p99 * 1_000} ms`);
  }),
];
process.exitCode = held.every(Boolean) ? 0 : 1;
