/**
 * The protocol's vectors, and what the codec's tests share. Plain enough to run on the board's
 * interpreter too: nothing here but `seedOf` touches Node.
 */

import { encodeExtension } from "../../device/extensions.ts";
import {
  encodeAck,
  encodeCommand,
  encodeHeartbeat,
  encodeHello,
  encodeNudge,
  encodeProbeDown,
  encodeProbeUp,
  encodeResult,
  encodeWelcome,
} from "../../device/wire.ts";
import json from "../vectors/protocol-v1.json" with { type: "json" };

/** The fields of a vector; which of them are there depends on the type. Byte strings are hex. */
export interface Fields {
  readonly type: string;
  readonly id: number;
  readonly seq16: number;
  readonly promise: number;
  readonly vitals: number;
  readonly reach: number;
  readonly ext: readonly (readonly [number, string])[];
  readonly epoch: number;
  readonly nonce: string;
  readonly time: number;
  readonly pace: number;
  readonly mapped: number;
  readonly state: number;
  readonly more: boolean;
  readonly cmd: number;
  readonly code: number;
  readonly payload: string;
  readonly delay: number;
}

export interface FrameVector {
  readonly name: string;
  readonly suite: number;
  readonly key: string;
  readonly direction: "up" | "down";
  readonly epoch: number;
  readonly seq: number;
  readonly bound: string;
  readonly frame: string;
  readonly tagInput: string;
  readonly fields: Fields;
}

export interface Vectors {
  readonly intervalMs: readonly number[];
  readonly intervalCode: readonly (readonly [number, number])[];
  /** Key, message, 16-byte tag. */
  readonly chaskey12: readonly (readonly [string, string, string])[];
  readonly crc16: readonly (readonly [string, number])[];
  /** Last, low 16 bits, rebuilt (null: above 2^32 - 1, dropped). */
  readonly rebuild: readonly (readonly [number, number, number | null])[];
  readonly frames: readonly FrameVector[];
  readonly rejects: {
    readonly key: string;
    readonly suite: number;
    readonly epoch: number;
    readonly lastSeq: number;
    readonly frames: readonly { readonly why: string; readonly frame: string }[];
  };
}

export const vectors = json as unknown as Vectors;

/** Hex to a byte string. */
export function bytes(hex: string): string {
  let s = "";
  for (let at = 0; at < hex.length; at += 2) {
    s += String.fromCharCode(parseInt(hex.substring(at, at + 2), 16));
  }
  return s;
}

/** A byte string to hex. */
export function hexOf(s: string): string {
  let hex = "";
  for (let at = 0; at < s.length; at++) hex += `0${s.charCodeAt(at).toString(16)}`.slice(-2);
  return hex;
}

/** The body of a vector's frame from its fields. */
export function encodeFields(f: Fields, up: boolean): string {
  let ext = "";
  if (f.ext) for (const e of f.ext) ext += encodeExtension(e[0], bytes(e[1]));
  const payload = f.payload ? bytes(f.payload) : "";
  const reach = f.reach || 0;
  switch (f.type) {
    case "HEARTBEAT":
      return encodeHeartbeat(f.id, f.seq16, f.promise, f.vitals, reach, ext);
    case "ACK":
      return encodeAck(f.seq16, f.pace, f.mapped, f.state, f.more, ext);
    case "HELLO":
      return encodeHello(f.id, f.epoch, bytes(f.nonce), reach);
    case "WELCOME":
      return encodeWelcome(f.epoch, f.time, f.pace, f.state);
    case "COMMAND":
      return encodeCommand(f.seq16, f.cmd, payload, f.more);
    case "RESULT":
      return encodeResult(f.id, f.seq16, f.cmd, f.code, payload, reach);
    case "PROBE":
      return up ? encodeProbeUp(f.id, f.seq16, f.delay, reach) : encodeProbeDown(f.seq16, f.delay);
    default:
      return encodeNudge(f.seq16);
  }
}

/** The seed of a file's random tests, printed; NEXTBEAT_SEED replays another. */
export function seedOf(file: string): number {
  const seed = Number(process.env.NEXTBEAT_SEED ?? 7227);
  console.info(`${file}: seed ${seed}`);
  return seed;
}
