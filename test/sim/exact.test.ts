// Mathematics with the same bits everywhere: against the engine's own, which is right to a last bit
// or two, and against bits that were written down, which is what "everywhere" means.

import { expect, test } from "vitest";
import {
  checkQuantiles,
  decay,
  exponential,
  ln,
  type Quantile,
  quantile,
  quantileMean,
  sine,
} from "../../sim/exact.ts";
import { draw } from "../../sim/random.ts";

const SEED = 42;
const luck = (n: number) => draw(SEED, 1, 1, n);

/** The greatest of |got / right - 1| over `xs`. */
function worst(xs: readonly number[], got: (x: number) => number, right: (x: number) => number) {
  return xs.reduce((most, x) => Math.max(most, Math.abs(got(x) / right(x) - 1)), 0);
}

const spread = Array.from({ length: 100_000 }, (_, n) => luck(n));

test("decay is e^-x to 1e-14, and nothing beyond 700", () => {
  const xs = [0, 1e-300, Math.LN2, ...spread.map((u) => u * 700)];
  expect(worst(xs, decay, (x) => Math.exp(-x))).toBeLessThan(1e-14);
  expect([decay(0), decay(700), decay(Number.POSITIVE_INFINITY)]).toEqual([1, 0, 0]);
});

test("ln is the natural logarithm to 1e-14, near 1 as well and from end to end", () => {
  const xs = spread.flatMap((u) => [
    u + 2 ** -53,
    2 ** (u * 2_000 - 1_000),
    1 + u / 1e6,
    1 - u / 1e6,
  ]);
  expect(
    worst(
      xs.filter((x) => x !== 1),
      ln,
      Math.log,
    ),
  ).toBeLessThan(1e-14);
  expect([ln(1), ln(2), ln(0.5)]).toEqual([0, Math.LN2, -Math.LN2]);
  expect(ln(Number.MAX_VALUE)).toBeCloseTo(709.782712893384, 10);
  expect(ln(Number.MIN_VALUE)).toBeCloseTo(-744.4400719213812, 10);
});

test("exponential is finite at both ends and has mean 1", () => {
  expect(exponential(0)).toBe(0);
  expect(exponential(1 - 2 ** -53)).toBeCloseTo(53 * Math.LN2, 10);
  const mean = spread.reduce((sum, u) => sum + exponential(u), 0) / spread.length;
  // Its standard deviation is 1; five of those of the mean.
  expect(Math.abs(mean - 1)).toBeLessThan(5 / Math.sqrt(spread.length));
});

test("sine is that of whole turns, to 1e-15, wherever the turn", () => {
  const turns = spread.flatMap((u) => [u, -u, u * 1_000]);
  // The right side reduces by itself: 2 pi turns has an error of its own beyond the first turn.
  const right = (turn: number) => Math.sin(2 * Math.PI * (turn - Math.floor(turn)));
  const error = (turn: number) => Math.abs(sine(turn) - right(turn));
  expect(turns.reduce((most, turn) => Math.max(most, error(turn)), 0)).toBeLessThan(1e-15);
  expect([0, 0.5, 1, -3].map((turn) => Math.abs(sine(turn)))).toEqual([0, 0, 0, 0]);
});

test("the bits are these, on this machine as on all", () => {
  const bits = (x: number) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, x);
    return view.getBigUint64(0).toString(16);
  };
  expect([0.1, 1, 12.5, 650].map((x) => bits(decay(x)))).toEqual([
    "3fecf46d99d52b3a",
    "3fd78b56362cef38",
    "3ecf42ed3f68e690",
    "55300ff6c7c2e28",
  ]);
  expect([0.1, 3, 1e-9, 1e300].map((x) => bits(ln(x)))).toEqual([
    "c0026bb1bbb55515",
    "3ff193ea7aad030a",
    "c034b927f32bffb8",
    "4085963447f87fb5",
  ]);
  expect([0.1, 0.37, 0.9, 1234.567].map((x) => bits(sine(x)))).toEqual([
    "3fe2cf2304755a5e",
    "3fe753b603d2b816",
    "bfe2cf2304755a5d",
    "bfda274e72e2242e",
  ]);
});

test("quantiles: straight between the points, and checked", () => {
  const table: Quantile[] = [
    [0, 10],
    [0.5, 20],
    [1, 120],
  ];
  expect([0, 0.25, 0.5, 0.75].map((u) => quantile(table, u))).toEqual([10, 15, 20, 70]);
  expect(quantileMean(table)).toBe(0.5 * 15 + 0.5 * 70);
  checkQuantiles(table);
  const wrong: Quantile[][] = [
    [[0, 1]],
    [
      [0.1, 1],
      [1, 2],
    ],
    [
      [0, 2],
      [1, 1],
    ],
    [
      [0, -1],
      [1, 1],
    ],
    [
      [0, 1],
      [0, 2],
      [1, 3],
    ],
  ];
  for (const each of wrong) expect(() => checkQuantiles(each)).toThrow(RangeError);
});
