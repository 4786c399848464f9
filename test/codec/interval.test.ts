// Interval codes against all 254 of the vectors, and their one promise: never shorter than meant.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CODE_MAX, CODE_MIN, intervalCode, intervalMs } from "../../device/interval.ts";
import { seedOf, vectors } from "./codec.ts";

const seed = seedOf("interval.test.ts");

describe("interval code (section 3)", () => {
  it("gives the vectors' duration for each of its 254 values", () => {
    expect(vectors.intervalMs.length).toBe(CODE_MAX);
    vectors.intervalMs.forEach((ms, at) => {
      expect(intervalMs(at + 1)).toBe(ms);
    });
  });

  it("gives the vectors' code for a duration", () => {
    for (const [ms, code] of vectors.intervalCode)
      expect([ms, intervalCode(ms)]).toEqual([ms, code]);
  });

  it("gives each duration its own code back, and the next one for a millisecond more", () => {
    for (let code = CODE_MIN; code <= CODE_MAX; code++) {
      expect(intervalCode(intervalMs(code))).toBe(code);
      expect(intervalCode(intervalMs(code) + 1)).toBe(Math.min(code + 1, CODE_MAX));
    }
  });

  it("takes the smallest code that is not shorter than what was meant", () => {
    fc.assert(
      fc.property(fc.double({ min: 107, max: intervalMs(CODE_MAX), noNaN: true }), (ms) => {
        const code = intervalCode(ms);
        expect(intervalMs(code)).toBeGreaterThanOrEqual(ms);
        if (code > CODE_MIN) expect(intervalMs(code - 1)).toBeLessThan(ms);
      }),
      { seed, numRuns: 5000 },
    );
  });

  it("clamps: below 107 ms is 1, above the range 254", () => {
    for (const ms of [-1e300, -1, 0, 1e-9, 1, 106.9, 107]) expect(intervalCode(ms)).toBe(1);
    for (const ms of [intervalMs(254) + 1, 1e15, 1e300, Infinity])
      expect(intervalCode(ms)).toBe(254);
  });
});
