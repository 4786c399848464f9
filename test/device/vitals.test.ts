// What the application and the board say of themselves, and the interval that follows.

import fc from "fast-check";
import { expect, test } from "vitest";
import { intervalCode, intervalMs } from "../../device/interval.ts";
import { leave } from "../../device/sender.ts";
import { alert, measure, ownNow } from "../../device/vitals.ts";
import { acked, gaps, holds, isBeat, Rig, SEED } from "./sender-rig.ts";

const POLICY = { own: 60_000, ownMin: 5_000, ownMax: 240_000 };

const promiseOf = (rig: Rig, beat: { frame: string }) =>
  intervalMs(rig.readBeat(beat as never).promise);

test("the vitals byte: battery in tenths, signal by steps of 8 dB, unknown where not measured", () => {
  const rig = new Rig();
  const said = (battery: number, dBm: number) => {
    measure(rig.s, battery, dBm);
    return [rig.s.vitals >> 4, rig.s.vitals & 7];
  };
  expect(said(0, -91)).toEqual([0, 1]);
  expect(said(100, -90)).toEqual([10, 1]);
  expect(said(200, -83)).toEqual([10, 1]);
  expect(said(55, -82)).toEqual([6, 2]);
  expect(said(-1, -42)).toEqual([14, 7]);
  expect(said(Number.NaN, -20)).toEqual([15, 7]);
  expect(said(50, 0)).toEqual([5, 0]);
  expect(said(50, Number.NaN)).toEqual([5, 0]);
  const steps = [-90, -82, -74, -66, -58, -50, -42];
  expect(steps.map((dBm) => said(50, dBm)[1])).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(steps.slice(1).map((dBm) => said(50, dBm - 1)[1])).toEqual([1, 2, 3, 4, 5, 6]);
});

test("rule 14: an alert beats at once, says so, and promises the short interval", () => {
  const [rig] = acked(POLICY);
  rig.run(20_000);
  const { now } = rig;
  alert(rig.s, true, now);
  const beat = rig.nextBeat();
  expect(beat.at).toBe(now);
  expect(rig.readBeat(beat).vitals & 8).toBe(8);
  expect(promiseOf(rig, beat)).toBeLessThan(15_000);
  rig.hear(rig.ack(beat));
  expect(rig.nextBeat().at - now).toBe(5_000);
});

test("rule 14: it ends by a beat too, and the long interval is promised before it is taken", () => {
  const [rig] = acked(POLICY);
  alert(rig.s, true, rig.now);
  rig.hear(rig.ack(rig.nextBeat()));
  rig.run(1000);
  const { now } = rig;
  alert(rig.s, false, now);
  const beat = rig.nextBeat();
  expect(beat.at).toBe(now);
  expect(rig.readBeat(beat).vitals & 8).toBe(0);
  expect(promiseOf(rig, beat)).toBeGreaterThan(60_000);
  rig.hear(rig.ack(beat));
  expect(gaps([beat, rig.nextBeat()])).toEqual([60_000]);
});

test("an alert that is on already, or off already, changes nothing", () => {
  const [rig] = acked(POLICY);
  const before = { ...rig.s };
  alert(rig.s, false, rig.now);
  expect({ ...rig.s }).toEqual(before);
  alert(rig.s, true, rig.now);
  rig.hear(rig.ack(rig.nextBeat()));
  const on = { ...rig.s };
  alert(rig.s, true, rig.now);
  expect({ ...rig.s }).toEqual(on);
});

test("a battery at 20 % or less beats at `ownMax`, from the next beat on", () => {
  const [rig, first] = acked(POLICY);
  measure(rig.s, 20, 0);
  const second = rig.nextBeat();
  expect(gaps([first, second])).toEqual([60_000]);
  expect(promiseOf(rig, second)).toBeGreaterThan(240_000);
  rig.hear(rig.ack(second));
  expect(gaps([second, rig.nextBeat()])).toEqual([240_000]);
  for (const level of [30, 100, -1, Number.NaN]) {
    measure(rig.s, level, 0);
    expect(ownNow(rig.s)).toBe(60_000);
  }
});

test("a battery that recovers in a long gap beats at once: the shorter interval is in force", () => {
  const [rig] = acked(POLICY);
  measure(rig.s, 10, 0);
  const long = rig.nextBeat();
  rig.hear(rig.ack(long));
  rig.run(30_000);
  measure(rig.s, -1, 0);
  const next = rig.nextBeat();
  expect(next.at - long.at).toBe(30_000);
  rig.hear(rig.ack(next));
  expect(gaps([next, rig.nextBeat()])).toEqual([60_000]);
});

test("an alert goes before a low battery", () => {
  const [rig] = acked(POLICY);
  measure(rig.s, 10, 0);
  alert(rig.s, true, rig.now);
  expect(ownNow(rig.s)).toBe(5_000);
});

test("rule 15: a pace in force is obeyed over the policy, and 0 leads back to what the policy says", () => {
  const [rig] = acked(POLICY);
  const pace = intervalCode(120_000);
  rig.hear(rig.ack(rig.nextBeat(), pace));
  expect(rig.s.interval).toBe(intervalMs(pace));
  rig.run(1000);
  const { now } = rig;
  alert(rig.s, true, now);
  let beat = rig.nextBeat();
  expect(beat.at).toBe(now); // told at once all the same
  expect(rig.s.interval).toBe(intervalMs(pace));
  rig.hear(rig.ack(beat, pace));
  const seen: number[] = [];
  for (let n = 0; n < 4; n++) {
    beat = rig.nextBeat();
    rig.hear(rig.ack(beat, 0));
    seen.push(rig.s.code);
  }
  const own = intervalCode(5_000);
  expect(seen).toEqual([pace - 20, pace - 40, own, own]);
  expect(rig.s.interval).toBe(5_000);
});

test("rule 15: the policy's interval widens the limits of the pace, as the own one does", () => {
  const [rig] = acked({ ...POLICY, paceMin: 90, paceMax: 95 });
  measure(rig.s, 10, 0);
  rig.hear(rig.ack(rig.nextBeat(), 254));
  expect(rig.s.interval).toBe(240_000);
  rig.hear(rig.ack(rig.nextBeat(), 1));
  expect(rig.s.code).toBe(Math.max(90, intervalCode(240_000) - 20));
});

test(`rule 14: whatever is felt, asked or lost, the next beat comes within its promise (seed ${SEED})`, () => {
  const event = fc.record({
    is: fc.constantFrom(
      "alert",
      "calm",
      "low",
      "full",
      "ack",
      "ack",
      "ack",
      "pace",
      "lost",
      "wait",
    ),
    n: fc.integer({ min: 1, max: 254 }),
  });
  holds(
    fc.property(fc.array(event, { maxLength: 60, size: "max" }), (events) => {
      const rig = new Rig({ ...POLICY, paceMin: 1, paceMax: 254 });
      let before = { at: 0, ms: Infinity, seq: 0 };
      for (const { is, n } of events) {
        if (is === "alert" || is === "calm") alert(rig.s, is === "alert", rig.now);
        if (is === "low" || is === "full") measure(rig.s, is === "low" ? 20 : 21, -60);
        if (is === "wait") rig.run(n * 100);
        rig.settle();
        // Rule 12: HELLO may take the place of what comes behind 16 unheard ones.
        if (is === "lost" && rig.s.unacked > 2) continue;
        const beat = rig.nextBeat();
        for (const f of rig.sent.filter((f) => isBeat(f) && f.seq > before.seq)) {
          expect(f.at - before.at).toBeLessThanOrEqual(before.ms);
          before = { at: f.at, ms: promiseOf(rig, f), seq: f.seq };
        }
        if (is !== "lost" || rig.s.unacked > 2) rig.hear(rig.ack(beat, is === "pace" ? n : 0));
      }
    }),
    300,
  );
});

test("who has left says no more, whatever changes", () => {
  const [rig] = acked(POLICY);
  leave(rig.s, rig.now);
  rig.hear(rig.ack(rig.nextBeat()));
  alert(rig.s, true, rig.now);
  measure(rig.s, 90, -50);
  expect(rig.run(3_600_000)).toEqual([]);
});
