// Senders at rest. A fleet of a million boards touches each of them a few times a minute; what they
// are between is written into one array of numbers, and what a core works on is one object, the
// desk: asking for another board's sender puts the one on the desk back and lays out the new one.
//
// A sender as an object of its own costs 360 bytes and another 200 for its fractions, which V8 keeps
// each in a box apart: a dozen cache misses a beat, and a collector that walks through all of them.
// Here it is 296 bytes in a row. The cost is 40 loads and 40 stores a change of board, some tens of
// nanoseconds; the gain is that the very code that is flashed runs a million times beside itself.
// What lost: senders written as columns, which would not be that code.

import type { Sender } from "../device/state.ts";
import { draw, purposeOf } from "./random.ts";

const SENDER = purposeOf("sender");
/** Numbers and byte strings of a sender; see `fill`. */
const NUMBERS = 37;
const STRINGS = 6;

export class Roster {
  private readonly seed: number;
  private numbers = new Float64Array(64 * NUMBERS);
  private readonly strings: string[] = [];
  private readonly keys: Sender["key"][] = [];
  /** Whose luck it is, and how often it was asked for. */
  private entities = new Uint32Array(64);
  private draws = new Uint32Array(64);
  private used = 0;
  private desk: Sender | undefined;
  private current = -1;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** A place for one more sender, whose luck is `entity`'s. */
  place(entity: number): number {
    const slot = this.used++;
    if (slot === this.entities.length) this.grow();
    this.entities[slot] = entity;
    return slot;
  }

  /** The luck of whoever is on the desk: what a sender at `slot` is to be given. */
  readonly random = (): number => {
    const slot = this.current;
    return draw(this.seed, this.entities[slot]!, SENDER, this.draws[slot]!++);
  };

  /** Puts a new sender into its place. It must have been made with `random` of this roster. */
  put(slot: number, sender: Sender): void {
    if (this.current === slot) this.current = -1;
    // One shape for all: a desk of fractions never changes its fields' representation.
    this.desk ??= fractions(sender);
    this.save(slot, sender);
    this.keys[slot] = sender.key;
  }

  /** The sender at `slot`: it is written back when another one is asked for, so do not keep it. */
  at(slot: number): Sender {
    if (slot !== this.current) {
      if (this.current >= 0) this.save(this.current, this.desk!);
      this.current = slot;
      this.fill(slot, this.desk!);
    }
    return this.desk!;
  }

  private save(slot: number, s: Sender): void {
    const n = this.numbers;
    const at = slot * NUMBERS;
    n[at] = s.id;
    n[at + 1] = s.own;
    n[at + 2] = s.reach;
    n[at + 3] = s.vitals;
    n[at + 4] = s.rto;
    n[at + 5] = s.rtoMax;
    n[at + 6] = s.clockError;
    n[at + 7] = s.wakeMs;
    n[at + 8] = s.paceMin;
    n[at + 9] = s.paceMax;
    n[at + 10] = s.epoch;
    n[at + 11] = s.limit;
    n[at + 12] = s.acked;
    n[at + 13] = s.dirty;
    n[at + 14] = s.ready;
    n[at + 15] = s.seq;
    n[at + 16] = s.tries;
    n[at + 17] = s.sentAt;
    n[at + 18] = s.retryAt;
    n[at + 19] = s.beatAt;
    n[at + 20] = s.helloAt;
    n[at + 21] = s.helloGap;
    n[at + 22] = s.interval;
    n[at + 23] = s.code;
    n[at + 24] = s.ownCode;
    n[at + 25] = s.gap;
    n[at + 26] = s.waitMax;
    n[at + 27] = s.unacked;
    n[at + 28] = s.heard;
    n[at + 29] = s.ackSeq;
    n[at + 30] = s.windowAt;
    n[at + 31] = s.windowEnd;
    n[at + 32] = s.nudgeAt;
    n[at + 33] = s.srtt;
    n[at + 34] = s.rttvar;
    n[at + 35] = s.leaving;
    n[at + 36] = s.wakeAt;
    const strings = this.strings;
    const of = slot * STRINGS;
    strings[of] = s.tag;
    strings[of + 1] = s.nonce;
    strings[of + 2] = s.frame;
    strings[of + 3] = s.extra;
    strings[of + 4] = s.ackTag;
    strings[of + 5] = s.origin;
  }

  private fill(slot: number, s: Sender): void {
    const n = this.numbers;
    const at = slot * NUMBERS;
    s.id = n[at]!;
    s.own = n[at + 1]!;
    s.reach = n[at + 2]!;
    s.vitals = n[at + 3]!;
    s.rto = n[at + 4]!;
    s.rtoMax = n[at + 5]!;
    s.clockError = n[at + 6]!;
    s.wakeMs = n[at + 7]!;
    s.paceMin = n[at + 8]!;
    s.paceMax = n[at + 9]!;
    s.epoch = n[at + 10]!;
    s.limit = n[at + 11]!;
    s.acked = n[at + 12]!;
    s.dirty = n[at + 13]!;
    s.ready = n[at + 14]!;
    s.seq = n[at + 15]!;
    s.tries = n[at + 16]!;
    s.sentAt = n[at + 17]!;
    s.retryAt = n[at + 18]!;
    s.beatAt = n[at + 19]!;
    s.helloAt = n[at + 20]!;
    s.helloGap = n[at + 21]!;
    s.interval = n[at + 22]!;
    s.code = n[at + 23]!;
    s.ownCode = n[at + 24]!;
    s.gap = n[at + 25]!;
    s.waitMax = n[at + 26]!;
    s.unacked = n[at + 27]!;
    s.heard = n[at + 28]!;
    s.ackSeq = n[at + 29]!;
    s.windowAt = n[at + 30]!;
    s.windowEnd = n[at + 31]!;
    s.nudgeAt = n[at + 32]!;
    s.srtt = n[at + 33]!;
    s.rttvar = n[at + 34]!;
    s.leaving = n[at + 35]!;
    s.wakeAt = n[at + 36]!;
    const strings = this.strings;
    const of = slot * STRINGS;
    s.tag = strings[of]!;
    s.nonce = strings[of + 1]!;
    s.frame = strings[of + 2]!;
    s.extra = strings[of + 3]!;
    s.ackTag = strings[of + 4]!;
    s.origin = strings[of + 5]!;
    s.key = this.keys[slot]!;
  }

  private grow(): void {
    const slots = this.entities.length * 2;
    const numbers = new Float64Array(slots * NUMBERS);
    numbers.set(this.numbers);
    this.numbers = numbers;
    const entities = new Uint32Array(slots);
    entities.set(this.entities);
    this.entities = entities;
    const draws = new Uint32Array(slots);
    draws.set(this.draws);
    this.draws = draws;
  }
}

/** A copy of which every number is a fraction, so that V8 gives each field a double for good. */
function fractions(sender: Sender): Sender {
  const desk: Record<string, unknown> = { ...sender };
  for (const [name, value] of Object.entries(desk)) {
    if (typeof value === "number") desk[name] = 0.5;
  }
  return desk as unknown as Sender;
}
