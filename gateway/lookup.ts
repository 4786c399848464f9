/**
 * Which slot has this id, this name, this key: slots in a hash table with open addressing.
 *
 * A place holds a slot and the hash of what is looked for, so that few others are ever compared and
 * none is looked at when the table grows. What is looked for stands in the records:
 *
 *   for (let place = names.first(hash); place >= 0; place = names.next(place)) {
 *     if (nameOf(names.slot(place)) === name) return names.slot(place);
 *   }
 *
 * What lost: `Map`, at 37 bytes an entry and more against 10 to 20, and two misses of the cache a
 * look-up instead of one; three of them were a quarter of a device's memory.
 */

/** At most so full. */
const FULL = 0.8;
/** 2^32 by the golden ratio: numbers in a row fall far apart. */
const SPREAD = 0x9e3779b1;

export class Lookup {
  /** Two words a place: 1 + a slot, 0 = empty; and its hash. */
  #places = new Int32Array(128);
  #mask = 63;
  /** What brings a hash down to a place. */
  #shift = 26;
  #size = 0;

  /** A place with this hash; -1: none. */
  first(hash: number): number {
    return this.#seek(this.#home(hash), hash | 0);
  }

  /** The next place with the hash of this one; -1: none. */
  next(place: number): number {
    return this.#seek((place + 1) & this.#mask, this.#places[place * 2 + 1]!);
  }

  /** The slot at a place. */
  slot(place: number): number {
    return this.#places[place * 2]! - 1;
  }

  /** A slot that is not here. */
  add(slot: number, hash: number): void {
    if (++this.#size > (this.#mask + 1) * FULL) this.#grow();
    this.#put(slot, hash);
  }

  /** A slot that was added with this hash. */
  remove(slot: number, hash: number): void {
    const places = this.#places;
    const mask = this.#mask;
    let hole = this.#home(hash);
    while (places[hole * 2] !== slot + 1) hole = (hole + 1) & mask;
    this.#size--;
    // Whoever stands behind the hole and could stand in it moves up.
    for (let place = (hole + 1) & mask; places[place * 2] !== 0; place = (place + 1) & mask) {
      const home = this.#home(places[place * 2 + 1]!);
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      places[hole * 2] = places[place * 2]!;
      places[hole * 2 + 1] = places[place * 2 + 1]!;
      hole = place;
    }
    places[hole * 2] = 0;
  }

  #home(hash: number): number {
    return Math.imul(hash, SPREAD) >>> this.#shift;
  }

  #seek(from: number, hash: number): number {
    const places = this.#places;
    for (let place = from; places[place * 2] !== 0; place = (place + 1) & this.#mask) {
      if (places[place * 2 + 1] === hash) return place;
    }
    return -1;
  }

  #put(slot: number, hash: number): void {
    let place = this.#home(hash);
    while (this.#places[place * 2] !== 0) place = (place + 1) & this.#mask;
    this.#places[place * 2] = slot + 1;
    this.#places[place * 2 + 1] = hash;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Int32Array(old.length * 2);
    this.#mask = old.length - 1;
    this.#shift--;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== 0) this.#put(old[at]! - 1, old[at + 1]!);
    }
  }
}

/** A hash of text. */
export function hashOfText(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), SPREAD);
  return hash ^ (hash >>> 15);
}
