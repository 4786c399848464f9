// The benchmark of detectors, in small: alpha is kept, and no rule that detectors are known by is
// better in both columns. The whole of it: `node dist/test/bench/detectors.js`.

import { expect, it } from "vitest";
import { betterThanOurs, boundsOf, keepsAlpha, nameOf } from "../bench/detectors-kinds.ts";
import { Row, type RowKind } from "../bench/detectors-row.ts";

const SEED = 3;
console.info(`detectors.test.ts: seed ${SEED}`);

const kind = (loss: number, burstMs: number, years: number): RowKind => ({
  intervalMs: 600_000,
  reach: 2,
  loss,
  burstMs,
  boards: 20,
  years,
  falseAlarms: 1,
  seed: SEED,
});

it.each([kind(0, 0, 2), kind(0.1, 0, 8), kind(0.1, 60_000, 8), kind(0.3, 300_000, 8)])(
  "keeps alpha, and is beaten by no rule in both columns: %j",
  (each) => {
    const result = new Row(each).run();
    expect(result.deviceYears).toBeGreaterThan(0.99 * each.years);
    expect(keepsAlpha(each, result), nameOf(each)).toBe(true);
    expect(betterThanOurs(result.scores)).toEqual([]);
    const [ours, ...others] = result.scores;
    // 1.5 keep-alives (MQTT) and phi accrual at 8: with losses both are wrong by decades.
    const wrong = others.filter(({ rule }) => /MQTT|phi/.test(rule));
    expect(wrong).toHaveLength(3);
    if (each.loss > 0) {
      for (const { falseAbsents } of wrong) expect(falseAbsents).toBeGreaterThan(50);
    }
    const { openMs, feedbackMs, outageMs } = boundsOf(each, result);
    expect(ours!.meanMs).toBeGreaterThan(feedbackMs);
    expect(ours!.meanMs).toBeGreaterThan(outageMs);
    expect(openMs).toBeGreaterThanOrEqual(feedbackMs);
  },
);

it("finds who cannot be heard for an outage no sooner than it can, and not much later", () => {
  const each = { ...kind(0.01, 300_000, 1), intervalMs: 60_000, reach: 0 };
  const result = new Row(each).run();
  const { outageMs } = boundsOf(each, result);
  const [ours] = result.scores;
  expect(ours!.meanMs / outageMs).toBeGreaterThan(0.6);
  expect(ours!.meanMs / outageMs).toBeLessThan(1.5);
});

it("in real time finds a death within a second on a good link", () => {
  const each: RowKind = {
    ...kind(0.01, 0, 0.002),
    intervalMs: 200,
    reach: 0,
    falseAlarms: 52,
  };
  const result = new Row(each).run();
  expect(result.scores[0]!.meanMs).toBeLessThan(1_000);
  expect(result.scores[0]!.falseAbsents).toBe(0);
});
