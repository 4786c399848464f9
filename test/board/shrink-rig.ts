// How the rewritings of the board's bundle are tested: a script, and what becomes of it.

import { expect } from "vitest";

/** Without blanks and empty statements. */
export const bare = (script: string): string =>
  script.replace(/\s+/g, "").replace(/;+(?=[;}]|$)|(?<=[{;]);+/g, "");

/** A rewriting, and pairs of a script and what becomes of it; one script alone stays as it is. */
export function rewrites(rewrite: (script: string) => string, ...pairs: [string, string?][]): void {
  for (const [script, expected] of pairs)
    expect(bare(rewrite(script)), script).toBe(bare(expected ?? script));
}
