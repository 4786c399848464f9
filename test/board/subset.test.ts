// Each construct that the board's interpreter does not run, or runs otherwise, is refused by name;
// what stands next to it and does run is not.

import { describe, expect, it, test } from "vitest";
import { bundle, VARIANTS } from "../../device/build.ts";
import { checkSubset, ROWS, type Row } from "../../device/subset.ts";
import { CASES } from "./subset-cases.ts";

const rows = Object.keys(ROWS) as Row[];

describe("what the interpreter does not run", () => {
  it.each(rows)("%s", (row) => {
    for (const script of CASES[row].refused) {
      const found = checkSubset(script);
      expect(
        found.some((line) => line.startsWith(row)),
        `${script}: ${found}`,
      ).toBe(true);
      expect(found.length, `${script}: ${found}`).toBe(1);
    }
    for (const script of CASES[row].accepted) expect(checkSubset(script), script).toEqual([]);
  });
});

test("a refusal says what, why and where", () => {
  expect(checkSubset("let a = 1; a **= 2;")).toEqual([
    "exponent: a syntax error: use Math.pow; at 11: a **= 2;",
  ]);
});

test.each(VARIANTS)("the bundle $name is in the grammar", async (variant) => {
  const code = await bundle(variant, new URL("../../device", import.meta.url).pathname);
  expect(checkSubset(code)).toEqual([]);
});
