// A few of the storms that test/bench/restarts.ts runs by the thousand.

import { describe, expect, it } from "vitest";
import { newScore } from "./restart-score.ts";
import { isLossless, storm } from "./restart-storm.ts";

const SEED = Number(process.env.NEXTBEAT_SEED ?? 7226);
const RESTARTS = 10;
/** Worlds, from SEED on; every other one loses frames. */
const WORLDS = 4;

console.info(`restart-storm.test.ts: seeds ${SEED} to ${SEED + WORLDS - 1}`);

const all = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0);

describe("a gateway that is stopped, or sleeps, for up to a day, over steps of the clock", () => {
  it("calls nobody absent who lives, and finds whoever died within his grant", () => {
    const score = newScore();
    const lossless = newScore();
    for (let seed = SEED; seed < SEED + WORLDS; seed++) {
      const how = seed - SEED < WORLDS / 2 ? "stopped" : "asleep";
      storm({ seed, restarts: RESTARTS, how }, isLossless(seed) ? lossless : score);
    }
    for (const { faults, falseAbsent, overlooked } of [score, lossless]) {
      expect(all(falseAbsent), faults.join("\n")).toBe(0);
      expect(overlooked, faults.join("\n")).toBe(0);
    }
    expect(lossless.faults).toEqual([]);
    expect(all(score.restarts) + all(lossless.restarts)).toBe(WORLDS * RESTARTS);
    expect(score.found + lossless.found).toBeGreaterThan(10);
  });

  it("is told of by the storm where it does: one that never knows it was away", () => {
    const score = newScore();
    storm({ seed: SEED, restarts: RESTARTS, how: "stopped", ignorant: true }, score);
    expect(all(score.falseAbsent)).toBeGreaterThan(0);
  });
});
