/** The lazy wheel against the obvious slow model: a map, sorted whenever somebody asks. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUCKETS, Deadlines, TICK_MS } from "../../gateway/deadlines.ts";
import { holds, SEED } from "./gateway-bench.ts";

console.info(`deadlines.test.ts: seed ${SEED}`);

const SPAN = BUCKETS * TICK_MS;

class Slow {
  readonly at = new Map<number, number>();

  due(now: number): number {
    const first = [...this.at].sort(([a, x], [b, y]) => x - y || a - b)[0];
    if (first === undefined || first[1] > now) return -1;
    this.at.delete(first[0]);
    return first[0];
  }

  get earliest(): number {
    return Math.min(Infinity, ...this.at.values());
  }
}

function drain(deadlines: Deadlines, now: number): number[] {
  const slots: number[] = [];
  for (let slot = deadlines.due(now); slot >= 0; slot = deadlines.due(now)) slots.push(slot);
  return slots;
}

type Step =
  | { kind: "set"; slot: number; in: number }
  | { kind: "clear" | "remove"; slot: number }
  | { kind: "pass"; ms: number; again: number[] };

const duration = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 400 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 90_000 }) },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 500, noNaN: true }) },
  { weight: 1, arbitrary: fc.integer({ min: SPAN - 200, max: 3 * SPAN }) },
);
/** Far enough apart for the table to grow. */
const slot = fc.integer({ min: 0, max: 12 }).map((n) => n * 13);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("set" as const),
      slot,
      in: fc.oneof(duration, fc.integer({ min: -500, max: 0 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("clear" as const, "remove" as const), slot }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: duration,
      again: fc.array(fc.integer({ min: -80, max: 700 }), { maxLength: 6 }),
    }),
  },
);

describe("deadlines", () => {
  it("give out what the slow model gives out, also what is set between two of them", () => {
    holds(
      fc.property(fc.integer({ min: -1e6, max: 1e9 }), fc.array(step, { maxLength: 80 }), run),
      2_000,
    );

    function run(start: number, steps: Step[]): void {
      let now = start;
      const fast = new Deadlines(now);
      const slow = new Slow();
      for (const step of steps) {
        if (step.kind === "set") {
          fast.set(step.slot, now + step.in);
          slow.at.set(step.slot, now + step.in);
        } else if (step.kind !== "pass") {
          fast[step.kind](step.slot);
          slow.at.delete(step.slot);
        } else {
          now += step.ms;
          const again = [...step.again];
          for (;;) {
            const slot = slow.due(now);
            expect(fast.due(now)).toBe(slot);
            if (slot < 0) break;
            const next = again.pop();
            if (next === undefined) {
              fast.clear(slot);
              continue;
            }
            fast.set(slot, now + next - 200);
            slow.at.set(slot, now + next - 200);
          }
          // Never late; and exact as far as the wheel sees.
          expect(fast.wakeAt).toBeLessThanOrEqual(slow.earliest);
          expect(fast.wakeAt).toBeGreaterThan(now);
          if (slow.earliest < now + SPAN - TICK_MS) expect(fast.wakeAt).toBe(slow.earliest);
        }
        expect(fast.wakeAt).toBeLessThanOrEqual(slow.earliest);
        for (const [slot, at] of slow.at) expect(fast.get(slot)).toBe(at);
      }
    }
  });

  it("obeyed at every wakeAt, give each slot out at its very instant", () => {
    const delays = fc.array(fc.integer({ min: 1, max: 4 * SPAN }), { minLength: 1, maxLength: 40 });
    holds(
      fc.property(delays, (delays) => {
        const deadlines = new Deadlines(0);
        delays.forEach((at, slot) => {
          deadlines.set(slot, at);
        });
        let wakes = 0;
        const given: [number, number][] = [];
        while (deadlines.wakeAt < Infinity && wakes++ < 1_000) {
          const now = deadlines.wakeAt;
          for (const slot of drain(deadlines, now)) {
            given.push([now, slot]);
            deadlines.clear(slot);
          }
        }
        const expected = delays.map((at, slot) => [at, slot]).sort(byInstant);
        expect(given).toEqual(expected);
      }),
      500,
    );
  });

  it("that are re-armed a million times are looked at once a promise", () => {
    const deadlines = new Deadlines(0);
    let now = 0;
    for (; now < 1_000_000; now++) deadlines.set(0, now + 60_000);
    expect(drain(deadlines, now)).toEqual([]);
    expect(deadlines.wakeAt).toBe(now + 59_999);
    expect(drain(deadlines, now + 59_999)).toEqual([0]);
  });

  it("of 100 000 slots at one instant come in the order of their slots", () => {
    const deadlines = new Deadlines(0);
    for (let slot = 99_999; slot >= 0; slot--) deadlines.set(slot, 480_250);
    expect(drain(deadlines, 480_249)).toEqual([]);
    expect(deadlines.wakeAt).toBeGreaterThan(480_249);
    expect(drain(deadlines, 480_250)).toEqual(Array.from({ length: 100_000 }, (_, slot) => slot));
  });

  it("stand still when there is nothing, over any jump", () => {
    const deadlines = new Deadlines(0);
    expect(deadlines.due(1e15)).toBe(-1);
    expect(deadlines.wakeAt).toBe(Infinity);
    deadlines.set(3, 1e15 + 5);
    expect(deadlines.wakeAt).toBe(1e15 + 5);
    deadlines.clear(3);
    expect(deadlines.due(1e15 + 10)).toBe(-1);
    expect(deadlines.get(3)).toBe(Infinity);
    expect(deadlines.wakeAt).toBe(Infinity);
  });
});

function byInstant(a: readonly number[], b: readonly number[]): number {
  return a[0]! - b[0]! || a[1]! - b[1]!;
}
