/**
 * The receiver's half of a vector: decode, rebuild, compute, compare; and a fast source of random
 * bytes.
 */

import { u8 } from "../../device/bytes.ts";
import {
  type DownFrame,
  decodeDown,
  decodeUp,
  type Refusal,
  type UpFrame,
} from "../../device/decode.ts";
import { computeTag, equalTags, makeTagKey, type TagKey, tagBytes } from "../../device/tag.ts";
import { DOWN, HELLO, rebuildSeq, tagInput, UP, WELCOME } from "../../device/wire.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { bytes, type FrameVector } from "./codec.ts";

/** Decodes a frame going up or down. */
export function decode(frame: string, up: boolean, tag: number): UpFrame | DownFrame | Refusal {
  return up ? decodeUp(frame, tag) : decodeDown(frame, tag);
}

/** The key of a vector's device. */
export function keyOf(v: FrameVector): TagKey {
  return makeTagKey(v.suite, bytes(v.key), sha256);
}

/**
 * Whether one who holds the vector's key takes the frame: it decodes, and the tag of what it says
 * verifies.
 */
export function opens(frame: string, v: FrameVector): boolean {
  const up = v.direction === "up";
  const f = decode(frame, up, tagBytes(v.suite));
  if (typeof f === "string") return false;
  const first = f.type === HELLO || f.type === WELCOME;
  const epoch = first ? 0 : v.epoch;
  const seq = "seq16" in f ? rebuildSeq(v.seq, f.seq16) : 0;
  const input = tagInput(up ? UP : DOWN, f.type, epoch, seq, f.body, bytes(v.bound));
  return equalTags(computeTag(keyOf(v), input), f.tag);
}

/** A 32-bit xorshift: a million frames in a second, where fast-check's arbitraries take minutes. */
export function xorshift(start: number): () => number {
  let x = start | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** A byte string of `length` random bytes. */
export function randomBytes(random: () => number, length: number): string {
  let s = "";
  for (let at = 0; at < length; at++) s += u8(random() >>> 11);
  return s;
}
