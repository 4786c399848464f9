// Which ACKs, WELCOMEs and NUDGEs count, and that nothing else changes a thing (rule 11).

import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeExtension } from "../../device/extensions.ts";
import { makeTagKey } from "../../device/tag.ts";
import { ACK, encodeAck, encodeNudge, encodeWelcome, NUDGE, WELCOME } from "../../device/wire.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { acked, flip, holds, isBeat, Rig, SEED } from "./sender-rig.ts";

test("rule 11: the ACK of the beat in flight counts once; again, it changes nothing", () => {
  const [rig, beat] = acked();
  const before = { ...rig.s };
  expect([0, 2]).toContain(rig.hear(rig.ack(beat)));
  expect({ ...rig.s, wakeAt: 0 }).toEqual({ ...before, wakeAt: 0 });
});

test("rule 11: a beat stays in flight after its tries, until the next beat", () => {
  const late = new Rig();
  const beat = late.nextBeat();
  late.runTo(9_999);
  expect(late.hear(late.ack(beat))).toBe(1);
  const tooLate = new Rig();
  const lost = tooLate.nextBeat();
  tooLate.runTo(10_000);
  tooLate.ignores(tooLate.ack(lost));
});

test("rule 11: the ACK of an older beat is ignored, acknowledged then or not", () => {
  const [rig, first] = acked();
  const second = rig.nextBeat();
  rig.hear(rig.ack(second));
  rig.ignores(rig.ack(first));
  rig.nextBeat();
  rig.ignores(rig.ack(first));
});

test("rule 11: an ACK for another epoch, another number or other bytes is ignored", () => {
  const rig = new Rig();
  const beat = rig.nextBeat();
  rig.ignores(rig.ack({ ...beat, epoch: 8 }));
  rig.ignores(rig.ack({ ...beat, seq: 2 }));
  rig.ignores(rig.ack({ ...beat, seq: 65_537 }));
  rig.ignores(rig.ack({ ...beat, frame: flip(beat.frame, 127) }));
  expect(rig.hear(rig.ack(beat))).toBe(1);
});

test("rule 11: in the wrap of the low 16 bits the tag still says which beat", () => {
  const rig = new Rig({}, { limit: 65_535 });
  const beat = rig.nextBeat();
  expect(beat.seq).toBe(65_536);
  expect(rig.readBeat(beat).seq16).toBe(0);
  rig.ignores(rig.ack({ ...beat, seq: 0 }));
  expect(rig.hear(rig.ack(beat))).toBe(1);
});

test.each([0, 1, 2])("rule 11: ACK and WELCOME open under suite %i", (suite) => {
  const key = makeTagKey(suite, suite ? "fedcba9876543210" : "", sha256);
  const rig = new Rig({ key }, { epoch: 0, acked: 0, origin: "salt and noise" });
  const hello = rig.settle()[0]!;
  expect(rig.hear(rig.welcome(hello, 3))).toBe(3);
  const beat = rig.nextBeat();
  expect(rig.hear(rig.ack(beat))).toBe(1);
});

/** A board with a HELLO open and a beat in flight: the ACK and the WELCOME that it would take. */
function crossroads() {
  const rig = new Rig({ own: 60_000 });
  for (let n = 0; n < 4; n++) rig.nextBeat();
  const beat = rig.sent.at(-1)!;
  while (isBeat(rig.sent.at(-1)!)) rig.run(100);
  const hello = rig.sent.at(-1)!;
  return { rig, hello, taken: [rig.ack(beat), rig.welcome(hello, 8)] };
}

test("rule 11: no flipped bit, cut byte or added byte of an ACK or WELCOME changes anything", () => {
  const { rig, taken } = crossroads();
  for (const frame of taken) {
    for (let bit = 0; bit < frame.length * 8; bit++) rig.ignores(flip(frame, bit));
    for (let end = 0; end < frame.length; end++) rig.ignores(frame.slice(0, end));
    rig.ignores(`${frame}\0`);
  }
  expect(rig.hear(taken[1]!)).toBe(3);
});

test(`rule 11: no other bytes change anything (seed ${SEED})`, () => {
  const { rig } = crossroads();
  const start = fc.constantFrom("", "\x48", "\x4a", "\x4c", "\x58", "\x60", "\x70", "\x78");
  const bytes = fc.uint8Array({ maxLength: 260 }).map((b) => String.fromCharCode(...b));
  holds(
    fc.property(start, bytes, (head, tail) => rig.ignores(head + tail)),
    5000,
  );
});

test("rule 11: a reserved bit or an ill-formed length is refused though the tag is right", () => {
  const [rig] = acked();
  const beat = rig.nextBeat();
  const sealed = (b0: number, rest: string) =>
    rig.seal(ACK, 7, beat.seq, String.fromCharCode(b0) + rest, rig.tagOf(beat));
  const rest = encodeAck(beat.seq, 0, 0, 0, 0, "").slice(1);
  rig.ignores(sealed(0x49, rest)); // bit 0
  rig.ignores(sealed(0x4c, rest)); // X and no extension
  rig.ignores(sealed(0x48, `${rest}\0`)); // an extension and no X
  rig.ignores(sealed(0x08, rest)); // version 0
  rig.ignores(sealed(0x88, rest)); // version 2
  rig.ignores(sealed(0x4c, rest + encodeExtension(11, "\0".repeat(241)))); // 257 bytes
  expect(rig.hear(sealed(0x4c, rest + encodeExtension(11, "\0".repeat(240))))).toBe(1);
});

test("rule 11: a NUDGE or WELCOME that is too long is refused though the tag is right", () => {
  const [rig, beat] = acked();
  const nudge = `${encodeNudge(beat.seq)}\0`;
  rig.ignores(rig.seal(NUDGE, 7, beat.seq, nudge, rig.tagOf(beat)));
  const { rig: other, hello } = crossroads();
  const welcome = `${encodeWelcome(8, 0, 0, 0)}\0`;
  other.ignores(other.seal(WELCOME, 0, 0, welcome, other.readHello(hello).nonce));
});

test("rule 11: an ACK whose extensions run past the tag is malformed", () => {
  const rig = new Rig();
  const beat = rig.nextBeat();
  rig.ignores(rig.ack(beat, 0, 0, "\xb3ab"));
});

test("rule 11: length and seq are checked before any tag is computed", () => {
  let digests = 0;
  const counting = (message: string) => {
    digests++;
    return sha256(message);
  };
  const rig = new Rig({ key: makeTagKey(1, "0123456789abcdef", counting) });
  const beat = rig.nextBeat();
  const wrong = [
    rig.ack({ ...beat, seq: 9 }),
    `${rig.ack(beat)}\0`,
    rig.ack(beat).slice(1),
    rig.welcome(crossroads().hello, 9), // no exchange is open
    rig.nudge(beat), // a beat is in flight
  ];
  digests = 0;
  for (const frame of wrong) rig.ignores(frame);
  expect(digests).toBe(0);
  rig.hear(rig.ack(beat));
  const other = rig.ack({ ...beat, seq: 9 });
  digests = 0;
  rig.ignores(other);
  expect(digests).toBe(0);
});
