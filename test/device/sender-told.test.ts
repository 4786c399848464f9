// What an ACK tells beside its acknowledgement: the hash of the address that the gateway saw, and
// the spread of first beats (extension 13); and what it must not.

import fc from "fast-check";
import { expect, test } from "vitest";
import { byteOf, EXT_SPREAD, encodeExtension, readExtensions } from "../../device/extensions.ts";
import { ACK, DOWN, encodeAck } from "../../device/wire.ts";
import { acked, flip, holds, Rig, SEED } from "./sender-rig.ts";

const spread = (code: number) => encodeExtension(EXT_SPREAD, String.fromCharCode(code));

test("rule 11: `mapped` and the spread are taken from an ACK that verifies, and from no other", () => {
  const [rig] = acked();
  expect(rig.s).toMatchObject({ mapped: 0x5a, spread: 0 });
  const beat = rig.nextBeat();
  const body = encodeAck(beat.seq, 0, 0x77, 0x10, 0, spread(80));
  const frame = rig.seal(ACK, beat.epoch, beat.seq, body, rig.tagOf(beat));
  for (const bit of [8 * 4, 8 * 7 + 3]) rig.ignores(flip(frame, bit));
  expect(rig.s).toMatchObject({ mapped: 0x5a, spread: 0 });
  expect(rig.hear(frame)).toBe(1);
  expect(rig.s).toMatchObject({ mapped: 0x77, spread: 80 });
});

test("a spread once told stays until another is: few ACKs carry one", () => {
  const [rig] = acked();
  for (const [ext, code] of [
    [spread(80), 80],
    ["", 80],
    [encodeExtension(10, "\0\x01\x02\x03"), 80],
    [spread(30), 30],
    // No codes of an interval, and of another length: skipped.
    [spread(0), 30],
    [spread(255), 30],
    [encodeExtension(EXT_SPREAD, "\x01\x02"), 30],
    [encodeExtension(10, "\0\x01\x02\x03") + spread(90) + spread(91), 90],
    // A payload of 20 bytes: its length stands in a byte of its own.
    [encodeExtension(11, "\xd1".repeat(20)) + spread(92), 92],
  ] as const) {
    const beat = rig.nextBeat();
    expect(rig.hear(rig.ack(beat, 0, 0, ext))).toBe(1);
    expect(rig.s.spread).toBe(code);
  }
});

test("an ACK that was seen before tells nothing new of the spread", () => {
  const [rig, beat] = acked({ reach: 2 }, 0, 1);
  expect(rig.hear(rig.ack(beat, 0, 0, spread(80)))).toBe(2);
  expect(rig.s.spread).toBe(0);
});

test("rule 11: a spread in ill-formed extensions is none, and the ACK is dropped", () => {
  const rig = new Rig();
  const beat = rig.nextBeat();
  rig.ignores(rig.ack(beat, 0, 0, `${spread(80)}\x35ab`));
});

test(`section 6: one byte is read where a reader of all extensions reads it (seed ${SEED})`, () => {
  const one = fc.record({
    type: fc.constantFrom(0, 10, 11, 12, 13, 13, 13, 14, 15),
    value: fc.uint8Array({ maxLength: 17 }),
  });
  holds(
    fc.property(fc.array(one, { maxLength: 6 }), (list) => {
      const ext = list
        .map((e) => encodeExtension(e.type, Buffer.from(e.value).toString("latin1")))
        .join("");
      const read = readExtensions(ext, DOWN)!.filter((e) => e.type === EXT_SPREAD);
      const code = read[0]?.value.charCodeAt(0) ?? 0;
      // 0 and 255 are no codes.
      if (code % 255 === 0) return;
      expect(byteOf(`abc${ext}`, 3, 3 + ext.length, EXT_SPREAD)).toBe(code);
    }),
    1000,
  );
});
