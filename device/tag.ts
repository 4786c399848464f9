/**
 * Tags: what makes a frame worth believing (protocol, section 4). One key has one suite, fixed at
 * enrolment; nothing in a frame names it, so nothing can be talked down.
 *
 * SHA-256 comes in as a function of byte strings, because both ends have a native one and neither
 * has the other's. HMAC keeps its two padded keys ready, so a tag is two native calls and two
 * concatenations: on the board a fifteenth of the cheapest MAC that it could compute itself. What
 * lost: `createHmac`, which the board does not have and which takes 2.0 us in Node against 1.1
 * here.
 *
 * A board carries one suite: its bundle is built with `WITH_SUITE` defined as 0, 1 or 2, and the
 * minifier drops the rest. Where nothing defines it (Node), all suites are there.
 */

import { u8, u16 } from "./bytes.ts";
import { type ChaskeyKey, chaskey12, chaskeySubkeys } from "./chaskey.ts";
import { chaskeyAck, chaskeyBeat, chaskeyTag, chaskeyVerifies } from "./chaskey-words.ts";
import { crc16 } from "./crc16.ts";
import {
  ACK,
  DOWN,
  EXTENDED,
  encodeAck,
  encodeHeartbeat,
  HEARTBEAT,
  MORE,
  tagHead,
  VERSION,
} from "./wire.ts";

declare const WITH_SUITE: 0 | 1 | 2 | undefined;

/** `crc16`: 2 bytes, no security, for trials on a trusted bench. */
export const SUITE_CRC = 0;
/** `hmac-sha256-64`: 8 bytes, the default. */
export const SUITE_HMAC = 1;
/** `chaskey12-64`: 8 bytes, for boards without native SHA-256. */
export const SUITE_CHASKEY = 2;

/** A key made ready for its suite. Opaque: only `computeTag` looks inside. */
export interface TagKey {
  readonly suite: number;
  /** Suite 1: the key xor 0x36, padded to 64 bytes; else empty. */
  readonly inner: string;
  /** Suite 1: the key xor 0x5c, padded to 64 bytes; else empty. */
  readonly outer: string;
  readonly subkeys: ChaskeyKey | undefined;
  readonly sha256: (message: string) => string;
}

/** Length of a suite's tag in bytes: 2 for suite 0, else 8. */
export function tagBytes(suite: number): 2 | 8 {
  return (typeof WITH_SUITE === "undefined" ? suite === SUITE_CRC : WITH_SUITE === 0) ? 2 : 8;
}

/**
 * The key xor `mask`, padded to 64 bytes: past its end `charCodeAt` is NaN, which an xor takes for
 * 0. In Node, asking for a byte makes V8 join the pieces; left apart, each tag would walk them: 2.2
 * us a tag instead of 1.0.
 */
function pad(key: string, mask: number): string {
  let bytes = "";
  while (bytes.length < 64) bytes += u8(key.charCodeAt(bytes.length) ^ mask);
  if (typeof WITH_SUITE === "undefined") bytes.charCodeAt(0);
  return bytes;
}

/**
 * Makes a 16-byte key ready ("" for suite 0, which has none).
 * @param sha256 byte string to byte string of 32; called under suite 1 only
 */
export function makeTagKey(
  suite: number,
  key: string,
  sha256: (message: string) => string,
): TagKey {
  const hmac = typeof WITH_SUITE === "undefined" ? suite === SUITE_HMAC : WITH_SUITE === 1;
  return {
    suite: suite,
    inner: hmac ? pad(key, 0x36) : "",
    outer: hmac ? pad(key, 0x5c) : "",
    subkeys: (typeof WITH_SUITE === "undefined" ? suite === SUITE_CHASKEY : WITH_SUITE === 2)
      ? chaskeySubkeys(key)
      : undefined,
    sha256: sha256,
  };
}

/** The tag of a tag input (`tagInput` in wire.ts): 8 bytes, or 2 under suite 0. */
export function computeTag(k: TagKey, input: string): string {
  if (typeof WITH_SUITE === "undefined" ? k.suite === SUITE_HMAC : WITH_SUITE === 1) {
    return k.sha256(k.outer + k.sha256(k.inner + input)).substr(0, 8);
  } else if (typeof WITH_SUITE === "undefined" ? k.suite === SUITE_CHASKEY : WITH_SUITE === 2) {
    return chaskey12(k.subkeys!, input).substr(0, 8);
  } else {
    // An `else`, since esbuild drops what a dead branch names, but not what follows a return.
    return u16(crc16(input));
  }
}

/** Equality of two tags, in a time that depends on their length alone. */
export function equalTags(a: string, b: string): boolean {
  let at = a.length;
  let difference = at ^ b.length;
  while (at--) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return !difference;
}

/**
 * The tag of a frame, of which the tag input is never made (suite 2): for ends that seal many.
 *
 * Of a key of suite 2 these four read the first four words of `subkeys` and nothing else: one
 * `TagKey` may be filled with the words of another key before each call.
 * @param p direction << 7 | type
 * @param epoch the epoch in force, 0 for HELLO and WELCOME
 * @param seq the whole 32-bit number, 0 for HELLO and WELCOME
 * @param bound what the tag is bound to stands there, from its byte `from` to its end
 */
export function sealTag(
  k: TagKey,
  p: number,
  epoch: number,
  seq: number,
  body: string,
  bound: string,
  from = 0,
): string {
  if (k.suite === SUITE_CHASKEY) return chaskeyTag(k.subkeys!, p, epoch, seq, body, bound, from);
  return computeTag(k, tagHead(p, epoch, seq) + body + bound.substring(from));
}

/** A HEARTBEAT with its tag: `encodeHeartbeat` and `sealTag` in one. `seq`: the whole number. */
export function sealHeartbeat(
  k: TagKey,
  id: number,
  epoch: number,
  seq: number,
  promise: number,
  vitals: number,
  reach: number,
  ext: string,
): string {
  if (k.suite === SUITE_CHASKEY && (ext === "" || ext.length === 3)) {
    const b0 = (VERSION << 6) | (ext ? EXTENDED : 0) | reach;
    return chaskeyBeat(k.subkeys!, b0, id, epoch, seq, promise, vitals, ext);
  }
  const body = encodeHeartbeat(id, seq, promise, vitals, reach, ext);
  return flat(body + sealTag(k, HEARTBEAT, epoch, seq, body, ""));
}

/** An ACK with its tag, without extensions: `encodeAck` and `sealTag` in one. */
export function sealAck(
  k: TagKey,
  epoch: number,
  seq: number,
  pace: number,
  mapped: number,
  state: number,
  more: boolean | number,
  bound: string,
  from = 0,
): string {
  if (k.suite === SUITE_CHASKEY) {
    const b0 = (VERSION << 6) | (ACK << 3) | (more ? MORE : 0);
    return chaskeyAck(k.subkeys!, b0, epoch, seq, pace, mapped, state, bound, from);
  }
  const body = encodeAck(seq, pace, mapped, state, more, "");
  return flat(body + sealTag(k, (DOWN << 7) | ACK, epoch, seq, body, bound, from));
}

/** The same string in one piece: joined ones are walked by whoever asks for a byte first. */
function flat(text: string): string {
  text.charCodeAt(0);
  return text;
}

/** Whether the tag of a frame verifies, whose body are its first `end` bytes. See `sealTag`. */
export function verifyTag(
  k: TagKey,
  p: number,
  epoch: number,
  seq: number,
  frame: string,
  end: number,
  bound: string,
  from = 0,
): boolean {
  if (k.suite === SUITE_CHASKEY)
    return chaskeyVerifies(k.subkeys!, p, epoch, seq, frame, end, bound, from);
  const tag = sealTag(k, p, epoch, seq, frame.substring(0, end), bound, from);
  return equalTags(tag, frame.substring(end));
}
