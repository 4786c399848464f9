// When we could hear and when not (architecture rule 2): what is kept of deafness.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Deaf, Deafness } from "../../gateway/affairs.ts";
import { silenceMs } from "../../gateway/detector/silence.ts";
import { Draft, Ledger } from "../../gateway/effects.ts";
import type { Source } from "../../gateway/facts.ts";
import { DEAF_MAX, Hearing } from "../../gateway/hearing.ts";
import { holds, SEED } from "../gateway/gateway-bench.ts";

console.info(`hearing.test.ts: seed ${SEED}`);

const HOUR = 3_600_000;

function hearing(deaf: readonly Deaf[] = [], last = 0) {
  const ears = new Hearing(deaf, last);
  const add = (
    why: Deafness,
    from: number,
    to: number | null,
    over: Source["transport"] | null = null,
  ) => {
    const draft = new Draft(new Ledger());
    ears.add(why, over, from, to, draft);
    return draft.commit;
  };
  return { ears, add };
}

describe("deaf intervals", () => {
  it("touch what they overlap, at both ends, of their own transport and no other", () => {
    const { ears, add } = hearing();
    add("network", 100, 200);
    add("broker", 150, 300, "mqtt");
    expect(ears.touching("udp", 0, 99)).toBeUndefined();
    expect(ears.touching("udp", 0, 100)).toEqual({ fromAt: 100, endAt: 200, why: "network" });
    expect(ears.touching("udp", 200, 250)).toMatchObject({ fromAt: 100, endAt: 200 });
    expect(ears.touching("udp", 201, 250)).toBeUndefined();
    expect(ears.touching("mqtt", 201, 250)).toEqual({ fromAt: 100, endAt: 300, why: "broker" });
    expect(ears.deafMs("udp", 0, 1_000)).toBe(100);
    expect(ears.deafMs("mqtt", 0, 1_000)).toBe(200);
    expect(ears.deafMs("mqtt", 120, 130)).toBe(10);
  });

  it("in a row are one deafness from the first to the last, and their time is added up", () => {
    const { ears, add } = hearing();
    add("overflow", 100, 200);
    add("store", 300, 400);
    expect(ears.touching("udp", 150, 500)).toEqual({ fromAt: 100, endAt: 400, why: "store" });
    expect(ears.touching("udp", 250, 500)).toMatchObject({ fromAt: 300 });
    expect(ears.deafMs("udp", 150, 500)).toBe(150);
  });

  it("that go on have no end until it is told, and are one record on the disk", () => {
    const { ears, add } = hearing();
    expect(add("network", 100, null)).toHaveLength(1);
    expect(add("network", 110, null)).toEqual([]);
    expect(ears.touching("udp", 500, 600)).toMatchObject({ fromAt: 100, endAt: Infinity });
    expect(ears.deafMs("udp", 500, 600)).toBe(100);
    const ended = { n: 1, why: "network", transport: null, fromAt: 100, toAt: 700 };
    expect(add("network", 100, 700)).toEqual([{ kind: "deaf", deaf: ended }]);
    expect(ears.touching("udp", 701, 800)).toBeUndefined();
    expect(ears.totalMs(900).get("network")).toBe(600);
  });

  it("that follow at once for the same reason continue, for another do not", () => {
    const { ears, add } = hearing();
    add("overflow", 100, 200, "udp");
    add("overflow", 200, 300, "udp");
    add("overflow", 301, 400, "udp");
    add("overflow", 400, 500, "mqtt");
    expect(ears.list.map(({ n, fromAt, toAt }) => [n, fromAt, toAt])).toEqual([
      [1, 100, 300],
      [2, 301, 400],
      [3, 400, 500],
    ]);
    expect(ears.totalMs(0).get("overflow")).toBe(399);
  });

  it("by a step of the wall clock are recorded, and touch nobody", () => {
    const { ears, add } = hearing();
    expect(add("clock", 100, 100)).toHaveLength(1);
    add("clock", 200, 200);
    expect(ears.list).toHaveLength(1);
    expect(ears.touching("udp", 0, 1_000)).toBeUndefined();
    expect(ears.deafMs("udp", 0, 1_000)).toBe(0);
    expect(ears.totalMs(1_000).get("clock")).toBe(0);
    add("overflow", 2_000, 2_001);
    expect(ears.touching("udp", 0, 1_000)).toBeUndefined();
  });

  it("are bounded: the oldest that is over goes", () => {
    const { ears, add } = hearing();
    add("broker", 0, null, "mqtt");
    for (let n = 1; n < DEAF_MAX; n++) add("overflow", n * 10, n * 10 + 5, "udp");
    expect(ears.list).toHaveLength(DEAF_MAX);
    expect(ears.touching("udp", 10, 15)).toBeDefined();
    add("overflow", 1e6, 1e6 + 5, "udp");
    expect(ears.list).toHaveLength(DEAF_MAX);
    expect(ears.list[0]).toMatchObject({ why: "broker", toAt: null });
    expect(ears.touching("udp", 10, 15)).toBeUndefined();
    expect(ears.touching("udp", 20, 25)).toBeDefined();
  });

  it("refuse an end before the beginning", () => {
    const { add } = hearing();
    expect(() => add("store", 100, 99)).toThrow("deaf from 100 to 99");
    expect(() => add("store", Number.NaN, 99)).toThrow(RangeError);
  });

  it("that went on at a stop end with it; the stop is one, and is told of with the first facts", () => {
    const open = { n: 7, why: "network", transport: null, fromAt: -900, toAt: null } as const;
    const { ears } = hearing([open], 9);
    ears.began(-500, 100);
    expect(ears.wakeAt).toBe(100);
    const draft = new Draft(new Ledger());
    ears.into(draft);
    expect(draft.commit).toEqual([
      { kind: "deaf", deaf: { ...open, toAt: -500 } },
      { kind: "deaf", deaf: { n: 10, why: "stopped", transport: null, fromAt: -500, toAt: 100 } },
    ]);
    expect(ears.wakeAt).toBe(Infinity);
    expect(ears.touching("udp", 0, 50)).toMatchObject({ fromAt: -900, endAt: 100 });
    expect(ears.totalMs(200).get("stopped")).toBe(600);
  });

  it("of a gateway that never ran there are none", () => {
    const { ears } = hearing();
    ears.began(-Infinity, 100);
    expect(ears.list).toEqual([]);
    expect(ears.wakeAt).toBe(Infinity);
  });

  it("touch and add up as a list of milliseconds says", () => {
    const interval = fc.tuple(fc.nat(60), fc.nat(12), fc.constantFrom(null, "udp", "mqtt"));
    const whys = fc.constantFrom<Deafness>("network", "store", "overflow");
    const all = fc.array(fc.tuple(whys, interval), { maxLength: 12 });
    const property = fc.property(all, fc.nat(60), fc.nat(20), (list, from, length) => {
      const { ears, add } = hearing();
      const deaf = { udp: new Set<number>(), mqtt: new Set<number>() };
      for (const [why, [at, ms, over]] of list) {
        add(why, at, at + ms, over as Source["transport"] | null);
        for (const name of ["udp", "mqtt"] as const) {
          if (over !== null && over !== name) continue;
          for (let half = 2 * at; half <= 2 * (at + ms); half++) deaf[name].add(half);
        }
      }
      for (const name of ["udp", "mqtt"] as const) {
        let touched = false;
        let sum = 0;
        for (let half = 2 * from; half <= 2 * (from + length); half++) {
          if (deaf[name].has(half)) touched = true;
          if (half % 2 === 1 && deaf[name].has(half)) sum++;
        }
        expect(ears.touching(name, from, from + length) !== undefined).toBe(touched);
        expect(ears.deafMs(name, from, from + length)).toBe(sum);
      }
    });
    holds(property, 500);
  });

  it("are asked for by a hundred thousand deadlines within a breath", () => {
    const { ears, add } = hearing();
    for (let n = 0; n < DEAF_MAX; n++) add("overflow", n * 10, n * 10 + 5, "udp");
    const begun = performance.now();
    let touched = 0;
    for (let n = 0; n < 100_000; n++) {
      if (ears.touching("udp", (n % 11) * 1_000, (n % 11) * 1_000 + 2)) touched++;
    }
    expect(touched).toBeGreaterThan(80_000);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

describe("an honest device after deafness", () => {
  it.each([
    ["no time at all", 0, 60_000],
    ["a promise", 60_000, 60_000],
    ["two promises", 120_000, 60_000 + 133_334 + 5_000],
    ["more than three", 180_001, 480_000],
    ["half an hour", 1_800_000, 60_000 + 2_000_000 + 5_000],
    ["a day", 86_400_000, 60_000 + HOUR + 5_000],
    ["nobody knows how long", Infinity, 60_000 + HOUR + 5_000],
  ])("of %s may be silent by its own law (rules 12, 18)", (_, deafMs, ms) => {
    expect(silenceMs(60_000, deafMs)).toBe(ms);
  });

  it("that was answered before has sixteen beats to come, and eight promises for each", () => {
    expect(silenceMs(67_000, 1_800_000, true)).toBe(8 * 67_000);
    expect(silenceMs(67_000, 86 * 27_000, true)).toBe(8 * 67_000);
    expect(silenceMs(67_000, 86 * 27_000 + 1, true)).toBe(67_000 + 2_580_002 + 5_000);
    // After an hour it may have started itself anew.
    expect(silenceMs(310_000, HOUR, true)).toBe(8 * 310_000);
    expect(silenceMs(310_000, HOUR + 1, true)).toBe(310_000 + HOUR + 5_000);
    // Of a short promise nobody knows how much of it is tries.
    expect(silenceMs(20_000, 300_000, true)).toBe(20_000 + 333_334 + 5_000);
    expect(silenceMs(67_000, 100_000, true)).toBe(67_000 + 111_112 + 5_000);
  });

  it("with a long promise is granted eight of them (rule 18)", () => {
    expect(silenceMs(HOUR, 4 * HOUR)).toBe(8 * HOUR);
  });
});
