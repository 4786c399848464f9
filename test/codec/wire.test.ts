// Every frame of the vectors, both ways: fields to bytes and bytes to fields.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { getU16, getU24, getU32, u8, u16, u24, u32 } from "../../device/bytes.ts";
import {
  type DownFrame,
  decodeUp,
  frameId,
  type Refusal,
  type UpFrame,
} from "../../device/decode.ts";
import { encodeExtension, listExtensions } from "../../device/extensions.ts";
import { computeTag, tagBytes } from "../../device/tag.ts";
import {
  DELAY_MAX,
  DOWN,
  encodeAck,
  encodeCommand,
  encodeHeartbeat,
  encodeHello,
  encodeNudge,
  encodeProbeDown,
  encodeProbeUp,
  encodeResult,
  encodeWelcome,
  ID_MAX,
  rebuildSeq,
  tagInput,
  UP,
} from "../../device/wire.ts";
import { bytes, encodeFields, type FrameVector, hexOf, seedOf, vectors } from "./codec.ts";
import { decode, keyOf, opens } from "./opening.ts";

const seed = seedOf("wire.test.ts");
const NAMES = ["HEARTBEAT", "ACK", "HELLO", "WELCOME", "COMMAND", "RESULT", "PROBE", "NUDGE"];
const TAG = "12345678";

/** A decoded frame as the vectors write it. */
function fieldsOf(f: UpFrame | DownFrame): object {
  const said: Record<string, unknown> = { ...f, type: NAMES[f.type] };
  if ("nonce" in f) said.nonce = hexOf(f.nonce);
  if ("payload" in f) said.payload = hexOf(f.payload);
  if ("ext" in f) said.ext = listExtensions(f.ext)?.map((e) => [e.type, hexOf(e.value)]);
  return said;
}

describe("vectors", () => {
  it.each(vectors.frames)("$name, suite $suite, seq $seq, epoch $epoch", (v) => {
    const up = v.direction === "up";
    const body = encodeFields(v.fields, up);
    const type = NAMES.indexOf(v.fields.type);
    const input = tagInput(up ? UP : DOWN, type, v.epoch, v.seq, body, bytes(v.bound));
    expect(hexOf(input)).toBe(v.tagInput);
    expect(hexOf(body + computeTag(keyOf(v), input))).toBe(v.frame);

    const f = decode(bytes(v.frame), up, tagBytes(v.suite));
    if (typeof f === "string") throw new Error(`refused: ${f}`);
    expect(f.body + f.tag).toBe(bytes(v.frame));
    expect(fieldsOf(f)).toMatchObject(v.fields);
    expect(opens(bytes(v.frame), v)).toBe(true);
  });

  it("rejects: each is refused, for the reason it was made for", () => {
    const reasons: Record<string, Refusal | "tag"> = {
      empty: "too-short",
      "one byte": "too-short",
      truncated: "too-short",
      "longer than the tag covers": "too-long",
      "version 0": "version",
      "version 2": "version",
      "one bit of the tag": "tag",
      "one bit of the promise": "tag",
      "reach class 3": "reserved",
      "promise 0": "reserved",
      "id 0": "reserved",
      "X set, no extensions": "extensions",
      "extension runs past the tag": "extensions",
      "a gateway frame sent up": "direction",
      "extensions in a HELLO": "extensions",
      "a RESULT with X": "extensions",
      "257 bytes": "too-long",
    };
    const r = vectors.rejects;
    const v = { ...r, direction: "up", seq: r.lastSeq, bound: "" } as unknown as FrameVector;
    for (const { why, frame } of r.frames) {
      const f = decodeUp(bytes(frame), tagBytes(r.suite));
      expect([why, typeof f === "string" ? f : "tag"]).toEqual([why, reasons[why]]);
      expect([why, opens(bytes(frame), v)]).toEqual([why, false]);
    }
  });

  it("rebuild: section 2's one candidate for a seq", () => {
    for (const [last, low, rebuilt] of vectors.rebuild) {
      const seq = rebuildSeq(last, low);
      expect([last, low, seq > 0xffffffff ? null : seq]).toEqual([last, low, rebuilt]);
    }
  });
});

describe("integers", () => {
  it("are big-endian, and keep their low bits", () => {
    expect(hexOf(u8(0x1ff) + u16(0x10203) + u24(0x1020304) + u32(0xfffefdfc))).toBe(
      "ff0203020304fffefdfc",
    );
  });

  it("come back as they went", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (n) => {
        expect(getU32(`x${u32(n)}`, 1)).toBe(n);
        expect(getU24(`x${u24(n)}`, 1)).toBe(n & 0xffffff);
        expect(getU16(`x${u16(n)}`, 1)).toBe(n & 0xffff);
      }),
      { seed },
    );
  });
});

describe("round trip of every type (section 1)", () => {
  const byte = fc.nat(255);
  const seq16 = fc.nat(65535);
  const id = fc.integer({ min: 1, max: ID_MAX });
  const reach = fc.nat(2);
  const cmd = fc.integer({ min: 1, max: 65535 });
  const delay = fc.integer({ min: 1, max: DELAY_MAX });
  const u32s = fc.nat(0xffffffff);
  const more = fc.boolean();
  const string = (minLength: number, maxLength: number) =>
    fc.uint8Array({ minLength, maxLength }).map((b) => Buffer.from(b).toString("latin1"));
  const ext = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 15 }), string(0, 30)), { maxLength: 7 })
    .map((list) => list.map(([type, value]) => encodeExtension(type, value)).join(""));
  const tag = fc.constantFrom("", "12", TAG);

  function roundTrip<F extends object>(
    fields: { [K in keyof F]: fc.Arbitrary<F[K]> },
    up: boolean,
    encode: (f: F) => string,
    fixed: object,
  ) {
    fc.assert(
      fc.property(fc.record(fields), tag, (f, t) => {
        const body = encode(f as F);
        expect(decode(body + t, up, t.length)).toEqual({ ...f, ...fixed, body, tag: t });
        if (up) expect(frameId(body)).toBe((f as unknown as { id: number }).id);
      }),
      { seed },
    );
  }

  it("HEARTBEAT", () => {
    const promise = fc.integer({ min: 1, max: 255 });
    roundTrip(
      { id, seq16, promise, vitals: byte, reach, ext },
      true,
      (f) => encodeHeartbeat(f.id, f.seq16 + 65536, f.promise, f.vitals, f.reach, f.ext),
      { type: 0 },
    );
  });

  it("ACK", () => {
    roundTrip(
      { seq16, pace: byte, mapped: byte, state: byte, more, ext },
      false,
      (f) => encodeAck(f.seq16, f.pace, f.mapped, f.state, f.more, f.ext),
      { type: 1 },
    );
  });

  it("HELLO", () => {
    roundTrip(
      { id, epoch: u32s, nonce: string(8, 8), reach },
      true,
      (f) => encodeHello(f.id, f.epoch, f.nonce, f.reach),
      { type: 2 },
    );
  });

  it("WELCOME", () => {
    roundTrip(
      { epoch: u32s, time: u32s, pace: byte, state: byte },
      false,
      (f) => encodeWelcome(f.epoch, f.time, f.pace, f.state),
      { type: 3 },
    );
  });

  it("COMMAND", () => {
    roundTrip(
      { seq16, cmd, payload: string(0, 243), more },
      false,
      (f) => encodeCommand(f.seq16, f.cmd, f.payload, f.more ? 1 : 0),
      { type: 4 },
    );
  });

  it("RESULT", () => {
    roundTrip(
      { id, seq16, cmd, code: byte, payload: string(0, 239), reach },
      true,
      (f) => encodeResult(f.id, f.seq16, f.cmd, f.code, f.payload, f.reach),
      { type: 5 },
    );
  });

  it("PROBE, up and down", () => {
    roundTrip(
      { id, seq16, delay, reach },
      true,
      (f) => encodeProbeUp(f.id, f.seq16, f.delay, f.reach),
      { type: 6 },
    );
    roundTrip({ seq16, delay }, false, (f) => encodeProbeDown(f.seq16, f.delay), { type: 6 });
  });

  it("NUDGE", () => {
    roundTrip({ seq16 }, false, (f) => encodeNudge(f.seq16), { type: 7 });
  });
});
