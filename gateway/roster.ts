/**
 * Who is enrolled: a slot for each device, found by its id, its name or its key.
 *
 * A slot is a place in the table (rows.ts), given at enrolment and given again after a removal.
 * The key stands in its row; a site and labels are kept once for all devices that share them, so a
 * device costs its name and two references here. What lost: the enrolment as it was handed in, 150
 * bytes more for each device.
 */

import { ID_MAX } from "../device/wire.ts";
import type { Enrolment } from "./facts.ts";
import { hashOfText, Lookup } from "./lookup.ts";
import * as row from "./rows.ts";
import { textOf, wordOf } from "./rows.ts";

/** What an owner says of a device beside its name. */
interface Place {
  readonly site: string;
  readonly labels: readonly string[];
}

export class Roster {
  /** By slot; "" is nobody's name. */
  readonly #called: string[] = [];
  readonly #places: (Place | undefined)[] = [];
  /** Every place there is, by its words. */
  readonly #known = new Map<string, Place>();
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
    const { id, name, site, labels, key, suite, open } = enrolment;
    const w = slot * row.WORDS;
    words[w + row.ID] = id;
    words[w + row.JOINED] = this.#joined++;
    for (let at = 0; at < 4; at++) words[w + row.KEY + at] = wordOf(key, at * 4);
    bytes[slot * row.BYTES + row.SUITE] = suite;
    if (open) {
      bytes[slot * row.BYTES + row.FLAGS] = row.OPEN;
      this.opened++;
    }
    this.#called[slot] = name;
    this.#places[slot] = this.#place(site, labels);
    this.size++;
    this.#ids.add(slot, id);
    this.#names.add(slot, hashOfText(name));
    if (key !== "") this.#keys.add(slot, wordOf(key, 0));
    if (id > this.#highest) this.#highest = id;
    return slot;
  }

  /** New words for a device, by the same key. */
  amend(slot: number, enrolment: Enrolment): void {
    this.#names.remove(slot, hashOfText(this.name(slot)));
    this.#called[slot] = enrolment.name;
    this.#places[slot] = this.#place(enrolment.site, enrolment.labels);
    this.#names.add(slot, hashOfText(enrolment.name));
  }

  /** Takes a device off; its slot may be given to another one at once. */
  remove(slot: number): void {
    const { id, name, key } = this.enrolment(slot);
    this.#ids.remove(slot, id);
    this.#names.remove(slot, hashOfText(name));
    if (key !== "") this.#keys.remove(slot, wordOf(key, 0));
    if (this.#rows.flag(slot, row.OPEN)) this.opened--;
    this.size--;
    this.#rows.wipe(slot);
    this.#called[slot] = "";
    this.#places[slot] = undefined;
    this.#free.push(slot);
  }

  id(slot: number): number {
    return this.#rows.words[slot * row.WORDS + row.ID]!;
  }

  name(slot: number): string {
    return this.#called[slot]!;
  }

  site(slot: number): string {
    return this.#places[slot]!.site;
  }

  /** 16 bytes; "" where there is none. */
  key(slot: number): string {
    const { words } = this.#rows;
    const w = slot * row.WORDS + row.KEY;
    const [a, b, c, d] = [words[w]!, words[w + 1]!, words[w + 2]!, words[w + 3]!];
    // A key of zeros is never enrolled.
    return (a | b | c | d) === 0 ? "" : textOf(a, b) + textOf(c, d);
  }

  /** The device in a slot as its owner enrolled it, made anew. */
  enrolment(slot: number): Enrolment {
    const { site, labels } = this.#places[slot]!;
    const suite = this.#rows.bytes[slot * row.BYTES + row.SUITE]!;
    const open = this.#rows.flag(slot, row.OPEN);
    const words = { id: this.id(slot), name: this.name(slot), site, labels, suite };
    return { ...words, key: this.key(slot), ...(open && { open }) };
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
      const slot = names.slot(place);
      if (this.name(slot) === name) return this.id(slot);
    }
    return undefined;
  }

  /** The id that has a key. */
  byKey(key: string): number | undefined {
    const keys = this.#keys;
    for (let place = keys.first(wordOf(key, 0)); place >= 0; place = keys.next(place)) {
      const slot = keys.slot(place);
      if (this.key(slot) === key) return this.id(slot);
    }
    return undefined;
  }

  /** Slots that are taken, in the order of enrolment. */
  slots(): number[] {
    const joined = (slot: number): number => this.#rows.words[slot * row.WORDS + row.JOINED]!;
    const taken = [...this.#places.keys()].filter((slot) => this.#places[slot] !== undefined);
    return taken.sort((a, b) => joined(a) - joined(b));
  }

  #place(site: string, labels: readonly string[]): Place {
    const words = JSON.stringify([site, labels]);
    const place = this.#known.get(words) ?? { site, labels: Object.freeze([...labels]) };
    this.#known.set(words, place);
    return place;
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
