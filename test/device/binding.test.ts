// The search for the life of a NAT binding (device/binding.ts), decision by decision: when a
// silence counts, what is an answer, and what interval follows.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answered } from "../../device/binding.ts";
import { lifeMs } from "../../device/binding-state.ts";
import { intervalMs } from "../../device/interval.ts";
import { leave } from "../../device/sender.ts";
import { alert, measure } from "../../device/vitals.ts";
import { Bench, up } from "./binding-rig.ts";
import { DAY, found, HOUR, MINUTE, SECOND } from "./probing-rig.ts";
import { holds } from "./sender-rig.ts";

describe("a probe", () => {
  test("is three warm-ups of 1, 2 and 3, answered, then the delay, asked for three times", () => {
    const it = new Bench();
    it.pass(MINUTE);
    // A warm-up needs no copy that is answered before.
    expect(it.probes.map(({ delay }) => delay)).toEqual([1, 2, 3, 107, 107, 107]);
    const at = it.probes.map((probe) => probe.at - it.probes[0]!.at);
    expect(at).toEqual([0, 1_500, 3_000, 4_500, 4_700, 4_900]);
  });

  test("that is not answered while it warms up teaches nothing: again after 10, 20, 40 min", () => {
    const it = new Bench();
    it.answers = () => false;
    it.pass(2 * DAY);
    const begins = it.probes.filter(({ at }, n) => at > (it.probes[n - 1]?.at ?? -1e9) + MINUTE);
    const gaps = begins.slice(1).map(({ at }, n) => Math.floor((at - begins[n]!.at) / MINUTE));
    expect(gaps.slice(0, 5)).toEqual([10, 20, 40, 80, 160]);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(DAY / MINUTE);
    expect(it.tried()).toEqual([]);
    expect(it.b.used).toBe(-1);
  });

  test("takes no answer but the one it asked for", () => {
    const it = new Bench();
    it.answers = (delay) => delay < 4;
    it.pass(30 * SECOND);
    expect(it.b.phase).toBe(4);
    const before = { ...it.b };
    const genuine = it.answer(107, it.s.ackTag);
    const wrong = [it.answer(106), it.answer(108), it.answer(107, "12345678"), "", genuine + "x"];
    for (let bit = 0; bit < genuine.length * 8; bit++) {
      const at = bit >> 3;
      const byte = String.fromCharCode(genuine.charCodeAt(at) ^ (1 << (bit & 7)));
      wrong.push(genuine.slice(0, at) + byte + genuine.slice(at + 1));
    }
    for (const frame of wrong) answered(it.b, it.s, frame, it.now);
    expect(it.b).toEqual(before);
  });

  test("is one of six a day, and none begins within 62 s of the one before", () => {
    const it = new Bench();
    it.answers = (delay) => delay < 4;
    it.pass(10 * DAY);
    const tried = it.probes.filter(
      ({ delay, seq }, n) => delay > 3 && seq !== it.probes[n - 1]?.seq,
    );
    for (const { at } of tried) {
      expect(tried.filter((p) => p.at >= at && p.at < at + DAY).length).toBeLessThanOrEqual(12);
    }
    const warm = it.probes.filter(({ delay }, n) => delay === 1 && it.probes[n - 1]?.delay !== 1);
    for (const [n, { at }] of warm.slice(1).entries()) {
      expect(at - warm[n]!.at).toBeGreaterThanOrEqual(62 * SECOND);
    }
  });
});

describe("a silence", () => {
  test("counts once a beat was acknowledged after it, and the second time", () => {
    const it = new Bench();
    it.answers = up(100 * SECOND);
    it.pass(171 * SECOND + 8 * SECOND);
    expect(it.b).toMatchObject({ at: 5, high: 11 });
    it.pass(12 * SECOND);
    expect(it.b).toMatchObject({ at: 5, high: 11, silent: 1 });
    it.pass(200 * SECOND);
    expect(it.b).toMatchObject({ high: 5, silent: 0 });
    it.pass(DAY);
    expect(found({ binding: it.b } as never)).toBe(lifeMs(3));
    expect(it.tried()).toEqual([107, 107, 91, 97, 102, 102]);
  });

  test("is void if that beat is not acknowledged: 10 min later it begins anew", () => {
    const it = new Bench();
    it.answers = up(100 * SECOND);
    it.pass(20 * SECOND);
    const asked = it.probes.at(-1)!.at;
    it.hears = false;
    it.pass(250 * SECOND);
    expect(it.b).toMatchObject({ phase: 0, silent: 0, high: 11, probes: 1 });
    const voidAt = it.b.nextAt - 10 * MINUTE;
    expect(voidAt - asked).toBeGreaterThan(intervalMs(107));
    it.hears = true;
    it.pass(HOUR);
    const next = it.probes.find(({ at }) => at > voidAt);
    expect(next!.at - voidAt).toBeGreaterThanOrEqual(10 * MINUTE);
    expect(next!.at - voidAt).toBeLessThan(11 * MINUTE);
  });

  test("brings a beat forward, and nothing ever puts one off", () => {
    holds(
      fc.property(
        fc.integer({ min: 9, max: 3_600 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 600 }), fc.boolean()), { maxLength: 12 }),
        (own, weather) => {
          const it = new Bench(own * SECOND);
          it.answers = up(100 * SECOND);
          for (const [seconds, hears] of weather) {
            it.hears = hears;
            it.pass(seconds * SECOND);
            expect(it.s.beatAt - (it.beats.at(-1) ?? 0)).toBeLessThanOrEqual(8 * own * SECOND + 1);
            const gap = it.s.failed ? Infinity : Math.min(own * SECOND, it.s.life);
            expect(it.s.gap).toBeLessThanOrEqual(Math.max(gap, 8 * own * SECOND));
          }
        },
      ),
      100,
    );
  });
});

describe("the interval", () => {
  test("is 25 s while nothing is known, 3 s until the flow is warm, then the life, less 6 %", () => {
    const it = new Bench();
    it.answers = up(120 * SECOND);
    it.pass(HOUR);
    const gaps = it.beats.slice(1).map((at, n) => at - it.beats[n]!);
    expect(gaps.slice(0, 4)).toEqual([3_000, 3_000, 25_000, 25_000]);
    expect(gaps.at(-1)).toBeCloseTo(lifeMs(4) * 0.94 - 500, 0);
    // A beat that nobody heard: the router may have forgotten, and gives its short life first.
    it.hears = false;
    it.pass(2 * MINUTE);
    it.hears = true;
    const from = it.now;
    it.pass(5 * MINUTE);
    const after = it.beats.filter((at) => at >= from);
    const then = after.slice(1).map((at, n) => Math.round((at - after[n]!) / SECOND));
    expect(then).toContain(3);
    expect(then.at(-1)).toBe(110);
  });

  test("is its own where that is shorter, where it sleeps, and where no life was found", () => {
    const often = new Bench(6 * SECOND);
    often.pass(HOUR);
    expect(often.s.life).toBe(Number.POSITIVE_INFINITY);
    expect(often.probes).toEqual([]);
    const minute = new Bench(MINUTE);
    minute.pass(HOUR);
    expect(minute.s.gap).toBe(MINUTE);
    const deaf = new Bench();
    deaf.answers = (delay) => delay < 4;
    deaf.pass(3 * DAY);
    expect(deaf.b).toMatchObject({ used: -1, high: 0 });
    expect(deaf.s.life).toBe(Number.POSITIVE_INFINITY);
  });

  test("ends with the board's farewell, and so does the search", () => {
    const it = new Bench();
    it.pass(20 * SECOND);
    leave(it.s, it.now);
    it.pass(SECOND);
    const { length } = it.probes;
    it.pass(DAY);
    expect(it.probes).toHaveLength(length);
    expect(it.beats.at(-1)).toBeLessThanOrEqual(21 * SECOND);
  });
});

test("a battery that runs low beats every `ownMax`: no binding is kept, and none looked for", () => {
  const it = new Bench(10 * MINUTE);
  it.answers = up(100 * SECOND);
  it.s.ownMax = HOUR;
  it.pass(2 * HOUR);
  const kept = it.beats.at(-1)! - it.beats.at(-2)!;
  expect(kept).toBeLessThan(100 * SECOND);
  measure(it.s, 15, 0);
  it.pass(2 * kept);
  const { now } = it;
  const { length } = it.probes;
  it.pass(DAY);
  const spared = it.beats.filter((at) => at >= now);
  expect(spared.slice(1).map((at, n) => at - spared[n]!)).toEqual(spared.slice(1).map(() => HOUR));
  expect(spared.length).toBeGreaterThan(22);
  expect(it.probes.length).toBe(length);
  // An alert is to be heard and answered, and a battery that was changed is none that runs low.
  alert(it.s, true, it.now);
  it.pass(MINUTE);
  expect(it.s.life).toBeLessThan(100 * SECOND);
  alert(it.s, false, it.now);
  measure(it.s, 90, 0);
  it.pass(HOUR);
  expect(it.beats.at(-1)! - it.beats.at(-2)!).toBe(kept);
});
