// Links against closed forms: what earns them the word "believable" (loss, bursts, memory, delays).
//
// One test takes twenty million packets and asks for half a per cent. The others take two million
// of each kind, and their tolerance is five standard deviations of what is estimated, worked out
// below: wider where bursts leave fewer independent packets. The seed is fixed, so a failure is a
// change of the model.

import { expect, test } from "vitest";
import { quantile } from "../../sim/exact.ts";
import { fadeOf, isBad } from "../../sim/fade.ts";
import { type LinkModel, lossAfterLoss, meanLoss, netemAt, plainLink } from "../../sim/link.ts";
import { LOST } from "../../sim/links.ts";
import { linkPreset } from "../../sim/presets.ts";
import { Lone, SEED, share } from "./link-rig.ts";

const PACKETS = 2_000_000;

const BURSTY: LinkModel = {
  ...plainLink(1),
  lossGood: 0.002,
  lossBad: 0.8,
  goodMs: 20_000,
  badMs: 500,
};
const EDGE = linkPreset("wifi-edge")!.up;
const CONGESTED = linkPreset("wifi-congested")!.up;

/** netem's four sets of simulator.md 3.1, by p, r, loss while bad, loss while good. */
const netem = (p: number, r: number, lossBad: number, lossGood: number): LinkModel => ({
  ...plainLink(1),
  netem: { p, r, lossBad, lossGood },
});

/** Loss, its correlation from packet to packet by lag, and what is left of the state each time. */
function closedForm(model: LinkModel, spacing: number) {
  const { p, r, lossBad, lossGood } = netemAt(model, spacing);
  const loss = meanLoss(model);
  const bad = p / (p + r);
  const kept = 1 - p - r;
  const between = bad * (1 - bad) * (lossBad - lossGood) ** 2;
  const correlation = (lag: number) => (between * kept ** lag) / (loss * (1 - loss));
  return { loss, kept, correlation };
}

const KINDS: readonly (readonly [string, LinkModel, number])[] = [
  ["bursts, each 20 ms", BURSTY, 20],
  ["bursts, each 200 ms", BURSTY, 200],
  ["bursts, each second", BURSTY, 1_000],
  ["bursts, each minute", BURSTY, 60_000],
  ["wifi-edge, each 250 ms", EDGE, 250],
  ["wifi-edge, each 5 s", EDGE, 5_000],
  ["wifi-congested, each second", CONGESTED, 1_000],
  ["more bad than good, each second", { ...EDGE, goodMs: 1_000, badMs: 9_000 }, 1_000],
  ["netem .01 .2 .7 .002", netem(0.01, 0.2, 0.7, 0.002), 20],
  ["netem .05 .5 1 0", netem(0.05, 0.5, 1, 0), 20],
  ["netem .3 .4 .9 .1", netem(0.3, 0.4, 0.9, 0.1), 20],
  ["netem .9 .8 1 0: it flutters", netem(0.9, 0.8, 1, 0), 20],
];

test.each(KINDS)("%s: loss, P(loss | loss), bursts and autocorrelation", (_, model, spacing) => {
  const lost = new Lone(model).losses(PACKETS, spacing);
  const { loss, kept, correlation } = closedForm(model, spacing);
  // A chain that keeps k of its state a packet counts for at most (1 + k) / (1 - k) packets in one.
  const alike = Math.max(1, (1 + kept) / (1 - kept));

  // Exactly: the variance of a mean is that of one packet times 1 + 2 (sum of correlations).
  const sum = correlation(1) / (1 - kept);
  const measured = share(lost);
  const sd = Math.sqrt((loss * (1 - loss) * (1 + 2 * sum)) / PACKETS);
  expect(Math.abs(measured - loss)).toBeLessThan(5 * sd);

  let [pairs, runs] = [0, 0];
  for (let n = 1; n < PACKETS; n++) {
    if (lost[n] === 1 && lost[n - 1] === 1) pairs++;
    if (lost[n] === 1 && lost[n - 1] === 0) runs++;
  }
  const given = lossAfterLoss(model, spacing);
  const sdGiven = Math.sqrt((given * (1 - given) * alike) / (measured * PACKETS));
  expect(Math.abs(pairs / (measured * PACKETS) - given)).toBeLessThan(5 * sdGiven);
  // Runs begin as often as a loss follows none: their mean length is 1 / (1 - P(loss | loss)).
  const burst = (measured * PACKETS) / runs;
  expect(Math.abs(burst * (1 - given) - 1)).toBeLessThan((5 * sdGiven) / (1 - given));

  for (let lag = 1; lag <= 10; lag++) {
    let both = 0;
    for (let n = lag; n < PACKETS; n++) both += lost[n]! & lost[n - lag]!;
    const found = (both / (PACKETS - lag) - measured ** 2) / (measured * (1 - measured));
    expect(Math.abs(found - correlation(lag)), `lag ${lag}`).toBeLessThan(
      5 * Math.sqrt(alike / PACKETS),
    );
  }
});

test("twenty million packets: loss and bursts within half a per cent", () => {
  const link = new Lone(EDGE);
  const count = 10 * PACKETS;
  let [lost, runs, before] = [0, 0, false];
  for (let n = 0; n < count; n++) {
    const is = link.submit(n * 1_000) === LOST;
    if (is) lost++;
    if (is && !before) runs++;
    before = is;
  }
  expect(Math.abs(lost / count / meanLoss(EDGE) - 1)).toBeLessThan(0.005);
  const given = lossAfterLoss(EDGE, 1_000);
  expect(Math.abs((lost / runs) * (1 - given) - 1)).toBeLessThan(0.005);
  expect(Math.abs(1 - runs / lost - given)).toBeLessThan(0.005);
});

test("the figures of the literature on netem's chain, and a retry's weather", () => {
  const golden = netem(0.01, 0.2, 0.7, 0.002);
  expect(meanLoss(golden)).toBeCloseTo(0.03524, 5);
  expect(1 / (1 - lossAfterLoss(golden, 20))).toBeCloseTo(2.13, 3);
  // 200 ms after a loss the weather is the same, after a minute it is any.
  expect(lossAfterLoss(BURSTY, 20)).toBeCloseTo(0.7, 2);
  expect(lossAfterLoss(BURSTY, 200)).toBeCloseTo(0.49, 2);
  expect(lossAfterLoss(BURSTY, 1_000)).toBeCloseTo(0.11, 2);
  expect(lossAfterLoss(BURSTY, 60_000)).toBeCloseTo(meanLoss(BURSTY), 6);
  expect(meanLoss(BURSTY)).toBeCloseTo((0.5 * 0.8 + 20 * 0.002) / 20.5, 12);
});

test.each([
  ["mostly good", 20_000, 500],
  ["as good as bad", 5_000, 5_000],
  ["mostly bad", 500, 20_000],
])("stays are exponential, %s", (_, goodMs, badMs) => {
  const fade = fadeOf(goodMs, badMs);
  // Looked at sixteen times in the shorter mean stay, a chain that turns with p and r.
  const step = Math.min(goodMs, badMs) / 16;
  const { p, r } = netemAt({ ...plainLink(0), goodMs, badMs }, step);
  const stays: [number[], number[]] = [[], []];
  let [before, since] = [isBad(fade, SEED, 1, 0, 0), 0];
  for (let n = 1; n < PACKETS; n++) {
    const bad = isBad(fade, SEED, 1, 0, n * step);
    if (bad === before) continue;
    stays[+before]!.push(n - since);
    [before, since] = [bad, n];
  }
  for (const [lengths, ends] of [
    [stays[0], p],
    [stays[1], r],
  ] as const) {
    lengths.sort((a, b) => a - b);
    let most = 0;
    for (let i = 0; i < lengths.length; i++) {
      if (lengths[i] === lengths[i + 1]) continue;
      const below = 1 - (1 - ends) ** lengths[i]!;
      most = Math.max(most, Math.abs((i + 1) / lengths.length - below));
    }
    // Kolmogorov and Smirnov: beyond this once in ten thousand.
    expect(most).toBeLessThan(2.23 / Math.sqrt(lengths.length));
  }
});

test("an instant is bad or not, whoever asks and in whatever order", () => {
  const fade = fadeOf(3_000, 700);
  const ask = (n: number) => isBad(fade, SEED, 9, 0, n * 37.5);
  const forth = Array.from({ length: 20_000 }, (_, n) => ask(n));
  for (let n = 19_999; n >= 0; n -= 3) expect(ask(n)).toBe(forth[n]);
  // A year on, at the same price.
  expect(typeof ask(841_000_000_000)).toBe("boolean");
});

test.each(["wifi-good", "wifi-congested", "lte-m", "nb-iot", "leo"])(
  "delays of %s follow their quantiles",
  (name) => {
    const { delay } = linkPreset(name)!.up;
    const count = 1_000_000;
    const link = new Lone({ ...plainLink(0), delay });
    // So far apart that none waits for the one before.
    const delays = Float64Array.from({ length: count }, (_, n) => link.delay(n * 10_000)).sort();
    let most = 0;
    let piece = 1;
    for (let i = 0; i < count; i++) {
      while (delays[i]! > delay[piece]![1]) piece++;
      const [[fromShare, from], [toShare, to]] = [delay[piece - 1]!, delay[piece]!];
      const expected = fromShare + ((delays[i]! - from) / (to - from)) * (toShare - fromShare);
      most = Math.max(most, Math.abs((i + 1) / count - expected));
    }
    expect(most).toBeLessThan(2.23 / Math.sqrt(count));
    for (const at of [0.5, 0.9, 0.99]) {
      const found = delays[Math.floor(at * count)]!;
      expect(Math.abs(found / quantile(delay, at) - 1), `p${at * 100}`).toBeLessThan(0.01);
    }
  },
);

test("frames that are each held back for a time of their own overtake as often as they should", () => {
  // P(D1 > D2 + gap) for two uniform delays up to R: (1 - gap / R)^2 / 2.
  for (const gap of [5, 20, 60]) {
    const link = new Lone({ ...plainLink(5), reorder: 1, reorderMs: 100 });
    const count = 1_000_000;
    let [overtaken, before] = [0, 0];
    for (let n = 0; n < count; n++) {
      const at = link.submit(n * gap);
      if (at < before) overtaken++;
      before = at;
    }
    const expected = (1 - gap / 100) ** 2 / 2;
    expect(Math.abs(overtaken / count - expected)).toBeLessThan(0.005);
  }
});
