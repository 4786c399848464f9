/**
 * What an event costs: the simulator's agenda beside a binary heap of objects, which is what most
 * simulators have.
 *
 * The hold model: so many events are pending, and each that is popped is pushed again, a gap later.
 * `mixed` is half round trips of 20 to 200 ms, 45 % beats of 60 s +- 10 %, the rest half an hour to
 * one and a half; `beat` is beats alone; `exp` has exponential gaps of 60 s mean. A round goes once
 * through all pending events at least; the figure is CPU time, the least of the rounds, since other
 * programs only add to it. Usage: node dist/test/bench/queue.js [--rounds 15] [--pending N]
 */

import { Agenda } from "../../sim/agenda.ts";
import { readFlags } from "./flags.ts";
import { dice } from "./luck.ts";
import { count, table } from "./table.ts";

const SECOND = 1_000_000;
const GAPS_MASK = 0xfffff;

const WORKLOADS: Record<string, (below: (n: number) => number) => number> = {
  mixed: (below) => {
    const kind = below(100);
    if (kind < 50) return 20_000 + below(180_000);
    return kind < 95 ? 54 * SECOND + below(12 * SECOND) : 1_800 * SECOND + below(3_600 * SECOND);
  },
  beat: (below) => 54 * SECOND + below(12 * SECOND),
  exp: (below) => Math.floor(-60 * SECOND * Math.log((1 + below(2 ** 32 - 1)) / 2 ** 32)),
};

/** A queue with `pending` events, and what pops one and pushes it again, so many times. */
interface Held {
  turn(gaps: Float64Array, times: number): void;
  bytes?(): number;
}

function agenda(gaps: Float64Array, pending: number): Held {
  const queue = new Agenda();
  let n = 0;
  while (n < pending) queue.push(gaps[n & GAPS_MASK]!, 0, n, n++);
  return {
    turn(next, times) {
      for (let i = 0; i < times; i++) {
        queue.pop();
        queue.push(queue.at + next[n++ & GAPS_MASK]!, queue.kind, queue.source, queue.payload);
      }
    },
    bytes: () => queue.bytes,
  };
}

interface Entry {
  at: number;
  kind: number;
  source: number;
  number: number;
  payload: number;
}

const before = (a: Entry, b: Entry): boolean =>
  a.at !== b.at
    ? a.at < b.at
    : a.kind !== b.kind
      ? a.kind < b.kind
      : a.source !== b.source
        ? a.source < b.source
        : a.number < b.number;

/** A heap of objects as everybody writes it. */
function objects(gaps: Float64Array, pending: number): Held {
  const heap: Entry[] = [];
  const rise = (entry: Entry) => {
    let i = heap.push(entry) - 1;
    for (let up = (i - 1) >> 1; i > 0 && before(entry, heap[up]!); up = (i - 1) >> 1) {
      heap[i] = heap[up]!;
      i = up;
    }
    heap[i] = entry;
  };
  const pop = (): Entry => {
    const first = heap[0]!;
    const last = heap.pop()!;
    let i = 0;
    for (let child = 1; child < heap.length; child = 2 * i + 1) {
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    if (heap.length > 0) heap[i] = last;
    return first;
  };
  let n = 0;
  for (; n < pending; n++)
    rise({ at: gaps[n & GAPS_MASK]!, kind: 0, source: n, number: n, payload: n });
  return {
    turn(next, times) {
      for (let i = 0; i < times; i++) {
        const { at, kind, source, payload } = pop();
        rise({ at: at + next[n & GAPS_MASK]!, kind, source, number: n++, payload });
      }
    },
  };
}

/** The least CPU time of a pop and a push, in ns. */
function least(held: Held, gaps: Float64Array, pending: number, rounds: number): number {
  const times = Math.max(pending, 100_000);
  let least = Number.POSITIVE_INFINITY;
  for (let round = -2; round < rounds; round++) {
    const begun = process.cpuUsage();
    held.turn(gaps, times);
    const { user, system } = process.cpuUsage(begun);
    if (round >= 0) least = Math.min(least, ((user + system) * 1000) / times);
  }
  return least;
}

const flags = readFlags({ rounds: 15, pending: 0 });
const rows: string[][] = [];
for (const pending of flags.pending > 0 ? [flags.pending] : [1_000, 100_000, 1_000_000]) {
  for (const [name, gap] of Object.entries(WORKLOADS)) {
    const below = dice(7_227);
    const gaps = Float64Array.from({ length: GAPS_MASK + 1 }, () => gap(below));
    const held = agenda(gaps, pending);
    const rounds = pending < 1_000_000 ? flags.rounds : Math.ceil(flags.rounds / 3);
    const ours = least(held, gaps, pending, rounds);
    const theirs = least(objects(gaps, pending), gaps, pending, Math.ceil(rounds / 3));
    const bytes = (held.bytes!() / pending).toFixed(0);
    const cells = [count(pending), name, ours.toFixed(0), theirs.toFixed(0)];
    rows.push([...cells, (theirs / ours).toFixed(1), bytes]);
  }
}
console.log("ns of CPU a pop and a push, the least of the rounds");
console.log(table(["pending", "workload", "agenda", "objects", "times", "bytes an event"], rows));
