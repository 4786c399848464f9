/**
 * Luck that is the same in every run, and costs nanoseconds. The streams of sim/ are better, and
 * fifty times slower.
 */

/**
 * Whole numbers below `n`, from the generator of Numerical Recipes; its low bits are poor and left
 * alone.
 */
export function dice(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/**
 * The numbers 1 to `n` in an order without order: no two that follow each other stand side by side.
 */
export function shuffled(n: number): Uint32Array {
  const numbers = Uint32Array.from({ length: n }, (_, at) => at + 1);
  const below = dice(7_227);
  for (let at = n - 1; at > 0; at--) {
    const other = below(at + 1);
    [numbers[at], numbers[other]] = [numbers[other]!, numbers[at]!];
  }
  return numbers;
}
