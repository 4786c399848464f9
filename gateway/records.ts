/**
 * What is stored of each device: the numbers in rows.ts, by slot, and beside them the facts that
 * are no numbers.
 */

import { makeTagKey, SUITE_CHASKEY, SUITE_CRC, SUITE_HMAC, type TagKey } from "../device/tag.ts";
import type { Payload } from "./affairs.ts";
import type { BeatFact, Enrolment, Source, Status, StoredDevice } from "./facts.ts";
import { CAUSES, STATUSES } from "./facts.ts";
import { creditedMs, DUPLICATES_MAX, DUPLICATES_MS } from "./limits.ts";
import { Roster } from "./roster.ts";
import * as row from "./rows.ts";
import { textOf, wordOf } from "./rows.ts";

/** Beats under the number of another, and the last one. */
export interface Clash {
  readonly count: number;
  readonly at: number;
}

export class Records {
  readonly rows = new row.Rows();
  readonly roster = new Roster(this.rows);
  /** Where the last accepted beat came from. */
  readonly source: (Source | undefined)[] = [];
  /** Rule 3: who clashed since the start, by slot. */
  readonly clashes = new Map<number, Clash>();
  /** What devices' own programs said last, by slot. */
  readonly payloads = new Map<number, Payload>();
  /** Rule 17: who was nudged within 5 s, by slot, oldest first (nudge.ts). */
  readonly nudged = new Map<number, number>();
  /**
   * Rule 3: instants of the last duplicates acknowledged, oldest first, of those who had one within
   * `DUPLICATES_MS`; who had one last stands last.
   */
  readonly #repeats = new Map<number, number[]>();
  /** Extensions of the last accepted beat, where they are too long for its row. */
  readonly #ext = new Map<number, string>();
  /** Suite 1: made at the first frame of a device, 200 bytes that a silent one does not cost. */
  readonly #hmacKeys = new Map<number, TagKey>();
  /** Suite 2: of whichever device it was filled for. */
  readonly #chaskeyKey: TagKey;
  readonly #sha256: (message: string) => string;
  /** Of every device under suite 0. */
  readonly crcKey: TagKey;

  constructor(sha256: (message: string) => string) {
    this.#sha256 = sha256;
    this.crcKey = makeTagKey(SUITE_CRC, "", sha256);
    this.#chaskeyKey = makeTagKey(SUITE_CHASKEY, "", sha256);
  }

  /** A slot for an enrolment whose id, name and key are not taken: nothing known, nothing heard. */
  add(enrolment: Enrolment): number {
    const slot = this.roster.add(enrolment);
    this.source[slot] = undefined;
    return slot;
  }

  /** Forgets a device; its slot may be given to another one at once. */
  remove(slot: number): void {
    this.roster.remove(slot);
    this.source[slot] = undefined;
    this.clashes.delete(slot);
    this.payloads.delete(slot);
    this.nudged.delete(slot);
    this.#ext.delete(slot);
    this.#repeats.delete(slot);
    this.#hmacKeys.delete(slot);
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
    const { words, bytes, floats } = this.rows;
    const w = slot * row.WORDS;
    const b = slot * row.BYTES;
    bytes[b + row.STATUS] = STATUSES.indexOf(stored.status);
    if (stored.cause !== null) bytes[b + row.CAUSE] = CAUSES.indexOf(stored.cause);
    words[w + row.TSEQ] = stored.tseq;
    words[w + row.ISSUED] = issued;
    words[w + row.EPOCH] = whole ? epoch : 0;
    if (whole && issued > epoch) bytes[b + row.FLAGS]! |= row.PENDING;
    if (stored.payload !== undefined) this.payloads.set(slot, stored.payload);
    if (beat === null) return slot;
    bytes[b + row.PROMISE] = beat.promise;
    bytes[b + row.PROMISE_STORED] = beat.promise;
    bytes[b + row.VITALS] = beat.vitals;
    bytes[b + row.REACH] = beat.reach;
    floats[slot * row.FLOATS + row.AT] = Math.min(beat.at, now);
    this.setExt(slot, beat.ext, 0, beat.ext.length);
    this.source[slot] = { transport: beat.transport, address: beat.address, port: beat.port };
    if (!whole || epoch === 0) return slot;
    words[w + row.SEQ] = beat.seq;
    this.setTag(slot, beat.tag, 0);
    return slot;
  }

  /** The key of a device, made ready: to be used before the next call. */
  tagKey(slot: number): TagKey {
    const suite = this.rows.bytes[slot * row.BYTES + row.SUITE];
    if (suite === SUITE_CHASKEY) {
      const { words } = this.rows;
      const key = this.#chaskeyKey.subkeys!;
      const at = slot * row.WORDS + row.KEY;
      for (let word = 0; word < 4; word++) key[word] = words[at + word]!;
      return this.#chaskeyKey;
    }
    if (suite === SUITE_CRC) return this.crcKey;
    let ready = this.#hmacKeys.get(slot);
    if (ready === undefined) {
      ready = makeTagKey(SUITE_HMAC, this.roster.key(slot), this.#sha256);
      this.#hmacKeys.set(slot, ready);
    }
    return ready;
  }

  /** Rule 7: the epoch that was given and is not in force yet; 0 = none. */
  pending(slot: number): number {
    const { words } = this.rows;
    return this.rows.flag(slot, row.PENDING) ? words[slot * row.WORDS + row.ISSUED]! : 0;
  }

  /** The tag of the last beat: what stands in its frame from `end` on. */
  setTag(slot: number, frame: string, end: number): void {
    const { words } = this.rows;
    const at = slot * row.WORDS + row.TAG;
    words[at] = wordOf(frame, end);
    words[at + 1] = wordOf(frame, end + 4);
  }

  tagIs(slot: number, frame: string, end: number): boolean {
    const { words } = this.rows;
    const at = slot * row.WORDS + row.TAG;
    return words[at] === wordOf(frame, end) >>> 0 && words[at + 1] === wordOf(frame, end + 4) >>> 0;
  }

  /** The tag of the last accepted beat, to which frames down are bound. */
  tag(slot: number): string {
    const { words, bytes } = this.rows;
    const w = slot * row.WORDS + row.TAG;
    const tag = textOf(words[w]!, words[w + 1]!);
    return bytes[slot * row.BYTES + row.SUITE] === SUITE_CRC ? tag.slice(0, 2) : tag;
  }

  /** The extensions of the last beat: what stands in its frame from `from` to `end`. */
  setExt(slot: number, frame: string, from: number, end: number): void {
    const { bytes } = this.rows;
    const b = slot * row.BYTES;
    if (bytes[b + row.EXT_BYTES]! > row.EXT_MAX) this.#ext.delete(slot);
    bytes[b + row.EXT_BYTES] = end - from;
    if (end - from > row.EXT_MAX) this.#ext.set(slot, frame.substring(from, end));
    else for (let at = from; at < end; at++) bytes[b + row.EXT + at - from] = frame.charCodeAt(at);
  }

  /** The extensions of the last accepted beat. */
  ext(slot: number): string {
    const { bytes } = this.rows;
    const b = slot * row.BYTES;
    const length = bytes[b + row.EXT_BYTES]!;
    if (length > row.EXT_MAX) return this.#ext.get(slot)!;
    let ext = "";
    for (let at = 0; at < length; at++) ext += String.fromCharCode(bytes[b + row.EXT + at]!);
    return ext;
  }

  /** Rule 3: another tag under the number of the last beat. */
  clash(slot: number, at: number): void {
    const count = (this.clashes.get(slot)?.count ?? 0) + 1;
    this.clashes.set(slot, { count, at });
  }

  /** What the last beat promised, in ms; 0: nothing. */
  promiseMs(slot: number): number {
    const { bytes } = this.rows;
    const b = slot * row.BYTES;
    return creditedMs(bytes[b + row.PROMISE]!, bytes[b + row.SUITE]!);
  }

  status(slot: number): Status {
    return STATUSES[this.rows.bytes[slot * row.BYTES + row.STATUS]!]!;
  }

  /** Rule 3: whether one more duplicate may be acknowledged now; if so, it counts. */
  mayRepeat(slot: number, now: number): boolean {
    for (const [other, instants] of this.#repeats) {
      if (now - instants.at(-1)! < DUPLICATES_MS) break;
      this.#repeats.delete(other);
    }
    const instants = this.#repeats.get(slot) ?? [];
    if (instants.length === DUPLICATES_MAX) {
      if (now - instants[0]! < DUPLICATES_MS) return false;
      instants.shift();
    }
    instants.push(now);
    this.#repeats.delete(slot);
    this.#repeats.set(slot, instants);
    return true;
  }

  /**
   * The last accepted beat as a fact on its way to the disk; from here on it counts as the stored
   * one.
   */
  beatFact(slot: number): BeatFact {
    const { words, bytes, floats } = this.rows;
    const w = slot * row.WORDS;
    const b = slot * row.BYTES;
    const flags = bytes[b + row.FLAGS]!;
    bytes[b + row.FLAGS] = flags & ~row.DIRTY;
    bytes[b + row.PROMISE_STORED] = bytes[b + row.PROMISE]!;
    const { transport, address, port } = this.source[slot]!;
    return {
      kind: "beat",
      id: words[w + row.ID]!,
      epoch: words[w + row.EPOCH]!,
      seq: words[w + row.SEQ]!,
      tag: this.tag(slot),
      promise: bytes[b + row.PROMISE]!,
      vitals: bytes[b + row.VITALS]!,
      reach: bytes[b + row.REACH]!,
      ext: this.ext(slot),
      at: floats[slot * row.FLOATS + row.AT]!,
      transport,
      address,
      port,
    };
  }
}
