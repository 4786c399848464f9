// How a board gets an epoch: which WELCOME it takes, and nonces that never repeat (rules 11 and
// 12).

import fc from "fast-check";
import { expect, test } from "vitest";
import { makeTagKey } from "../../device/tag.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { exchanges, holds, lose, NONE, Rig, SEED } from "./sender-rig.ts";

test("rule 11: until a WELCOME it keeps its old epoch and numbers: beats go on", () => {
  const rig = new Rig({ own: 60_000 });
  const hello = lose(rig, 4);
  const beat = rig.nextBeat();
  expect(beat).toMatchObject({ epoch: 7, seq: 5 });
  expect(beat.at).toBeGreaterThan(hello.at);
});

test("rule 11: a WELCOME must answer the exchange now open, and above the own epoch", () => {
  const rig = new Rig({ own: 1000 }, { epoch: 4, acked: 0 });
  const first = rig.settle()[0]!;
  rig.run(7000);
  const second = exchanges(rig.sent)[1]!;
  expect(second.frame).not.toBe(first.frame);
  rig.ignores(rig.welcome(first, 5));
  rig.ignores(rig.welcome(second, 0));
  rig.ignores(rig.welcome(second, 3));
  rig.ignores(rig.welcome(second, 4));
  expect(rig.hear(rig.welcome(second, 5))).toBe(3);
  rig.ignores(rig.welcome(second, 5)); // once
  rig.ignores(rig.welcome(second, 6)); // the nonce is forgotten
});

test("rule 11: a WELCOME is opened as if seq were 0, however many beats there were", () => {
  const rig = new Rig({ own: 60_000 }, { limit: 0x123456 });
  expect(rig.hear(rig.welcome(lose(rig, 4), 8))).toBe(3);
});

test("rule 12: a WELCOME that was taken wakes the board: the first beat is due", () => {
  const rig = new Rig({}, NONE);
  const hello = rig.settle()[0]!;
  rig.runTo(40);
  rig.hear(rig.welcome(hello, 5));
  expect(rig.s.wakeAt).toBeLessThanOrEqual(40);
});

test("rule 11: an epoch of 32 bits is compared as a number without a sign", () => {
  const rig = new Rig({}, { epoch: 0x7fffffff, acked: 0 });
  expect(rig.hear(rig.welcome(rig.settle()[0]!, 0xffffffff))).toBe(3);
  expect(rig.settle()[0]!.epoch).toBe(0xffffffff);
});

test("rule 11: the epoch is to be stored before the first beat of it is sent", () => {
  const rig = new Rig({}, NONE);
  rig.hear(rig.welcome(rig.settle()[0]!, 5));
  expect(rig.flash.epoch).toBe(5);
  expect(rig.s.dirty).toBe(0);
  rig.settle();
  expect(rig.flash).toMatchObject({ epoch: 5, limit: 32, acked: 0 });
});

test("rule 12: a lossy link with answers in 1.4 s still gets through", () => {
  const rig = new Rig({}, NONE);
  const hello = rig.settle()[0]!;
  rig.runTo(1400);
  expect(rig.hear(rig.welcome(hello, 1))).toBe(3);
  expect(rig.hear(rig.ack(rig.settle()[0]!))).toBe(1);
});

test(`rule 12: no nonce comes twice for a key, over boots and within one (seed ${SEED})`, () => {
  const minutes = fc.array(fc.integer({ min: 0, max: 300 }), {
    minLength: 1,
    maxLength: 20,
    size: "max",
  });
  holds(
    fc.property(minutes, fc.constantFrom(0, 1, 2), (lives, suite) => {
      const key = makeTagKey(suite, suite ? "fedcba9876543210" : "", sha256);
      const rig = new Rig({ key }, NONE);
      for (const life of lives) {
        rig.run(life * 60_000);
        rig.boot();
      }
      const opened = exchanges(rig.sent);
      expect(new Set(opened.map((f) => rig.readHello(f).nonce)).size).toBe(opened.length);
    }),
    100,
  );
});

test("rule 12: two keys never share a nonce", () => {
  const nonces = ["fedcba9876543210", "0123456789abcdef"].map((k) => {
    const rig = new Rig({ key: makeTagKey(1, k, sha256) }, NONE);
    return rig.readHello(rig.settle()[0]!).nonce;
  });
  expect(nonces[0]).not.toBe(nonces[1]);
});
