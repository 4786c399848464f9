/**
 * The frames of the protocol, version 1, as byte strings: one character is one byte (sections 1, 2
 * and 4).
 *
 * Byte strings and not Uint8Array, because the board's sockets and its SHA-256 take strings, and
 * because a JsVar holds ten characters but one array element. One function per frame and way, and
 * nothing that runs at load, so that a board's bundle carries the encoders it calls and not one
 * decoder (a test looks). What lost: one table of fields with a generic coder, which no minifier
 * can cut in half.
 *
 * Encoders give the *body*, all of a frame before its tag, and check nothing: their callers are
 * ours, and the board has no room. Decoders trust nothing, and name the reason of a refusal, which
 * is counted under that name.
 *
 * Byte 0 of every frame:
 *
 *    7 6   5 4 3   2  1 0
 *   +-----+-------+--+-----+   ver  1
 *   | ver | type  |X | low |   X    extensions stand before the tag: HEARTBEAT and ACK only
 *   +-----+-------+--+-----+   low  up: reach class; down: bit 1 = MORE, bit 0 = 0
 */

import { wellFormedExtensions } from "./extensions.ts";

/** Version of the protocol, bits 7 and 6 of each frame. */
export const VERSION = 1;
/** Longest frame in bytes, tag included. */
export const FRAME_MAX = 256;
/** Largest device id; the smallest is 1. */
export const ID_MAX = 0xffffff;
/** Longest `delay` of a PROBE as an interval code: 2 h 15 min. */
export const DELAY_MAX = 163;
/** The promise of a device that says goodbye: nothing further is promised. */
export const LEAVING = 255;

export const HEARTBEAT = 0;
export const ACK = 1;
export const HELLO = 2;
export const WELCOME = 3;
export const COMMAND = 4;
export const RESULT = 5;
export const PROBE = 6;
export const NUDGE = 7;

/** Direction: from a device to its gateway. */
export const UP = 0;
/** Direction: from the gateway to a device. */
export const DOWN = 1;

/** Bit of byte 0: extensions follow the fixed part. */
export const EXTENDED = 4;
/** Bit of byte 0, down: keep listening, a command follows. */
export const MORE = 2;

/** Byte 0 without X and low: version 1 and a type. */
const FIRST = VERSION << 6;

/** One byte, from the low 8 bits of an integer. */
export function u8(n: number): string {
  return String.fromCharCode(n & 255);
}

/** Two bytes, from the low 16 bits of an integer. */
export function u16(n: number): string {
  return u8(n >> 8) + u8(n);
}

/** Three bytes, from the low 24 bits of an integer. */
export function u24(n: number): string {
  return u8(n >> 16) + u16(n);
}

/** Four bytes, from an integer 0..4294967295. */
export function u32(n: number): string {
  return u16(n >>> 16) + u16(n);
}

/** Two bytes at `at`, which must stand in `bytes`, as all that these four read. */
export function getU16(bytes: string, at: number): number {
  return (bytes.charCodeAt(at) << 8) | bytes.charCodeAt(at + 1);
}

/** Three bytes at `at`. */
export function getU24(bytes: string, at: number): number {
  return (bytes.charCodeAt(at) << 16) | getU16(bytes, at + 1);
}

/** Four bytes at `at`, 0..4294967295. */
export function getU32(bytes: string, at: number): number {
  return getU16(bytes, at) * 65536 + getU16(bytes, at + 2);
}

/**
 * HEARTBEAT, up. `seq` may be the whole 32-bit number: its low 16 bits travel. `ext` is "" or
 * encoded extensions.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---+-----+-+---+-----------------------------------------------+
 *  | 1 |  0  |X|low|                      id                       |
 *  +---+-----+-+---+---------------+---------------+---------------+
 *  |              seq              |    promise    |    vitals     |  [extensions] tag
 *  +-------------------------------+---------------+---------------+
 */
export function encodeHeartbeat(
  id: number,
  seq: number,
  promise: number,
  vitals: number,
  reach: number,
  ext: string,
): string {
  return (
    u8(FIRST | (ext ? EXTENDED : 0) | reach) + u24(id) + u16(seq) + u8(promise) + u8(vitals) + ext
  );
}

/**
 * ACK, down. Says which bytes it acknowledges: its tag covers the tag of the HEARTBEAT with that
 * seq.
 *
 *  +---+-----+-+---+-------------------------------+---------------+
 *  | 1 |  1  |X|M 0|              seq              |     pace      |
 *  +---+-----+-+---+---------------+---------------+---------------+
 *  |    mapped     |     state     |  [extensions] tag
 *  +---------------+---------------+
 */
export function encodeAck(
  seq: number,
  pace: number,
  mapped: number,
  state: number,
  more: boolean | number,
  ext: string,
): string {
  const b0 = FIRST | (ACK << 3) | (ext ? EXTENDED : 0) | (more ? MORE : 0);
  return u8(b0) + u16(seq) + u8(pace) + u8(mapped) + u8(state) + ext;
}

/**
 * HELLO, up. `nonce` is a string of 8 bytes that never repeats for a key (rule 12); `epoch` the
 * last one known, or 0.
 *
 *  +---+-----+-+---+-----------------------------------------------+
 *  | 1 |  2  |0|low|                      id                       |
 *  +---+-----+-+---+-----------------------------------------------+
 *  |                             epoch                             |
 *  +---------------------------------------------------------------+
 *  |                                                               |
 *  +                             nonce                             +
 *  |                                                               |  tag
 *  +---------------------------------------------------------------+
 */
export function encodeHello(id: number, epoch: number, nonce: string, reach: number): string {
  return u8(FIRST | (HELLO << 3) | reach) + u24(id) + u32(epoch) + nonce;
}

/**
 * WELCOME, down. `time` in unix seconds, 0 = the gateway does not trust its clock.
 *
 *  +---+-----+-+---+-----------------------------------------------+
 *  | 1 |  3  |0|0 0|                     epoch                     :
 *  +---+-----+-+---+-----------------------------------------------+
 *  :     epoch     |                     time                      :
 *  +---------------+---------------+---------------+---------------+
 *  :     time      |     pace      |     state     |  tag
 *  +---------------+---------------+---------------+
 */
export function encodeWelcome(epoch: number, time: number, pace: number, state: number): string {
  return u8(FIRST | (WELCOME << 3)) + u32(epoch) + u32(time) + u8(pace) + u8(state);
}

/**
 * COMMAND, down. `payload` of 0..243 bytes.
 *
 *  +---+-----+-+---+-------------------------------+---------------+
 *  | 1 |  4  |0|M 0|              seq              |      cmd      :
 *  +---+-----+-+---+-------------------------------+---------------+
 *  :      cmd      |  payload ... tag
 *  +---------------+
 */
export function encodeCommand(
  seq: number,
  cmd: number,
  payload: string,
  more: boolean | number,
): string {
  return u8(FIRST | (COMMAND << 3) | (more ? MORE : 0)) + u16(seq) + u16(cmd) + payload;
}

/**
 * RESULT, up. `payload` of 0..239 bytes.
 *
 *  +---+-----+-+---+-----------------------------------------------+
 *  | 1 |  5  |0|low|                      id                       |
 *  +---+-----+-+---+---------------+-------------------------------+
 *  |              seq              |              cmd              |
 *  +---------------+---------------+-------------------------------+
 *  |     code      |  payload ... tag
 *  +---------------+
 */
export function encodeResult(
  id: number,
  seq: number,
  cmd: number,
  code: number,
  payload: string,
  reach: number,
): string {
  return u8(FIRST | (RESULT << 3) | reach) + u24(id) + u16(seq) + u16(cmd) + u8(code) + payload;
}

/**
 * PROBE, up: "answer me after `delay`", an interval code of at most 163.
 *
 *  +---+-----+-+---+-----------------------------------------------+
 *  | 1 |  6  |0|low|                      id                       |
 *  +---+-----+-+---+---------------+---------------+---------------+
 *  |              seq              |     delay     |  tag
 *  +-------------------------------+---------------+
 */
export function encodeProbeUp(id: number, seq: number, delay: number, reach: number): string {
  return u8(FIRST | (PROBE << 3) | reach) + u24(id) + u16(seq) + u8(delay);
}

/**
 * PROBE, down.
 *
 *  +---+-----+-+---+-------------------------------+---------------+
 *  | 1 |  6  |0|0 0|              seq              |     delay     |  tag
 *  +---+-----+-+---+-------------------------------+---------------+
 */
export function encodeProbeDown(seq: number, delay: number): string {
  return u8(FIRST | (PROBE << 3)) + u16(seq) + u8(delay);
}

/**
 * NUDGE, down.
 *
 *  +---+-----+-+---+-------------------------------+
 *  | 1 |  7  |0|0 0|              seq              |  tag
 *  +---+-----+-+---+-------------------------------+
 */
export function encodeNudge(seq: number): string {
  return u8(FIRST | (NUDGE << 3)) + u16(seq);
}

/**
 * What a tag is computed over (section 4).
 *
 *  +-+-------------+---------------------------+-----------------------+--------+---------+
 *  |D|    type     |         epoch 32          |      seqHigh 16       |  body  |  bound  |
 *  +-+-------------+---------------------------+-----------------------+--------+---------+
 *
 * @param epoch the epoch in force, 0 for HELLO and WELCOME
 * @param seq the whole 32-bit number, 0 for HELLO and WELCOME
 * @param bound in a WELCOME the HELLO's nonce, in every other frame down the HEARTBEAT's tag, up ""
 */
export function tagInput(
  direction: number,
  type: number,
  epoch: number,
  seq: number,
  body: string,
  bound: string,
): string {
  return u8((direction << 7) | type) + u32(epoch) + u16(seq >>> 16) + body + bound;
}

/**
 * The one candidate for the whole seq of a beat, from the last accepted one and the 16 bits that
 * travelled (section 2). Looks 65471 ahead and 64 back. What is above 4294967295 is the caller's to
 * drop.
 */
export function rebuildSeq(last: number, low: number): number {
  const ahead = (low - last) & 65535;
  if (ahead === 0) return last === 0 ? 65536 : last;
  if (ahead <= 65471) return last + ahead;
  const back = last + ahead - 65536;
  return back >= 1 ? back : last + ahead;
}

/** Every reason why a frame is malformed. */
export const REFUSALS = [
  "too-short",
  "too-long",
  "version",
  "type",
  "direction",
  "extensions",
  "reserved",
] as const;

/**
 * Why a frame is malformed, in the order in which it is asked; a malformed frame has exactly one
 * reason. `type` is for a receiver that knows the device's suite: types 4 to 7 do not exist under
 * suite 0. A decoder, which does not know it, never says it, since version 1 gives all eight types
 * a meaning.
 */
export type Refusal = (typeof REFUSALS)[number];

/**
 * What every decoded frame has: `body` is all before the tag, which `tag` holds, not yet verified.
 */
interface Decoded {
  readonly body: string;
  readonly tag: string;
}

export interface Heartbeat extends Decoded {
  readonly type: typeof HEARTBEAT;
  readonly id: number;
  readonly seq16: number;
  /** Interval code 1..254, or LEAVING. */
  readonly promise: number;
  readonly vitals: number;
  /** Reach class: 0 awake, 1 light sleep, 2 deep sleep. */
  readonly reach: number;
  /** The extensions' bytes, well-formed; "" = none. `readExtensions` says what counts. */
  readonly ext: string;
}

export interface Hello extends Decoded {
  readonly type: typeof HELLO;
  readonly id: number;
  readonly epoch: number;
  readonly nonce: string;
  readonly reach: number;
}

export interface Result extends Decoded {
  readonly type: typeof RESULT;
  readonly id: number;
  readonly seq16: number;
  readonly cmd: number;
  readonly code: number;
  readonly payload: string;
  readonly reach: number;
}

export interface ProbeUp extends Decoded {
  readonly type: typeof PROBE;
  readonly id: number;
  readonly seq16: number;
  readonly delay: number;
  readonly reach: number;
}

export interface Ack extends Decoded {
  readonly type: typeof ACK;
  readonly seq16: number;
  readonly pace: number;
  readonly mapped: number;
  readonly state: number;
  readonly more: boolean;
  readonly ext: string;
}

export interface Welcome extends Decoded {
  readonly type: typeof WELCOME;
  readonly epoch: number;
  readonly time: number;
  readonly pace: number;
  readonly state: number;
}

export interface Command extends Decoded {
  readonly type: typeof COMMAND;
  readonly seq16: number;
  readonly cmd: number;
  readonly payload: string;
  readonly more: boolean;
}

export interface ProbeDown extends Decoded {
  readonly type: typeof PROBE;
  readonly seq16: number;
  readonly delay: number;
}

export interface Nudge extends Decoded {
  readonly type: typeof NUDGE;
  readonly seq16: number;
}

export type UpFrame = Heartbeat | Hello | Result | ProbeUp;
export type DownFrame = Ack | Welcome | Command | ProbeDown | Nudge;

/** Bytes of the fixed part by type; 0 = does not travel that way. */
const UP_FIXED: readonly number[] = [8, 0, 16, 0, 0, 9, 7, 0];
const DOWN_FIXED: readonly number[] = [0, 6, 0, 11, 5, 0, 4, 3];

/** The layout of section 1, without the values of fields: "" or the reason of refusal. */
function checkLayout(frame: string, tag: number, fixedOf: readonly number[]): Refusal | "" {
  const length = frame.length;
  if (length === 0) return "too-short";
  if (length > FRAME_MAX) return "too-long";
  const b0 = frame.charCodeAt(0);
  if (b0 >> 6 !== VERSION) return "version";
  const type = (b0 >> 3) & 7;
  const fixed = fixedOf[type]!;
  if (fixed === 0) return "direction";
  if (b0 & EXTENDED && type !== HEARTBEAT && type !== ACK) return "extensions";
  const end = length - tag;
  if (end < fixed) return "too-short";
  if (b0 & EXTENDED) return wellFormedExtensions(frame, fixed, end) ? "" : "extensions";
  return end > fixed && type !== COMMAND && type !== RESULT ? "too-long" : "";
}

/**
 * A frame from a device, or why it is malformed (`typeof` a string). Verifies no tag and knows no
 * device.
 * @param tagBytes length of the tag under the device's suite, 8 or 2
 */
export function decodeUp(frame: string, tagBytes: number): UpFrame | Refusal {
  const refusal = checkLayout(frame, tagBytes, UP_FIXED);
  if (refusal !== "") return refusal;
  const b0 = frame.charCodeAt(0);
  const reach = b0 & 3;
  const id = getU24(frame, 1);
  if (reach === 3 || id === 0) return "reserved";
  const end = frame.length - tagBytes;
  const body = frame.substring(0, end);
  const tag = frame.substring(end);
  const type = (b0 >> 3) & 7;
  if (type === HELLO) {
    const epoch = getU32(frame, 4);
    return { type, id, epoch, nonce: frame.substring(8, 16), reach, body, tag };
  }
  const seq16 = getU16(frame, 4);
  if (type === HEARTBEAT) {
    const promise = frame.charCodeAt(6);
    if (promise === 0) return "reserved";
    const vitals = frame.charCodeAt(7);
    return { type, id, seq16, promise, vitals, reach, ext: frame.substring(8, end), body, tag };
  }
  if (type === RESULT) {
    const cmd = getU16(frame, 6);
    if (cmd === 0) return "reserved";
    const code = frame.charCodeAt(8);
    return { type, id, seq16, cmd, code, payload: frame.substring(9, end), reach, body, tag };
  }
  const delay = frame.charCodeAt(6);
  if (delay === 0 || delay > DELAY_MAX) return "reserved";
  return { type: PROBE, id, seq16, delay, reach, body, tag };
}

/**
 * A frame from the gateway, or why it is malformed (`typeof` a string). Verifies no tag.
 * @param tagBytes length of the tag under the device's suite, 8 or 2
 */
export function decodeDown(frame: string, tagBytes: number): DownFrame | Refusal {
  const refusal = checkLayout(frame, tagBytes, DOWN_FIXED);
  if (refusal !== "") return refusal;
  const b0 = frame.charCodeAt(0);
  const type = (b0 >> 3) & 7;
  const more = (b0 & MORE) !== 0;
  if (b0 & 1 || (more && type !== ACK && type !== COMMAND)) return "reserved";
  const end = frame.length - tagBytes;
  const body = frame.substring(0, end);
  const tag = frame.substring(end);
  if (type === WELCOME) {
    const pace = frame.charCodeAt(9);
    const state = frame.charCodeAt(10);
    return { type, epoch: getU32(frame, 1), time: getU32(frame, 5), pace, state, body, tag };
  }
  const seq16 = getU16(frame, 1);
  if (type === ACK) {
    const pace = frame.charCodeAt(3);
    const mapped = frame.charCodeAt(4);
    const state = frame.charCodeAt(5);
    return { type, seq16, pace, mapped, state, more, ext: frame.substring(6, end), body, tag };
  }
  if (type === COMMAND) {
    const cmd = getU16(frame, 3);
    if (cmd === 0) return "reserved";
    return { type, seq16, cmd, payload: frame.substring(5, end), more, body, tag };
  }
  if (type === NUDGE) return { type, seq16, body, tag };
  const delay = frame.charCodeAt(3);
  if (delay === 0 || delay > DELAY_MAX) return "reserved";
  return { type: PROBE, seq16, delay, body, tag };
}

/** The id of a frame from a device, before anything is checked; 0 if it is shorter than 4 bytes. */
export function frameId(frame: string): number {
  return frame.length < 4 ? 0 : getU24(frame, 1);
}
