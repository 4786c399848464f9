/** How a table of causes is read: from the top, the first row that holds. */

import type { Evidence } from "./affairs.ts";
import type { Crowd } from "./crowd.ts";
import type { Inputs } from "./evidence.ts";
import type { Cause } from "./facts.ts";
import type { Hints } from "./hints.ts";
import type { Records } from "./records.ts";
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
  /** What speaks for it; undefined: it does not hold. */
  readonly holds: (what: What) => Inputs | undefined;
}

export interface Finding {
  readonly cause: Cause;
  readonly evidence: Evidence;
}

/** @param shown evidence that is told in any case */
export function findIn<What>(rows: readonly Row<What>[], what: What, shown: Evidence): Finding {
  for (const { cause, confidence, holds } of rows) {
    const found = holds(what);
    if (found === undefined) continue;
    const evidence = { ...shown, ...found, ...(confidence > 0 && { confidence }) };
    return { cause, evidence };
  }
  return { cause: rows.at(-1)!.cause, evidence: shown };
}
