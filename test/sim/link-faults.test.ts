// What goes wrong on a path by rule and not by chance: cuts, queues, long frames, patterns; and the
// faults that come on top of a model. Numbers are counted by hand.

import { expect, test } from "vitest";
import { type LinkModel, meanLoss, outageShare, plainLink } from "../../sim/link.ts";
import { Links, LOST } from "../../sim/links.ts";
import { FRAME, fiveSigma, Lone, SEED, share } from "./link-rig.ts";

const BURSTY: LinkModel = {
  ...plainLink(1),
  lossGood: 0.002,
  lossBad: 0.8,
  goodMs: 20_000,
  badMs: 500,
};

test("a partition cuts one direction, from its first instant to before its last", () => {
  const up = new Lone({ ...plainLink(5), partitions: [{ from: 100, until: 200 }] });
  const down = new Lone(plainLink(5), 1, "down");
  expect([99, 100, 199, 200].map((now) => up.passes(now))).toEqual([true, false, false, true]);
  expect(up.links.fate).toBe("passed");
  expect([99, 100, 199, 200].every((now) => down.passes(now))).toBe(true);
});

test("a cut and a share of loss meet one direction of one path, until they are taken back", () => {
  const links = new Links(SEED);
  const [up, down, other] = [
    links.add(plainLink(5), 1, "up"),
    links.add(plainLink(5), 1, "down"),
    links.add(plainLink(5), 2, "up"),
  ];
  const fates = (now: number) =>
    [up, down, other].map((link) => {
      links.submit(link, FRAME, now, 0, now);
      return links.fate;
    });
  links.setCut(down, true);
  expect(fates(1)).toEqual(["passed", "cut", "passed"]);
  links.setLoss(up, 1);
  expect(fates(2)).toEqual(["fault", "cut", "passed"]);
  links.setCut(down, false);
  links.setLoss(up, 0);
  expect(fates(3)).toEqual(["passed", "passed", "passed"]);
  expect(links.counts(up)).toEqual({ submitted: 3, lost: 1, duplicated: 0, corrupted: 0 });
});

test("a fault's share is lost on top, and takes no luck from the link", () => {
  const model = { ...plainLink(1), lossGood: 0.2 };
  const calm = new Lone(model).losses(200_000, 10);
  const faulty = new Lone(model);
  faulty.lose(0.3);
  const both = faulty.losses(200_000, 10);
  expect(Math.abs(share(both) - (1 - 0.8 * 0.7))).toBeLessThan(fiveSigma(0.44, 200_000));
  expect(calm.every((lost, n) => lost <= both[n]!)).toBe(true);
  faulty.lose(0);
  const again = new Lone(model);
  for (let n = 0; n < 200_000; n++) again.submit(n * 10);
  expect(faulty.losses(1_000, 10)).toEqual(again.losses(1_000, 10));
});

test("what a cut takes changes nothing of what comes after it", () => {
  const alone = new Lone(BURSTY).losses(5_000, 300);
  const cut = new Lone({ ...BURSTY, partitions: [{ from: 30_000, until: 60_000 }] });
  const behind = cut.losses(5_000, 300);
  expect(behind.slice(100, 200).every((lost) => lost === 1)).toBe(true);
  expect(behind.slice(200)).toEqual(alone.slice(200));
});

test("frames follow each other at the link's rate, headers included, in order", () => {
  // 16 bytes and 28 of headers at 352 bit/ms take exactly a millisecond.
  const link = new Lone({ ...plainLink(20), bitsPerSecond: 352_000 });
  expect([0, 0, 0, 1.5, 10].map((now) => link.submit(now))).toEqual([21, 22, 23, 24, 31]);
});

test("a full queue drops the frame at its tail, and only that", () => {
  const model = { ...plainLink(0), bitsPerSecond: 352_000, queueBytes: 2 * 44 };
  const link = new Lone(model);
  const at = [0, 0, 0, 0.5, 1, 2.001].map((now) => [link.submit(now), link.links.fate]);
  expect(at).toEqual([
    [1, "passed"],
    [2, "passed"],
    [LOST, "queue"],
    // Half a frame has gone: a whole one has no room yet.
    [LOST, "queue"],
    [3, "passed"],
    [4, "passed"],
  ]);
});

test("a buffer of a second at 256 kbit/s delays by a second at most, then loses what is too much", () => {
  const model = { ...plainLink(0), bitsPerSecond: 256_000, queueBytes: 32_000 };
  const link = new Lone(model);
  const bytes = "x".repeat(256 - 28);
  let [most, passed] = [0, 0];
  // Twice the rate for ten seconds: a frame of 8 ms every 4 ms.
  for (let n = 0; n < 2_500; n++) {
    const at = link.submit(n * 4, bytes);
    if (at === LOST) continue;
    passed++;
    most = Math.max(most, at - n * 4);
  }
  expect(most).toBeLessThanOrEqual(1_000);
  expect(most).toBeGreaterThan(992);
  // What the line takes until the last one comes, and a queue full.
  expect(passed).toBe(Math.floor((2_499 * 4 + 1_000) / 8));
  expect(link.counts.lost).toBe(2_500 - passed);
});

test("what is lost in the air has taken its time in the queue, what is cut has not", () => {
  const model = { ...plainLink(0), bitsPerSecond: 352_000 };
  const lossy = new Lone({ ...model, pattern: { per: "frame", steps: [-1, 0] } });
  expect([0, 0].map((now) => lossy.submit(now))).toEqual([LOST, 2]);
  const cut = new Lone({ ...model, partitions: [{ from: 0, until: 1 }] });
  expect([0, 1].map((now) => cut.submit(now))).toEqual([LOST, 2]);
});

test("a frame longer than the MTU is lost, one as long passes", () => {
  const link = new Lone({ ...plainLink(1), mtu: 100 });
  expect([72, 73].map((length) => link.passes(0, "x".repeat(length)))).toEqual([true, false]);
  expect(link.links.fate).toBe("mtu");
});

test("a pattern is replayed exactly, by frame or by millisecond, over and over", () => {
  const byFrame = new Lone({ ...plainLink(5), pattern: { per: "frame", steps: [0, -1, 40, 0] } });
  const delays = (link: Lone, times: readonly number[]) =>
    times.map((now) => {
      const at = link.submit(now);
      return at === LOST ? link.links.fate : at - now;
    });
  const seconds = [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000];
  expect(delays(byFrame, seconds)).toEqual([5, "pattern", 45, 5, 5, "pattern", 45]);
  const byMs = new Lone({ ...plainLink(5), pattern: { per: "ms", steps: [-1, 10] } });
  const times = [0, 0.999, 1, 1.5, 2, 3, 1_000_001];
  expect(delays(byMs, times)).toEqual(["pattern", "pattern", 15, 15, "pattern", 15, 15]);
});

test("a pattern goes on behind a cut", () => {
  const link = new Lone({ ...plainLink(5), pattern: { per: "frame", steps: [0, -1, 0] } });
  link.cut(true);
  expect(link.passes(0)).toBe(false);
  link.cut(false);
  expect([1, 2, 3].map((now) => link.passes(now))).toEqual([false, true, true]);
});

test("netem's chain starts good and judges a frame before it turns", () => {
  const run = (p: number, r: number) =>
    new Lone({ ...plainLink(1), netem: { p, r, lossBad: 1, lossGood: 0 } }).losses(6, 1).join("");
  expect(run(1, 1)).toBe("010101");
  expect(run(1, 0)).toBe("011111");
  expect(run(0, 1)).toBe("000000");
  const first = { ...plainLink(1), netem: { p: 1, r: 0, lossBad: 0, lossGood: 1 } };
  expect(new Lone(first).losses(4, 1).join("")).toBe("1000");
});

test("a whole outage now and then: its share, its length, and everything in it is lost", () => {
  const model = { ...BURSTY, outageEveryMs: 3_600_000, outageMs: 120_000 };
  expect(outageShare(model)).toBeCloseTo(1 / 31, 12);
  const link = new Lone(model);
  const count = 1_000_000;
  const spacing = 10_000;
  let [lost, outages, runs, before] = [0, 0, 0, ""];
  for (let n = 0; n < count; n++) {
    if (!link.passes(n * spacing)) lost++;
    const { fate } = link.links;
    if (fate === "outage") {
      outages++;
      if (before !== fate) runs++;
    }
    before = fate;
  }
  // Outages last 12 frames on average, so there are that many fewer independent ones, twice.
  const out = outageShare(model);
  expect(Math.abs(outages / count - out)).toBeLessThan(fiveSigma(out, count / 25));
  expect(Math.abs(lost / count - meanLoss(model))).toBeLessThan(fiveSigma(out, count / 25));
  // Seen every 10 s, a run of them ends with the chance that a chain of 3600 and 120 s has turned.
  const length = 1 / ((30 / 31) * (1 - Math.exp(-10 * (1 / 3_600 + 1 / 120))));
  expect(Math.abs(outages / runs / length - 1)).toBeLessThan(5 / Math.sqrt(runs));
});

test("a new model counts at once, and what is under way on the old one holds nobody up", () => {
  const slow = { ...plainLink(5_000), bitsPerSecond: 352_000 };
  const link = new Lone(slow);
  expect([0, 0].map((now) => link.submit(now))).toEqual([5_001, 5_002]);
  link.become(plainLink(5), 1);
  expect(link.submit(1)).toBe(6);
  link.become(slow, 2);
  expect(link.submit(2)).toBe(5_003);
  // And netem's chain starts anew.
  const chain: LinkModel = { ...plainLink(1), netem: { p: 1, r: 0, lossBad: 1, lossGood: 0 } };
  link.become(chain, 3);
  expect(link.losses(3, 1).join("")).toBe("011");
  link.become({ ...chain }, 4);
  expect(link.losses(2, 1).join("")).toBe("01");
});

test("a table grows, and keeps what it held", () => {
  const links = new Links(SEED, 1);
  const rate = { ...plainLink(1), bitsPerSecond: 352_000 };
  for (let n = 0; n < 100; n++) links.add(n % 2 === 0 ? rate : plainLink(1), n, "up");
  for (let n = 0; n < 100; n++) {
    expect(links.submit(n, FRAME, 0, 0, 0)).toBe(n % 2 === 0 ? 2 : 1);
    links.setCut(n, n % 3 === 0);
  }
  for (let n = 100; n < 1_000; n++) links.add(plainLink(1), n, "up");
  for (let n = 0; n < 100; n++) {
    expect(links.submit(n, FRAME, 0, 0, 1)).toBe(n % 3 === 0 ? LOST : n % 2 === 0 ? 3 : 1);
    expect(links.counts(n).submitted).toBe(2);
    expect(links.model(n)).toEqual(n % 2 === 0 ? rate : plainLink(1));
  }
});
