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
 * ours, and the board has no room. What comes from outside goes through `decode.ts`.
 *
 * Byte 0 of every frame:
 *
 *    7 6   5 4 3   2  1 0
 *   +-----+-------+--+-----+   ver  1
 *   | ver | type  |X | low |   X    extensions stand before the tag: HEARTBEAT and ACK only
 *   +-----+-------+--+-----+   low  up: reach class; down: bit 1 = MORE, bit 0 = 0
 */

import { u8, u16, u24, u32 } from "./bytes.ts";

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

/**
 * HEARTBEAT, up. `seq` may be the whole number: its low 16 bits travel. `ext`: encoded, or "".
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
  const b0 = (ext ? FIRST | EXTENDED : FIRST) | reach;
  return u32((b0 << 24) | id) + u16(seq) + u16((promise << 8) | vitals) + ext;
}

/**
 * ACK, down. It acknowledges bytes: its tag covers the tag of the HEARTBEAT with that seq.
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
 * HELLO, up. `nonce`: 8 bytes that never repeat for a key (rule 12); `epoch`: last known, or 0.
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
  return u32(((FIRST | (HELLO << 3) | reach) << 24) | id) + u32(epoch) + nonce;
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
  return encodeResultHead(id, seq, cmd, reach) + u8(code) + payload;
}

/** A RESULT up to its code. */
export function encodeResultHead(id: number, seq: number, cmd: number, reach: number): string {
  return u32(((FIRST | (RESULT << 3) | reach) << 24) | id) + u16(seq) + u16(cmd);
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
  return tagHead((direction << 7) | type, epoch, seq) + body + bound;
}

/** The seven bytes in front of a tag input's body. `p`: its first byte. */
export function tagHead(p: number, epoch: number, seq: number): string {
  return u8(p) + u32(epoch) + u16(seq >>> 16);
}

/**
 * The one candidate for the whole seq of a beat, from the last accepted one and the 16 bits that
 * travelled (section 2). Looks 65471 ahead and 64 back; above 4294967295 the caller drops it.
 */
export function rebuildSeq(last: number, low: number): number {
  const ahead = (low - last) & 65535;
  if (ahead === 0) return last === 0 ? 65536 : last;
  if (ahead <= 65471) return last + ahead;
  const back = last + ahead - 65536;
  return back >= 1 ? back : last + ahead;
}
