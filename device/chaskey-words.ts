/**
 * Chaskey-12 for Node, where tags of millions of frames are computed: the same as chaskey.ts, and
 * four times as fast.
 *
 * A tag input is never joined into a string: its bytes go into words as they are read, head, body
 * and bound. What is compared is compared as words, and the tag of a beat or of an ACK becomes
 * characters together with its body, since one flat string costs less than joining two. The last
 * block's key is doubled from the four words of the key each time: a few shifts for a cache line.
 * No board carries this file: all that calls it stands behind `typeof WITH_SUITE`, or in functions
 * that a board does not call.
 */

import { ACK, DOWN, HEARTBEAT } from "./wire.ts";

/** Words of the longest input: several times head, a frame, and what that is bound to. */
const WORDS_MAX = 256;
const input = /* @__PURE__ */ new Int32Array(WORDS_MAX);
/** The tag computed last, its 8 bytes: lowest first. */
let tag0 = 0;
let tag1 = 0;

/** Four bytes at `at`, lowest first, as Chaskey has them. */
function word(bytes: string, at: number): number {
  return (
    bytes.charCodeAt(at) |
    (bytes.charCodeAt(at + 1) << 8) |
    (bytes.charCodeAt(at + 2) << 16) |
    (bytes.charCodeAt(at + 3) << 24)
  );
}

/** Puts the seven bytes of a tag input's head into `input`, and the first of its body. */
function head(p: number, epoch: number, seq: number, first: number): void {
  input[0] = p | ((epoch >>> 16) & 0xff00) | (epoch & 0xff0000) | ((epoch & 0xff00) << 16);
  input[1] = (epoch & 255) | ((seq >>> 16) & 0xff00) | (seq & 0xff0000) | (first << 24);
}

/**
 * Puts a tag input (protocol, section 4) into `input`, padded: the seven bytes of its head, then
 * the first `end` bytes of `body`, at least one, then `bound` from its byte `from` on.
 * @returns its length without padding
 */
function fill(
  p: number,
  epoch: number,
  seq: number,
  body: string,
  end: number,
  bound: string,
  from: number,
): number {
  const length = 7 + end + bound.length - from;
  if (length > 4 * WORDS_MAX) throw new RangeError(`a tag over ${length} bytes`);
  head(p, epoch, seq, body.charCodeAt(0));
  let at = 2;
  let i = 1;
  for (; i + 4 <= end; i += 4) input[at++] = word(body, i);
  let open = 0;
  let shift = 0;
  for (; i < end; i++, shift += 8) open |= body.charCodeAt(i) << shift;
  for (i = from; i + 4 <= bound.length; i += 4) {
    const next = word(bound, i);
    input[at++] = open | (next << shift);
    open = shift ? next >>> (32 - shift) : 0;
  }
  for (; i < bound.length; i++) {
    open |= bound.charCodeAt(i) << shift;
    shift += 8;
    if (shift < 32) continue;
    input[at++] = open;
    open = shift = 0;
  }
  if (length % 16) {
    input[at++] = open | (1 << shift);
    while (at % 4) input[at++] = 0;
  }
  return length;
}

/** Computes the tag of the `length` bytes in `input`. `k`: the key in its first four words. */
function mac(k: Int32Array, length: number): void {
  const k0 = k[0]!;
  const k1 = k[1]!;
  const k2 = k[2]!;
  const k3 = k[3]!;
  // The last block's key: twice the key, and twice that if the block is padded.
  let l0 = (k0 << 1) ^ ((k3 >>> 31) * 0x87);
  let l1 = (k1 << 1) | (k0 >>> 31);
  let l2 = (k2 << 1) | (k1 >>> 31);
  let l3 = (k3 << 1) | (k2 >>> 31);
  if (length % 16) {
    const carry = l3 >>> 31;
    l3 = (l3 << 1) | (l2 >>> 31);
    l2 = (l2 << 1) | (l1 >>> 31);
    l1 = (l1 << 1) | (l0 >>> 31);
    l0 = (l0 << 1) ^ (carry * 0x87);
  }
  let a = k0;
  let b = k1;
  let c = k2;
  let d = k3;
  const end = ((length + 15) >> 4) << 2;
  for (let at = 0; at < end; at += 4) {
    a ^= input[at]!;
    b ^= input[at + 1]!;
    c ^= input[at + 2]!;
    d ^= input[at + 3]!;
    if (at + 4 === end) {
      a ^= l0;
      b ^= l1;
      c ^= l2;
      d ^= l3;
    }
    for (let round = 0; round < 12; round++) {
      a = (a + b) | 0;
      b = ((b << 5) | (b >>> 27)) ^ a;
      c = (c + d) | 0;
      d = ((d << 8) | (d >>> 24)) ^ c;
      a = (((a << 16) | (a >>> 16)) + d) | 0;
      d = ((d << 13) | (d >>> 19)) ^ a;
      c = (c + b) | 0;
      b = ((b << 7) | (b >>> 25)) ^ c;
      c = (c << 16) | (c >>> 16);
    }
  }
  tag0 = a ^ l0;
  tag1 = b ^ l1;
}

function tagText(): string {
  // biome-ignore format: one word a line, lowest byte first
  return String.fromCharCode(
    tag0 & 255, (tag0 >> 8) & 255, (tag0 >> 16) & 255, tag0 >>> 24,
    tag1 & 255, (tag1 >> 8) & 255, (tag1 >> 16) & 255, tag1 >>> 24,
  );
}

/** The tag of the tag input of these: see `fill`. */
export function chaskeyTag(
  k: Int32Array,
  p: number,
  epoch: number,
  seq: number,
  body: string,
  bound: string,
  from: number,
): string {
  mac(k, fill(p, epoch, seq, body, body.length, bound, from));
  return tagText();
}

/** A HEARTBEAT with its tag. `ext`: "", or three bytes. */
export function chaskeyBeat(
  k: Int32Array,
  b0: number,
  id: number,
  epoch: number,
  seq: number,
  promise: number,
  vitals: number,
  ext: string,
): string {
  head(HEARTBEAT, epoch, seq, b0);
  input[2] = ((id >> 16) & 255) | (id & 0xff00) | ((id & 255) << 16) | ((seq & 0xff00) << 16);
  const open = (seq & 255) | (promise << 8) | (vitals << 16);
  if (!ext) {
    input[3] = open | (1 << 24);
    mac(k, 15);
    // biome-ignore format: body, tag
    return String.fromCharCode(
      b0, (id >> 16) & 255, (id >> 8) & 255, id & 255, (seq >> 8) & 255, seq & 255, promise, vitals,
      tag0 & 255, (tag0 >> 8) & 255, (tag0 >> 16) & 255, tag0 >>> 24,
      tag1 & 255, (tag1 >> 8) & 255, (tag1 >> 16) & 255, tag1 >>> 24,
    );
  }
  const e0 = ext.charCodeAt(0);
  const e1 = ext.charCodeAt(1);
  const e2 = ext.charCodeAt(2);
  input[3] = open | (e0 << 24);
  input[4] = e1 | (e2 << 8) | (1 << 16);
  input[5] = input[6] = input[7] = 0;
  mac(k, 18);
  // biome-ignore format: body, extension, tag
  return String.fromCharCode(
    b0, (id >> 16) & 255, (id >> 8) & 255, id & 255, (seq >> 8) & 255, seq & 255, promise, vitals,
    e0, e1, e2,
    tag0 & 255, (tag0 >> 8) & 255, (tag0 >> 16) & 255, tag0 >>> 24,
    tag1 & 255, (tag1 >> 8) & 255, (tag1 >> 16) & 255, tag1 >>> 24,
  );
}

/** An ACK with its tag, without extensions, bound to the eight bytes of `bound` from `from`. */
export function chaskeyAck(
  k: Int32Array,
  b0: number,
  epoch: number,
  seq: number,
  pace: number,
  mapped: number,
  state: number,
  bound: string,
  from: number,
): string {
  head((DOWN << 7) | ACK, epoch, seq, b0);
  const beat0 = word(bound, from);
  const beat1 = word(bound, from + 4);
  input[2] = ((seq >> 8) & 255) | ((seq & 255) << 8) | (pace << 16) | (mapped << 24);
  input[3] = state | (beat0 << 8);
  input[4] = (beat0 >>> 24) | (beat1 << 8);
  input[5] = (beat1 >>> 24) | (1 << 8);
  input[6] = input[7] = 0;
  mac(k, 21);
  // biome-ignore format: body, tag
  return String.fromCharCode(
    b0, (seq >> 8) & 255, seq & 255, pace, mapped, state,
    tag0 & 255, (tag0 >> 8) & 255, (tag0 >> 16) & 255, tag0 >>> 24,
    tag1 & 255, (tag1 >> 8) & 255, (tag1 >> 16) & 255, tag1 >>> 24,
  );
}

/** Whether a frame's bytes from `end` on are the tag of the tag input of these. */
export function chaskeyVerifies(
  k: Int32Array,
  p: number,
  epoch: number,
  seq: number,
  frame: string,
  end: number,
  bound: string,
  from: number,
): boolean {
  if (end < 1 || frame.length !== end + 8) return false;
  mac(k, fill(p, epoch, seq, frame, end, bound, from));
  return !((word(frame, end) ^ tag0) | (word(frame, end + 4) ^ tag1));
}
