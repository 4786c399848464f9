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
  readonly #ids = new Lookup((slot) => this.id(slot));
  readonly #names = new Lookup((slot) => hashOfText(this.enrolment[slot]!.name));
  readonly #keys = new Lookup((slot) => wordOf(this.enrolment[slot]!.key, 0));
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
    const { id, key, suite, open } = enrolment;
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
    this.#ids.add(slot);
    this.#names.add(slot);
    if (key !== "") this.#keys.add(slot);
    if (id > this.#highest) this.#highest = id;
    return slot;
  }

  /** New words for a device, by the same key. */
  amend(slot: number, enrolment: Enrolment): void {
    this.#names.remove(slot);
    this.enrolment[slot] = enrolment;
    this.#names.add(slot);
  }

  /** Takes a device off; its slot may be given to another one at once. */
  remove(slot: number): void {
    this.#ids.remove(slot);
    this.#names.remove(slot);
    if (this.enrolment[slot]!.key !== "") this.#keys.remove(slot);
    if (this.#rows.flag(slot, row.OPEN)) this.opened--;
    this.size--;
    this.#rows.wipe(slot);
    this.enrolment[slot] = undefined;
    this.#free.push(slot);
  }

  id(slot: number): number {
    return this.#rows.words[slot * row.WORDS + row.ID]!;
  }

  /** The slot of an id; -1: nobody's. */
  slotOf(id: number): number {
    const { words } = this.#rows;
    for (let place = this.#ids.first(id); ; place = this.#ids.next(place)) {
      const slot = this.#ids.slot(place);
      if (slot < 0 || words[slot * row.WORDS + row.ID] === id) return slot;
    }
  }

  /** The id that has a name. */
  byName(name: string): number | undefined {
    for (let place = this.#names.first(hashOfText(name)); ; place = this.#names.next(place)) {
      const slot = this.#names.slot(place);
      if (slot < 0) return undefined;
      if (this.enrolment[slot]!.name === name) return this.id(slot);
    }
  }

  /** The id that has a key. */
  byKey(key: string): number | undefined {
    for (let place = this.#keys.first(wordOf(key, 0)); ; place = this.#keys.next(place)) {
      const slot = this.#keys.slot(place);
      if (slot < 0) return undefined;
      if (this.enrolment[slot]!.key === key) return this.id(slot);
    }
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
