// The arithmetic of speaking: what the protocol's numbers are, and both sides of each limit.

import fc from "fast-check";
import { expect, test } from "vitest";
import * as schedule from "../../device/schedule.ts";
import { backoff, paceStep, promiseMs } from "../../device/schedule.ts";
import { holds, SEED } from "./sender-rig.ts";

const TIMING = { rto: 250, rtoMax: 3000, clockError: 0.01, wakeMs: 0, unacked: 0, makeUps: 0 };

test("the constants are those of the protocol", () => {
  expect(schedule).toMatchObject({
    TRIES_MAX: 3,
    RTO_MIN: 80,
    RTO_MAX: 3000,
    RTO_FIRST: 250,
    BACKOFF_MAX: 8,
    UNACKED_PATIENT: 3,
    UNACKED_MAX: 16,
    HELLO_MS: 5000,
    HELLO_GAP_MAX: 3_600_000,
    PACE_STEP: 20,
    WINDOW_QUIET_MS: 2000,
    WINDOW_MS: 15_000,
    NUDGE_MS: 5000,
  });
});

test("rule 18: the gap behind the third unheard beat is the first one doubled", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 15].map((n) => backoff(n))).toEqual([1, 1, 2, 4, 8, 8, 8, 8]);
});

test("rule 14: a promise is gap, clock error, waking, all time-outs and one more in transit", () => {
  // Three time-outs of this beat double 80 to 640; then the next one waits 640 and 1280, jittered.
  const near = { ...TIMING, rto: 80 };
  expect(promiseMs(near, 60_000)).toBe(60_600 + (640 + 1280) * 1.25 + 80);
  expect(promiseMs({ ...near, wakeMs: 900 }, 60_000)).toBe(60_600 + 900 + 2400 + 80);
  expect(promiseMs({ ...near, clockError: 0.05 }, 60_000)).toBe(63_000 + 2400 + 80);
  // From 250 the waits meet the bound of 3000: at most two of those.
  expect(promiseMs(TIMING, 60_000)).toBeGreaterThanOrEqual(60_600 + (2000 + 3000) * 1.25 + 250);
  expect(promiseMs(TIMING, 60_000)).toBeLessThanOrEqual(60_600 + (3000 + 3000) * 1.25 + 250);
});

test("rule 14: a HELLO exchange may come first from the fourth unheard beat on", () => {
  const plain = promiseMs(TIMING, 60_000);
  expect(promiseMs({ ...TIMING, unacked: 2 }, 60_000)).toBe(plain);
  expect(promiseMs({ ...TIMING, unacked: 3 }, 60_000)).toBe(plain + 5000);
});

test(`rule 14: a longer gap or time-out never promises less (seed ${SEED})`, () => {
  const rto = fc.integer({ min: 80, max: 3000 });
  const gap = fc.integer({ min: 100, max: 86_400_000 });
  holds(
    fc.property(rto, rto, gap, gap, (r1, r2, g1, g2) => {
      const promise = (r: number, g: number) => promiseMs({ ...TIMING, rto: r }, g);
      const low = promise(Math.min(r1, r2), Math.min(g1, g2));
      expect(promise(Math.max(r1, r2), Math.max(g1, g2))).toBeGreaterThanOrEqual(low);
      expect(low).toBeGreaterThan(Math.min(g1, g2) * 1.01);
    }),
    1000,
  );
});

test("rule 15: one ACK moves the pace by at most 20 codes either way", () => {
  expect(paceStep(60, 80, 60, 1, 254)).toBe(80);
  expect(paceStep(60, 81, 60, 1, 254)).toBe(80);
  expect(paceStep(60, 40, 60, 1, 254)).toBe(40);
  expect(paceStep(60, 39, 60, 1, 254)).toBe(40);
  expect(paceStep(60, 60, 60, 1, 254)).toBe(60);
  expect(paceStep(60, 61, 60, 1, 254)).toBe(61);
});

test("rule 15: 0 and 255 lead back to the board's own by the same steps", () => {
  for (const pace of [0, 255]) {
    expect(paceStep(120, pace, 60, 34, 152)).toBe(100);
    expect(paceStep(81, pace, 60, 34, 152)).toBe(61);
    expect(paceStep(80, pace, 60, 34, 152)).toBe(60);
    expect(paceStep(35, pace, 60, 34, 152)).toBe(55);
    expect(paceStep(60, pace, 60, 34, 152)).toBe(60);
  }
});

test(`rule 15: the pace stays within the board's limits and reaches what is asked (seed ${SEED})`, () => {
  const code = fc.integer({ min: 1, max: 254 });
  holds(
    fc.property(code, code, fc.integer({ min: 0, max: 255 }), (a, own, pace) => {
      const min = Math.min(a, own);
      const max = Math.max(a, own);
      let at = own;
      for (let step = 0; step < 13; step++) {
        const next = paceStep(at, pace, own, min, max);
        expect(Math.abs(next - at)).toBeLessThanOrEqual(20);
        expect(next).toBeGreaterThanOrEqual(min);
        expect(next).toBeLessThanOrEqual(max);
        at = next;
      }
      const asked = pace === 0 || pace === 255 ? own : Math.max(min, Math.min(max, pace));
      expect(at).toBe(asked);
    }),
    1000,
  );
});
