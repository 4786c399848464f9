// When a board says HELLO, how often, and how long (rule 12).

import { expect, test } from "vitest";
import { acked, beats, exchanges, gaps, isBeat, isHello, lose, NONE, Rig } from "./sender-rig.ts";

test("rule 12: without an epoch it says HELLO, with epoch 0, and no beat", () => {
  const rig = new Rig({}, NONE);
  const frames = rig.run(100_000);
  expect(frames.every(isHello)).toBe(true);
  expect(frames[0]!.at).toBe(0);
  expect(rig.readHello(frames[0]!)).toMatchObject({ id: 0x00beef, epoch: 0, reach: 0 });
});

test("rule 12: an epoch that never had an ACK is not used after a boot; one that had is", () => {
  const never = new Rig({}, { epoch: 9, limit: 32, acked: 0 });
  const hello = never.settle()[0]!;
  expect(never.readHello(hello).epoch).toBe(9);
  expect(never.run(100_000).some(isBeat)).toBe(false);
  const once = new Rig({}, { epoch: 9, limit: 32, acked: 1 });
  expect(once.settle()[0]).toMatchObject({ epoch: 9, seq: 33 });
});

test("rule 12: the first ACK of an epoch is what makes it last over a boot", () => {
  const rig = new Rig({}, NONE);
  rig.hear(rig.welcome(rig.settle()[0]!, 5));
  const beat = rig.nextBeat();
  expect(rig.flash).toMatchObject({ epoch: 5, acked: 0 });
  rig.hear(rig.ack(beat));
  expect(rig.flash).toMatchObject({ epoch: 5, acked: 1 });
  rig.boot();
  expect(isBeat(rig.settle()[0]!)).toBe(true);
});

test("rule 12: an exchange is three tries of the same bytes", () => {
  const rig = new Rig({ own: 60_000 }, NONE);
  const frames = rig.run(50_000);
  expect(frames.map((f) => f.at)).toEqual([0, 250, 750]);
  expect(new Set(frames.map((f) => f.frame)).size).toBe(1);
});

test.each([250, 1500, 3000])(
  "rule 12: three tries fit into 5 s with a time-out of %i ms",
  (rto) => {
    for (const dice of [0, 0.999999]) {
      const rig = new Rig({ own: 60_000, rto }, NONE);
      rig.dice = dice;
      const frames = rig.run(20_000);
      expect(frames.length).toBe(3);
      expect(frames[2]!.at).toBeLessThan(5000);
    }
  },
);

test("rule 12: an exchange lasts at most 5 s", () => {
  for (const [at, result] of [
    [4_999, 3],
    [5_000, 0],
  ] as const) {
    const rig = new Rig({}, NONE);
    const hello = rig.settle()[0]!;
    rig.runTo(at);
    expect(rig.hear(rig.welcome(hello, 1))).toBe(result);
  }
});

test("rule 12: an exchange is over after 5 s, also where the network was away", () => {
  const rig = new Rig({}, NONE);
  const hello = rig.settle()[0]!;
  rig.now = 600_000; // a shell without an address does not poll
  expect(rig.settle()[0]!.frame).not.toBe(hello.frame);
});

test("rule 12: unanswered exchanges are spaced like beats, doubling to 1 h", () => {
  const rig = new Rig({}, NONE);
  const spacing = gaps(exchanges(rig.run(6 * 3_600_000)));
  const doubled = [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600].map((s) => s * 1000);
  expect(spacing.length).toBeGreaterThan(doubled.length);
  // The 5 s of the exchange itself may count or not.
  doubled.forEach((gap, i) => {
    expect(spacing[i]).toBeGreaterThanOrEqual(gap);
    expect(spacing[i]).toBeLessThanOrEqual(gap + 5000);
  });
  rig.dice = 0.999999;
  for (const gap of gaps(exchanges(rig.run(8 * 3_600_000))).slice(1)) {
    expect(gap).toBeGreaterThan(3_240_000);
    expect(gap).toBeLessThan(3_245_010);
  }
});

test("rule 12: a board that beats less often than hourly is not made to hurry", () => {
  const rig = new Rig({ own: 4 * 3_600_000 }, NONE);
  const spacing = gaps(exchanges(rig.run(13 * 3_600_000)));
  expect(spacing.length).toBe(3);
  for (const gap of spacing) expect(gap).toBeGreaterThanOrEqual(14_400_000);
});

test("rule 12: the first beat follows a WELCOME at once, with seq 1 of the new epoch", () => {
  const rig = new Rig({}, { epoch: 4, limit: 96, acked: 0 });
  const hello = rig.settle()[0]!;
  rig.run(100);
  expect(rig.hear(rig.welcome(hello, 5))).toBe(3);
  expect(rig.runTo(100)).toMatchObject([{ at: 100, epoch: 5, seq: 1 }]);
  expect(rig.run(40_000).some(isHello)).toBe(false);
});

test("rule 12: a WELCOME that comes before the beat in flight is acknowledged replaces it", () => {
  const rig = new Rig();
  const hello = lose(rig, 4);
  const old = rig.sent.findLast(isBeat)!;
  expect(rig.hear(rig.welcome(hello, 8))).toBe(3);
  rig.ignores(rig.ack(old));
  expect(rig.settle()).toMatchObject([{ epoch: 8, seq: 1 }]);
});

test("rule 12: three unheard beats are not doubted; the fourth brings HELLO in the same wake", () => {
  const rig = new Rig({ own: 60_000 });
  const third = beats(rig.run(130_000))[2]!;
  expect(third.at).toBe(120_000);
  expect(rig.run(100_000).some(isHello)).toBe(false);
  const fourth = rig.nextBeat();
  const hello = lose(rig, 0);
  expect(rig.sent.filter((f) => f.frame === fourth.frame).length).toBe(3);
  // The tries of one beat take three time-outs of at most 3 s.
  expect(hello.at - fourth.at).toBeLessThanOrEqual(9_000);
  expect(rig.readHello(hello).epoch).toBe(7);
});

test("rule 12: a fourth beat that is heard after all brings no HELLO", () => {
  const rig = new Rig({ own: 60_000 });
  for (let n = 0; n < 4; n++) rig.nextBeat();
  rig.run(3100);
  rig.hear(rig.ack(rig.sent.findLast(isBeat)!));
  expect(rig.run(170_000).some(isHello)).toBe(false);
});

test("rule 12: an ACK ends the doubt: the exchange is over, the spacing starts anew", () => {
  const rig = new Rig({ own: 60_000 });
  const hello = lose(rig, 6);
  rig.hear(rig.ack(rig.sent.findLast(isBeat)!));
  rig.ignores(rig.welcome(hello, 8));
  const again = lose(rig, 4);
  expect(again.frame).not.toBe(hello.frame);
  const fourth = rig.sent.findLast(isBeat)!;
  expect(again.at - fourth.at).toBeLessThanOrEqual(9_000);
  expect(gaps(exchanges([again, ...rig.run(80_000)]))[0]).toBeLessThanOrEqual(65_000);
});

test("rule 12: a WELCOME ends the waiting: a new doubt brings HELLO in its wake, spaced anew", () => {
  const rig = new Rig({}, NONE);
  const seen = exchanges(rig.run(4 * 3_600_000)).length;
  while (exchanges(rig.sent).length === seen) rig.run(1000);
  expect(rig.hear(rig.welcome(rig.sent.findLast(isHello)!, 1))).toBe(3);
  const hello = lose(rig, 4);
  expect(hello.at - rig.sent.findLast(isBeat)!.at).toBeLessThanOrEqual(9_000);
  expect(gaps(exchanges([hello, ...rig.run(60_000)]))[0]).toBeLessThanOrEqual(15_000);
});

test("rule 12: at most 16 beats without an ACK in one epoch, then HELLO only", () => {
  const [rig] = acked();
  const frames = rig.run(24 * 3_600_000);
  expect(beats(frames).map((f) => f.seq)).toEqual(Array.from({ length: 16 }, (_, i) => i + 2));
  const after = frames.slice(frames.findLastIndex(isBeat) + 1);
  expect(exchanges(after).length).toBeGreaterThan(20);
});

test("rule 12: at most 16 over a power cut too, whenever it comes: 13 of them after a boot", () => {
  for (let before = 0; before <= 16; before++) {
    const [rig] = acked();
    for (let n = 0; n < before; n++) rig.nextBeat();
    rig.boot();
    const spent = beats(rig.run(24 * 3_600_000)).length;
    expect([before, spent]).toEqual([before, before > 3 ? 0 : 13]);
    rig.boot();
    expect(beats(rig.run(3_600_000))).toEqual([]);
  }
});

test("rule 12: after the sixteenth, its ACK or a WELCOME brings beats back", () => {
  const [late] = acked();
  for (let n = 0; n < 16; n++) late.nextBeat();
  late.run(600_000);
  expect(late.hear(late.ack(late.sent.findLast(isBeat)!))).toBe(1);
  expect(late.settle()).toMatchObject([{ epoch: 7, seq: 18 }]);

  const [fresh] = acked();
  for (let n = 0; n < 16; n++) fresh.nextBeat();
  const hello = lose(fresh, 0);
  fresh.hear(fresh.welcome(hello, 8));
  expect(fresh.settle()).toMatchObject([{ epoch: 8, seq: 1 }]);
});

test("rule 12: sixteen beats are counted in a row: an ACK starts the count anew", () => {
  const [rig] = acked();
  for (let n = 0; n < 15; n++) rig.nextBeat();
  rig.hear(rig.ack(rig.nextBeat()));
  for (let n = 0; n < 16; n++) rig.nextBeat();
  expect(rig.run(24 * 3_600_000).every((f) => isHello(f) || f.seq === 33)).toBe(true);
  expect(rig.sent.some((f) => f.seq === 33)).toBe(true);
});
