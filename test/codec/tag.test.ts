// Tags of all three suites against vectors, their inputs, and the comparison of two.

import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chaskey12, chaskeySubkeys } from "../../device/chaskey.ts";
import { crc16 } from "../../device/crc16.ts";
import {
  computeTag,
  equalTags,
  makeTagKey,
  SUITE_CHASKEY,
  SUITE_CRC,
  SUITE_HMAC,
  sealAck,
  sealHeartbeat,
  sealTag,
  tagBytes,
  verifyTag,
} from "../../device/tag.ts";
import {
  ACK,
  DOWN,
  encodeAck,
  encodeHeartbeat,
  HEARTBEAT,
  ID_MAX,
  tagInput,
  UP,
} from "../../device/wire.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { bytes, hexOf, seedOf, vectors } from "./codec.ts";

const seed = seedOf("tag.test.ts");
const KEY = bytes("000102030405060708090a0b0c0d0e0f");
const string = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((b) => Buffer.from(b).toString("latin1"));

describe("SHA-256 handed in", () => {
  it("gives FIPS 180-4's digest of abc", () => {
    expect(hexOf(sha256("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("does not mind lengths around its buffer's, or the message before", () => {
    const plain = (s: string) => createHmac("sha256", KEY).update(s, "latin1").digest("binary");
    const pad = (mask: number) =>
      Array.from({ length: 64 }, (_, at) =>
        String.fromCharCode((at < 16 ? KEY.charCodeAt(at) : 0) ^ mask),
      ).join("");
    for (const n of [512, 0, 448, 447, 449, 512, 5000, 1]) {
      const message = "\xff".repeat(n);
      expect(sha256(pad(0x5c) + sha256(pad(0x36) + message))).toBe(plain(message));
    }
  });
});

describe("suites (section 4)", () => {
  it("1 is HMAC-SHA-256 cut to 8 bytes, as Node computes it", () => {
    fc.assert(
      fc.property(string(16, 16), string(0, 300), (key, message) => {
        const hmac = createHmac("sha256", Buffer.from(key, "latin1")).update(message, "latin1");
        const tag = hmac.digest("binary").substring(0, 8);
        expect(computeTag(makeTagKey(SUITE_HMAC, key, sha256), message)).toBe(tag);
      }),
      { seed },
    );
  });

  it("2 is Chaskey-12 of the vectors, cut to 8 bytes", () => {
    for (const [key, message, tag] of vectors.chaskey12) {
      expect(hexOf(chaskey12(chaskeySubkeys(bytes(key)), bytes(message)))).toBe(tag);
      const k = makeTagKey(SUITE_CHASKEY, bytes(key), sha256);
      expect(hexOf(computeTag(k, bytes(message)))).toBe(tag.substring(0, 16));
    }
  });

  it("0 is the CRC of the vectors", () => {
    const k = makeTagKey(SUITE_CRC, "", sha256);
    for (const [message, crc] of vectors.crc16) {
      expect(crc16(bytes(message))).toBe(crc);
      expect(parseInt(hexOf(computeTag(k, bytes(message))), 16)).toBe(crc);
    }
  });

  it("0 finds every error of up to four bits in a plain beat and its tag", () => {
    const beat = tagInput(UP, 0, 7, 9, bytes("400002bd00095df0"), "");
    const zero = crc16("\0".repeat(beat.length));
    const syndromes = Array.from({ length: beat.length * 8 }, (_, bit) => {
      const one = Array.from(beat, (_c, at) => (at === bit >> 3 ? 1 << (bit & 7) : 0));
      return crc16(String.fromCharCode(...one)) ^ zero;
    });
    for (let bit = 0; bit < 16; bit++) syndromes.push(1 << bit);
    // One and two errors leave different traces, all of them: so no three or four add up to
    // nothing.
    const traces = new Set([0, ...syndromes]);
    let count = 1 + syndromes.length;
    for (let a = 0; a < syndromes.length; a++) {
      for (let b = 0; b < a; b++, count++) traces.add(syndromes[a]! ^ syndromes[b]!);
    }
    expect(traces.size).toBe(count);
  });

  it("have tags of 2, 8 and 8 bytes", () => {
    for (const suite of [SUITE_CRC, SUITE_HMAC, SUITE_CHASKEY]) {
      const k = makeTagKey(suite, suite === SUITE_CRC ? "" : KEY, sha256);
      expect(computeTag(k, "x").length).toBe(tagBytes(suite));
    }
    expect([0, 1, 2].map(tagBytes)).toEqual([2, 8, 8]);
  });

  it("1 and 2 bind direction, type, epoch, seq, body and bound", () => {
    const inputs = [
      tagInput(0, 1, 2, 65536, "body", "bound"),
      tagInput(1, 1, 2, 65536, "body", "bound"),
      tagInput(0, 2, 2, 65536, "body", "bound"),
      tagInput(0, 1, 3, 65536, "body", "bound"),
      tagInput(0, 1, 2, 131072, "body", "bound"),
      tagInput(0, 1, 2, 65536, "bodY", "bound"),
      tagInput(0, 1, 2, 65536, "body", "bounD"),
    ];
    for (const suite of [SUITE_HMAC, SUITE_CHASKEY]) {
      const k = makeTagKey(suite, KEY, sha256);
      expect(new Set(inputs.map((input) => computeTag(k, input))).size).toBe(inputs.length);
    }
  });
});

describe("tags without their input", () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });

  it.each([0, 1, 2])("are those of the input, under suite %i", (suite) => {
    fc.assert(
      fc.property(
        string(16, 16),
        fc.record({ p: fc.nat(255), epoch: word, seq: word, from: fc.nat(20) }),
        fc.oneof(string(1, 30), string(1, 248)),
        string(0, 30),
        (secret, { p, epoch, seq, from }, body, bound) => {
          const k = makeTagKey(suite, suite === SUITE_CRC ? "" : secret, sha256);
          const start = Math.min(from, bound.length);
          const input = tagInput(p >> 7, p & 127, epoch, seq, body, bound.substring(start));
          const tag = computeTag(k, input);
          expect(sealTag(k, p, epoch, seq, body, bound, start)).toBe(tag);
          const frame = body + tag;
          const end = body.length;
          const verifies = (text: string) => verifyTag(k, p, epoch, seq, text, end, bound, start);
          expect(verifies(frame)).toBe(true);
          expect(verifies(frame.slice(0, -1))).toBe(false);
          expect(verifies(`${frame}\0`)).toBe(false);
          for (let at = end; at < frame.length; at++) {
            const other = String.fromCharCode(frame.charCodeAt(at) ^ (1 << (at & 7)));
            expect(verifies(frame.slice(0, at) + other + frame.slice(at + 1))).toBe(false);
          }
        },
      ),
      { seed, numRuns: 400 },
    );
  });

  it.each([0, 1, 2])("come with a beat and with an ACK, under suite %i", (suite) => {
    const byte = fc.nat(255);
    fc.assert(
      fc.property(
        string(16, 16),
        fc.record({
          id: fc.integer({ min: 1, max: ID_MAX }),
          epoch: word,
          seq: word,
          low: fc.nat(2),
        }),
        fc.tuple(byte, byte, byte),
        fc.oneof(fc.constant(""), string(3, 3), string(1, 30)),
        string(8, 8),
        (secret, { id, epoch, seq, low }, [a, b, c], ext, bound) => {
          const k = makeTagKey(suite, suite === SUITE_CRC ? "" : secret, sha256);
          const beat = encodeHeartbeat(id, seq, a, b, low, ext);
          expect(sealHeartbeat(k, id, epoch, seq, a, b, low, ext)).toBe(
            beat + computeTag(k, tagInput(UP, HEARTBEAT, epoch, seq, beat, "")),
          );
          const ack = encodeAck(seq, a, b, c, low > 0, "");
          const input = tagInput(DOWN, ACK, epoch, seq, ack, bound);
          expect(sealAck(k, epoch, seq, a, b, c, low > 0, `${ext}${bound}`, ext.length)).toBe(
            ack + computeTag(k, input),
          );
        },
      ),
      { seed, numRuns: 400 },
    );
  });

  it("read four words of a Chaskey key", () => {
    const k = makeTagKey(SUITE_CHASKEY, KEY, sha256);
    const tag = sealTag(k, 1, 2, 3, "body", "bound");
    k.subkeys!.fill(0, 4);
    expect(sealTag(k, 1, 2, 3, "body", "bound")).toBe(tag);
  });
});

describe("equalTags", () => {
  it("is equality of strings", () => {
    fc.assert(
      fc.property(string(0, 9), string(0, 9), (a, b) => {
        expect(equalTags(a, b)).toBe(a === b);
        expect(equalTags(a, `${a}`)).toBe(true);
      }),
      { seed },
    );
  });

  it("sees one bit anywhere, and a missing or a further byte", () => {
    for (let bit = 0; bit < 64; bit++) {
      const other = Buffer.from("12345678");
      other[bit >> 3]! ^= 1 << (bit & 7);
      expect(equalTags("12345678", other.toString("latin1"))).toBe(false);
    }
    expect(equalTags("1234567", "12345678")).toBe(false);
    expect(equalTags("12345678", "1234567")).toBe(false);
    expect(equalTags("12345678\0", "12345678")).toBe(false);
  });
});
