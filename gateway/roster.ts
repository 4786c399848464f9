/**
 * Who is enrolled: a slot for each device, found by its id, its name or its key.
 *
 * A slot is a place in the table (rows.ts), given at enrolment and given again after a removal.
 * What a device is in words stays in the enrolment as it was handed in, which the shell keeps in
 * any case.
 */

import { ID_MAX } from "../device/wire.ts";
import type { Enrolment } from "./facts.ts";
import { hashOfText, Lookup } from "./lookup.ts";
import * as row from "./rows.ts";
import { wordOf } from "./rows.ts";

export class Roster {
  readonly enrolment: (Enrolment | undefined)[] = [];
  /** Devices, and those of them that `open` took in. */
  size = 0;
  opened = 0;
  readonly #rows: row.Rows;
  readonly #ids = new Lookup();
  readonly #names = new Lookup();
  readonly #keys = new Lookup();
  readonly #free: number[] = [];
  #used = 0;
  #joined = 0;
  #highest = 0;

  constructor(rows: row.Rows) {
    this.#rows = rows;
  }

  /** A slot for an enrolment whose id, name and key are not taken. Its row is new. */
  add(enrolment: Enrolment): number {
    const slot = this.#free.pop() ?? this.#used++;
    this.#rows.wipe(slot);
    const { words, bytes } = this.#rows;
    const { id, name, key, suite, open } = enrolment;
    const w = slot * row.WORDS;
    words[w + row.ID] = id;
    words[w + row.JOINED] = this.#joined++;
    for (let at = 0; at < 4; at++) words[w + row.KEY + at] = wordOf(key, at * 4);
    bytes[slot * row.BYTES + row.SUITE] = suite;
    if (open) {
      bytes[slot * row.BYTES + row.FLAGS] = row.OPEN;
      this.opened++;
    }
    this.enrolment[slot] = enrolment;
    this.size++;
    this.#ids.add(slot, id);
    this.#names.add(slot, hashOfText(name));
    if (key !== "") this.#keys.add(slot, wordOf(key, 0));
    if (id > this.#highest) this.#highest = id;
    return slot;
  }

  /** New words for a device, by the same key. */
  amend(slot: number, enrolment: Enrolment): void {
    this.#names.remove(slot, hashOfText(this.enrolment[slot]!.name));
    this.enrolment[slot] = enrolment;
    this.#names.add(slot, hashOfText(enrolment.name));
  }

  /** Takes a device off; its slot may be given to another one at once. */
  remove(slot: number): void {
    const { id, name, key } = this.enrolment[slot]!;
    this.#ids.remove(slot, id);
    this.#names.remove(slot, hashOfText(name));
    if (key !== "") this.#keys.remove(slot, wordOf(key, 0));
    if (this.#rows.flag(slot, row.OPEN)) this.opened--;
    this.size--;
    this.#rows.wipe(slot);
    this.enrolment[slot] = undefined;
    this.#free.push(slot);
  }

  id(slot: number): number {
    return this.#rows.words[slot * row.WORDS + row.ID]!;
  }

  /**
   * The slot of an id; -1: nobody's. Ids in a row from 1, as `freeId` gives them, stand in slots in
   * a row: there is the first look, which saves another miss of the cache.
   */
  slotOf(id: number): number {
    const { words } = this.#rows;
    const guess = id - 1;
    if (id >= 1 && id <= this.#used && words[guess * row.WORDS + row.ID] === id) return guess;
    const place = this.#ids.first(id);
    return place < 0 ? -1 : this.#ids.slot(place);
  }

  /** The id that has a name. */
  byName(name: string): number | undefined {
    const names = this.#names;
    for (let place = names.first(hashOfText(name)); place >= 0; place = names.next(place)) {
      const holder = this.enrolment[names.slot(place)]!;
      if (holder.name === name) return holder.id;
    }
    return undefined;
  }

  /** The id that has a key. */
  byKey(key: string): number | undefined {
    const keys = this.#keys;
    for (let place = keys.first(wordOf(key, 0)); place >= 0; place = keys.next(place)) {
      const holder = this.enrolment[keys.slot(place)]!;
      if (holder.key === key) return holder.id;
    }
    return undefined;
  }

  /** Slots that are taken, in the order of enrolment. */
  slots(): number[] {
    const joined = (slot: number): number => this.#rows.words[slot * row.WORDS + row.JOINED]!;
    const taken = [...this.enrolment.keys()].filter((slot) => this.enrolment[slot] !== undefined);
    return taken.sort((a, b) => joined(a) - joined(b));
  }

  /**
   * One above the highest id ever seen here, so that an old board does not meet a new key; else the
   * lowest free.
   */
  freeId(): number {
    if (this.#highest < ID_MAX) return this.#highest + 1;
    let id = 1;
    while (this.slotOf(id) >= 0) id++;
    return id <= ID_MAX ? id : 0;
  }
}
