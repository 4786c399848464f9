/**
 * Datagrams that nobody should believe: noise, frames cut short or made longer, frames with bits
 * turned over, boards that nobody enrolled, yesterday's beats, frames that travel the other way,
 * nothing at all, and 65 000 bytes.
 *
 * Noise alone dies at the first check of a decoder; most of these are therefore one step away from
 * a frame that would be taken. All come from dice with a seed, so that a datagram that breaks
 * something can be made again from its number.
 */

import { computeTag, type TagKey } from "../../device/tag.ts";
import {
  ACK,
  DOWN,
  encodeAck,
  encodeProbeUp,
  encodeResult,
  PROBE,
  RESULT,
  tagInput,
  UP,
} from "../../device/wire.ts";
import { EPOCH, P_LONG, sealBeat, sealHello, tagKeyOf } from "./boards.ts";
import { dice } from "./luck.ts";

/** Kinds, and how many in a thousand. */
const SHARES = {
  noise: 200,
  cut: 150,
  longer: 50,
  flipped: 300,
  stranger: 100,
  stale: 100,
  downward: 45,
  empty: 50,
  huge: 5,
} as const;
export type Kind = keyof typeof SHARES;
const KINDS = Object.entries(SHARES).flatMap(([kind, n]) => new Array<Kind>(n).fill(kind as Kind));

const HUGE = 65_000;
/** Ids above this belong to nobody. */
const STRANGERS = 0x800000;
const NOISE_MAX = 300;

export class Hostile {
  readonly #below: (n: number) => number;
  readonly #frames: Buffer[] = [];
  readonly #stale: Buffer[] = [];
  readonly #downward: Buffer[] = [];
  readonly #noise: Buffer;
  readonly #huge: Buffer[];

  /**
   * @param ids of boards with `EPOCH` in force
   * @param seq of their last beat; those from 1 up to it are stale
   */
  constructor(ids: readonly number[], suiteOf: (id: number) => number, seq: number, seed = 1) {
    this.#below = dice(seed);
    for (const id of ids) {
      const key = tagKeyOf(id, suiteOf(id));
      this.#frames.push(...believable(key, id, seq + 1));
      const old = sealBeat(key, id, EPOCH, 1 + this.#below(seq - 1), P_LONG);
      this.#stale.push(bytes(old));
      this.#downward.push(bytes(ackOf(key, seq, old)));
    }
    this.#noise = Buffer.from(Uint8Array.from({ length: HUGE }, () => this.#below(256)));
    const long = Buffer.concat([this.#frames[0]!, this.#noise]).subarray(0, HUGE);
    this.#huge = [this.#noise, long];
  }

  next(): { readonly kind: Kind; readonly datagram: Buffer } {
    const kind = KINDS[this.#below(KINDS.length)]!;
    return { kind, datagram: this.#make(kind) };
  }

  #make(kind: Kind): Buffer {
    const below = this.#below;
    const frame = this.#frames[below(this.#frames.length)]!;
    switch (kind) {
      case "noise":
        return this.#some(1 + below(NOISE_MAX));
      case "cut":
        return frame.subarray(0, 1 + below(frame.length - 1));
      case "longer":
        return Buffer.concat([frame, this.#some(1 + below(NOISE_MAX))]);
      case "flipped":
        return this.#flipped(frame);
      case "stranger": {
        const stranger = Buffer.from(frame);
        stranger.writeUIntBE(STRANGERS + below(STRANGERS), 1, 3);
        return stranger;
      }
      case "stale":
        return this.#stale[below(this.#stale.length)]!;
      case "downward":
        return this.#downward[below(this.#downward.length)]!;
      case "empty":
        return Buffer.alloc(0);
      case "huge":
        return this.#huge[below(this.#huge.length)]!;
    }
  }

  #some(length: number): Buffer {
    const from = this.#below(HUGE - length);
    return this.#noise.subarray(from, from + length);
  }

  /** One to three bits, in different bytes, so that they never undo each other. */
  #flipped(frame: Buffer): Buffer {
    const turned = Buffer.from(frame);
    const bits = 1 + this.#below(3);
    const third = Math.floor(frame.length / bits);
    for (let bit = 0; bit < bits; bit++) {
      turned[bit * third + this.#below(third)]! ^= 1 << this.#below(8);
    }
    return turned;
  }
}

/**
 * Frames that the gateway would believe, or verify: one of each type that travels up, and one with
 * extensions.
 */
function believable(key: TagKey, id: number, seq: number): Buffer[] {
  const sealed = (type: number, body: string): string =>
    body + computeTag(key, tagInput(UP, type, EPOCH, seq, body, ""));
  return [
    sealBeat(key, id, EPOCH, seq, P_LONG),
    sealBeat(key, id, EPOCH, seq, P_LONG, "\x41\x01\x75bench"),
    sealHello(key, id, EPOCH, `flood${id}`.padEnd(8, " ")),
    sealed(RESULT, encodeResult(id, seq, 1, 0, "done", 0)),
    sealed(PROBE, encodeProbeUp(id, seq, 1, 0)),
  ].map(bytes);
}

function ackOf(key: TagKey, seq: number, beat: string): string {
  const body = encodeAck(seq, 0, 0, 0, false, "");
  return body + computeTag(key, tagInput(DOWN, ACK, EPOCH, seq, body, beat.slice(-8)));
}

function bytes(frame: string): Buffer {
  return Buffer.from(frame, "latin1");
}
