// What a board does while nobody seems to hear it: longer gaps, and the list of lost beats
// (rules 18 and 19). HELLO is in sender-hello.test.ts.

import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeExtension, readExtensions } from "../../device/extensions.ts";
import { intervalMs } from "../../device/interval.ts";
import { acked, beats, gaps, holds, isBeat, Rig, SEED, type Sent } from "./sender-rig.ts";

/** The bits of extension 9, undefined if the beat carries none. */
function bits(rig: Rig, beat: Sent): number | undefined {
  const ext = readExtensions(rig.readBeat(beat).ext, 0)!.find((e) => e.type === 9);
  return ext && (ext.value.charCodeAt(0) << 8) | ext.value.charCodeAt(1);
}

test("rule 18: after three unheard beats the interval doubles with each, up to 8 times", () => {
  // 60 s: a HELLO exchange of 5 s ends long before the next beat is due.
  const [rig, heard] = acked({ own: 60_000 });
  const first = beats([heard, ...rig.run(3 * 3_600_000)]);
  const minutes = gaps(first).map((ms) => ms / 60_000);
  expect(minutes).toEqual([1, 1, 1, 2, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]);
});

test("rule 18: the longer gaps are jittered too", () => {
  const rig = new Rig({ own: 60_000 });
  rig.dice = 0.5;
  const minutes = gaps(beats(rig.run(40 * 60_000))).map((ms) => ms / 60_000);
  expect(minutes.slice(0, 5)).toEqual([0.95, 0.95, 1.9, 3.8, 7.6]);
});

test("rule 18: the promises say so", () => {
  const rig = new Rig({ own: 60_000 });
  const first = beats(rig.run(3 * 3_600_000));
  const waits = gaps(first);
  waits.forEach((wait, i) => {
    const promise = intervalMs(rig.readBeat(first[i]!).promise);
    expect(promise).toBeGreaterThan(wait);
    expect(promise).toBeLessThan((wait * 1.01 + 7500 + 3000 + 5000) * 1.08);
  });
});

test("rule 18: two unheard beats lengthen nothing, and an ACK ends the longer gaps", () => {
  const rig = new Rig({ own: 60_000 });
  rig.nextBeat();
  rig.nextBeat();
  rig.hear(rig.ack(rig.nextBeat())); // the third: its gap was to be 2 min
  expect(rig.nextBeat().at).toBe(180_000);
  expect(rig.nextBeat().at).toBe(240_000);
  for (let n = 0; n < 6; n++) rig.nextBeat();
  const heard = rig.nextBeat();
  rig.hear(rig.ack(heard));
  expect(gaps([heard, rig.nextBeat(), rig.nextBeat()])).toEqual([60_000, 60_000]);
});

test("rule 18: a WELCOME ends them as well: the new epoch begins at the plain interval", () => {
  const rig = new Rig({ own: 60_000 });
  for (let n = 0; n < 8; n++) rig.nextBeat();
  while (isBeat(rig.sent.at(-1)!)) rig.run(100);
  rig.hear(rig.welcome(rig.sent.at(-1)!, 8));
  expect(gaps([rig.nextBeat(), rig.nextBeat(), rig.nextBeat()])).toEqual([60_000, 60_000]);
});

test("rule 18: the ceiling is 8 times the configured interval, not the paced one", () => {
  const rig = new Rig({ own: 60_000 });
  rig.hear(rig.ack(rig.nextBeat(), 113)); // 252 s
  const longest = Math.max(...gaps(beats(rig.run(12 * 3_600_000))));
  expect(longest).toBeLessThanOrEqual(8 * 60_000);
});

test("rule 19: no extension 9 while all of the last 16 beats were acknowledged", () => {
  const rig = new Rig();
  for (let n = 0; n < 20; n++) {
    const beat = rig.nextBeat();
    expect(rig.readBeat(beat).ext).toBe("");
    rig.hear(rig.ack(beat));
  }
});

test("rule 19: one unheard beat shows in the next 16 beats, newest in bit 0, then no more", () => {
  const rig = new Rig();
  rig.nextBeat();
  for (let n = 0; n < 16; n++) {
    const beat = rig.nextBeat();
    expect(bits(rig, beat)).toBe(0xffff ^ (1 << n));
    rig.hear(rig.ack(beat));
  }
  expect(bits(rig, rig.nextBeat())).toBeUndefined();
});

test("rule 19: a late ACK takes its beat off the list", () => {
  const rig = new Rig();
  const beat = rig.nextBeat();
  rig.runTo(9_999);
  rig.hear(rig.ack(beat));
  expect(bits(rig, rig.nextBeat())).toBeUndefined();
});

test("rule 19: a further try carries what the first one carried", () => {
  const rig = new Rig();
  rig.nextBeat();
  const second = rig.nextBeat();
  expect(rig.run(9_999).every((f) => f.frame === second.frame)).toBe(true);
});

test("rule 19: the list goes on over a change of epoch", () => {
  const rig = new Rig({ own: 60_000 });
  for (let n = 0; n < 4; n++) rig.nextBeat();
  while (isBeat(rig.sent.at(-1)!)) rig.run(100);
  rig.hear(rig.welcome(rig.sent.at(-1)!, 8));
  expect(bits(rig, rig.nextBeat())).toBe(0xfff0);
});

test("rule 19: extension 9 stands behind what else a beat carries", () => {
  const rig = new Rig({ extra: encodeExtension(2, "\x0c\xe4") });
  rig.nextBeat();
  const ext = readExtensions(rig.readBeat(rig.nextBeat()).ext, 0)!;
  expect(ext.map((e) => e.type)).toEqual([2, 9]);
});

test(`rule 19: the bits are those of the last 16 beats, whatever was heard (seed ${SEED})`, () => {
  // Not more than three unheard in a row, so that no HELLO comes between.
  const fates = fc.array(fc.constantFrom(0, 1), { maxLength: 60, size: "max" });
  holds(
    fc.property(fates, (heard) => {
      const rig = new Rig({ own: 60_000 });
      let expected = 0xffff;
      let silent = 0;
      for (const fate of heard) {
        const beat = rig.nextBeat();
        expect(bits(rig, beat)).toBe(expected === 0xffff ? undefined : expected);
        silent = fate ? 0 : (silent + 1) % 4;
        if (silent === 0) {
          expect(rig.hear(rig.ack(beat))).toBe(1);
          expected = ((expected << 1) | 1) & 0xffff;
        } else expected = (expected << 1) & 0xffff;
      }
    }),
    200,
  );
});
