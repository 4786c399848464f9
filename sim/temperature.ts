// The temperature around a board: mean + swing sin(turns of the day), warmest six hours after the
// world's 0, so that a run begins at nine in the morning of a plain day. Clocks drift with its
// integral, batteries weaken with its value.
//
// An hour is one piece. In the integral of the sine only cosines of multiples of 15 degrees occur
// at whole hours, and those are square roots, which IEEE 754 fixes to the last bit: the pieces meet
// the true curve at every hour, the same on every machine, and whole days cancel. What lost: the
// sine itself at every question, slower and no truer than the weather is.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Of a board's surroundings, degrees C: the mean, and half of the daily swing. */
export interface Temperature {
  readonly mean: number;
  readonly swing: number;
}

/** cos(15 k degrees) for k = 0..6. */
const COSINES = [
  1,
  (Math.sqrt(6) + Math.sqrt(2)) / 4,
  Math.sqrt(3) / 2,
  Math.sqrt(2) / 2,
  0.5,
  (Math.sqrt(6) - Math.sqrt(2)) / 4,
  0,
];

function cosine(k: number): number {
  if (k > 12) return cosine(24 - k);
  return k > 6 ? -COSINES[12 - k]! : COSINES[k]!;
}

/** The integral of the day's sine from its begin to hour k, ms, for k = 0..24. */
const WARMTH = Array.from({ length: 25 }, (_, k) => ((1 - cosine(k)) * DAY_MS) / (2 * Math.PI));

/** The hour of an instant, counted from the world's 0. */
export function hourAt(world: number): number {
  return Math.floor(world / HOUR_MS);
}

const hourOfDay = (hour: number): number => ((hour % 24) + 24) % 24;

/** The mean of the day's sine over the hour of an instant, -1..1. */
export function warmthAt(world: number): number {
  const hour = hourOfDay(hourAt(world));
  return (WARMTH[hour + 1]! - WARMTH[hour]!) / HOUR_MS;
}

/** The integral of `warmthAt` from the begin of the instant's day, ms; that of a whole day is 0. */
export function warmth(world: number): number {
  const hour = hourAt(world);
  return WARMTH[hourOfDay(hour)]! + warmthAt(world) * (world - hour * HOUR_MS);
}

/** The temperature at an instant, degrees C: the mean over its hour. */
export function degreesAt({ mean, swing }: Temperature, world: number): number {
  return mean + swing * warmthAt(world);
}
