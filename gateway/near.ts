/**
 * "Did you mean": the known word that is nearest to the one written. A list of thirty metrics is
 * correct and useless to who has swapped two letters.
 */

/** Words this different are no slips: more than three letters, or than one in three. */
const SLIPS_MAX = 3;

/** The nearest of `words`, or undefined if none is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.min(SLIPS_MAX, Math.floor(word.length / 3)) + 1;
  for (const each of words) {
    const slips = distance(word.toLowerCase(), each.toLowerCase());
    if (slips < least) [best, least] = [each, slips];
  }
  return best;
}

/** `expected one of a, b, c`, and the nearest where one is near. */
export function oneOf(word: unknown, words: readonly string[]): string {
  const near = typeof word === "string" ? nearest(word, words) : undefined;
  const list = words.length === 1 ? `expected ${words[0]}` : `expected one of ${words.join(", ")}`;
  return near === undefined ? list : `${list}; did you mean ${near}?`;
}

/** Levenshtein's: letters to change, put in or take out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
