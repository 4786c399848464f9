/** How a table of causes is read: from the top, the first row that holds. */

import type { Evidence } from "../affairs.ts";
import type { Cause } from "../facts.ts";
import type { Crowd } from "../incidents/crowd.ts";
import type { Hints } from "../receiver/hints.ts";
import type { Records } from "../records.ts";
import type { Inputs } from "./evidence.ts";
import type { Signs } from "./signs.ts";

/** Where the rules look. */
export interface Around {
  readonly records: Records;
  readonly hints: Hints;
  readonly crowd: Crowd;
  readonly signs: Signs;
}

export interface Row<What> {
  readonly cause: Cause;
  /** How often it will be right where it holds, by judgement: 0..1; 0: it says nothing. */
  readonly confidence: number;
  /** Whether it holds; if so, what speaks for it was added to `shown`. */
  readonly holds: (what: What) => boolean;
}

export interface Finding {
  readonly cause: Cause;
  readonly evidence: Evidence;
}

/**
 * The first row that holds; the last one always does. What is shown is one object from the first
 * rule to the disk: a copy with properties added to it was 10 us, half of what a change costs.
 */
export function findIn<What extends { readonly shown: Inputs }>(
  rows: readonly Row<What>[],
  what: What,
): Finding {
  const { cause, confidence } = rows.find(({ holds }) => holds(what))!;
  if (confidence > 0) what.shown.confidence = confidence;
  return { cause, evidence: what.shown };
}
