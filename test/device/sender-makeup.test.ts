// Make-ups (rule 13): the same bytes again, much later, where the interval leaves room for it; and
// what they do to the promise (rule 14), to HELLO (rule 12) and to the estimate (Karn).

import fc from "fast-check";
import { expect, test } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { makeUpsIn, promiseMs } from "../../device/schedule.ts";
import { listening } from "../../device/sender.ts";
import { beats, holds, isHello, Rig, SEED } from "./sender-rig.ts";

const MINUTE = 60_000;
const QUARTER = { own: 15 * MINUTE, reach: 2, makeUps: 2, reserve: 1 };

test("rule 13: the same bytes again 60 s and 180 s after the first try, all tries each", () => {
  const rig = new Rig(QUARTER);
  const first = rig.nextBeat();
  const again = rig.runTo(14 * MINUTE);
  expect(new Set([first, ...again].map((f) => f.frame)).size).toBe(1);
  const sets = [0, MINUTE, 3 * MINUTE];
  const starts = [first, ...again].filter((_, i) => i % 3 === 0).map((f) => f.at);
  expect([first, ...again].length).toBe(9);
  expect(starts).toEqual(sets);
});

test("rule 13: make-ups are jittered, and never later", () => {
  const rig = new Rig(QUARTER);
  rig.dice = 0.5;
  const sends = [rig.nextBeat(), ...rig.runTo(13 * MINUTE)];
  expect(sends[3]!.at).toBe(0.95 * MINUTE);
  expect(sends[6]!.at).toBeCloseTo(0.95 * 3 * MINUTE);
});

test("rule 13: the radio is closed between them, and open during their tries", () => {
  const rig = new Rig(QUARTER);
  rig.nextBeat();
  rig.run(10_000);
  expect(listening(rig.s, rig.now)).toBe(false);
  expect(rig.s.wakeAt).toBe(MINUTE);
  rig.runTo(MINUTE);
  expect(listening(rig.s, rig.now)).toBe(true);
});

test("rules 11 and 13: a make-up's ACK clears the beat, and gives no sample", () => {
  const rig = new Rig(QUARTER);
  const beat = rig.nextBeat();
  rig.runTo(MINUTE + 40);
  const { rto } = rig.s;
  expect(rig.hear(rig.ack(beat))).toBe(1);
  expect(rig.s).toMatchObject({ unacked: 0, heard: 0xffff, srtt: 0, rto, failed: 0 });
  // The next one was sent once: that is clean.
  const next = rig.nextBeat();
  rig.run(40);
  rig.hear(rig.ack(next));
  expect(rig.s.srtt).toBe(40);
});

test("rule 13: a late ACK ends the wait for a make-up", () => {
  const rig = new Rig({ ...QUARTER, reach: 1 });
  const beat = rig.nextBeat();
  rig.run(20_000);
  expect(rig.hear(rig.ack(beat))).toBe(1);
  expect(rig.runTo(13 * MINUTE)).toEqual([]);
  expect(rig.s.srtt).toBe(0);
});

test("rule 13: none where the next beat is near: a make-up takes two thirds of the gap at most", () => {
  expect([60, 89, 90, 269, 270, 3600].map((s) => makeUpsIn(s * 1000, 2))).toEqual([
    0, 0, 1, 1, 2, 2,
  ]);
  expect(makeUpsIn(3_600_000, 1)).toBe(1);
  expect(makeUpsIn(3_600_000, 0)).toBe(0);
  for (const [own, sends] of [
    [60_000, 3],
    [120_000, 6],
    [300_000, 9],
  ] as const) {
    const rig = new Rig({ own, makeUps: 2 });
    expect(rig.runTo(own - 1).length).toBe(sends);
  }
});

test("rule 12: HELLO comes instead of make-ups once four beats are unheard, in the same wake", () => {
  const rig = new Rig(QUARTER);
  for (let n = 0; n < 4; n++) rig.nextBeat();
  const from = rig.now;
  const sends = rig.run(30_000);
  expect(sends.some(isHello)).toBe(true);
  expect(sends.find(isHello)!.at - from).toBeLessThan(10_000);
  const later = beats(rig.run(3_600_000));
  expect(rig.sent.filter((f) => f.frame === later[0]!.frame).length).toBe(3);
});

test("rule 14: the promise counts the last make-up, its waking and its tries", () => {
  const t = { rto: 80, rtoMax: 3000, clockError: 0.01, wakeMs: 2000, unacked: 0, makeUps: 2 };
  expect(promiseMs(t, 900_000)).toBe(1_080_000 * 1.01 + 3 * 2000 + 80 + 7500);
  expect(promiseMs({ ...t, makeUps: 1 }, 900_000)).toBe(960_000 * 1.01 + 2 * 2000 + 80 + 7500);
  expect(promiseMs(t, 100_000)).toBe(160_000 * 1.01 + 2 * 2000 + 80 + 7500);
  expect(promiseMs(t, 60_000)).toBe(promiseMs({ ...t, makeUps: 0 }, 60_000));
});

test(`rule 14: no try of a make-up comes later than promised (seed ${SEED})`, () => {
  const config = fc.record({
    own: fc.constantFrom(60_000, 89_999, 90_000, 300_000, 3_600_000),
    makeUps: fc.constantFrom(1, 2),
    wakeMs: fc.constantFrom(0, 3000),
    rto: fc.constantFrom(80, 250, 2000),
  });
  // For each beat: at which send its ACK comes, if at all; and which pace it asks for.
  const fate = fc.record({ at: fc.integer({ max: 12 }), pace: fc.integer({ max: 255 }) });
  const dice = fc.double({ min: 0, max: 0.99, noNaN: true });
  holds(
    fc.property(config, fc.array(fate, { maxLength: 30 }), dice, (c, fates, die) => {
      const rig = new Rig({ ...c, paceMin: 1, paceMax: 254, reach: 2 });
      rig.dice = die;
      let before = { at: 0, promiseMs: Infinity };
      for (const { at, pace } of fates) {
        const beat = rig.nextBeat();
        const sends = [beat];
        const heardAt: number[] = [];
        const waking = () => (rig.now += c.wakeMs * die);
        for (let n = 0; n < 20; n++) {
          if (sends.length === at) heardAt.push(rig.now);
          if (heardAt.length || rig.s.frame !== beat.frame) break;
          if (rig.s.wakeAt >= rig.s.beatAt) break;
          const slept = !listening(rig.s, rig.now);
          rig.now = Math.max(rig.now, rig.s.wakeAt);
          if (slept) waking();
          sends.push(...rig.settle());
        }
        for (const f of sends) expect(f.at - before.at).toBeLessThanOrEqual(before.promiseMs);
        // Heard at its first try, its ACKs lost until that one: the promise runs from the first.
        before = { at: beat.at, promiseMs: intervalMs(rig.readBeat(beat).promise) };
        if (heardAt.length) rig.hear(rig.ack(beat, pace));
        if (isHello(rig.sent.at(-1)!) || rig.s.unacked > 3) return;
      }
    }),
    300,
  );
});

test("rules 13 and 18: make-ups are for the first three unheard beats, so a long silence is cheap", () => {
  const rig = new Rig({ ...QUARTER, own: 5 * MINUTE });
  rig.run(3 * 86_400_000);
  const sent = beats(rig.sent).map((b) => rig.sent.filter((f) => f.frame === b.frame).length);
  expect(sent).toEqual([9, 9, 9, ...new Array(13).fill(3)]);
});
