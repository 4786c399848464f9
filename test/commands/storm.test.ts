// Storms of commands (storm.ts): no board acts on one twice, and what is told of each is
// true, and is told in the end.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { CommandState } from "../../gateway/affairs.ts";
import { blows, ride } from "./storm.ts";

/** Another seed may be tried with NEXTBEAT_SEED=n, more storms with NEXTBEAT_RUNS=n. */
const SEED = Number(process.env.NEXTBEAT_SEED ?? 7227);
const RUNS = Number(process.env.NEXTBEAT_RUNS ?? 100);

test(
  `at most once, and the outcome is told, in each of ${RUNS} storms (seed ${SEED})`,
  () => {
    const losses = fc.constantFrom(0.05, 0.2, 0.4);
    const sums = new Map<CommandState, number>();
    const property = fc.property(fc.nat(), losses, blows, (seed, loss, list) => {
      const { violations, ended, states } = ride(seed, loss, list);
      expect(violations).toEqual([]);
      expect(ended, "all told within 20 minutes of calm").toBe(true);
      for (const state of states) sums.set(state, (sums.get(state) ?? 0) + 1);
    });
    // Shrinking takes minutes: the seed and the path are enough to run one again.
    const run = fc.check(property, { seed: SEED, numRuns: RUNS, endOnFailure: true });
    if (run.failed) throw new Error(fc.defaultReportMessage(run), { cause: run.errorInstance });
    // The storms were worth running.
    const least = { done: 3, refused: 0.5, failed: 1, expired: 1, superseded: 0.1 };
    for (const [state, each] of Object.entries(least)) {
      expect(sums.get(state as CommandState), state).toBeGreaterThan(RUNS * each);
    }
  },
  60_000 + RUNS * 1_000,
);
