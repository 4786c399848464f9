// Which COMMAND a board begins, which it answers again, and which it does not hear (rules 15, 16).

import fc from "fast-check";
import { expect, test } from "vitest";
import { AGAIN, answer, BEGIN, INTERRUPTED, resultOf } from "../../device/commands.ts";
import { decodeUp, type Result } from "../../device/decode.ts";
import { listening } from "../../device/sender.ts";
import { computeTag, equalTags, makeTagKey, tagBytes } from "../../device/tag.ts";
import { COMMAND, encodeCommand, RESULT, tagInput, UP } from "../../device/wire.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { acked, flip, holds, isHello, lose, NONE, Rig, SEED, type Sent } from "./sender-rig.ts";

const ORDERED = 5;

function command(rig: Rig, beat: Sent, cmd: number, payload = "led", more = 1): string {
  const body = encodeCommand(beat.seq, cmd, payload, more);
  return rig.seal(COMMAND, beat.epoch, beat.seq, body, rig.tagOf(beat));
}

/** The board does what it was told, and answers. */
function obey({ s, config }: Rig, came: string | number | undefined = "ok"): Result {
  if (s.todo === BEGIN) s.result = resultOf(came);
  const frame = answer(s);
  const result = decodeUp(frame, tagBytes(config.key.suite));
  if (typeof result === "string" || result.type !== RESULT) throw new Error(`no RESULT: ${result}`);
  const input = tagInput(UP, RESULT, s.epoch, s.ackSeq, result.body, "");
  expect(equalTags(computeTag(config.key, input), result.tag)).toBe(true);
  return result;
}

test("rule 16: the first command is begun, and its RESULT carries seq, cmd, code and text", () => {
  const [rig, beat] = acked();
  expect(rig.hear(command(rig, beat, 1, "led\0\xff"))).toBe(ORDERED);
  expect(rig.s).toMatchObject({ todo: BEGIN, cmd: 1, payload: "led\0\xff" });
  const result = obey(rig, "is on");
  expect(result).toMatchObject({ id: 0xbeef, seq16: beat.seq, cmd: 1, code: 0, payload: "is on" });
  expect(rig.s.todo).toBe(0);
});

test("rule 16: what the application gives back is a code, or a text that is done", () => {
  expect(resultOf("text")).toBe("\0text");
  expect(resultOf(undefined)).toBe("\0");
  expect(resultOf("")).toBe("\0");
  expect(resultOf(1)).toBe("\x01");
  expect(resultOf(3)).toBe("\x03");
  for (const none of [-1, 5, 300, NaN]) expect(resultOf(none)).toBe("\x02");
});

test("rule 16: the last one begun, coming again, gets its kept RESULT, and is not begun", () => {
  const [rig, beat] = acked();
  rig.hear(command(rig, beat, 1));
  const first = obey(rig, 1);
  rig.run(700);
  expect(rig.hear(command(rig, beat, 1))).toBe(ORDERED);
  expect(rig.s.todo).toBe(AGAIN);
  expect(obey(rig)).toEqual(first);
});

test("rule 16: a repeat that comes before it was begun does not take its beginning away", () => {
  const [rig, beat] = acked();
  rig.hear(command(rig, beat, 1));
  rig.hear(command(rig, beat, 1));
  expect(rig.s.todo).toBe(BEGIN);
});

test("rule 16: cmd follows by 1 to 32767, around 65535; nothing else is heard", () => {
  const follows = (last: number, cmd: number): boolean => {
    const [rig, beat] = acked();
    rig.s.cmd = last;
    rig.s.result = "\0";
    rig.hear(command(rig, beat, cmd));
    return rig.s.todo === BEGIN;
  };
  expect([1, 2, 32_767, 32_768, 65_535].map((cmd) => follows(0, cmd))).toEqual([
    ...[true, true, true],
    ...[false, false],
  ]);
  expect([4, 5, 6, 32_772, 32_773].map((cmd) => follows(5, cmd))).toEqual([
    ...[false, false, true, true, false],
  ]);
  expect([65_534, 65_535, 1, 32_767, 32_768].map((cmd) => follows(65_535, cmd))).toEqual([
    ...[false, false, true, true, false],
  ]);
  expect(follows(65_534, 65_535)).toBe(true);
});

test("rule 16: cmd 0 is none, also where nothing was begun", () => {
  const [rig, beat] = acked();
  rig.ignores(command(rig, beat, 0));
});

test("rule 16: only for the beat acknowledged last, under this epoch and its tag", () => {
  const [rig, first] = acked();
  const before = command(rig, first, 1);
  const next = rig.nextBeat();
  rig.ignores(command(rig, next, 1)); // in flight
  rig.hear(rig.ack(next));
  rig.ignores(before);
  rig.ignores(rig.seal(COMMAND, 8, next.seq, encodeCommand(next.seq, 1, "", 1), rig.tagOf(next)));
  rig.ignores(rig.seal(COMMAND, 7, next.seq, encodeCommand(next.seq, 1, "", 1), rig.tagOf(first)));
  expect(rig.hear(command(rig, next, 1))).toBe(ORDERED);
});

test("rule 16: no bit of a COMMAND can be changed", () => {
  const [rig, beat] = acked();
  const frame = command(rig, beat, 1);
  for (let bit = 0; bit < 8 * frame.length; bit++) rig.ignores(flip(frame, bit));
  for (let length = 0; length < frame.length; length++) rig.ignores(frame.slice(0, length));
  rig.ignores(`${frame}\0`);
});

test("rule 16: 243 bytes of payload are a command, 244 are none", () => {
  const [rig, beat] = acked();
  rig.ignores(command(rig, beat, 1, "x".repeat(244)));
  expect(rig.hear(command(rig, beat, 1, "x".repeat(243)))).toBe(ORDERED);
});

test("rule 16: a sleeper takes one only while its window is open; who is awake, always", () => {
  const [shut, quiet] = acked({ reach: 2 }, 0, 0);
  shut.ignores(command(shut, quiet, 1));
  const [rig, beat] = acked({ reach: 2, own: 60_000 }, 0, 1);
  rig.run(1_999);
  expect(rig.hear(command(rig, beat, 1))).toBe(ORDERED);
  const [late, old] = acked({ reach: 1, own: 60_000 }, 0, 1);
  late.run(2_000);
  late.ignores(command(late, old, 1));
  const [awake, last] = acked({ own: 60_000 });
  awake.run(50_000);
  expect(awake.hear(command(awake, last, 1))).toBe(ORDERED);
});

test("rule 15: a new COMMAND is worth 2 s more, a repeat nothing, and 15 s are the end", () => {
  const [rig, beat] = acked({ reach: 2, own: 60_000 }, 0, 1);
  const openedAt = rig.now;
  rig.run(1_500);
  rig.hear(command(rig, beat, 1));
  const until = rig.now + 2_000;
  obey(rig);
  rig.run(1_500);
  rig.hear(command(rig, beat, 1));
  obey(rig);
  expect([listening(rig.s, until - 1), listening(rig.s, until)]).toEqual([true, false]);
  for (let cmd = 2; rig.now < openedAt + 14_000; cmd++) {
    expect(rig.hear(command(rig, beat, cmd))).toBe(ORDERED);
    obey(rig);
    rig.run(1_800);
  }
  rig.runTo(openedAt + 15_000);
  expect(listening(rig.s, rig.now)).toBe(false);
});

test("rule 15: a COMMAND without MORE is obeyed, and ends the window", () => {
  const [rig, beat] = acked({ reach: 2, own: 60_000 }, 0, 1);
  expect(rig.hear(command(rig, beat, 1, "last", 0))).toBe(ORDERED);
  expect(listening(rig.s, rig.now)).toBe(false);
  expect(obey(rig)).toMatchObject({ cmd: 1 });
});

test("rule 16: after a boot, what was begun without a result is answered with code 4", () => {
  const [rig, beat] = acked();
  rig.hear(command(rig, beat, 1));
  rig.boot();
  // As the shell finds it on flash.
  rig.s.cmd = 1;
  rig.s.result = String.fromCharCode(INTERRUPTED);
  const again = rig.nextBeat();
  rig.hear(rig.ack(again));
  rig.hear(command(rig, again, 1));
  expect(rig.s.todo).toBe(AGAIN);
  expect(obey(rig)).toMatchObject({ cmd: 1, code: 4, payload: "" });
});

test("rule 16: a new epoch counts from 1 again, and forgets what waits to be begun", () => {
  const [rig, beat] = acked();
  for (const cmd of [1, 2, 3]) {
    rig.hear(command(rig, beat, cmd));
    obey(rig);
  }
  rig.hear(command(rig, beat, 4));
  const hello = lose(rig, 4);
  expect(isHello(hello)).toBe(true);
  rig.hear(rig.welcome(hello, 9));
  expect(rig.s).toMatchObject({ epoch: 9, cmd: 0, todo: 0 });
  const first = rig.nextBeat();
  rig.hear(rig.ack(first));
  expect(rig.hear(command(rig, first, 1))).toBe(ORDERED);
  expect(rig.s.todo).toBe(BEGIN);
});

test("suite 0 has no commands", () => {
  const key = makeTagKey(0, "", sha256);
  const rig = new Rig({ key }, NONE);
  rig.settle();
  rig.hear(rig.welcome(rig.sent[0]!, 7));
  const beat = rig.nextBeat();
  rig.hear(rig.ack(beat));
  rig.ignores(command(rig, beat, 1));
});

test(`rule 16: whatever comes in whatever order, each number is begun once at most (seed ${SEED})`, () => {
  const arrivals = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.boolean()), {
    minLength: 5,
    maxLength: 60,
  });
  holds(
    fc.property(arrivals, (list) => {
      const [rig, beat] = acked({ own: 3_600_000 });
      const begun: number[] = [];
      for (const [cmd, now] of list) {
        rig.hear(command(rig, beat, cmd));
        if (!now || rig.s.todo === 0) continue;
        if (rig.s.todo === BEGIN) begun.push(rig.s.cmd);
        expect(obey(rig, `did ${rig.s.cmd}`).payload).toBe(`did ${rig.s.cmd}`);
      }
      expect(begun).toEqual([...new Set(begun)].sort((a, b) => a - b));
    }),
    200,
  );
});
