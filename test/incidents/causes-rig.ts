// Stories of one board among others, and what is found to be their cause.

import { EXT_CAUSE, encodeExtension } from "../../device/extensions.ts";
import type { Evidence } from "../../gateway/affairs.ts";
import type { Cause, ChangeFact, Status } from "../../gateway/facts.ts";
import { type Kind, type Live, MINUTE_MS, Town } from "./rig.ts";

/** A battery reading in tenths (14: external, 15: unknown) and a signal step 0..7, as vitals. */
export const vitals = (battery: number, signal = 0): number => (battery << 4) | signal;
export const reset = (cause: number): string =>
  encodeExtension(EXT_CAUSE, String.fromCharCode(cause));

/** A board among others that beat on; what it shows is up to the story. */
export function story(kind: Kind = {}): { town: Town; live: Live } {
  const town = new Town();
  const [live] = town.add(1, kind);
  town.add(20, (n) => ({ site: `site${n % 4}` }));
  town.run(5 * live!.intervalMs);
  return { town, live: live! };
}

/** Lets it beat once with each of these readings, an interval apart. */
export function shows(town: Town, live: Live, readings: readonly number[]): void {
  for (const reading of readings) {
    live.words = { ...live.words, vitals: reading };
    town.run(live.intervalMs);
  }
}

/** Its last change to a status, with the evidence that the disk has. */
export function last(town: Town, live: Live, to: Status): { cause: Cause; evidence: Evidence } {
  const fact = town.diary.kept.findLast(
    ({ change }) => change.id === live.board.id && change.to === to,
  ) as ChangeFact;
  return { cause: fact.change.cause, evidence: fact.evidence ?? {} };
}

/** It falls silent, for good. */
export function dies(town: Town, live: Live): { cause: Cause; evidence: Evidence } {
  town.unplug([live]);
  town.run(Math.max(20 * MINUTE_MS, 10 * live.intervalMs));
  return last(town, live, "absent");
}
