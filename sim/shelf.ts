// What the disk holds of each device, in rows of one buffer: a million of them as objects would be
// the largest thing in the simulator. Rows are kept as they are written: the beat's instant is on
// the clock of the gateway that wrote it, `shiftMs` makes world time of it.
//
//   f64 x 2  at, shift        u32 x 7  issued, epoch, beat's epoch, seq, tag, tseq
//   u8 x 8   beat there, promise, vitals, reach, status, cause, length of tag, transport
//   u32      port             u8 x 4   length of the extensions, and up to three bytes of them
//   u32      1 + id, 0: the row is free

import type { BeatFact, Cause, Change, Enrolment, Status, StoredDevice } from "../gateway/facts.ts";
import { CAUSES, STATUSES } from "../gateway/facts.ts";
import { Lookup } from "../gateway/lookup.ts";
import { textOf, wordOf } from "./pack.ts";

const DOUBLES = 8;
const WORDS = 16;
const BYTES = 64;
const W = 4;
const B = 44;
const PORT = 13;
const EXT = 56;
const EXT_MAX = 3;
const ID = 15;
const TRANSPORTS: readonly BeatFact["transport"][] = ["udp", "mqtt", "sim"];
const THERE = 1;

/** A device as it is on the disk; `shiftMs` + the beat's `at` is world time. */
export type Kept = StoredDevice & { readonly shiftMs: number };

export class Shelf {
  /** By id, which is its own hash. */
  private readonly slots = new Lookup();
  private used = 0;
  private readonly free: number[] = [];
  private doubles = new Float64Array(64 * DOUBLES);
  private words = new Uint32Array(this.doubles.buffer);
  private bytes = new Uint8Array(this.doubles.buffer);
  private readonly enrolments: (Enrolment | undefined)[] = [];
  private readonly addresses: string[] = [];
  /** Extensions that are too long for a row. */
  private readonly extensions = new Map<number, string>();

  has(id: number): boolean {
    return this.find(id) >= 0;
  }

  *ids(): IterableIterator<number> {
    for (let slot = 0; slot < this.used; slot++) {
      const enrolment = this.enrolments[slot];
      if (enrolment) yield enrolment.id;
    }
  }

  /** A device that was never heard, or new words for one that is there. */
  enrol(enrolment: Enrolment): void {
    let slot = this.find(enrolment.id);
    if (slot < 0) {
      slot = this.free.pop() ?? this.used++;
      if ((slot + 1) * DOUBLES > this.doubles.length) this.grow();
      this.bytes.fill(0, slot * BYTES, (slot + 1) * BYTES);
      this.bytes[slot * BYTES + B + 5] = CAUSES.length;
      this.words[slot * WORDS + ID] = 1 + enrolment.id;
      this.slots.add(slot, enrolment.id);
    }
    this.enrolments[slot] = enrolment;
  }

  remove(id: number): void {
    const slot = this.find(id);
    if (slot < 0) return;
    this.slots.remove(slot, id);
    this.words[slot * WORDS + ID] = 0;
    this.extensions.delete(slot);
    this.enrolments[slot] = undefined;
    this.free.push(slot);
  }

  putEpoch(id: number, issued: number, epoch: number): void {
    const w = this.slotOf(id) * WORDS + W;
    this.words[w] = issued;
    this.words[w + 1] = epoch;
  }

  putBeat(fact: BeatFact, shiftMs: number): void {
    const slot = this.slotOf(fact.id);
    const { tag, ext } = fact;
    this.doubles[slot * DOUBLES] = fact.at;
    this.doubles[slot * DOUBLES + 1] = shiftMs;
    const w = slot * WORDS + W;
    this.words[w + 2] = fact.epoch;
    this.words[w + 3] = fact.seq;
    this.words[w + 4] = wordOf(tag, 0);
    this.words[w + 5] = wordOf(tag, 4);
    const b = slot * BYTES + B;
    this.putExt(slot, ext);
    this.bytes[b] = THERE;
    this.bytes[b + 1] = fact.promise;
    this.bytes[b + 2] = fact.vitals;
    this.bytes[b + 3] = fact.reach;
    this.bytes[b + 6] = tag.length;
    if (this.addresses[slot] !== fact.address) this.addresses[slot] = fact.address;
    this.bytes[b + 7] = TRANSPORTS.indexOf(fact.transport);
    this.words[slot * WORDS + PORT] = fact.port;
  }

  putChange({ id, to, cause, tseq }: Change): void {
    const slot = this.slotOf(id);
    this.words[slot * WORDS + W + 6] = tseq;
    this.bytes[slot * BYTES + B + 4] = STATUSES.indexOf(to);
    this.bytes[slot * BYTES + B + 5] = CAUSES.indexOf(cause);
  }

  get(id: number): Kept | undefined {
    const slot = this.find(id);
    if (slot < 0) return undefined;
    const w = slot * WORDS + W;
    const b = slot * BYTES + B;
    return {
      enrolment: this.enrolments[slot]!,
      issued: this.words[w]!,
      epoch: this.words[w + 1]!,
      beat: this.bytes[b]! & THERE ? this.beatAt(slot, id) : null,
      status: STATUSES[this.bytes[b + 4]!] as Status,
      cause: (CAUSES[this.bytes[b + 5]!] as Cause | undefined) ?? null,
      tseq: this.words[w + 6]!,
      shiftMs: this.doubles[slot * DOUBLES + 1]!,
    };
  }

  private beatAt(slot: number, id: number): BeatFact {
    const w = slot * WORDS + W;
    const b = slot * BYTES + B;
    const tag = textOf(this.words[w + 4]!, this.words[w + 5]!);
    return {
      kind: "beat",
      id,
      epoch: this.words[w + 2]!,
      seq: this.words[w + 3]!,
      tag: tag.slice(0, this.bytes[b + 6]!),
      promise: this.bytes[b + 1]!,
      vitals: this.bytes[b + 2]!,
      reach: this.bytes[b + 3]!,
      ext: this.extAt(slot),
      at: this.doubles[slot * DOUBLES]!,
      transport: TRANSPORTS[this.bytes[b + 7]!]!,
      address: this.addresses[slot]!,
      port: this.words[slot * WORDS + PORT]!,
    };
  }

  private putExt(slot: number, ext: string): void {
    const { bytes } = this;
    const at = slot * BYTES + EXT;
    if (bytes[at]! > EXT_MAX) this.extensions.delete(slot);
    bytes[at] = ext.length;
    if (ext.length > EXT_MAX) this.extensions.set(slot, ext);
    else for (let i = 0; i < ext.length; i++) bytes[at + 1 + i] = ext.charCodeAt(i);
  }

  private extAt(slot: number): string {
    const at = slot * BYTES + EXT;
    const length = this.bytes[at]!;
    if (length > EXT_MAX) return this.extensions.get(slot)!;
    return String.fromCharCode(...this.bytes.subarray(at + 1, at + 1 + length));
  }

  private slotOf(id: number): number {
    const slot = this.find(id);
    if (slot < 0) throw new Error(`fact about ${id}, which is not enrolled`);
    return slot;
  }

  /** The slot of an id; -1: none. */
  private find(id: number): number {
    // Where boards are enrolled in the order of their ids, there is the first look.
    if (id > 0 && id <= this.used && this.words[(id - 1) * WORDS + ID] === 1 + id) return id - 1;
    const place = this.slots.first(id);
    return place < 0 ? -1 : this.slots.slot(place);
  }

  private grow(): void {
    const doubles = new Float64Array(this.doubles.length * 2);
    doubles.set(this.doubles);
    this.doubles = doubles;
    this.words = new Uint32Array(doubles.buffer);
    this.bytes = new Uint8Array(doubles.buffer);
  }
}
