/**
 * Damaged and arbitrary datagrams: a frame cut or with a bit flipped is refused by decoder or tag,
 * and the decoder takes a million of anything without a throw or a read past the end.
 */

import { describe, expect, it } from "vitest";
import { u8 } from "../../device/bytes.ts";
import { decodeDown, decodeUp, frameId, REFUSALS } from "../../device/decode.ts";
import { tagBytes } from "../../device/tag.ts";
import { bytes, seedOf, vectors } from "./codec.ts";
import { decode, opens, randomBytes, xorshift } from "./opening.ts";

const seed = seedOf("damage.test.ts");

describe("a damaged frame", () => {
  it("cut at any byte is refused, by decoder or tag (suites 1 and 2)", () => {
    for (const v of vectors.frames) {
      const frame = bytes(v.frame);
      for (let cut = 0; cut < frame.length; cut++) {
        const part = frame.substring(0, cut);
        const f = decode(part, v.direction === "up", tagBytes(v.suite));
        if (!["COMMAND", "RESULT"].includes(v.fields.type) && !v.fields.ext?.length) {
          expect([v.name, cut, f]).toEqual([v.name, cut, "too-short"]);
        }
        if (v.suite !== 0) expect([v.name, cut, opens(part, v)]).toEqual([v.name, cut, false]);
      }
    }
  });

  it("with any one bit flipped is refused, by decoder or tag (suites 1 and 2)", () => {
    let flips = 0;
    for (const v of vectors.frames.filter((f) => f.suite !== 0)) {
      const frame = Buffer.from(v.frame, "hex");
      for (let bit = 0; bit < frame.length * 8; bit++) {
        frame[bit >> 3]! ^= 1 << (bit & 7);
        expect([v.name, bit, opens(frame.toString("latin1"), v)]).toEqual([v.name, bit, false]);
        frame[bit >> 3]! ^= 1 << (bit & 7);
        flips++;
      }
    }
    expect(flips).toBeGreaterThan(12_000);
  });
});

/** A byte string that fails the test when it is read outside of its bytes. */
class Guarded {
  readonly length: number;
  readonly bytes: string;
  constructor(bytes: string) {
    this.bytes = bytes;
    this.length = bytes.length;
  }
  charCodeAt(at: number): number {
    if (!(at >= 0 && at < this.length)) throw new Error(`read at ${at} of ${this.length}`);
    return this.bytes.charCodeAt(at);
  }
  substring(from: number, to = this.length): string {
    if (!(from >= 0 && from <= to && to <= this.length)) {
      throw new Error(`cut ${from} to ${to} of ${this.length}`);
    }
    return this.bytes.substring(from, to);
  }
}

describe("any bytes at all", () => {
  /**
   * Mostly near-frames: a vector with bytes changed, cut, or lengthened; else noise, half of it
   * with a plausible start.
   */
  function anyFrame(random: () => number, valid: readonly string[]): string {
    const kind = random() % 8;
    if (kind < 2) return randomBytes(random, random() % (kind === 0 ? 24 : 300));
    if (kind < 4) return u8(64 | (random() % 64)) + randomBytes(random, random() % 48);
    let s = valid[random() % valid.length]!;
    for (let n = random() % 4; n > 0; n--) {
      const at = random() % s.length;
      s = s.substring(0, at) + u8(random() >>> 7) + s.substring(at + 1);
    }
    if (kind === 4) s = s.substring(0, random() % s.length);
    if (kind === 5) s += randomBytes(random, random() % 12);
    return s;
  }

  it("decode to a frame or a named reason, and nothing is read past the end (1e6 inputs)", () => {
    const random = xorshift(seed);
    const valid = vectors.frames.map((v) => bytes(v.frame));
    const reasons: readonly string[] = REFUSALS;
    let frames = 0;
    for (let n = 0; n < 1_000_000; n++) {
      const guarded = new Guarded(anyFrame(random, valid)) as unknown as string;
      frameId(guarded);
      const f = n & 1 ? decodeUp(guarded, n & 2 ? 8 : 2) : decodeDown(guarded, n & 2 ? 8 : 2);
      if (typeof f !== "string") {
        frames++;
        if (f.body.length + f.tag.length !== guarded.length) throw new Error("bytes lost");
      } else if (!reasons.includes(f)) throw new Error(`no such reason: ${f}`);
    }
    expect(frames).toBeGreaterThan(50_000);
  });
});
