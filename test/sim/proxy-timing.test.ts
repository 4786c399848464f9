// Alarms and the figures about them: none rings early or out of order, and what is said of how late
// they were is true. How late they are is a matter of the machine, and of no test.

import { performance } from "node:perf_hooks";
import { afterEach, describe, expect, it } from "vitest";
import { Alarms } from "../../sim/alarms.ts";
import { certified, ERROR_P99_MAX } from "../../sim/live/certify.ts";
import { Durations, type Figures } from "../../sim/live/timing.ts";
import { stream } from "../../sim/random.ts";

const SEED = 11;
const open: Alarms[] = [];

afterEach(() => {
  for (const alarms of open.splice(0)) alarms.close();
});

function alarmsOf(exact: boolean): Alarms {
  const alarms = new Alarms(exact);
  open.push(alarms);
  return alarms;
}

describe.each([false, true])("alarms, exact: %s", (exact) => {
  it("ring once each, in order, and none before its time", async () => {
    const alarms = alarmsOf(exact);
    const luck = stream(SEED, 1, "alarms");
    const start = performance.now();
    const rang: { at: number; n: number }[] = [];
    let early = 0;
    await new Promise<void>((done) => {
      for (let n = 0; n < 2_000; n++) {
        // Whole milliseconds, so that many share an instant; some are over already.
        const at = start - 5 + Math.floor(luck() * 60);
        alarms.at(at, () => {
          if (performance.now() < at) early++;
          if (rang.push({ at, n }) === 2_000) done();
        });
      }
    });
    expect(early).toBe(0);
    expect(alarms.lateness.least).toBeGreaterThanOrEqual(0);
    expect(alarms.lateness.count).toBe(2_000);
    const inOrder = [...rang].sort((a, b) => a.at - b.at || a.n - b.n);
    // Those that were over when they were set rang in the order of their instants, too.
    expect(rang).toEqual(inOrder);
    expect(alarms.size).toBe(0);
  });

  it("do not ring once cancelled or closed, nor before `at` returns", async () => {
    const alarms = alarmsOf(exact);
    const rang: string[] = [];
    const now = performance.now();
    const first = alarms.at(now + 3, () => rang.push("cancelled"));
    alarms.at(now - 1, () => rang.push("over"));
    expect(rang).toEqual([]);
    alarms.cancel(first);
    alarms.cancel(undefined);
    await new Promise<void>((done) => alarms.at(now + 6, done));
    alarms.at(performance.now() + 1, () => rang.push("closed"));
    alarms.close();
    alarms.at(performance.now() + 1, () => rang.push("too late"));
    const other = alarmsOf(exact);
    await new Promise<void>((done) => other.at(performance.now() + 8, done));
    expect(rang).toEqual(["over"]);
  });

  it("that come earlier than the one waited for do ring earlier", async () => {
    const alarms = alarmsOf(exact);
    const rang: number[] = [];
    const now = performance.now();
    const last = new Promise<void>((done) => {
      alarms.at(now + 40, () => {
        rang.push(40);
        done();
      });
    });
    alarms.at(now + 4, () => {
      rang.push(4);
      alarms.at(now + 9, () => rang.push(9));
    });
    await last;
    expect(rang).toEqual([4, 9, 40]);
  });
});

describe("durations", () => {
  it("keep quantiles to 0.8 %, never too small, and the ends exactly", () => {
    const luck = stream(SEED, 2, "durations");
    const all = Array.from({ length: 20_000 }, () => luck() ** 8 * 60_000);
    const durations = new Durations();
    for (const ms of all) durations.add(ms);
    const sorted = [...all].sort((a, b) => a - b);
    expect([durations.least, durations.most]).toEqual([sorted[0], sorted.at(-1)]);
    for (const part of [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = sorted[Math.ceil(part * all.length) - 1]!;
      const said = durations.quantile(part)!;
      expect(said).toBeGreaterThanOrEqual(Math.min(exact - 0.0006, said));
      expect(said).toBeGreaterThanOrEqual(exact - 0.0006);
      expect(said).toBeLessThanOrEqual(exact * 1.008 + 0.001);
    }
  });

  it("say null where there are none, and take anything", () => {
    const durations = new Durations();
    expect(durations.figures()).toEqual({ p50: null, p99: null, max: null });
    durations.add(-1);
    durations.add(1e12);
    expect(durations.count).toBe(2);
    expect([durations.least, durations.most]).toEqual([-1, 1e12]);
    durations.clear();
    expect(durations.quantile(0.5)).toBeNull();
  });
});

describe("a run", () => {
  const good = { p50: 0.1, p99: ERROR_P99_MAX, max: 9 };
  const bad = { ...good, p99: ERROR_P99_MAX + 0.01 };
  const none = { p50: null, p99: null, max: null };
  const faultsOf = (received: number, errorMs: Figures, unreadMs: Figures, losses = {}) => {
    const up = { received, sent: 0, lost: 0, doubled: 0, corrupted: 0 };
    const progress = { seconds: 1, clients: 1, up, down: { ...up, received: 0 }, errorMs };
    return certified("udp", progress, unreadMs, losses).faults;
  };

  it("is believed up to 1.5 ms at p99, and with nothing lost but by the links", () => {
    expect(faultsOf(1, good, good, { "frames of ours": 0 })).toEqual([]);
    expect(faultsOf(1, good, none)).toEqual([]);
  });

  it("is not where it was late, overflowed, or saw nothing", () => {
    expect(faultsOf(1, bad, good)).toEqual([
      "its timing error was 1.51 ms at p99, expected at most 1.5 ms",
    ]);
    expect(faultsOf(1, good, bad)).toEqual([
      "what came lay unread for 1.51 ms at p99, expected at most 1.5 ms",
    ]);
    expect(faultsOf(1, good, good, { "frames beyond the limit of the queue": 3 })).toEqual([
      "3 frames beyond the limit of the queue",
    ]);
    expect(faultsOf(0, none, none)).toEqual(["nothing came through"]);
  });
});
