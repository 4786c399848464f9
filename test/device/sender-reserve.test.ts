// Rule 10: no (epoch, seq) for two different beats, wherever the power goes.
//
// A number is reserved on flash before it is used. The order is: seal, store, send, say so; these
// tests cut the power between any two of them.

import fc from "fast-check";
import { expect, test } from "vitest";
import { SEQ_MAX } from "../../device/schedule.ts";
import { poll } from "../../device/sender.ts";
import { beats, CUTS, holds, isBeat, isHello, Rig, SEED } from "./sender-rig.ts";

/** Fails if two different beats of a rig have one (epoch, seq). */
function expectNoReuse(rig: Rig): void {
  const used = new Map<string, string>();
  for (const f of rig.sent.filter(isBeat)) {
    const name = `${f.epoch}/${f.seq}`;
    expect(used.get(name) ?? f.frame, `beat ${name} sent twice, and not the same`).toBe(f.frame);
    used.set(name, f.frame);
  }
}

test("rule 10: one durable write reserves 32 numbers, before the first of them is sent", () => {
  const rig = new Rig();
  const writes: number[] = [];
  for (let seq = 1; seq <= 97; seq++) {
    rig.now = rig.s.wakeAt;
    const before = rig.flash.limit;
    expect(poll(rig.s, rig.now)).not.toBe("");
    if (rig.s.dirty) writes.push(seq);
    rig.settle();
    expect(rig.flash.limit).toBeGreaterThanOrEqual(seq);
    if (rig.flash.limit !== before) expect(rig.flash.limit).toBe(before + 32);
    rig.hear(rig.ack(rig.sent.at(-1)!));
    rig.settle();
  }
  expect(writes).toEqual([1, 33, 65, 97]);
});

test("rule 10: where one number is reserved at a time, flash knows the very last one", () => {
  const rig = new Rig({ reserve: 1, reach: 2 });
  for (let seq = 1; seq <= 5; seq++) {
    const beat = rig.nextBeat();
    expect(rig.flash).toMatchObject({ limit: seq, acked: 0 });
    rig.hear(rig.ack(beat));
    expect(rig.flash).toMatchObject({ limit: seq, acked: 1 });
    rig.boot();
  }
  expect(rig.settle()[0]).toMatchObject({ epoch: 7, seq: 6 });
});

test("section 2: near the end of the numbers a board says HELLO, however many it reserves", () => {
  for (const reserve of [1, 32]) {
    for (const [limit, beats] of [
      [SEQ_MAX, 0],
      [SEQ_MAX - 1, 1],
      [SEQ_MAX - 32, 32],
    ] as const) {
      const rig = new Rig({ reserve }, { limit });
      let count = 0;
      for (let turn = 0; turn < 200 && !rig.sent.some(isHello); turn++) {
        rig.now = Math.max(rig.now, rig.s.wakeAt);
        for (const f of rig.settle().filter(isBeat)) {
          rig.hear(rig.ack(f));
          count++;
        }
      }
      expect([reserve, limit, count]).toEqual([reserve, limit, beats]);
      expect(rig.flash.limit).toBeLessThanOrEqual(0xffffffff);
      expect(rig.hear(rig.welcome(rig.sent.at(-1)!, 8))).toBe(3);
      expect(rig.nextBeat()).toMatchObject({ epoch: 8, seq: 1 });
    }
  }
});

test("rule 10: a further try needs no write, and has the same number and bytes", () => {
  const rig = new Rig();
  rig.settle();
  rig.s.dirty = 0;
  rig.runTo(9_999);
  expect(rig.s.dirty).toBe(0);
  expect(new Set(rig.sent.map((f) => f.frame)).size).toBe(1);
});

test("rule 10: a boot goes on above everything that may have been used", () => {
  const rig = new Rig();
  for (let n = 0; n < 3; n++) rig.hear(rig.ack(rig.nextBeat()));
  rig.boot();
  expect(rig.settle()[0]).toMatchObject({ epoch: 7, seq: 33 });
});

test("rule 10: in a new epoch numbers begin at 1, and are reserved anew", () => {
  const rig = new Rig({}, { epoch: 6, limit: 320, acked: 0 });
  rig.hear(rig.welcome(rig.settle()[0]!, 9));
  expect(rig.flash).toMatchObject({ epoch: 9, limit: 0, acked: 0 });
  expect(rig.settle()[0]).toMatchObject({ epoch: 9, seq: 1 });
  expect(rig.flash).toMatchObject({ epoch: 9, limit: 32, acked: 0 });
});

test.each(CUTS)("rule 10: a power cut %s of the beat after a WELCOME", (cut) => {
  const rig = new Rig({}, { epoch: 6, limit: 320, acked: 0 });
  rig.hear(rig.welcome(rig.settle()[0]!, 9));
  rig.cutAt = cut;
  rig.settle();
  rig.run(100);
  // The epoch was never acknowledged: it is not used again, and the gateway gives a higher one.
  expect(beats(rig.sent).length).toBe(cut === "after-send" ? 1 : 0);
  const hello = rig.sent.findLast(isHello)!;
  expect(rig.readHello(hello).epoch).toBe(9);
});

test("rule 10: a WELCOME that was not made durable leaves the old epoch", () => {
  const rig = new Rig({ own: 60_000 });
  for (let n = 0; n < 4; n++) rig.nextBeat();
  while (isBeat(rig.sent.at(-1)!)) rig.run(100);
  const old = { ...rig.flash };
  rig.hear(rig.welcome(rig.sent.at(-1)!, 8));
  rig.flash = old; // the power went before the write
  rig.boot();
  const [first] = rig.settle();
  // Nothing was acknowledged since the last reservation, so the old epoch is not used, but told.
  expect(rig.readHello(first!).epoch).toBe(7);
});

test("rule 10: near the end of the numbers the board says HELLO, and none is beyond 32 bits", () => {
  for (const limit of [SEQ_MAX + 29, SEQ_MAX - 32, SEQ_MAX - 32 * 2]) {
    const rig = new Rig({}, { limit });
    for (let n = 0; n < 100; n++) {
      rig.run(10_000);
      const last = rig.sent.findLast(isBeat);
      if (last) rig.hear(rig.ack(last));
      expect(rig.flash.limit).toBeLessThanOrEqual(0xffffffff);
    }
    const used = beats(rig.sent).map((f) => f.seq);
    expect(Math.max(...used, 0)).toBeLessThanOrEqual(0xffffffff);
    // What is left for use is more than nothing where a whole reservation is left.
    expect(used.length > 0).toBe(limit < SEQ_MAX);
    expect(rig.readHello(rig.sent.findLast(isHello)!).epoch).toBe(7);
  }
});

test("rule 10: a board whose numbers ran out before a boot says HELLO at once", () => {
  const rig = new Rig({}, { limit: 0xffffffff });
  expect(rig.run(20_000).every(isHello)).toBe(true);
});

const step = fc.record({
  ms: fc.constantFrom(0, 1, 300, 5000, 10_000, 90_000),
  cut: fc.constantFrom("", "", "", ...CUTS),
  reply: fc.constantFrom("none", "none", "ack", "ack", "welcome", "boot"),
  /** The power goes after what was heard, before it is stored. */
  forget: fc.boolean(),
});

test(`rule 10: power cuts anywhere, and no number is used for two beats (seed ${SEED})`, () => {
  const limits = fc.constantFrom(0, 31, 32, 0xfff0, SEQ_MAX - 8);
  const jitter = fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), { minLength: 1 });
  holds(
    fc.property(
      fc.array(step, { maxLength: 60, size: "max" }),
      limits,
      jitter,
      (steps, limit, dice) => {
        let thrown = 0;
        const random = () => dice[thrown++ % dice.length]!;
        const rig = new Rig({ random }, { limit });
        let issued = 7;
        for (const { ms, cut, reply, forget } of steps) {
          rig.cutAt = cut;
          rig.run(ms);
          const last = rig.sent.at(-1);
          if (reply === "boot") rig.boot();
          if (!last) continue;
          const stored = { ...rig.flash };
          if (reply === "ack" && isBeat(last)) rig.hear(rig.ack(last));
          if (reply === "welcome" && isHello(last)) rig.hear(rig.welcome(last, ++issued));
          if (forget) {
            rig.flash = stored;
            rig.boot();
          }
        }
        expectNoReuse(rig);
      },
    ),
    1000,
  );
});
