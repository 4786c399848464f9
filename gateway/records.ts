/**
 * Who is enrolled, and what is stored of each: slots, names, keys, and the facts that are no
 * numbers.
 *
 * A slot is a place in the columns, given at enrolment and given again after a removal. Ids are
 * looked up in a `Map`; an own hash table would save 50 ns of a beat that costs a thousand and
 * more, and lost.
 */

import { u16, u32 } from "../device/bytes.ts";
import { makeTagKey, type TagKey } from "../device/tag.ts";
import { ID_MAX } from "../device/wire.ts";
import { type Columns, makeColumns, wipeSlot } from "./columns.ts";
import type { BeatFact, Cause, Enrolment, Source, Status, StoredDevice } from "./facts.ts";
import { CAUSES, STATUSES } from "./facts.ts";
import { creditedMs, DUPLICATES_MAX, DUPLICATES_MS } from "./limits.ts";

export class Records {
  /** Slot of an id, in the order of enrolment. */
  readonly slots = new Map<number, number>();
  /** Id of a name, and of a key. */
  readonly names = new Map<string, number>();
  readonly keys = new Map<string, number>();
  /** Devices taken in by `open`. */
  opened = 0;
  /** Replaced when it grows: never keep it over a call to `add`. */
  columns: Columns = makeColumns(64);
  readonly enrolment: (Enrolment | undefined)[] = [];
  /** Where the last accepted beat came from, and its extensions. */
  readonly source: (Source | undefined)[] = [];
  readonly ext: string[] = [];
  /** Made at the first frame of a device: 200 bytes that a silent one does not cost. */
  readonly #tagKey: (TagKey | undefined)[] = [];
  readonly #free: number[] = [];
  #used = 0;
  #highest = 0;
  readonly #sha256: (message: string) => string;
  /** Of every device under suite 0. */
  readonly crcKey: TagKey;

  constructor(sha256: (message: string) => string) {
    this.#sha256 = sha256;
    this.crcKey = makeTagKey(0, "", sha256);
  }

  /** A slot for an enrolment whose id, name and key are not taken: nothing known, nothing heard. */
  add(enrolment: Enrolment): number {
    const slot = this.#free.pop() ?? this.#used++;
    const room = this.columns.id.length;
    if (slot >= room) this.columns = makeColumns(room * 2, this.columns);
    wipeSlot(this.columns, slot);
    const { id, name, key, suite, open } = enrolment;
    this.columns.id[slot] = id;
    this.columns.suite[slot] = suite;
    this.enrolment[slot] = enrolment;
    this.source[slot] = undefined;
    this.ext[slot] = "";
    this.#tagKey[slot] = undefined;
    this.slots.set(id, slot);
    this.names.set(name, id);
    if (key !== "") this.keys.set(key, id);
    if (open) this.opened++;
    if (id > this.#highest) this.#highest = id;
    return slot;
  }

  /** New words for a device, by the same key. */
  amend(slot: number, enrolment: Enrolment): void {
    this.names.delete(this.enrolment[slot]!.name);
    this.names.set(enrolment.name, enrolment.id);
    this.enrolment[slot] = enrolment;
  }

  /** Forgets a device; its slot may be given to another one at once. */
  remove(slot: number): void {
    const { id, name, key, open } = this.enrolment[slot]!;
    this.slots.delete(id);
    this.names.delete(name);
    this.keys.delete(key);
    if (open) this.opened--;
    wipeSlot(this.columns, slot);
    this.enrolment[slot] = undefined;
    this.source[slot] = undefined;
    this.#tagKey[slot] = undefined;
    this.#free.push(slot);
  }

  /**
   * What a store gave back. The last beat and the epoch in force are written together, so where
   * they do not match, or the record came from a backup, nobody knows which beats were accepted:
   * no epoch is then in force, and none pending (rule 7).
   */
  load(stored: StoredDevice, now: number): number {
    const slot = this.add(stored.enrolment);
    const { beat, issued, epoch } = stored;
    const whole = stored.restored !== true && (epoch === 0 || beat?.epoch === epoch);
    const c = this.columns;
    c.status[slot] = STATUSES.indexOf(stored.status);
    if (stored.cause !== null) c.cause[slot] = CAUSES.indexOf(stored.cause);
    c.tseq[slot] = stored.tseq;
    c.issued[slot] = issued;
    c.epoch[slot] = whole ? epoch : 0;
    c.pending[slot] = whole && issued > epoch ? issued : 0;
    if (beat === null) return slot;
    c.promise[slot] = beat.promise;
    c.promiseStored[slot] = beat.promise;
    c.vitals[slot] = beat.vitals;
    c.reach[slot] = beat.reach;
    c.at[slot] = Math.min(beat.at, now);
    this.ext[slot] = beat.ext;
    this.source[slot] = { transport: beat.transport, address: beat.address, port: beat.port };
    if (!whole || epoch === 0) return slot;
    c.seq[slot] = beat.seq;
    this.setTag(slot, beat.tag);
    return slot;
  }

  /**
   * One above the highest id ever seen here, so that an old board does not meet a new key; else the
   * lowest free.
   */
  freeId(): number {
    if (this.#highest < ID_MAX) return this.#highest + 1;
    let id = 1;
    while (this.slots.has(id)) id++;
    return id <= ID_MAX ? id : 0;
  }

  tagKey(slot: number): TagKey {
    let ready = this.#tagKey[slot];
    if (ready === undefined) {
      const { suite, key } = this.enrolment[slot]!;
      ready = suite === 0 ? this.crcKey : makeTagKey(suite, key, this.#sha256);
      this.#tagKey[slot] = ready;
    }
    return ready;
  }

  setTag(slot: number, tag: string): void {
    this.columns.tagHigh[slot] = word(tag, 0);
    this.columns.tagLow[slot] = word(tag, 4);
  }

  tagIs(slot: number, tag: string): boolean {
    const { tagHigh, tagLow } = this.columns;
    return tagHigh[slot] === word(tag, 0) && tagLow[slot] === word(tag, 4);
  }

  /** What the last beat promised, in ms; 0: nothing. */
  promiseMs(slot: number): number {
    return creditedMs(this.columns.promise[slot]!, this.columns.suite[slot]!);
  }

  status(slot: number): Status {
    return STATUSES[this.columns.status[slot]!]!;
  }

  cause(slot: number): Cause | null {
    return CAUSES[this.columns.cause[slot]!] ?? null;
  }

  /** Rule 3: whether one more duplicate may be acknowledged now; if so, it counts. */
  mayRepeat(slot: number, now: number): boolean {
    const { repeatedAt, repeatedOldest } = this.columns;
    const place = slot * DUPLICATES_MAX + repeatedOldest[slot]!;
    if (now - repeatedAt[place]! < DUPLICATES_MS) return false;
    repeatedAt[place] = now;
    repeatedOldest[slot] = (repeatedOldest[slot]! + 1) % DUPLICATES_MAX;
    return true;
  }

  /**
   * The last accepted beat as a fact on its way to the disk; from here on it counts as the stored
   * one.
   */
  beatFact(slot: number): BeatFact {
    const c = this.columns;
    c.dirty[slot] = 0;
    c.promiseStored[slot] = c.promise[slot]!;
    const { transport, address, port } = this.source[slot]!;
    const high = c.tagHigh[slot]!;
    return {
      kind: "beat",
      id: c.id[slot]!,
      epoch: c.epoch[slot]!,
      seq: c.seq[slot]!,
      tag: c.suite[slot] === 0 ? u16(high) : u32(high) + u32(c.tagLow[slot]!),
      promise: c.promise[slot]!,
      vitals: c.vitals[slot]!,
      reach: c.reach[slot]!,
      ext: this.ext[slot]!,
      at: c.at[slot]!,
      transport,
      address,
      port,
    };
  }
}

/**
 * Four bytes of a tag from `at`; under suite 0 the two that there are, and then nothing, which is
 * 0.
 */
function word(tag: string, at: number): number {
  let bits = 0;
  for (let i = at; i < at + 4 && i < tag.length; i++) bits = (bits << 8) | tag.charCodeAt(i);
  return bits >>> 0;
}
