// A board that seals by hand: it says whatever a test wants it to say, and reads answers as a board
// would.

import { type Ack, type Command, decodeDown, type Welcome } from "../../device/decode.ts";
import { computeTag, makeTagKey, type TagKey, tagBytes } from "../../device/tag.ts";
import {
  ACK,
  COMMAND,
  DOWN,
  encodeHeartbeat,
  encodeHello,
  encodeProbeDown,
  encodeProbeUp,
  encodeResult,
  HEARTBEAT,
  HELLO,
  PROBE,
  RESULT,
  tagInput,
  UP,
  WELCOME,
} from "../../device/wire.ts";
import type { Enrolment } from "../../gateway/facts.ts";
import { sha256 } from "../../gateway/sha256.ts";

/** Codes of promises: 107 ms, 1 min, 1 h, 1 d, and above 7 d. */
export const P_LEAST = 1;
export const P_MINUTE = 93;
export const P_HOUR = 152;
export const P_DAY = 198;
export const P_LONG = 240;

export interface BeatWords {
  readonly epoch?: number;
  readonly seq?: number;
  readonly promise?: number;
  readonly vitals?: number;
  readonly reach?: number;
  readonly ext?: string;
}

export class Board {
  readonly id: number;
  readonly suite: number;
  readonly enrolment: Enrolment;
  readonly key: TagKey;
  /** In force at the board, and the seq of its newest beat. */
  epoch = 0;
  seq = 0;

  constructor(id: number, suite = 2, words: Partial<Enrolment> = {}) {
    this.id = id;
    this.suite = suite;
    const key = suite === 0 ? "" : sha256(`board ${id}`).slice(0, 16);
    this.enrolment = { id, name: `board-${id}`, site: "", labels: [], suite, key, ...words };
    this.key = makeTagKey(suite, this.enrolment.key, sha256);
  }

  /** The next beat, or the one that `words` ask for. Promises a minute. */
  beat(words: BeatWords = {}): string {
    const seq = words.seq ?? ++this.seq;
    const { promise = P_MINUTE, vitals = 0xf0, reach = 0, ext = "" } = words;
    const body = encodeHeartbeat(this.id, seq, promise, vitals, reach, ext);
    return this.#seal(HEARTBEAT, words.epoch ?? this.epoch, seq, body);
  }

  hello(nonce: string, epoch = this.epoch): string {
    return this.#seal(HELLO, 0, 0, encodeHello(this.id, epoch, nonce, 0));
  }

  result(seq = this.seq, cmd = 1, code = 0, payload = "ok"): string {
    return this.#seal(RESULT, this.epoch, seq, encodeResult(this.id, seq, cmd, code, payload, 0));
  }

  probe(seq = this.seq, delay = 1): string {
    return this.#seal(PROBE, this.epoch, seq, encodeProbeUp(this.id, seq, delay, 0));
  }

  /** The PROBE down that answers one asked under this very beat. */
  probed(beat: string, delay: number, seq = this.seq): string {
    const body = encodeProbeDown(seq, delay);
    const bound = beat.slice(beat.length - tagBytes(this.suite));
    return body + computeTag(this.key, tagInput(DOWN, PROBE, this.epoch, seq, body, bound));
  }

  /** The ACK in `frame` if it acknowledges these very bytes. */
  ackOf(frame: string | undefined, beat: string, seq = this.seq): Ack | undefined {
    const ack = frame === undefined ? undefined : decodeDown(frame, tagBytes(this.suite));
    if (ack === undefined || typeof ack === "string" || ack.type !== ACK) return undefined;
    const bound = beat.slice(beat.length - tagBytes(this.suite));
    const input = tagInput(DOWN, ACK, this.epoch, seq, ack.body, bound);
    return computeTag(this.key, input) === ack.tag ? ack : undefined;
  }

  /** The COMMAND in `frame` if it is bound to this very beat. */
  commandOf(frame: string | undefined, beat: string, seq = this.seq): Command | undefined {
    const command = frame === undefined ? undefined : decodeDown(frame, tagBytes(this.suite));
    if (command === undefined || typeof command === "string" || command.type !== COMMAND) {
      return undefined;
    }
    const bound = beat.slice(beat.length - tagBytes(this.suite));
    const input = tagInput(DOWN, COMMAND, this.epoch, seq, command.body, bound);
    return computeTag(this.key, input) === command.tag ? command : undefined;
  }

  /** The WELCOME in `frame` if it answers this nonce. */
  welcomeOf(frame: string | undefined, nonce: string): Welcome | undefined {
    const welcome = frame === undefined ? undefined : decodeDown(frame, tagBytes(this.suite));
    if (welcome === undefined || typeof welcome === "string" || welcome.type !== WELCOME) {
      return undefined;
    }
    const input = tagInput(DOWN, WELCOME, 0, 0, welcome.body, nonce);
    return computeTag(this.key, input) === welcome.tag ? welcome : undefined;
  }

  #seal(type: number, epoch: number, seq: number, body: string): string {
    return body + computeTag(this.key, tagInput(UP, type, epoch, seq, body, ""));
  }
}

/** An 8-byte nonce from a number. */
export function nonceOf(n: number): string {
  return sha256(`nonce ${n}`).slice(0, 8);
}
