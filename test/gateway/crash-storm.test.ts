/**
 * The gateway dies at every effect and at every write of its store: nothing that was told is lost,
 * no command acts twice, every outcome is told. `bench/crashes.ts` does ten thousand.
 */

import { describe, expect, it } from "vitest";
import { storm } from "./crash-storm.ts";

const SEED = Number(process.env.NEXTBEAT_SEED ?? 7227);
console.info(`crash-storm.test.ts: seed ${SEED}`);

describe("a storm of crashes", () => {
  it("takes back nothing that was told to anyone (5b.9, 5b.10, 5b.16)", async () => {
    const { crashes, places, witness } = await storm(SEED, 150);
    expect(crashes).toBeGreaterThanOrEqual(150);
    expect(places.size).toBeGreaterThan(7);
    const states = [...witness.orders.values()].map(({ state }) => state);
    // The storm was worth its while.
    for (const state of ["done", "expired"]) expect(states).toContain(state);
    expect(witness.changes.length).toBeGreaterThan(5);
  });
});
