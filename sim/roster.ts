// Senders at rest. A fleet of a million boards touches each of them a few times a minute; what they
// are between is written into one record of 192 bytes, three cache lines, and what a core works on
// is one object, the desk: asking for another board's sender puts the one on the desk back and lays
// out the new one.
//
//   f64 x 15  instants, durations    u32 x 13  numbers, tags as words, the key of suite 2
//   u8 x 16   counters, flags, which make it is of
//
// What all boards of a make have in common (intervals, bounds) stands once, what a sender seldom
// has stands apart. A sender as an object of its own costs 360 bytes and another 200 for its
// fractions, which V8 boxes, and its strings grow old and then cost the collector most of its time.
// Here it costs 40 loads and 40 stores a change of board. What lost: senders as columns.

import type { Sender } from "../device/state.ts";
import { SUITE_CHASKEY, type TagKey } from "../device/tag.ts";
import type { Board } from "./board.ts";
import type { Sha256 } from "./board-kind.ts";
import { Desk, type LazyTag } from "./desk.ts";
import { Flashes } from "./flash.ts";
import { Makes } from "./makes.ts";
import { draw, purposeOf } from "./random.ts";
import { Seldom } from "./seldom.ts";
import { FRAME, Texts } from "./texts.ts";

const SENDER = purposeOf("sender");
/** A record: 24 doubles, or 48 words, or 192 bytes; where words and bytes begin in it. */
const DOUBLES = 24;
const WORDS = 48;
const BYTES = 192;
const W = 30;
const B = 176;
/** Word of the place of a frame in flight. */
const PLACE = 47;
/** Which tags it has, and of 2 bytes (suite 0); bits 2 to 4: texts.ts; 6 and 7: seldom.ts. */
const [TAG, ACK_TAG, SHORT] = [1, 2, 32] as const;
export class Roster {
  readonly seed: number;
  readonly sha256: Sha256;
  /** All boards, by number. */
  readonly boards: Board[] = [];
  readonly flashes: Flashes;
  private doubles: Float64Array<ArrayBuffer>;
  private words: Uint32Array;
  private bytes: Uint8Array;
  private readonly makes = new Makes();
  /** What is seldom there; and keys but suite 2's. */
  private readonly texts = new Texts();
  private readonly seldom = new Seldom();
  private readonly keys = new Map<number, TagKey>();
  private readonly chaskey: TagKey = {
    suite: SUITE_CHASKEY,
    inner: "",
    outer: "",
    subkeys: new Int32Array(12),
    sha256: () => "",
  };
  private used = 0;
  private readonly desk: Desk;
  private current = -1;
  private make = -1;

  /** @param capacity boards that there is room for; it grows by itself */
  constructor(seed: number, sha256: Sha256, capacity = 64) {
    this.seed = seed;
    this.sha256 = sha256;
    this.flashes = new Flashes(capacity);
    this.doubles = new Float64Array(capacity * DOUBLES);
    this.words = new Uint32Array(this.doubles.buffer);
    this.bytes = new Uint8Array(this.doubles.buffer);
    const origin = () => this.boards[this.current]!.origin;
    this.desk = new Desk(this.chaskey, this.random, origin);
  }

  /** A place for one more sender, whose luck is `entity`'s. */
  place(entity: number): number {
    const slot = this.used++;
    if ((slot + 1) * DOUBLES > this.doubles.length) this.grow();
    this.flashes.place(slot);
    this.words[slot * WORDS + W] = entity;
    return slot;
  }

  /** Whose place it is. */
  id(slot: number): number {
    return this.words[slot * WORDS + W]!;
  }

  /** The luck of whoever is on the desk: what a sender at `slot` is to be given. */
  readonly random = (): number => {
    const at = this.current * WORDS + W;
    return draw(this.seed, this.words[at]!, SENDER, this.words[at + 1]!++);
  };

  /** Puts a new sender into its place. It must have been made with `random` of this roster. */
  put(slot: number, sender: Sender): void {
    if (this.current >= 0) this.save(this.current, this.desk);
    this.current = this.make = -1;
    this.make = this.makes.of(sender);
    this.bytes[slot * BYTES + B + 8] = this.make;
    const { suite, subkeys } = sender.key;
    this.bytes[slot * BYTES + B + 9] = suite;
    if (suite === SUITE_CHASKEY) {
      for (let i = 0; i < 4; i++) this.words[slot * WORDS + W + 10 + i] = subkeys![i]!;
    } else this.keys.set(slot, sender.key);
    // What it had in flight when its power went is nobody's any more.
    const place = this.words[slot * WORDS + PLACE]!;
    this.texts.take(slot, this.desk, this.bytes[slot * BYTES + B + 7]!, place);
    const { origin: _, ...rest } = sender;
    this.save(slot, Object.assign(this.desk, rest));
  }

  /** The sender at `slot`: it is written back when another one is asked for, so do not keep it. */
  at(slot: number): Sender {
    if (slot !== this.current) {
      if (this.current >= 0) this.save(this.current, this.desk);
      this.current = slot;
      this.fill(slot, this.desk);
    }
    return this.desk;
  }

  /** When its `wakeAt` is; the same without laying it out. */
  wakeAt(slot: number): number {
    return slot === this.current ? this.desk.wakeAt : this.doubles[slot * DOUBLES + 14]!;
  }

  private save(slot: number, s: Desk): void {
    const d = this.doubles;
    const f = slot * DOUBLES;
    d[f] = s.rto;
    d[f + 1] = s.sentAt;
    d[f + 2] = s.retryAt;
    d[f + 3] = s.beatAt;
    d[f + 4] = s.helloAt;
    d[f + 5] = s.helloGap;
    d[f + 6] = s.interval;
    d[f + 7] = s.gap;
    d[f + 8] = s.waitMax;
    d[f + 9] = s.windowAt;
    d[f + 10] = s.windowEnd;
    d[f + 11] = s.nudgeAt;
    d[f + 12] = s.srtt;
    d[f + 13] = s.rttvar;
    d[f + 14] = s.wakeAt;
    const w = this.words;
    const u = slot * WORDS + W;
    w[u + 2] = s.epoch;
    w[u + 3] = s.limit;
    w[u + 4] = s.seq;
    w[u + 5] = s.ackSeq;
    let strings =
      this.saveTag(s.inFlight, u + 6, TAG) | this.saveTag(s.acknowledged, u + 8, ACK_TAG);
    strings |= this.texts.put(slot, s);
    if (strings & FRAME) w[slot * WORDS + PLACE] = this.texts.place;
    strings |= this.seldom.put(slot, s);
    const b = this.bytes;
    const o = slot * BYTES + B;
    b[o] = s.vitals;
    b[o + 1] = s.acked | (s.dirty << 1) | (s.ready << 2) | (s.leaving << 3);
    b[o + 2] = s.tries | (s.madeUp << 4);
    b[o + 3] = s.code;
    b[o + 4] = s.unacked;
    b[o + 5] = s.heard & 255;
    b[o + 6] = s.heard >> 8;
    b[o + 7] = strings;
    b[o + 10] = s.mapped;
    b[o + 11] = s.spread;
  }

  private fill(slot: number, s: Desk): void {
    const d = this.doubles;
    const f = slot * DOUBLES;
    s.rto = d[f]!;
    s.sentAt = d[f + 1]!;
    s.retryAt = d[f + 2]!;
    s.beatAt = d[f + 3]!;
    s.helloAt = d[f + 4]!;
    s.helloGap = d[f + 5]!;
    s.interval = d[f + 6]!;
    s.gap = d[f + 7]!;
    s.waitMax = d[f + 8]!;
    s.windowAt = d[f + 9]!;
    s.windowEnd = d[f + 10]!;
    s.nudgeAt = d[f + 11]!;
    s.srtt = d[f + 12]!;
    s.rttvar = d[f + 13]!;
    s.wakeAt = d[f + 14]!;
    const w = this.words;
    const u = slot * WORDS + W;
    s.id = w[u]!;
    s.epoch = w[u + 2]!;
    s.limit = w[u + 3]!;
    s.seq = w[u + 4]!;
    s.ackSeq = w[u + 5]!;
    const b = this.bytes;
    const o = slot * BYTES + B;
    s.vitals = b[o]!;
    const flags = b[o + 1]!;
    s.acked = flags & 1;
    s.dirty = (flags >> 1) & 1;
    s.ready = (flags >> 2) & 1;
    s.leaving = (flags >> 3) & 1;
    s.tries = b[o + 2]! & 15;
    s.madeUp = b[o + 2]! >> 4;
    s.code = b[o + 3]!;
    s.unacked = b[o + 4]!;
    s.heard = b[o + 5]! | (b[o + 6]! << 8);
    s.mapped = b[o + 10]!;
    s.spread = b[o + 11]!;
    this.fillStrings(slot, s, b[o + 7]!);
    if (b[o + 8]! !== this.make) this.change(b[o + 8]!, s);
    s.key = b[o + 9]! === SUITE_CHASKEY ? this.chaskeyAt(u + 10) : this.keys.get(slot)!;
  }

  private fillStrings(slot: number, s: Desk, strings: number): void {
    const u = slot * WORDS + W;
    const { words } = this;
    const bytes = strings & SHORT ? 2 : 8;
    s.inFlight.lay(words[u + 6]!, words[u + 7]!, strings & TAG ? bytes : 0);
    s.acknowledged.lay(words[u + 8]!, words[u + 9]!, strings & ACK_TAG ? bytes : 0);
    this.texts.take(slot, s, strings, words[slot * WORDS + PLACE]!);
    this.seldom.take(slot, s, strings);
  }

  private saveTag({ high, low, bytes }: LazyTag, at: number, bit: number): number {
    if (bytes === 0) return 0;
    this.words[at] = high;
    this.words[at + 1] = low;
    return bytes > 4 ? bit : bit | SHORT;
  }

  /** The one key of suite 2, with the words of this sender's: all that tags look at. */
  private chaskeyAt(at: number): TagKey {
    for (let i = 0; i < 4; i++) this.chaskey.subkeys![i] = this.words[at + i]!;
    return this.chaskey;
  }

  private change(make: number, s: Sender): void {
    this.make = make;
    Object.assign(s, this.makes.all[make]);
  }

  private grow(): void {
    const doubles = new Float64Array(Math.max(this.doubles.length * 2, DOUBLES));
    doubles.set(this.doubles);
    this.doubles = doubles;
    this.words = new Uint32Array(doubles.buffer);
    this.bytes = new Uint8Array(doubles.buffer);
  }
}
