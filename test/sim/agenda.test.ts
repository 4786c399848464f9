// The order of an agenda against a sorted list, on gaps from microseconds to months; ties, herds,
// and what is pushed in an order that no rung foresaw.

import fc from "fast-check";
import { expect, test } from "vitest";
import { Agenda } from "../../sim/agenda.ts";
import { stream } from "../../sim/random.ts";

const MONTHS = 51 * 86_400_000_000;

/** `payload` counts all pushes, so among those of a source it stands for their own count. */
interface Model {
  at: number;
  kind: number;
  source: number;
  payload: number;
}

const order = (a: Model, b: Model) =>
  a.at - b.at || a.kind - b.kind || a.source - b.source || a.payload - b.payload;

/** An agenda beside a sorted list, which must say the same. */
class Twins {
  readonly agenda = new Agenda();
  readonly list: Model[] = [];
  private payload = 0;

  push(gap: number, kind: number, source: number): void {
    const event = { at: this.agenda.now + gap, kind, source, payload: this.payload++ };
    this.agenda.push(event.at, kind, source, event.payload);
    let low = 0;
    for (let high = this.list.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (order(this.list[middle]!, event) < 0) low = middle + 1;
      else high = middle;
    }
    this.list.splice(low, 0, event);
  }

  pop(): void {
    const { agenda } = this;
    const event = this.list.shift();
    const popped = agenda.pop();
    const { at, now, kind, source, payload } = agenda;
    const same = event && at === event.at && now === at && kind === event.kind;
    if (same && popped && source === event.source && payload === event.payload) return;
    expect(popped).toBe(event !== undefined);
    if (event) expect({ at, now, kind, source, payload }).toEqual({ ...event, now: event.at });
  }

  look(): void {
    expect(this.agenda.nextAt).toBe(this.list[0]?.at ?? Number.POSITIVE_INFINITY);
    expect(this.agenda.size).toBe(this.list.length);
  }
}

test("instant decides first, then kind, then source, then that source's own count", () => {
  const agenda = new Agenda();
  agenda.push(20, 0, 0, 5);
  agenda.push(10, 2, 1, 4);
  agenda.push(10, 1, 9, 2);
  agenda.push(10, 1, 9, 3);
  agenda.push(10, 1, 4, 1);
  const out: number[] = [];
  while (agenda.pop()) out.push(agenda.payload);
  expect(out).toEqual([1, 2, 3, 4, 5]);
});

test("the order does not depend on who pushed first", () => {
  const run = (sources: readonly number[]) => {
    const agenda = new Agenda();
    for (const source of sources)
      for (let i = 0; i < 50; i++) agenda.push(5, 0, source, source * 100 + i);
    const out: number[] = [];
    while (agenda.pop()) out.push(agenda.payload);
    return out;
  };
  expect(run([5, 4, 3, 2, 1])).toEqual(run([1, 2, 3, 4, 5]));
});

test("an event out is an event as it went in, at the ends of every range", () => {
  const agenda = new Agenda();
  agenda.push(Number.MAX_SAFE_INTEGER, 255, 0xffffffff, 0xffffffff);
  agenda.push(0, 0, 0, 0);
  expect(agenda.nextAt).toBe(0);
  expect(agenda.pop()).toBe(true);
  expect(agenda).toMatchObject({ now: 0, at: 0, kind: 0, source: 0, payload: 0, size: 1 });
  expect(agenda.nextAt).toBe(Number.MAX_SAFE_INTEGER);
  expect(agenda.pop()).toBe(true);
  const end = Number.MAX_SAFE_INTEGER;
  expect(agenda).toMatchObject({ now: end, at: end, kind: 255, source: 0xffffffff });
  expect(agenda.payload).toBe(0xffffffff);
  expect(agenda.nextAt).toBe(Number.POSITIVE_INFINITY);
  expect(agenda.pop()).toBe(false);
});

test("what is no event of the future is refused, and changes nothing", () => {
  const agenda = new Agenda();
  agenda.push(10, 0, 0, 0);
  agenda.pop();
  expect(() => agenda.push(9, 0, 0, 0)).toThrow("from 10 on");
  for (const at of [10.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
    expect(() => agenda.push(at, 0, 0, 0)).toThrow(RangeError);
  for (const kind of [-1, 256, 0.5]) expect(() => agenda.push(10, kind, 0, 0)).toThrow(RangeError);
  for (const source of [-1, 2 ** 32, 0.5])
    expect(() => agenda.push(10, 0, source, 0)).toThrow(RangeError);
  for (const payload of [-1, 2 ** 32, 0.5])
    expect(() => agenda.push(10, 0, 0, payload)).toThrow(RangeError);
  expect(agenda.size).toBe(0);
  agenda.push(10, 0, 0, 0);
  expect(agenda.size).toBe(1);
});

/** Gaps of every size: the instant itself, and up to months, each power of two as likely. */
const gap = fc.oneof(
  fc.constant(0),
  fc.tuple(fc.nat(42), fc.nat(999)).map(([bits, share]) => Math.floor((2 ** bits * share) / 1000)),
);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ gap, kind: fc.nat(2), source: fc.nat(3), times: fc.nat(3) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ gap, kind: fc.nat(2), source: fc.nat(3), times: fc.nat(200) }),
  },
  { weight: 4, arbitrary: fc.record({ pops: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constant("look" as const) },
);

test("any mix of pushes, pops and looks comes out as from a sorted list", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const twins = new Twins();
      for (const one of steps) {
        if (one === "look") twins.look();
        else if ("pops" in one) for (let i = 0; i < one.pops; i++) twins.pop();
        else
          for (let i = 0; i <= one.times; i++)
            twins.push(one.gap + i * (one.source >> 1), one.kind, one.source);
      }
      while (twins.list.length > 0) twins.pop();
      twins.look();
    }),
    { numRuns: 300 },
  );
});

/** What comes next after a hold of many events, by the name of the workload. */
const GAPS: Record<string, (u: number, v: number) => number> = {
  microseconds: (u) => u * 10,
  instant: () => 0,
  "two instants": (u) => (u < 0.5 ? 0 : 1),
  beats: (u) => 54e6 + u * 6e6,
  milliseconds: (u) => Math.floor(u * 60_000) * 1000,
  "round trips, beats, months": (u, v) =>
    u < 0.5 ? 20_000 + v * 180_000 : u < 0.95 ? 54e6 + v * 6e6 : v * MONTHS,
  "every power of two": (u, v) => 2 ** (u * 42) * v,
};

test.each(Object.keys(GAPS))("20 000 held events: %s", (name) => {
  const next = stream(1, 1, name);
  const twins = new Twins();
  const push = () => twins.push(Math.floor(GAPS[name]!(next(), next())), 0, Math.floor(next() * 9));
  for (let i = 0; i < 3_000; i++) push();
  for (let i = 0; i < 20_000; i++) {
    twins.pop();
    push();
  }
  twins.look();
  while (twins.list.length > 0) twins.pop();
});

test("what is pushed after a look far ahead comes first, in whatever order it is pushed", () => {
  const next = stream(2, 1, "ahead");
  for (const fall of [true, false]) {
    const twins = new Twins();
    twins.push(MONTHS, 0, 0);
    twins.look();
    for (let i = 0; i < 20_000; i++) {
      const at = fall ? MONTHS - 1 - i * 1000 - Math.floor(next() * 900) : i * 1000;
      twins.push(at, 0, 1);
      if (i % 1000 === 0) twins.look();
    }
    while (twins.list.length > 0) twins.pop();
  }
});

test("200 000 boards that wake in one instant and answer in it are in order", () => {
  const agenda = new Agenda();
  const boards = 200_000;
  for (let source = boards; source-- > 0; ) agenda.push(7, 1, source, 0);
  let strays = 0;
  for (let source = 0; source < boards; source++) {
    if (!agenda.pop() || agenda.source !== source || agenda.kind !== 1) strays++;
    agenda.push(7, 2, boards - 1 - source, 1);
  }
  for (let source = 0; source < boards; source++) {
    if (!agenda.pop() || agenda.source !== source || agenda.kind !== 2) strays++;
  }
  expect(strays).toBe(0);
  expect(agenda.size).toBe(0);
});

test("the count of events may pass 2^32", () => {
  const agenda = new Agenda();
  const { chunks } = agenda as unknown as { chunks: { number: number } };
  chunks.number = -20;
  for (let i = 0; i < 40; i++) agenda.push(3, 1, 1, i);
  for (let i = 0; i < 40; i++) {
    agenda.pop();
    expect(agenda.payload).toBe(i);
  }
});

test("a million pending events take less than 60 bytes each", () => {
  const next = stream(3, 1, "bytes");
  for (const pending of [100_000, 1_000_000]) {
    for (const name of ["beats", "round trips, beats, months"]) {
      const agenda = new Agenda();
      const push = () => agenda.push(agenda.now + Math.floor(GAPS[name]!(next(), next())), 0, 1, 0);
      for (let i = 0; i < pending; i++) push();
      for (let i = 0; i < 2 * pending; i++) {
        agenda.pop();
        push();
      }
      expect(agenda.bytes / pending).toBeLessThan(60);
    }
  }
});
