/** The table of slots against a Map: slots come and go, under good hashes and under bad ones. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashOfText, Lookup } from "../../gateway/lookup.ts";
import { holds, SEED } from "./gateway-bench.ts";

console.info(`lookup.test.ts: seed ${SEED}`);

/** Undoes the multiplication of the table, so that the last place of any size can be asked for. */
const UNSPREAD = 0xe8b2f51;

/** What is looked for stands outside of the table, as in the records. */
class Bench {
  readonly keys: (number | undefined)[] = [];
  readonly table = new Lookup();

  find(key: number, hash: number): number {
    const { table } = this;
    for (let place = table.first(hash); place >= 0; place = table.next(place)) {
      if (this.keys[table.slot(place)] === key) return table.slot(place);
    }
    return -1;
  }
}

describe("the lookup", () => {
  it.each([
    ["a number of its own", (key: number) => key],
    ["a hash of text", (key: number) => hashOfText(`board-${key}`)],
    [
      "hashes at the end of the table, which run into each other",
      (key: number) => Math.imul(-1 - (key % 64) * 2 ** 24, UNSPREAD),
    ],
    ["the same hash for all", () => 7],
  ])("finds what is there, and nothing else, by %s", (_, hash) => {
    const step = fc.record({ slot: fc.nat(120), key: fc.nat(250) });
    holds(
      fc.property(fc.array(step, { maxLength: 600, size: "max" }), (steps) => {
        const bench = new Bench();
        const model = new Map<number, number>();
        for (const { slot, key } of steps) {
          const old = bench.keys[slot];
          if (old !== undefined) {
            bench.table.remove(slot, hash(old));
            bench.keys[slot] = undefined;
            model.delete(old);
          } else if (!model.has(key)) {
            bench.keys[slot] = key;
            bench.table.add(slot, hash(key));
            model.set(key, slot);
          }
          for (const [key, slot] of model)
            if (bench.find(key, hash(key)) !== slot) expect(key).toBe("found");
        }
        for (let key = 0; key <= 250; key++)
          expect(bench.find(key, hash(key))).toBe(model.get(key) ?? -1);
      }),
      40,
    );
  });

  it("asks for the last place where the test means it to", () => {
    const table = new Lookup();
    table.add(5, Math.imul(-1, UNSPREAD));
    table.add(6, 0);
    expect([table.first(Math.imul(-1, UNSPREAD)), table.first(0)]).toEqual([63, 0]);
  });
});
