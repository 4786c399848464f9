// What all senders of a make have in common, once: a fleet has a few makes, however many boards.

import type { Sender } from "../device/state.ts";

const FIELDS = [
  "own",
  "ownMin",
  "ownMax",
  "ownCode",
  "reach",
  "reserve",
  "makeUps",
  "ladder",
  "rtoMax",
  "clockError",
  "wakeMs",
  "paceMin",
  "paceMax",
] as const;

type Make = Pick<Sender, (typeof FIELDS)[number]>;

/** As many as fit into the byte that a record has for it. */
const MAKES_MAX = 256;

export class Makes {
  readonly all: Make[] = [];

  /** The number of a sender's make. */
  of(sender: Sender): number {
    const found = this.all.findIndex((make) => FIELDS.every((name) => make[name] === sender[name]));
    if (found >= 0) return found;
    if (this.all.length === MAKES_MAX)
      throw new RangeError(`more than ${MAKES_MAX} makes of boards`);
    const make = Object.fromEntries(FIELDS.map((name) => [name, sender[name]])) as Make;
    return this.all.push(make) - 1;
  }
}
