// What all senders of a make have in common, once: a fleet has a few makes, however many boards.

import type { Sender } from "../device/state.ts";

type Make = Pick<
  Sender,
  "own" | "reach" | "rtoMax" | "clockError" | "wakeMs" | "paceMin" | "paceMax" | "ownCode"
>;

/** As many as fit into the byte that a record has for it. */
const MAKES_MAX = 256;

export class Makes {
  readonly all: Make[] = [];

  /** The number of a sender's make. */
  of({ own, reach, rtoMax, clockError, wakeMs, paceMin, paceMax, ownCode }: Sender): number {
    const make: Make = { own, reach, rtoMax, clockError, wakeMs, paceMin, paceMax, ownCode };
    const names = Object.keys(make) as (keyof Make)[];
    const found = this.all.findIndex((other) => names.every((name) => other[name] === make[name]));
    if (found >= 0) return found;
    if (this.all.length === MAKES_MAX)
      throw new RangeError(`more than ${MAKES_MAX} makes of boards`);
    return this.all.push(make) - 1;
  }
}
