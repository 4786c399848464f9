// The link against closed forms. Every tolerance is five standard deviations of the estimate, or
// says what else it is; the seed is fixed, so a failure is a change of the model.

import { expect, test } from "vitest";
import { checkQuantiles, quantileMean } from "../sim/exact.ts";
import {
  createLink,
  type Direction,
  type Link,
  type LinkModel,
  lossAfterLoss,
  meanLoss,
  plainLink,
  submit,
} from "../sim/link.ts";
import { LINK_PRESETS, linkPreset } from "../sim/presets.ts";
import { draw, purposeOf } from "../sim/random.ts";

const SEED = 42;
const FRAME = "0123456789abcdef";
const PACKETS = 600_000;

const linkOf = (model: LinkModel, entity = 1, direction: Direction = "up") =>
  createLink(model, SEED, entity, direction);

/** Which of `count` frames, `spacing` ms apart, are lost. */
function losses(link: Link, count: number, spacing: number): boolean[] {
  return Array.from({ length: count }, (_, n) => submit(link, FRAME, n * spacing).length === 0);
}

const share = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length;

const BURSTY: LinkModel = {
  ...plainLink(1),
  lossGood: 0.002,
  lossBad: 0.8,
  goodMs: 20_000,
  badMs: 500,
};

test("independent loss: its share, and no memory", () => {
  const lost = losses(linkOf({ ...plainLink(1), lossGood: 0.1 }), 400_000, 20);
  expect(Math.abs(share(lost) - 0.1)).toBeLessThan(5 * Math.sqrt(0.09 / 400_000));
  const afterLoss = lost.slice(1).filter((_, i) => lost[i]);
  expect(Math.abs(share(afterLoss) - 0.1)).toBeLessThan(5 * Math.sqrt(0.09 / 40_000));
});

test.each([20, 200, 1_000, 5_000, 60_000])(
  "continuous-time Gilbert-Elliott at %d ms: loss and P(loss | loss) in closed form",
  (spacing) => {
    const lost = losses(linkOf(BURSTY), PACKETS, spacing);
    const expected = (0.5 * 0.8 + 20 * 0.002) / 20.5;
    expect(meanLoss(BURSTY)).toBeCloseTo(expected, 12);
    // At 20 ms, 25 frames share a state: the estimate has the variance of that many fewer frames.
    const memory = Math.max(1, 1_000 / spacing);
    const sd = Math.sqrt((expected * memory) / PACKETS);
    expect(Math.abs(share(lost) - expected)).toBeLessThan(5 * sd);

    const given = lossAfterLoss(BURSTY, spacing);
    const afterLoss = lost.slice(1).filter((_, i) => lost[i]);
    const sdGiven = Math.sqrt((given * (1 - given) * memory) / afterLoss.length);
    expect(Math.abs(share(afterLoss) - given)).toBeLessThan(5 * sdGiven);
  },
);

test("a retry after 200 ms meets the same weather, one after a minute does not", () => {
  expect(lossAfterLoss(BURSTY, 20)).toBeCloseTo(0.7, 1);
  expect(lossAfterLoss(BURSTY, 200)).toBeCloseTo(0.49, 1);
  expect(lossAfterLoss(BURSTY, 60_000)).toBeCloseTo(meanLoss(BURSTY), 6);
});

test("mean length of a run of losses, from P(loss | loss)", () => {
  const lost = losses(linkOf(BURSTY), 2_000_000, 100);
  let runs = 0;
  for (let i = 0; i < lost.length; i++) if (lost[i] && !lost[i - 1]) runs++;
  const length = (share(lost) * lost.length) / runs;
  // Runs begin as often as a loss follows none: loss (1 - P(loss | loss)), whatever the chain.
  expect(Math.abs(length * (1 - lossAfterLoss(BURSTY, 100)) - 1)).toBeLessThan(0.02);
});

test("the first frame of a link finds the stationary law, not a good state", () => {
  const model = { ...BURSTY, lossGood: 0, lossBad: 1, goodMs: 3_000, badMs: 1_000 };
  const first = Array.from({ length: 100_000 }, (_, n) => losses(linkOf(model, n), 1, 1)[0]!);
  expect(Math.abs(share(first) - 0.25)).toBeLessThan(5 * Math.sqrt(0.1875 / 100_000));
});

test("delays follow their quantiles", () => {
  const { up } = linkPreset("wifi-good")!;
  const model = { ...up, lossGood: 0, lossBad: 0, duplicate: 0 };
  const link = linkOf(model);
  const count = 200_000;
  const delays = Array.from({ length: count }, (_, n) => {
    const now = n * 1_000;
    return submit(link, FRAME, now)[0]!.at - now;
  }).sort((a, b) => a - b);
  for (const [at, value] of model.delay.slice(1, -1)) {
    // The quantile of an estimate: the share of delays below it is binomial.
    const below = delays.findIndex((delay) => delay > value) / count;
    expect(Math.abs(below - at)).toBeLessThan(5 * Math.sqrt((at * (1 - at)) / count));
  }
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / count;
  expect(mean / quantileMean(model.delay)).toBeCloseTo(1, 1);
});

test("jitter adds, and a radio that slept pays for waking", () => {
  const model: LinkModel = {
    ...plainLink(50),
    jitterMs: 10,
    idleMs: 10_000,
    wake: [
      [0, 500],
      [1, 500],
    ],
  };
  const link = linkOf(model);
  const delay = (now: number) => submit(link, FRAME, now)[0]!.at - now;
  const first = delay(0);
  expect(first).toBeGreaterThanOrEqual(550);
  expect(first).toBeLessThan(560);
  expect(delay(5_000)).toBeLessThan(60);
  expect(delay(14_999)).toBeLessThan(60);
  expect(delay(24_999)).toBeGreaterThanOrEqual(550);
});

test("frames keep their order, except the share that is held back and overtaken", () => {
  const jittery = { ...plainLink(5), jitterMs: 100 };
  const order = (model: LinkModel, spacing: number, count: number) => {
    const link = linkOf(model);
    return Array.from({ length: count }, (_, n) => submit(link, FRAME, n * spacing)[0]!.at);
  };
  const kept = order(jittery, 10, 10_000);
  for (let n = 1; n < kept.length; n++) expect(kept[n]).toBeGreaterThanOrEqual(kept[n - 1]!);

  // Overtaken by the next if held for longer than the spacing, and the next is not held itself.
  const model = { ...plainLink(5), reorder: 0.1, reorderMs: 100 };
  const arrivals = order(model, 40, 200_000);
  const overtaken = arrivals.slice(1).map((at, n) => at < arrivals[n]!);
  const bothHeld = 0.01 * 0.5 * 0.6 * 0.6;
  const expected = 0.1 * 0.9 * 0.6 + bothHeld;
  expect(Math.abs(share(overtaken) - expected)).toBeLessThan(
    5 * Math.sqrt((expected * (1 - expected)) / 200_000),
  );
});

test("duplication: the share, two equal frames, no copy of what was lost", () => {
  const link = linkOf({ ...plainLink(5), lossGood: 0.5, duplicate: 0.2 });
  const answers = Array.from({ length: 100_000 }, (_, n) => submit(link, FRAME, n));
  const arrived = answers.filter((deliveries) => deliveries.length > 0);
  const doubled = arrived.filter((deliveries) => deliveries.length === 2);
  expect(Math.abs(doubled.length / arrived.length - 0.2)).toBeLessThan(
    5 * Math.sqrt(0.16 / arrived.length),
  );
  expect(doubled.every(([first, second]) => first!.bytes === second!.bytes)).toBe(true);
  expect(link.duplicated).toBe(doubled.length);
  expect(link.lost).toBe(answers.length - arrived.length);
});

test("corruption flips exactly one bit, any of them", () => {
  const link = linkOf({ ...plainLink(5), corrupt: 1 });
  const flipped = new Array<number>(FRAME.length * 8).fill(0);
  let wrong = 0;
  for (let n = 0; n < 100_000; n++) {
    const { bytes } = submit(link, FRAME, n)[0]!;
    let bits = bytes.length - FRAME.length;
    for (let i = 0; i < bytes.length; i++) {
      const difference = bytes.charCodeAt(i) ^ FRAME.charCodeAt(i);
      for (let bit = 0; bit < 8; bit++) {
        if (difference & (1 << bit)) {
          bits++;
          flipped[i * 8 + bit]!++;
        }
      }
    }
    if (bits !== 1) wrong++;
  }
  expect(wrong).toBe(0);
  const expected = 100_000 / flipped.length;
  for (const count of flipped)
    expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected));
});

test("a partition cuts one direction, from its first instant to before its last", () => {
  const model = { ...plainLink(5), partitions: [{ from: 100, until: 200 }] };
  const up = linkOf(model);
  const down = linkOf(plainLink(5), 1, "down");
  const passes = (link: Link, now: number) => submit(link, FRAME, now).length === 1;
  expect([99, 100, 199, 200].map((now) => passes(up, now))).toEqual([true, false, false, true]);
  expect([99, 100, 199, 200].every((now) => passes(down, now))).toBe(true);
  up.cut = true;
  expect(passes(up, 300)).toBe(false);
});

test("the luck of a link is its own: another device, direction or feature changes nothing", () => {
  const pattern = (link: Link) => losses(link, 5_000, 300);
  const alone = pattern(linkOf(BURSTY));
  expect(pattern(linkOf(BURSTY, 2))).not.toEqual(alone);
  expect(pattern(linkOf(BURSTY, 1, "down"))).not.toEqual(alone);
  const busy = { ...BURSTY, duplicate: 0.3, corrupt: 0.3, reorder: 0.3, reorderMs: 9, jitterMs: 7 };
  expect(pattern(linkOf(busy))).toEqual(alone);
  // What passes through a cut is decided by the number of the frame, not by how many passed.
  const cut = linkOf({ ...BURSTY, partitions: [{ from: 30_000, until: 60_000 }] });
  const behind = pattern(cut);
  expect(behind.slice(200)).toEqual(alone.slice(200));
});

test("a socket's timing error of a millisecond changes hardly any decision", () => {
  const noise = purposeOf("timing noise");
  let different = 0;
  const count = 200_000;
  for (const { up } of LINK_PRESETS) {
    const exact = linkOf(up);
    const real = linkOf(up);
    for (let n = 0; n < count / LINK_PRESETS.length; n++) {
      // A beat every 5 s, a retry 250 ms behind it.
      const now = (n >> 1) * 5_000 + (n & 1) * 250;
      const late = now + draw(SEED, 1, noise, n);
      const lost = submit(exact, FRAME, now).length === 0;
      if (lost !== (submit(real, FRAME, late).length === 0)) different++;
    }
  }
  expect(different / count).toBeLessThan(1e-4);
});

test("every preset is a model that can be, and loses what it says", () => {
  for (const { name, up, down } of LINK_PRESETS) {
    for (const model of [up, down]) {
      checkQuantiles(model.delay);
      checkQuantiles(model.wake);
      for (const p of [
        model.lossGood,
        model.lossBad,
        model.duplicate,
        model.reorder,
        model.corrupt,
      ])
        expect(p >= 0 && p <= 1, name).toBe(true);
      const lost = losses(linkOf(model), 100_000, 60_000);
      const loss = meanLoss(model);
      expect(Math.abs(share(lost) - loss), name).toBeLessThan(0.0001 + 5 * Math.sqrt(loss / 1e5));
    }
  }
  expect(LINK_PRESETS.map(({ name }) => name)).toEqual(
    "lan wifi-good wifi-congested wifi-edge lte-m nb-iot leo geo lora".split(" "),
  );
});
