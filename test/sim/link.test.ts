// What a link does to frames one by one. Every tolerance is five standard deviations of the
// estimate; the seed is fixed, so a failure is a change of the model. Bursts and delays against
// closed forms: link-trust.test.ts; queues, cuts and other faults: link-faults.test.ts.

import { expect, test } from "vitest";
import { checkQuantiles } from "../../sim/exact.ts";
import { type LinkModel, meanLoss, plainLink } from "../../sim/link.ts";
import { Links, LOST } from "../../sim/links.ts";
import { LINK_PRESETS } from "../../sim/presets.ts";
import { draw, purposeOf } from "../../sim/random.ts";
import { FRAME, fiveSigma, Lone, SEED, share } from "./link-rig.ts";

const BURSTY: LinkModel = {
  ...plainLink(1),
  lossGood: 0.002,
  lossBad: 0.8,
  goodMs: 20_000,
  badMs: 500,
};

test("independent loss: its share, and no memory", () => {
  const lost = new Lone({ ...plainLink(1), lossGood: 0.1 }).losses(400_000, 20);
  expect(Math.abs(share(lost) - 0.1)).toBeLessThan(fiveSigma(0.1, 400_000));
  const afterLoss = lost.slice(1).filter((_, i) => lost[i] === 1);
  expect(Math.abs(share(afterLoss) - 0.1)).toBeLessThan(fiveSigma(0.1, afterLoss.length));
});

test("the first frame of a link finds the stationary law, not a good state", () => {
  const model = { ...BURSTY, lossGood: 0, lossBad: 1, goodMs: 3_000, badMs: 1_000 };
  const first = Uint8Array.from({ length: 100_000 }, (_, n) => +!new Lone(model, n).passes(0));
  expect(Math.abs(share(first) - 0.25)).toBeLessThan(fiveSigma(0.25, 100_000));
});

const RADIO: LinkModel = {
  ...plainLink(50),
  jitterMs: 10,
  idleMs: 10_000,
  wake: [
    [0, 500],
    [1, 500],
  ],
};

test("jitter adds, and a radio that slept pays for waking", () => {
  const link = new Lone(RADIO);
  const first = link.delay(0);
  expect(first).toBeGreaterThanOrEqual(550);
  expect(first).toBeLessThan(560);
  expect(link.delay(5_000)).toBeLessThan(60);
  expect(link.delay(14_999)).toBeLessThan(60);
  expect(link.delay(24_999)).toBeGreaterThanOrEqual(550);
  // A silence is right to the millisecond for 49 days.
  expect(link.delay(24_999 + 4_000_000_000)).toBeGreaterThanOrEqual(550);
});

test("the directions of a path share one radio, two paths do not", () => {
  const links = new Links(SEED);
  const up = links.add(RADIO, 1, "up");
  const down = links.add(RADIO, 1, "down");
  const other = links.add(RADIO, 2, "down");
  const delay = (link: number, now: number) => links.submit(link, FRAME, now, 0, now) - now;
  expect(delay(up, 0)).toBeGreaterThanOrEqual(550);
  expect(delay(down, 9_000)).toBeLessThan(60);
  expect(delay(up, 18_999)).toBeLessThan(60);
  expect(delay(other, 18_999)).toBeGreaterThanOrEqual(550);
  expect(delay(down, 28_999)).toBeGreaterThanOrEqual(550);
});

test("frames keep their order, but for the share that is held back", () => {
  const jittery = new Lone({ ...plainLink(5), jitterMs: 100 });
  let latest = 0;
  for (let n = 0; n < 10_000; n++) {
    const at = jittery.submit(n * 10);
    expect(at).toBeGreaterThanOrEqual(latest);
    latest = at;
  }
  // Overtaken by the next if held for longer than the spacing, and the next is not held itself.
  const link = new Lone({ ...plainLink(5), reorder: 0.1, reorderMs: 100 });
  const arrivals = Array.from({ length: 200_000 }, (_, n) => link.submit(n * 40));
  const overtaken = Uint8Array.from(arrivals.slice(1), (at, n) => +(at < arrivals[n]!));
  const bothHeld = 0.01 * 0.5 * 0.6 * 0.6;
  const expected = 0.1 * 0.9 * 0.6 + bothHeld;
  expect(Math.abs(share(overtaken) - expected)).toBeLessThan(fiveSigma(expected, 200_000));
});

test("duplication: the share, a delay of its own, no copy of what was lost", () => {
  const link = new Lone({ ...plainLink(5), lossGood: 0.5, duplicate: 0.2, jitterMs: 0 });
  let [arrived, doubled] = [0, 0];
  for (let n = 0; n < 100_000; n++) {
    if (link.passes(n)) arrived++;
    if (link.links.copyAt === LOST) continue;
    doubled++;
    expect(link.links.copyAt).toBe(n + 5);
    expect(link.links.fate).toBe("passed");
  }
  expect(Math.abs(doubled / arrived - 0.2)).toBeLessThan(fiveSigma(0.2, arrived));
  expect(link.counts).toEqual({
    submitted: 100_000,
    lost: 100_000 - arrived,
    duplicated: doubled,
    corrupted: 0,
  });
});

test("doubled, held back and corrupted are independent of each other, and delays of them", () => {
  const odds = { duplicate: 0.3, reorder: 0.2, reorderMs: 100, corrupt: 0.1 };
  const delay = [
    [0, 0],
    [1, 100],
  ] as const;
  const link = new Lone({ ...plainLink(0), delay, ...odds });
  const seen = new Map<string, { count: number; delays: number }>();
  const count = 400_000;
  for (let n = 0; n < count; n++) {
    const { links } = link;
    // So far apart that no frame waits for another: beyond 100 ms it was held back.
    const late = link.delay(n * 1_000);
    const key = `${links.copyAt >= 0} ${links.frame !== FRAME}`;
    const row = seen.get(key) ?? { count: 0, delays: 0 };
    seen.set(key, { count: row.count + 1, delays: row.delays + late });
  }
  for (const doubled of [true, false]) {
    for (const corrupted of [true, false]) {
      const p = (doubled ? 0.3 : 0.7) * (corrupted ? 0.1 : 0.9);
      const row = seen.get(`${doubled} ${corrupted}`)!;
      expect(Math.abs(row.count / count - p)).toBeLessThan(fiveSigma(p, count));
      // A delay has mean 50 and variance 833; 0.2 of them are held, 50 more, variance 1067 more.
      expect(Math.abs(row.delays / row.count - 60)).toBeLessThan(5 * Math.sqrt(1_900 / row.count));
    }
  }
});

test("corruption flips exactly one bit, any of them", () => {
  const link = new Lone({ ...plainLink(5), corrupt: 1 });
  const flipped = new Array<number>(FRAME.length * 8).fill(0);
  for (let n = 0; n < 30_000; n++) {
    link.submit(n);
    const { frame } = link.links;
    const bits: number[] = [];
    for (let bit = 0; bit < FRAME.length * 8; bit++) {
      const changed = frame.charCodeAt(bit >> 3) ^ FRAME.charCodeAt(bit >> 3);
      if (((changed >> (bit & 7)) & 1) === 1) bits.push(bit);
    }
    expect([frame.length, bits.length]).toEqual([FRAME.length, 1]);
    flipped[bits[0]!]!++;
  }
  const expected = 30_000 / flipped.length;
  for (const count of flipped)
    expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected));
  expect(link.counts.corrupted).toBe(30_000);
});

test("the luck of a link is its own: another device, direction or feature changes nothing", () => {
  const pattern = (link: Lone) => link.losses(5_000, 300).join("");
  const alone = pattern(new Lone(BURSTY));
  expect(pattern(new Lone(BURSTY, 2))).not.toEqual(alone);
  expect(pattern(new Lone(BURSTY, 1, "down"))).not.toEqual(alone);
  expect(pattern(new Lone(BURSTY, 1, "up", SEED + 1))).not.toEqual(alone);
  const busy = { ...BURSTY, duplicate: 0.3, corrupt: 0.3, reorder: 0.3, reorderMs: 9, jitterMs: 7 };
  expect(pattern(new Lone(busy))).toEqual(alone);
  // Among a hundred others, added before and after, and used in between.
  const links = new Links(SEED);
  const numbers = Array.from({ length: 100 }, (_, n) => links.add(BURSTY, 100 - n, "up"));
  let among = "";
  for (let n = 0; n < 5_000; n++) {
    for (const link of [numbers[3]!, numbers[99]!]) {
      const lost = links.submit(link, FRAME, n * 300, n >>> 16, (n & 0xffff) << 16) === LOST;
      if (link === numbers[99]) among += +lost;
    }
  }
  expect(among).toEqual(alone);
});

test("the two directions of a path are bad, out and in netem's chain each by itself", () => {
  const bad = { ...plainLink(1), lossBad: 1, goodMs: 1_000, badMs: 1_000 };
  const out = { ...plainLink(1), outageEveryMs: 1_000, outageMs: 1_000 };
  const chain = { ...plainLink(1), netem: { p: 0.5, r: 0.5, lossBad: 1, lossGood: 0 } };
  for (const model of [bad, out, chain]) {
    // So far apart that each frame finds a state of its own: lost together one time in four.
    const up = new Lone(model, 1, "up").losses(20_000, 20_000);
    const down = new Lone(model, 1, "down").losses(20_000, 20_000);
    const both = up.map((lost, n) => lost & down[n]!);
    expect(Math.abs(share(both) - 0.25)).toBeLessThan(fiveSigma(0.25, 20_000));
  }
});

test("an occasion's luck does not depend on what was sent before it", () => {
  const all = new Links(SEED);
  const few = new Links(SEED);
  const model = { ...BURSTY, lossGood: 0.1, goodMs: 2_000, jitterMs: 0 };
  for (const links of [all, few]) links.add(model, 1, "up");
  let different = 0;
  for (let n = 0; n < 20_000; n++) {
    const fate = all.submit(0, FRAME, n * 100, 1, n);
    if (n % 7 === 3 && few.submit(0, FRAME, n * 100, 1, n) !== fate) different++;
  }
  expect(different).toBe(0);
});

test("a socket's timing error of a millisecond changes hardly any decision", () => {
  const noise = purposeOf("timing noise");
  let different = 0;
  const count = 200_000;
  for (const { up } of LINK_PRESETS) {
    const exact = new Lone(up);
    const real = new Lone(up);
    for (let n = 0; n < count / LINK_PRESETS.length; n++) {
      // A beat every 5 s, a retry 250 ms behind it.
      const now = (n >> 1) * 5_000 + (n & 1) * 250;
      if (exact.passes(now) !== real.passes(now + draw(SEED, 1, noise, n))) different++;
    }
  }
  expect(different / count).toBeLessThan(1e-4);
});

test("every preset is a model that can be, and loses what it says", () => {
  for (const { name, up, down } of LINK_PRESETS) {
    for (const model of [up, down]) {
      checkQuantiles(model.delay);
      checkQuantiles(model.wake);
      const { lossGood, lossBad, duplicate, reorder, corrupt } = model;
      for (const p of [lossGood, lossBad, duplicate, reorder, corrupt])
        expect(p >= 0 && p <= 1, name).toBe(true);
      const loss = meanLoss(model);
      const lost = share(new Lone(model).losses(100_000, 60_000));
      expect(Math.abs(lost - loss), name).toBeLessThan(0.0001 + fiveSigma(loss, 100_000));
    }
  }
  expect(LINK_PRESETS.map(({ name }) => name)).toEqual(
    "lan wifi-good wifi-congested wifi-edge lte-m nb-iot leo geo lora".split(" "),
  );
});
