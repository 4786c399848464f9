// Alarms in real time that never ring before their time: one heap and one timer for all of them.
// Node's timers may fire up to a millisecond early (their clock is a whole one), which is enough
// for a frame to overtake its own link; so it is always the clock that decides. How late each alarm
// rang is kept: a machine that is too slow for what it plays must be able to say so.
//
// A timer of Node for each alarm lost: with tens of thousands of boards and every frame on its way,
// setting and clearing them is most of the work, and their order within a millisecond is not that
// of their instants. A wheel lost too: each of its slots must be sorted to keep that order, and
// with a hundred thousand in the heap an alarm costs 0.6 us, all in all (measured).
//
// Node's timers are late by 0.6 ms on average and 1.2 ms at p99, whatever one asks for. An `exact`
// Alarms sleeps the last stretch in naps of a fraction of a millisecond and looks at the sockets
// between them: late by 0.02 ms and 0.2 ms, for a tenth of a core (measured, idle otherwise).
// Turning around without sleep is no better and takes a whole one.

import { performance } from "node:perf_hooks";
import { Durations } from "./live/timing.ts";

/** The longest time that Node's timers can wait, ms. */
const TIMER_MAX = 2 ** 31 - 1;
/** Naps begin so long before the instant, since a timer may be late by nearly as much. */
const NAPS_MS = 1.5;
/** The longest nap (what arrives waits for its end) and the shortest; waking takes NAP_EXTRA. */
const NAP_MAX = 0.2;
const NAP_MIN = 0.03;
const NAP_EXTRA = 0.06;
/** After so many in a row the sockets are looked at. */
const TURN_MAX = 64;

export interface Alarm {
  /** On the clock of `performance.now()`, ms. */
  readonly at: number;
  /** Alarms of one instant ring in the order in which they were set. */
  readonly number: number;
  /** undefined: rang, or cancelled. */
  act: (() => void) | undefined;
}

const nap = new Int32Array(new SharedArrayBuffer(4));

export class Alarms {
  /** By how much alarms were late, ms. */
  readonly lateness = new Durations();
  private readonly exact: boolean;
  /** A 4-ary heap. Cancelled ones stay until their time. */
  private readonly heap: Alarm[] = [];
  private number = 0;
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Immediate | undefined;
  /** When the timer will look; -Infinity while it does, or naps. */
  private lookAt = Number.POSITIVE_INFINITY;
  private closed = false;

  constructor(exact = false) {
    this.exact = exact;
  }

  /** Alarms that are set, cancelled ones included. */
  get size(): number {
    return this.heap.length;
  }

  /** Does something at an instant, or as soon as it is over; never before this call returns. */
  at(instant: number, act: () => void): Alarm {
    const alarm: Alarm = { at: instant, number: this.number++, act };
    if (this.closed) return alarm;
    this.heap.push(alarm);
    rise(this.heap, alarm);
    if (instant < this.lookAt) this.wait();
    return alarm;
  }

  cancel(alarm: Alarm | undefined): void {
    if (alarm) alarm.act = undefined;
  }

  /** None of those set will ring. */
  close(): void {
    this.closed = true;
    this.heap.length = 0;
    clearTimeout(this.timer);
    clearImmediate(this.soon);
  }

  private look(): void {
    this.lookAt = Number.NEGATIVE_INFINITY;
    for (let turn = 0; turn < TURN_MAX; turn++) {
      const alarm = this.heap[0];
      if (alarm === undefined) break;
      const late = performance.now() - alarm.at;
      if (late < 0) break;
      sink(this.heap);
      const { act } = alarm;
      if (act === undefined) continue;
      alarm.act = undefined;
      this.lateness.add(late);
      act();
    }
    this.wait();
  }

  private wait(): void {
    clearTimeout(this.timer);
    clearImmediate(this.soon);
    const [next] = this.heap;
    if (next === undefined) {
      this.lookAt = Number.POSITIVE_INFINITY;
      return;
    }
    const left = next.at - performance.now();
    if (left <= 0 || (this.exact && left < NAPS_MS)) {
      this.lookAt = Number.NEGATIVE_INFINITY;
      this.soon = setImmediate(this.doze);
      return;
    }
    this.lookAt = next.at;
    // Node cuts fractions off, and waits for 1 ms at least.
    const wait = this.exact ? left - 1 : Math.ceil(left);
    this.timer = setTimeout(this.wake, Math.min(wait, TIMER_MAX));
  }

  private readonly wake = (): void => this.look();

  /** The sockets have been looked at; the rest of the time, or a part of it, is slept through. */
  private readonly doze = (): void => {
    const left = (this.heap[0]?.at ?? 0) - performance.now();
    if (left > 0) Atomics.wait(nap, 0, 0, Math.min(Math.max(left - NAP_EXTRA, NAP_MIN), NAP_MAX));
    this.look();
  };
}

function before(a: Alarm, b: Alarm): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}

function rise(heap: Alarm[], alarm: Alarm): void {
  let hole = heap.length - 1;
  while (hole > 0) {
    const parent = (hole - 1) >> 2;
    if (!before(alarm, heap[parent]!)) break;
    heap[hole] = heap[parent]!;
    hole = parent;
  }
  heap[hole] = alarm;
}

/** Takes the first one out. */
function sink(heap: Alarm[]): void {
  const last = heap.pop()!;
  const { length } = heap;
  if (length === 0) return;
  let hole = 0;
  for (;;) {
    let least = 4 * hole + 1;
    if (least >= length) break;
    const end = Math.min(least + 4, length);
    for (let child = least + 1; child < end; child++) {
      if (before(heap[child]!, heap[least]!)) least = child;
    }
    if (before(last, heap[least]!)) break;
    heap[hole] = heap[least]!;
    hole = least;
  }
  heap[hole] = last;
}
