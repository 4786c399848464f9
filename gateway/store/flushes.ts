/**
 * Many beats in one record: of a beat that came where the last one came from, the disk needs 17
 * bytes, and a record of its own costs it 58, and each again when LevelDB makes tables.
 *
 * ```
 * f<n>   at 48, then for each beat: id 24, seq 16, ms before `at` 16, promise 8, vitals 8, tag 64
 * ```
 * Such an entry only counts upon the beat's own record `b`, which has the epoch, the upper half of
 * `seq`, the address and the rest; whatever of that changes, the whole beat is written, with the
 * number of the flush up to which all entries of its device are void. The newest of both is the
 * last beat.
 *
 * Flushes are taken away oldest first when they have more than `SPARE` entries a device: by then
 * nearly all of theirs are older than a newer one, and the few that are not (boards that died, and
 * sleepers) go into their own record. Measured with wear.ts at 100 000 boards: a third of the bytes
 * that a record a beat takes. A file of our own beside LevelDB lost: half of the rest, and a second
 * thing that must be opened, ordered, mended and copied.
 */

import type { BeatFact } from "../facts.ts";
import { hashOfText, Lookup } from "../lookup.ts";
import { decodeBeat, encodeBeat } from "./beats.ts";
import { idKey, numberKey } from "./keys.ts";
import { CHECK, open, type Sink, seal } from "./seal.ts";
import type { Shelf } from "./shelf.ts";

/** Entries kept for each device, and of all together at least. */
const SPARE = 3;
const ENTRIES_MIN = 4_096;
/** Fewer beats than this are written each for itself: a flush has a key and an end, too. */
const ENTRIES_LEAST = 3;
const ENTRY = 17;
const HEAD = 6;
const WORD = 0xffff;

/** @param beats as `now`, on the store's line */
export function encodeFlush(key: string, beats: readonly BeatFact[], now: number): Buffer {
  const value = Buffer.allocUnsafe(HEAD + beats.length * ENTRY + CHECK);
  value.writeUIntBE(now, 0, HEAD);
  for (const [n, beat] of beats.entries()) {
    const from = HEAD + n * ENTRY;
    value.writeUIntBE(beat.id, from, 3);
    value.writeUInt16BE(beat.seq & WORD, from + 3);
    value.writeUInt16BE(now - beat.at, from + 5);
    value[from + 7] = beat.promise;
    value[from + 8] = beat.vitals;
    value.write(beat.tag, from + 9, "latin1");
  }
  return seal(key, value);
}

/** A flush, to be asked for one entry after the other: most of them are old, and need no look. */
export class FlushRecord {
  readonly #content: Buffer;

  /** Throws where the record is damaged. */
  constructor(key: string, value: Buffer) {
    this.#content = open(key, value);
  }

  get entries(): number {
    return Math.floor((this.#content.length - HEAD) / ENTRY);
  }

  idAt(n: number): number {
    return this.#content.readUIntBE(HEAD + n * ENTRY, 3);
  }

  /** The last beat of a device: what entry `n` says upon its own record. */
  beatAt(n: number, own: BeatFact): BeatFact {
    const content = this.#content;
    const from = HEAD + n * ENTRY;
    return {
      ...own,
      seq: own.seq + ((content.readUInt16BE(from + 3) - own.seq) & WORD),
      at: content.readUIntBE(0, HEAD) - content.readUInt16BE(from + 5),
      promise: content.readUInt8(from + 7),
      vitals: content.readUInt8(from + 8),
      tag: content.toString("latin1", from + 9, from + ENTRY),
    };
  }
}

/** All that an entry does not have, as a number. */
function hashOf({ epoch, reach, transport, address, port, ext }: BeatFact): number {
  return hashOfText(`${epoch} ${reach} ${transport} ${port} ${address} ${ext}`);
}

export class Flushes {
  /** Number of the last flush, whether it is still there or not. */
  #last = 0;
  readonly #shelf: Shelf;
  /** Places of devices by id, in the columns below. */
  readonly #places = new Lookup();
  readonly #free: number[] = [];
  #used = 0;
  /** Four words a place: id; its own record's `seq` and hash; the flush with its newest beat. */
  #rows = new Uint32Array(4 * 64);
  /** Flushes on the shelf, oldest first, and their entries. */
  readonly #kept: { readonly n: number; readonly entries: number }[] = [];
  #entries = 0;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  /** At the start: there was a flush of this number, which must not be given again. */
  seen(n: number): void {
    this.#last = Math.max(this.#last, n);
  }

  /** At the start: a device's own record. */
  own(beat: BeatFact): void {
    const row = this.#rowOf(beat.id) ?? this.#added(beat.id);
    this.#rows[row + 1] = beat.seq;
    this.#rows[row + 2] = hashOf(beat);
    this.#rows[row + 3] = 0;
  }

  /** At the start: the newest beat of a device is an entry of flush `n`. */
  newest(id: number, n: number): void {
    this.#rows[this.#rowOf(id)! + 3] = n;
  }

  /** At the start, in their order: a flush on the shelf. */
  keep(n: number, entries: number): void {
    this.seen(n);
    this.#kept.push({ n, entries });
    this.#entries += entries;
  }

  /** Puts the newest beats of some devices into a batch. `now`, as the beats, on the line. */
  write(out: Sink, beats: readonly BeatFact[], now: number): void {
    const n = this.#last + 1;
    const short = beats.filter((beat) => this.#isShort(beat, now));
    const flush = short.length >= ENTRIES_LEAST ? new Set(short) : undefined;
    for (const beat of beats) if (!flush?.has(beat)) this.#writeOwn(out, beat);
    if (flush === undefined) return;
    out.put(numberKey("f", n), encodeFlush(numberKey("f", n), short, now));
    this.keep(n, short.length);
    for (const { id } of short) this.newest(id, n);
    const most = Math.max(ENTRIES_MIN, SPARE * (this.#used - this.#free.length));
    while (this.#entries > most) this.#retire(out);
  }

  /** The device is removed. */
  forget(id: number): void {
    const row = this.#rowOf(id);
    if (row === undefined) return;
    this.#places.remove(row / 4, id);
    this.#free.push(row / 4);
  }

  #isShort(beat: BeatFact, now: number): boolean {
    const row = this.#rowOf(beat.id);
    if (row === undefined || beat.tag.length !== 8) return false;
    const ahead = beat.seq - this.#rows[row + 1]!;
    const ago = now - beat.at;
    if (ahead < 0 || ahead > WORD || ago < 0 || ago > WORD) return false;
    return this.#rows[row + 2] === hashOf(beat) >>> 0;
  }

  #writeOwn(out: Sink, beat: BeatFact): void {
    const key = idKey("b", beat.id);
    out.put(key, encodeBeat(key, beat, this.#last));
    this.own(beat);
  }

  /** The oldest flush goes; who has no newer beat gets it in a record of its own. */
  #retire(out: Sink): void {
    const { n, entries } = this.#kept.shift()!;
    this.#entries -= entries;
    const key = numberKey("f", n);
    const value = this.#shelf.get(key);
    out.del(key);
    if (value === undefined) return;
    const flush = new FlushRecord(key, value);
    for (let at = 0; at < flush.entries; at++) {
      const id = flush.idAt(at);
      const row = this.#rowOf(id);
      if (row === undefined || this.#rows[row + 3] !== n) continue;
      const own = this.#shelf.get(idKey("b", id));
      if (own === undefined) continue;
      const { beat } = decodeBeat(id, open(idKey("b", id), own));
      this.#writeOwn(out, flush.beatAt(at, beat));
    }
  }

  #rowOf(id: number): number | undefined {
    // An id is its own hash.
    const at = this.#places.first(id);
    return at < 0 ? undefined : this.#places.slot(at) * 4;
  }

  #added(id: number): number {
    const place = this.#free.pop() ?? this.#used++;
    if (place * 4 === this.#rows.length) {
      const wide = new Uint32Array(this.#rows.length * 2);
      wide.set(this.#rows);
      this.#rows = wide;
    }
    this.#places.add(place, id);
    return place * 4;
  }
}
