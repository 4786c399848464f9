// What a frame's luck is keyed by: not its instant and not its number on the link, but the occasion
// on which it travels, as (epoch, type, seq, try) tell it. A run in virtual time and one on real
// sockets then lose the same frames although timers jitter, and so does one in which something else
// was sent or lost before. Random bytes (the nonce of a HELLO) and wall time (the epoch) differ
// between two runs, so they count by their order: the second epoch seen, the fifth nonce.
//
// A path's row is 20 bytes of one buffer, 16-bit numbers first:
//
//   seq up | seq down | nonce | HELLOs | epoch | epochs | tries up 4 x 8 | tries down 4 x 8
//
// Nonce and epoch stand there by 16 of their bits, enough to tell one from the next. In each
// direction the four slots of tries are for the pairs of types that share a place: beats and ACKs,
// HELLO and WELCOME, COMMAND and RESULT, PROBE and NUDGE.

import { purposeOf } from "./random.ts";

const ROW = 20;
const WORDS = ROW / 2;
const SEQ = 0;
const NONCE = 2;
const HELLOS = 3;
const EPOCH = 4;
const EPOCHS = 5;
const TRIES = 12;

/** Types as in device/wire.ts, whose other constants are none of our business. */
const HELLO = 2;
const WELCOME = 3;

const UP = 0;
const DOWN = 1;

export class Occasions {
  /** Of the frame looked at last: epochs so far << 3 | type, below 2^19. */
  high = 0;
  /** Of the frame looked at last: seq << 16 | try. A HELLO has the number of its nonce for seq. */
  low = 0;
  private size = 0;
  private words: Uint16Array;
  private bytes: Uint8Array;

  /** @param capacity paths that there is room for; it grows by itself */
  constructor(capacity = 16) {
    this.words = new Uint16Array(capacity * WORDS);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  /** A new path. @returns its number: 0, 1, 2, ... */
  add(): number {
    if ((this.size + 1) * ROW > this.bytes.length) {
      const words = new Uint16Array(this.words.length * 2 + WORDS);
      words.set(this.words);
      this.words = words;
      this.bytes = new Uint8Array(words.buffer);
    }
    return this.size++;
  }

  /** Looks at a frame from the board; its bytes may be anything. */
  up(path: number, bytes: string): void {
    const type = (bytes.charCodeAt(0) >> 3) & 7;
    if (type !== HELLO) {
      this.number(path, UP, type, word(bytes, 4));
      return;
    }
    // A HELLO is the same occasion whether or not the WELCOME to an earlier one was seen before it.
    const at = path * WORDS;
    const hash = purposeOf(bytes.slice(8, 16));
    const nonce = (hash ^ (hash >>> 16)) & 0xffff;
    const fresh = nonce !== this.words[at + NONCE] || this.words[at + HELLOS] === 0;
    if (fresh) {
      this.words[at + NONCE] = nonce;
      this.words[at + HELLOS]!++;
    }
    this.high = type;
    this.low = (this.words[at + HELLOS]! << 16) | this.nextTry(path, UP, type, fresh);
  }

  /** Looks at a frame from the gateway. */
  down(path: number, bytes: string): void {
    const type = (bytes.charCodeAt(0) >> 3) & 7;
    if (type !== WELCOME) {
      this.number(path, DOWN, type, word(bytes, 1));
      return;
    }
    const at = path * WORDS;
    const epoch = word(bytes, 3);
    const fresh = epoch !== this.words[at + EPOCH] || this.words[at + EPOCHS] === 0;
    if (fresh) {
      this.words[at + EPOCH] = epoch;
      this.words[at + EPOCHS]!++;
    }
    this.high = (this.words[at + EPOCHS]! << 3) | type;
    this.low = this.nextTry(path, DOWN, type, fresh);
  }

  /** A frame with a seq: its tries count until another seq is seen in that direction. */
  private number(path: number, direction: number, type: number, seq: number): void {
    const at = path * WORDS;
    const { words, bytes } = this;
    if (words[at + SEQ + direction] !== seq) {
      words[at + SEQ + direction] = seq;
      const tries = path * ROW + TRIES + direction * 4;
      bytes[tries] = bytes[tries + 2] = bytes[tries + 3] = 0;
    }
    this.high = (words[at + EPOCHS]! << 3) | type;
    this.low = (seq << 16) | this.nextTry(path, direction, type, false);
  }

  private nextTry(path: number, direction: number, type: number, fresh: boolean): number {
    const at = path * ROW + TRIES + direction * 4 + (type >> 1);
    if (fresh) this.bytes[at] = 0;
    this.bytes[at]!++;
    return this.bytes[at]!;
  }
}

/** 16 bits from `at` on; 0 where the bytes end. */
function word(bytes: string, at: number): number {
  return ((bytes.charCodeAt(at) & 0xff) << 8) | (bytes.charCodeAt(at + 1) & 0xff);
}
