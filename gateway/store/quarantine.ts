/** Records that could not be read: moved out of the way as they are, and named. */

import type { Sink } from "./seal.ts";
import type { Shelf } from "./shelf.ts";

export class Quarantine {
  /** Each with its place and the reason. */
  readonly named: string[] = [];
  readonly #repairs: Sink;

  constructor(repairs: Sink) {
    this.#repairs = repairs;
  }

  setAside(key: string, value: Buffer, why: string): void {
    this.named.push(why);
    moveAside(this.#repairs, key, value);
  }
}

/** Sets a record aside that was found damaged while running, unless it was written anew since. */
export function setAside(shelf: Shelf, out: Sink, key: string, value: Buffer): void {
  if (shelf.get(key)?.equals(value)) moveAside(out, key, value);
}

function moveAside(out: Sink, key: string, value: Buffer): void {
  out.del(key);
  out.put(`q${key}`, value);
}
