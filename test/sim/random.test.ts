// Luck: the published vectors of the generator, its evenness, and that nobody's luck depends on
// anybody else's.

import { expect, test } from "vitest";
import { checkQuantiles, decay, quantile, quantileMean } from "../../sim/exact.ts";
import {
  draw,
  purposeOf,
  randomBytes,
  stream,
  threefry,
  threefryHigh,
  threefryLow,
} from "../../sim/random.ts";

const SEED = 20260101;

/** Chi-square of counts against equal shares; with k cells about k-1 +- sqrt(2(k-1)). */
function chiSquare(counts: readonly number[]): number {
  const total = counts.reduce((sum, n) => sum + n, 0);
  const expected = total / counts.length;
  return counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
}

/** Within six standard deviations: one such test in 1e9 fails by chance. */
function expectEven(counts: readonly number[]): void {
  const freedom = counts.length - 1;
  expect(Math.abs(chiSquare(counts) - freedom)).toBeLessThan(6 * Math.sqrt(2 * freedom));
}

// Random123 1.14, kat_vectors: "threefry2x32 13".
test.each([
  [
    [0, 0, 0, 0],
    [0x9d1c5ec6, 0x8bd50731],
  ],
  [
    [-1, -1, -1, -1],
    [0xfd36d048, 0x2d17272c],
  ],
  [
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3],
    [0xba3e4725, 0xf27d669e],
  ],
] as const)("threefry gives the published words of %j", ([k0, k1, c0, c1], words) => {
  expect(threefry(k0, k1, c0, c1)).toEqual(words);
  expect(threefryHigh(k0, k1, c0, c1) >>> 0).toBe(words[0]);
  expect(threefryLow() >>> 0).toBe(words[1]);
});

test("a stream is even in its top, middle and lowest bits", () => {
  const next = stream(SEED, 1, "evenness");
  const top = new Array<number>(256).fill(0);
  const middle = new Array<number>(256).fill(0);
  const low = new Array<number>(256).fill(0);
  for (let i = 0; i < 1 << 18; i++) {
    const u = next();
    top[Math.floor(u * 256)]!++;
    middle[Math.floor(u * 2 ** 32) % 256]!++;
    low[(u * 2 ** 53) % 256]!++;
  }
  for (const counts of [top, middle, low]) expectEven(counts);
});

test("the first draws of a million neighbours are even, and so are pairs of neighbours", () => {
  const purpose = purposeOf("first");
  const single = new Array<number>(256).fill(0);
  const pairs = new Array<number>(256).fill(0);
  let before = 0;
  for (let entity = 0; entity < 1_000_000; entity++) {
    const u = draw(SEED, entity, purpose, 0);
    single[Math.floor(u * 256)]!++;
    pairs[Math.floor(before * 16) * 16 + Math.floor(u * 16)]!++;
    before = u;
  }
  expectEven(single);
  expectEven(pairs);
});

test("streams that differ in seed, entity or purpose alone are not correlated", () => {
  const streams = [
    stream(SEED, 1, "a"),
    stream(SEED, 1, "b"),
    stream(SEED, 2, "a"),
    stream(SEED + 1, 1, "a"),
  ];
  const n = 1 << 16;
  const draws = streams.map((next) => Array.from({ length: n }, () => next() - 0.5));
  for (let i = 0; i < draws.length; i++) {
    for (let j = 0; j < i; j++) {
      const sum = draws[i]!.reduce((acc, u, k) => acc + u * draws[j]![k]!, 0);
      // Each product has variance 1/144: the correlation is 12 sum / n, sd 1 / sqrt(n).
      expect(Math.abs((12 * sum) / n)).toBeLessThan(5 / Math.sqrt(n));
    }
  }
});

test("a device more changes nobody's luck", () => {
  const luckOf = (entities: readonly number[]) => {
    const streams = new Map(entities.map((entity) => [entity, stream(SEED, entity, "jitter")]));
    const drawn = new Map(entities.map((entity) => [entity, [] as number[]]));
    for (let turn = 0; turn < 50; turn++) {
      for (const [entity, next] of streams) drawn.get(entity)!.push(next());
    }
    return drawn;
  };
  const three = luckOf([1, 2, 3]);
  const four = luckOf([4, 3, 1, 2]);
  for (const entity of [1, 2, 3]) expect(four.get(entity)).toEqual(three.get(entity));
});

test("no two purposes in use have one number", () => {
  const names = ["sender", "key", "salt", "noise", "commit", "crash", "secret", "signal", "jitter"];
  for (const direction of ["up", "down"]) {
    for (const what of ["state", "loss", "delay", "jitter", "wake", "copy", "copy delay"]) {
      names.push(`${direction} ${what}`);
    }
    for (const what of ["hold", "hold time", "corrupt", "bit"]) names.push(`${direction} ${what}`);
  }
  expect(new Set(names.map(purposeOf)).size).toBe(names.length);
});

test("random bytes are bytes, and the same ones again", () => {
  const bytes = randomBytes(SEED, 7, "key", 16);
  expect(bytes).toHaveLength(16);
  expect(randomBytes(SEED, 7, "key", 16)).toBe(bytes);
  expect(randomBytes(SEED, 8, "key", 16)).not.toBe(bytes);
  for (const c of bytes) expect(c.charCodeAt(0)).toBeLessThan(256);
});

test("decay is e^-x to 13 digits, and exactly 1 and 0 at the ends", () => {
  expect(decay(0)).toBe(1);
  expect(decay(700)).toBe(0);
  expect(decay(Number.POSITIVE_INFINITY)).toBe(0);
  for (let x = 0.001; x < 690; x *= 1.07) {
    expect(Math.abs(decay(x) / Math.exp(-x) - 1)).toBeLessThan(1e-13);
  }
});

test("quantiles interpolate, have their mean, and are checked", () => {
  const table = [
    [0, 10],
    [0.5, 20],
    [1, 100],
  ] as const;
  expect([0, 0.25, 0.5, 0.75, 1].map((u) => quantile(table, u))).toEqual([10, 15, 20, 60, 100]);
  expect(quantileMean(table)).toBe(0.5 * 15 + 0.5 * 60);
  checkQuantiles(table);
  expect(() => checkQuantiles([[0, 1]])).toThrow(RangeError);
  expect(() =>
    checkQuantiles([
      [0, 5],
      [0.5, 4],
      [1, 6],
    ]),
  ).toThrow("quantile 1");
});
