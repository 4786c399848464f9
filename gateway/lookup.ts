/**
 * Which slot has this id, this name, this key: slots in a hash table with open addressing.
 *
 * The table holds slots and nothing else; what is looked for stands in the records, so the caller
 * compares:
 *
 *   for (let place = ids.first(hash); ; place = ids.next(place)) {
 *     const slot = ids.slot(place);
 *     if (slot < 0 || idOf(slot) === id) return slot;
 *   }
 *
 * What lost: `Map`, at 37 bytes an entry or more against 6 to 11, and two misses of the cache a
 * look-up instead of one; three of them were a quarter of a device's memory.
 */

/** At most so full. */
const FULL = 0.75;
/** 2^32 by the golden ratio: numbers in a row fall far apart. */
const SPREAD = 0x9e3779b1;

export class Lookup {
  /** 1 + a slot; 0: empty. */
  #places = new Int32Array(64);
  /** What brings a hash down to a place. */
  #shift = 26;
  #size = 0;
  readonly #hashOf: (slot: number) => number;

  /** @param hashOf 32 bits from what is looked for, as the records have it for a slot */
  constructor(hashOf: (slot: number) => number) {
    this.#hashOf = hashOf;
  }

  /** Where to begin looking for what has this hash. */
  first(hash: number): number {
    return Math.imul(hash, SPREAD) >>> this.#shift;
  }

  next(place: number): number {
    return (place + 1) & (this.#places.length - 1);
  }

  /** The slot at a place; -1: none, and what is looked for is not here. */
  slot(place: number): number {
    return this.#places[place]! - 1;
  }

  /** A slot that is not here. Its record is complete. */
  add(slot: number): void {
    if (++this.#size > this.#places.length * FULL) this.#grow();
    this.#put(slot);
  }

  /** A slot that is here, if `has`; its record is still complete. */
  remove(slot: number): void {
    const places = this.#places;
    let hole = this.first(this.#hashOf(slot));
    while (places[hole] !== slot + 1) {
      if (places[hole] === 0) return;
      hole = this.next(hole);
    }
    this.#size--;
    // Whoever stands behind the hole and could stand in it moves up.
    for (let place = this.next(hole); places[place] !== 0; place = this.next(place)) {
      const home = this.first(this.#hashOf(this.slot(place)));
      const mask = places.length - 1;
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      places[hole] = places[place]!;
      hole = place;
    }
    places[hole] = 0;
  }

  #put(slot: number): void {
    let place = this.first(this.#hashOf(slot));
    while (this.#places[place] !== 0) place = this.next(place);
    this.#places[place] = slot + 1;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Int32Array(old.length * 2);
    this.#shift--;
    for (const entry of old) if (entry !== 0) this.#put(entry - 1);
  }
}

/** A hash of text. */
export function hashOfText(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), SPREAD);
  return hash ^ (hash >>> 15);
}
