// The few statistics that the pictures and comparisons need. For people to read, so that
// the last bits may differ between engines; nothing in a run is decided by them.

export function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** The value below which `share` of the sorted values lie, straight between neighbours. */
export function quantileOf(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  return low + (place - below) * ((sorted[below + 1] ?? low) - low);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Two-sided 95 % points of Student's t for 1 to 30 degrees of freedom. */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
];

/** Beyond the table: the first term of Student's series, good to 0.001 from 30 on. */
export function t95(degrees: number): number {
  return T95[degrees - 1] ?? 1.96 + 2.37 / degrees;
}

export interface Estimate {
  readonly mean: number;
  /** 95 % interval of the mean; undefined: a single value has none. */
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** Mean and its 95 % interval by Student's t. */
export function estimate(values: readonly number[]): Estimate {
  const m = mean(values);
  const n = values.length;
  if (n < 2) return { mean: m, low: undefined, high: undefined };
  const variance = values.reduce((sum, value) => sum + (value - m) ** 2, 0) / (n - 1);
  const half = t95(n - 1) * Math.sqrt(variance / n);
  return { mean: m, low: m - half, high: m + half };
}

/** Where counting exactly ends and the cube root of Wilson and Hilferty is good to 0.1 %. */
const EXACT_MAX = 100;

/**
 * Garwood's exact 95 % interval of the mean of a Poisson distribution of which `events` were
 * counted.
 */
export function poisson95(events: number): readonly [low: number, high: number] {
  if (events > EXACT_MAX) {
    const cube = (n: number, z: number) => n * (1 - 1 / (9 * n) + z / (3 * Math.sqrt(n))) ** 3;
    return [cube(events, -1.96), cube(events + 1, 1.96)];
  }
  const low = events === 0 ? 0 : solve((mu) => 1 - atMost(events - 1, mu) - 0.025, events);
  return [low, solve((mu) => 0.025 - atMost(events, mu), 2 * events + 10)];
}

/** P(X <= n) for a Poisson distribution of this mean. */
function atMost(n: number, mu: number): number {
  let term = Math.exp(-mu);
  let sum = term;
  for (let k = 1; k <= n; k++) {
    term *= mu / k;
    sum += term;
  }
  return sum;
}

/** Where a rising function between 0 and `end` passes 0. */
function solve(rising: (x: number) => number, end: number): number {
  let low = 0;
  let high = end;
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
