// Mathematics that gives the same bits everywhere. ECMAScript leaves Math.exp, log, pow and sin to
// the engine ("implementation-approximated"), so one seed could be two worlds on two versions of
// V8 or two processors. What decides anything in the simulator is therefore built from + - * / and
// comparisons, which IEEE 754 fixes to the last bit. The alternative that lost: big tables written
// to disk, which nobody can check by reading.

const { LN2 } = Math;
/** ln 2 in two parts, the first with 32 bits, so that a thousand times it is exact (fdlibm). */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** e^-x for x >= 0 (0 beyond 700); relative error below 1e-14, the same bits on every machine. */
export function decay(x: number): number {
  if (!(x < 700)) return 0;
  const halvings = Math.floor(x / LN2);
  const rest = x - halvings * LN2_HIGH - halvings * LN2_LOW;
  // Taylor's series of e^-rest by Horner's rule: rest < 0.7, so 18 terms reach 1e-17.
  let sum = 1;
  for (let k = 18; k >= 1; k--) sum = 1 - (sum * rest) / k;
  let k = halvings;
  for (; k >= 16; k -= 16) sum /= 0x10000;
  for (; k >= 1; k--) sum /= 2;
  return sum;
}

/** The natural logarithm of x > 0, finite; relative error below 1e-14, the same bits everywhere. */
export function ln(x: number): number {
  let mantissa = x;
  let exponent = 0;
  for (; mantissa >= 0x10000; exponent += 16) mantissa /= 0x10000;
  for (; mantissa < 1 / 0x10000; exponent -= 16) mantissa *= 0x10000;
  for (; mantissa > Math.SQRT2; exponent++) mantissa /= 2;
  for (; mantissa < Math.SQRT1_2; exponent--) mantissa *= 2;
  // ln m = 2 artanh((m - 1) / (m + 1)); the square below 0.03, so 12 terms reach 1e-19.
  const s = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let k = 23; k >= 1; k -= 2) sum = sum * s * s + 1 / k;
  return exponent * LN2 + 2 * s * sum;
}

/** The exponential distribution with mean 1 at `u`, 0 <= u < 1. */
export function exponential(u: number): number {
  return 0 - ln(1 - u);
}

/** sin(2 pi turns); error below 1e-15, the same bits on every machine. */
export function sine(turns: number): number {
  const turn = turns - Math.floor(turns);
  const half = turn < 0.5 ? turn : turn - 0.5;
  const angle = 2 * Math.PI * Math.min(half, 0.5 - half);
  // Taylor's series by Horner's rule: angle <= pi / 2, so 12 terms reach 1e-18.
  let sum = 1;
  for (let k = 22; k >= 2; k -= 2) sum = 1 - (sum * angle * angle) / (k * (k + 1));
  return turn < 0.5 ? angle * sum : -angle * sum;
}

/** A point of a distribution: `share` (0..1) of all values are at most `value`. */
export type Quantile = readonly [share: number, value: number];

/**
 * The value at `u` (0..1) of a distribution given by its quantiles, straight between them.
 * @param table shares strictly growing from 0 to 1, values not falling; see `checkQuantiles`
 */
export function quantile(table: readonly Quantile[], u: number): number {
  let i = 1;
  while (i < table.length - 1 && u > table[i]![0]) i++;
  const [fromShare, from] = table[i - 1]!;
  const [toShare, to] = table[i]!;
  return from + ((to - from) * (u - fromShare)) / (toShare - fromShare);
}

/** The mean of such a distribution: the trapezoids under its inverse. */
export function quantileMean(table: readonly Quantile[]): number {
  let sum = 0;
  for (let i = 1; i < table.length; i++) {
    const [fromShare, from] = table[i - 1]!;
    const [toShare, to] = table[i]!;
    sum += ((from + to) / 2) * (toShare - fromShare);
  }
  return sum;
}

/** @throws RangeError if `table` is not a distribution of values >= 0. */
export function checkQuantiles(table: readonly Quantile[]): void {
  if (table.length < 2 || table[0]![0] !== 0 || table[table.length - 1]![0] !== 1) {
    throw new RangeError("quantiles must run from share 0 to share 1");
  }
  for (let i = 0; i < table.length; i++) {
    const [share, value] = table[i]!;
    const before = i > 0 ? table[i - 1]! : undefined;
    if (!(value >= 0) || (before && !(share > before[0] && value >= before[1]))) {
      throw new RangeError(`quantile ${i} (${share}, ${value}) does not follow the one before`);
    }
  }
}
