/**
 * From a datagram to a frame, or to the reason why it is none (protocol, sections 1 and 2).
 *
 * Bad input is normal: a decoder never throws, reads nothing past the end, and names the first
 * thing that is wrong, which is counted under that name. Length is checked once, for all fields;
 * tags are not looked at here, since whose key counts is known only after the id is. What lost: a
 * view with an accessor per field, which would keep every frame's bytes alive and leave the
 * checking to whoever remembers it.
 */

import { getU16, getU24, getU32 } from "./bytes.ts";
import { wellFormedExtensions } from "./extensions.ts";
import {
  ACK,
  COMMAND,
  DELAY_MAX,
  EXTENDED,
  FRAME_MAX,
  HEARTBEAT,
  HELLO,
  MORE,
  NUDGE,
  PROBE,
  RESULT,
  VERSION,
  WELCOME,
} from "./wire.ts";

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
