/** The hash table of slots against a Map: slots come and go, under good hashes and under bad ones. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashOfText, Lookup } from "../gateway/lookup.ts";
import { holds, SEED } from "./gateway-bench.ts";

console.info(`lookup.test.ts: seed ${SEED}`);

/** Undoes the multiplication of the table, so that the last place of any size can be asked for. */
const UNSPREAD = 0xe8b2f51;

/** What is looked for stands outside of the table, as in the records. */
class Bench {
  readonly keys: (number | undefined)[] = [];
  readonly table: Lookup;
  readonly #hash: (key: number) => number;

  constructor(hash: (key: number) => number) {
    this.#hash = hash;
    this.table = new Lookup((slot) => hash(this.keys[slot]!));
  }

  find(key: number): number {
    const { table } = this;
    for (let place = table.first(this.#hash(key)); ; place = table.next(place)) {
      const slot = table.slot(place);
      if (slot < 0 || this.keys[slot] === key) return slot;
    }
  }
}

describe("the lookup", () => {
  it.each([
    ["a number of its own", (key: number) => key],
    ["text", (key: number) => hashOfText(`board-${key}`)],
    [
      "hashes at the end of the table, which run into each other",
      (key: number) => Math.imul(-1 - (key % 64) * 2 ** 24, UNSPREAD),
    ],
    ["the same hash for all", () => 7],
  ])("finds what is there, and nothing else, by %s", (_, hash) => {
    const step = fc.record({ slot: fc.nat(120), key: fc.nat(250) });
    holds(
      fc.property(fc.array(step, { maxLength: 600, size: "max" }), (steps) => {
        const bench = new Bench(hash);
        const model = new Map<number, number>();
        for (const { slot, key } of steps) {
          const old = bench.keys[slot];
          if (old !== undefined) {
            bench.table.remove(slot);
            bench.keys[slot] = undefined;
            model.delete(old);
          } else if (!model.has(key)) {
            bench.keys[slot] = key;
            bench.table.add(slot);
            model.set(key, slot);
          }
          for (const [key, slot] of model) if (bench.find(key) !== slot) expect(key).toBe("found");
        }
        for (let key = 0; key <= 250; key++) expect(bench.find(key)).toBe(model.get(key) ?? -1);
      }),
      40,
    );
  });

  it("asks for the last place where the test means it to", () => {
    const table = new Lookup(() => 0);
    expect(table.next(table.first(Math.imul(-1, UNSPREAD)))).toBe(0);
  });
});
