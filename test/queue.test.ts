// The order of events: strict, the same whoever pushed first, and never backwards.

import { expect, test } from "vitest";
import { EventQueue } from "../sim/queue.ts";
import { stream } from "../sim/random.ts";

const drain = <T>(queue: EventQueue<T>) => {
  const out: T[] = [];
  for (let event = queue.pop(); event; event = queue.pop()) out.push(event.payload);
  return out;
};

test("time decides first, then kind, then source, then that source's own count", () => {
  const queue = new EventQueue<string>();
  queue.push(20, 0, 0, "late");
  queue.push(10, 2, 1, "kind 2");
  queue.push(10, 1, 9, "source 9, first");
  queue.push(10, 1, 9, "source 9, second");
  queue.push(10, 1, 4, "source 4");
  expect(drain(queue)).toEqual([
    "source 4",
    "source 9, first",
    "source 9, second",
    "kind 2",
    "late",
  ]);
});

test("the order does not depend on who pushed first", () => {
  const sources = [1, 2, 3, 4, 5];
  const run = (order: readonly number[]) => {
    const queue = new EventQueue<string>();
    for (const source of order)
      for (let i = 0; i < 3; i++) queue.push(5, 0, source, `${source}.${i}`);
    return drain(queue);
  };
  expect(run([...sources].reverse())).toEqual(run(sources));
});

test("an event out is an event as it went in, at the instants of the whole range", () => {
  const queue = new EventQueue<null>();
  queue.push(2 ** 50, 255, 0xffffffff, null);
  expect(queue.nextAt).toBe(2 ** 50);
  expect(queue.pop()).toEqual({ at: 2 ** 50, kind: 255, source: 0xffffffff, payload: null });
  expect(queue.nextAt).toBe(Number.POSITIVE_INFINITY);
  expect(queue.pop()).toBeUndefined();
});

test("nothing is pushed into the past, nor between two milliseconds", () => {
  const queue = new EventQueue<null>();
  queue.push(10, 0, 0, null);
  queue.pop();
  expect(() => queue.push(9, 0, 0, null)).toThrow("from 10 on");
  expect(() => queue.push(10.5, 0, 0, null)).toThrow(RangeError);
  queue.push(10, 0, 0, null);
  expect(queue.size).toBe(1);
});

test("200 000 random events come out as a stable sort would have them", () => {
  const next = stream(1, 1, "queue test");
  const queue = new EventQueue<number>();
  const keys: [at: number, kind: number, source: number, n: number][] = [];
  for (let n = 0; n < 200_000; n++) {
    const at = Math.floor(next() * 5_000);
    const kind = Math.floor(next() * 6);
    const source = Math.floor(next() * 100);
    keys.push([at, kind, source, n]);
    queue.push(at, kind, source, n);
  }
  keys.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]);
  expect(drain(queue)).toEqual(keys.map((key) => key[3]));
});

test("pushing while popping keeps the order and forgets no event", () => {
  const next = stream(2, 1, "queue test");
  const queue = new EventQueue<number>();
  for (let i = 0; i < 1000; i++) queue.push(Math.floor(next() * 1000), 0, i, i);
  let at = 0;
  const seen = new Array<number>(1000).fill(0);
  for (let turn = 0; turn < 50_000; turn++) {
    const event = queue.pop()!;
    expect(event.at).toBeGreaterThanOrEqual(at);
    at = event.at;
    seen[event.payload]!++;
    queue.push(at + 950 + Math.floor(next() * 100), 0, event.source, event.payload);
  }
  expect(queue.size).toBe(1000);
  expect(Math.max(...seen) - Math.min(...seen)).toBeLessThanOrEqual(4);
});
