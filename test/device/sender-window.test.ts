// When a board listens, what an ACK asks for, what wakes a board up: the window, the pace, the
// NUDGE (rules 15 and 17).

import { expect, test } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { listening } from "../../device/sender.ts";
import { makeTagKey } from "../../device/tag.ts";
import { ACK, NUDGE, WELCOME } from "../../device/wire.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { acked, flip, Rig } from "./sender-rig.ts";

test("rule 15: without a window a sleeper listens while its beat or HELLO is tried; an awake board always does", () => {
  const sleeper = new Rig({ reach: 2 });
  sleeper.runTo(749);
  expect(listening(sleeper.s, sleeper.now)).toBe(true);
  sleeper.runTo(1749);
  expect(listening(sleeper.s, sleeper.now)).toBe(true);
  sleeper.runTo(1750); // the third time-out
  expect(listening(sleeper.s, sleeper.now)).toBe(false);
  const acked = sleeper.nextBeat();
  sleeper.hear(sleeper.ack(acked));
  expect(listening(sleeper.s, sleeper.now)).toBe(false);

  const hello = new Rig({ reach: 2 }, { epoch: 0 });
  hello.runTo(4999);
  expect(listening(hello.s, hello.now)).toBe(true);
  hello.runTo(5000);
  expect(listening(hello.s, hello.now)).toBe(false);

  const awake = new Rig();
  awake.run(9000);
  expect(listening(awake.s, awake.now)).toBe(true);
});

test("rule 15: a sleeper listens 2 s after an ACK with MORE, and not after one without", () => {
  const [rig] = acked({ reach: 2 }, 0, 1);
  expect(listening(rig.s, rig.now + 1999)).toBe(true);
  expect(listening(rig.s, rig.now + 2000)).toBe(false);
  const [other] = acked({ reach: 2 }, 0, 0);
  expect(listening(other.s, other.now)).toBe(false);
});

test("rule 15: the window ends with the ACK again without MORE; with MORE it lasts no longer", () => {
  const [rig, beat] = acked({ reach: 2 }, 0, 1);
  const end = rig.now + 2000;
  rig.run(1000);
  expect(rig.hear(rig.ack(beat, 0, 1))).toBe(2);
  expect(listening(rig.s, end - 1)).toBe(true);
  expect(listening(rig.s, end)).toBe(false);
  expect(rig.hear(rig.ack(beat))).toBe(2);
  expect(listening(rig.s, rig.now)).toBe(false);
});

test("rule 15: what does not verify neither ends the window nor extends it", () => {
  const [rig, beat] = acked({ reach: 2 }, 0, 1);
  rig.run(1000);
  rig.ignores(flip(rig.ack(beat), 8 * 13));
  rig.ignores(flip(rig.ack(beat, 0, 1), 8 * 13));
});

test("rule 15: 15 s in all, whatever extends it", () => {
  const [rig] = acked({ reach: 2 }, 0, 1);
  rig.s.windowAt = Infinity; // as COMMANDs without end would
  expect(listening(rig.s, rig.now + 14_999)).toBe(true);
  expect(listening(rig.s, rig.now + 15_000)).toBe(false);
});

test("rule 15: beats fall due in a window as always", () => {
  const [rig] = acked({ reach: 2, own: 1000 }, 0, 1);
  expect(rig.run(950).map((f) => f.at)).toEqual([1000]);
});

test("rule 15: the pace counts from the next beat on: the gap already promised stays", () => {
  const [rig] = acked({}, 87); // 10 s is between codes 66 and 67; 20 more is 87
  expect(rig.nextBeat().at).toBe(10_000);
  expect(rig.nextBeat().at).toBe(10_000 + intervalMs(87));
});

test("rule 15: only the ACK that cleared the beat paces", () => {
  const [rig, beat] = acked();
  rig.hear(rig.ack(beat, 87));
  rig.nextBeat();
  expect(rig.nextBeat().at).toBe(20_000);
  const welcomed = new Rig({}, { epoch: 0 });
  welcomed.hear(welcomed.welcome(welcomed.settle()[0]!, 1, 87));
  welcomed.nextBeat();
  expect(welcomed.nextBeat().at).toBe(10_000);
});

/** The intervals that follow when each of a few ACKs asks for the next pace. */
function paced(config: object, paces: readonly number[]): number[] {
  const rig = new Rig({ reach: 0, ...config });
  for (const pace of paces) rig.hear(rig.ack(rig.nextBeat(), pace));
  rig.nextBeat();
  return rig.sent.slice(1).map((f, i) => f.at - rig.sent[i]!.at);
}

test("rule 15: at most 20 codes a beat, and 0 and 255 return by the same steps", () => {
  const steps = [10_000, intervalMs(87), intervalMs(107), intervalMs(110)];
  expect(paced({}, [110, 110, 110, 110])).toEqual(steps);
  const back = [...steps, intervalMs(110), intervalMs(90), intervalMs(70), 10_000];
  expect(paced({}, [110, 110, 110, 110, 0, 0, 0, 0])).toEqual(back);
  expect(paced({}, [110, 110, 110, 110, 255, 255, 255, 255])).toEqual(back);
});

test("rule 15: the pace is clamped by the board's configuration", () => {
  expect(paced({ paceMax: 80 }, [254, 254]).at(-1)).toBe(intervalMs(80));
  expect(paced({ paceMin: 60 }, [1, 1]).at(-1)).toBe(intervalMs(60));
  expect(paced({}, [1, 1, 1, 1]).at(-1)).toBe(intervalMs(34));
});

test.each([
  ["slower", 6 * 3_600_000, 200],
  ["faster", 200, 5],
])("rule 15: asked to go %s, a board never goes the other way", (_, own, pace) => {
  const [first, second] = paced({ own }, [pace, pace]);
  // To stay where it is, outside of what it may be paced to, is as far as it goes.
  expect((second! - first!) * (intervalMs(pace) - own)).toBeGreaterThanOrEqual(0);
});

test("rule 17: a NUDGE brings the next beat now, once in 5 s", () => {
  const [rig, beat] = acked();
  expect(rig.hear(rig.nudge(beat))).toBe(4);
  expect(rig.s.wakeAt).toBeLessThanOrEqual(50);
  const nudged = rig.settle()[0]!;
  expect([nudged.at, nudged.seq]).toEqual([50, 2]);
  rig.hear(rig.ack(nudged));
  rig.runTo(5_049);
  rig.ignores(rig.nudge(nudged));
  rig.runTo(5_050);
  expect(rig.hear(rig.nudge(nudged))).toBe(4);
});

test("rule 17: no flipped bit, cut byte or added byte of a NUDGE changes anything", () => {
  const [rig, beat] = acked();
  const frame = rig.nudge(beat);
  for (let bit = 0; bit < frame.length * 8; bit++) rig.ignores(flip(frame, bit));
  for (let end = 0; end < frame.length; end++) rig.ignores(frame.slice(0, end));
  rig.ignores(`${frame}\0`);
});

test("rule 17: never while a beat is in flight, for none but the last acknowledged one", () => {
  const [rig, first] = acked();
  rig.ignores(rig.nudge({ ...first, seq: 2 }));
  const second = rig.nextBeat();
  rig.ignores(rig.nudge(first));
  rig.ignores(rig.nudge(second));
  rig.hear(rig.ack(second));
  rig.ignores(rig.nudge(first));
  expect(rig.hear(rig.nudge(second))).toBe(4);
});

test.each([1, 2])("rule 17: a board of reach class %i sleeps on", (reach) => {
  const [rig, beat] = acked({ reach });
  rig.ignores(rig.nudge(beat));
});

test("rule 17: under suite 0 there is no NUDGE", () => {
  const [rig, beat] = acked({ key: makeTagKey(0, "", sha256) });
  rig.ignores(rig.nudge(beat));
});

test("rule 17: a NUDGE is sealed as one: the tag of another type does not open it", () => {
  const [rig, beat] = acked();
  const body = rig.nudge(beat).slice(0, 3);
  for (const type of [ACK, WELCOME]) rig.ignores(rig.seal(type, 7, 1, body, rig.tagOf(beat)));
  expect(rig.hear(rig.seal(NUDGE, 7, 1, body, rig.tagOf(beat)))).toBe(4);
});
