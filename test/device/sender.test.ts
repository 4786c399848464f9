// One beat's life: its tries, its time-out, its place in time, its goodbye (rules 13, 14).

import { expect, test } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import { handle, leave } from "../../device/sender.ts";
import { coldBoot } from "../../device/state.ts";
import { beats, gaps, isBeat, lose, Rig, type Sent } from "./sender-rig.ts";

/** The time-out in force: what the next beat waits before its second try. Jitter must be off. */
function timeOut(rig: Rig): number {
  const first = rig.nextBeat();
  const second = rig.run(8000).find((f) => f.frame === first.frame)!;
  return second.at - first.at;
}

/** Lets the next beat leave and be acknowledged after `rtt` ms. */
function roundTrip(rig: Rig, rtt: number): void {
  const beat = rig.nextBeat();
  rig.run(rtt);
  expect(rig.hear(rig.ack(beat))).toBe(1);
}

test("rule 13: the same bytes three times, the time-out doubled, then silence", () => {
  const rig = new Rig();
  const frames = rig.run(9_999);
  expect(frames.map((f) => f.at)).toEqual([0, 250, 750]);
  expect(new Set(frames.map((f) => f.frame)).size).toBe(1);
  expect(rig.run(1)[0]!.seq).toBe(2);
});

test("rule 13: a time-out is drawn out by 1 to 1.25", () => {
  const rig = new Rig();
  rig.dice = 0.999999;
  const waits = gaps(rig.run(2000));
  expect(waits[0]).toBeCloseTo(250 * 1.25, 2);
  expect(waits[1]).toBeCloseTo(500 * 1.25, 2);
});

test("rule 13: the time-out grows no further than rtoMax", () => {
  expect(gaps(new Rig({ rto: 1600 }).run(9000))).toEqual([1600, 3000]);
  expect(gaps(new Rig({ rto: 1400 }).run(9000))).toEqual([1400, 2800]);
  const cellular = new Rig({ rto: 2000, rtoMax: 8000, own: 60_000 });
  expect(gaps(cellular.run(30_000))).toEqual([2000, 4000]);
});

test("rule 13: a board that sends late counts its time-out from the sending", () => {
  const rig = new Rig();
  rig.now = 4000;
  expect(rig.run(5000).map((f) => f.at)).toEqual([4000, 4250, 4750]);
});

test("rule 13: RFC 6298's numbers, G = 0", () => {
  const rig = new Rig();
  roundTrip(rig, 100); // SRTT 100, RTTVAR 50
  expect({ ...rig.s }).toMatchObject({ srtt: 100, rttvar: 50, rto: 300 });
  roundTrip(rig, 120); // RTTVAR 3/4 * 50 + 20/4, SRTT 7/8 * 100 + 120/8
  expect({ ...rig.s }).toMatchObject({ srtt: 102.5, rttvar: 42.5, rto: 272.5 });
  roundTrip(rig, 80); // RTTVAR 3/4 * 42.5 + 22.5/4 = 37.5, SRTT 99.6875
  expect(timeOut(rig)).toBeCloseTo(99.6875 + 4 * 37.5, 9);
});

test("rule 13: the time-out keeps its bounds of 80 ms and 3000 ms", () => {
  const near = new Rig();
  roundTrip(near, 26); // 3 * 26 = 78
  expect(timeOut(near)).toBe(80);
  const over = new Rig();
  roundTrip(over, 27);
  expect(timeOut(over)).toBe(81);
  const far = new Rig({ rto: 3000 });
  roundTrip(far, 1001);
  expect(timeOut(far)).toBe(3000);
  const closer = new Rig({ rto: 3000 });
  roundTrip(closer, 999);
  expect(timeOut(closer)).toBe(2997);
});

test("rule 13: Karn: what was sent twice gives no sample, and the time-out stays doubled", () => {
  const rig = new Rig();
  roundTrip(rig, 251);
  expect(rig.s.srtt).toBe(0);
  expect(timeOut(rig)).toBe(500);
});

test("rule 13: kept doubled over beats until a clean sample", () => {
  const rig = new Rig({ rto: 100 });
  rig.run(9_999); // three time-outs: 800
  const waits = gaps(rig.run(9_999));
  expect(waits).toEqual([800, 1600]);
  roundTrip(rig, 100);
  expect(timeOut(rig)).toBe(300);
});

test("rule 13: a late ACK of a beat that was sent three times is no sample either", () => {
  const rig = new Rig();
  const beat = rig.nextBeat();
  rig.run(9000);
  expect(rig.hear(rig.ack(beat))).toBe(1);
  expect(rig.s.srtt).toBe(0);
  expect(timeOut(rig)).toBe(2000);
});

test("rule 13: an ACK that comes while a HELLO is tried is no sample", () => {
  const rig = new Rig({ own: 60_000 });
  const hello = lose(rig, 4);
  rig.runTo(hello.at + 40);
  expect(rig.hear(rig.ack(rig.sent.findLast(isBeat)!))).toBe(1);
  expect(rig.s.srtt).toBe(0);
  expect(timeOut(rig)).toBe(3000);
});

test("rule 14: first tries come every interval * U(0.9, 1.0), from first try to first try", () => {
  for (const dice of [0, 0.25, 0.5, 0.999999]) {
    const rig = new Rig();
    rig.dice = dice;
    const first = beats(rig.run(25_000));
    for (const gap of gaps(first)) expect(gap).toBeCloseTo(10_000 * (1 - dice / 10), 6);
    expect(first.length).toBe(3);
  }
});

test("rule 14: an ACK leaves the next beat where it was", () => {
  const rig = new Rig();
  for (let n = 0; n < 5; n++) {
    expect(rig.nextBeat().at).toBe(n * 10_000);
    rig.run(200);
    rig.hear(rig.ack(rig.sent.at(-1)!));
  }
});

test("rule 14: the promise is the code of gap, clock error, waking and all tries", () => {
  const promise = (config: object) => {
    const rig = new Rig({ own: 60_000, rto: 80, ...config });
    return rig.readBeat(rig.nextBeat()).promise;
  };
  expect(promise({})).toBe(intervalCode(60_600 + 2400 + 80));
  expect(promise({ clockError: 0.1 })).toBe(intervalCode(66_000 + 2400 + 80));
  expect(promise({ wakeMs: 5000 })).toBe(intervalCode(60_600 + 5000 + 2400 + 80));
  expect(promise({ rto: 800 })).toBe(intervalCode(60_600 + 7500 + 800));
});

test("rule 14: where the interval is shorter than the tries, the next beat is the next try", () => {
  const rig = new Rig({ own: 600, rto: 400 });
  rig.run(1200);
  // Beat 1's third try would have been due at 1200, and so is beat 3; beat 2's second try at 1400.
  expect(rig.sent.map((f) => [f.at, f.seq])).toEqual([
    [0, 1],
    [400, 1],
    [600, 2],
    [1200, 3],
  ]);
});

test("rule 14: no try waits longer than the gap before its beat", () => {
  const rig = new Rig({ own: 1000, rto: 3000 });
  const first = rig.nextBeat();
  rig.run(900);
  rig.hear(rig.ack(first, 254)); // 2700 ms from now on; 1 s is code 34, so the pace is 54
  const second = rig.nextBeat();
  rig.run(1000);
  expect(rig.sent.map((f) => [f.at, f.seq])).toEqual([
    [0, 1],
    [1000, 2],
    [2000, 2],
  ]);
  rig.hear(rig.ack(second, 54));
  expect(timeOut(rig)).toBe(3000);
});

test("rule 14: a board that was kept from polling sends one beat, not those it missed", () => {
  const rig = new Rig();
  rig.nextBeat();
  rig.now = 95_000;
  expect(rig.settle().map((f) => f.seq)).toEqual([2]);
  rig.run(10_000);
  expect(beats(rig.sent).map((f) => f.at)).toEqual([0, 95_000, 105_000]);
});

test("polling early is harmless: nothing leaves, nothing moves", () => {
  const lazy = new Rig();
  const eager = new Rig();
  lazy.run(60_000);
  for (let at = 0; at <= 60_000; at += 10) eager.runTo(at);
  const seen = (frames: readonly Sent[]) => frames.map((f) => [f.at, f.frame]);
  expect(seen(eager.sent)).toEqual(seen(lazy.sent));
});

test("a cold boot says why and with which firmware until a beat is acknowledged", () => {
  const rig = new Rig({ extra: coldBoot(4, "nb1") });
  expect(rig.readBeat(rig.nextBeat()).ext).toBe("\x41\x04\x73nb1");
  expect(rig.readBeat(rig.nextBeat()).ext).toMatch(/^\x41\x04\x73nb1/);
  const second = rig.sent.at(-1)!;
  rig.hear(rig.ack(second));
  expect(rig.readBeat(rig.nextBeat()).ext).not.toContain("nb1");
});

test("leaving: the next beat is due at once, has a number of its own, and promises 255", () => {
  const rig = new Rig();
  const before = rig.nextBeat();
  rig.run(3000);
  leave(rig.s, rig.now);
  const goodbye = rig.settle()[0]!;
  expect(rig.readBeat(before).promise).toBeLessThan(255);
  expect(rig.readBeat(goodbye).promise).toBe(255);
  expect(goodbye.seq).toBe(before.seq + 1);
});

test("leaving: a goodbye is tried again like any beat, and once acknowledged all is quiet", () => {
  const rig = new Rig();
  leave(rig.s, 0);
  expect(rig.run(9_999).map((f) => f.at)).toEqual([0, 250, 750]);
  const second = rig.nextBeat();
  expect(rig.readBeat(second).promise).toBe(255);
  expect(rig.hear(rig.ack(second))).toBe(1);
  expect(rig.run(10 * 86_400_000)).toEqual([]);
  expect(rig.s.wakeAt).toBe(Infinity);
});

test("leaving: a HELLO that is open does not keep the goodbye back", () => {
  const rig = new Rig({ own: 60_000 });
  lose(rig, 4);
  rig.run(100);
  leave(rig.s, rig.now);
  expect(rig.s.wakeAt).toBeLessThanOrEqual(rig.now);
  expect(rig.readBeat(rig.settle()[0]!).promise).toBe(255);
});

test("leaving: the ACK of an older beat does not end it", () => {
  const rig = new Rig();
  const before = rig.nextBeat();
  leave(rig.s, rig.now);
  handle(rig.s, rig.ack(before), rig.now);
  expect(rig.readBeat(rig.nextBeat()).promise).toBe(255);
});

test("leaving: a NUDGE does not wake a board that has said goodbye", () => {
  const rig = new Rig();
  leave(rig.s, 0);
  const goodbye = rig.nextBeat();
  rig.hear(rig.ack(goodbye));
  rig.run(60_000);
  rig.hear(rig.nudge(goodbye));
  expect(rig.run(60_000)).toEqual([]);
});
