// A scenario back to text, and scenarios made up by luck: both rest on what is read being what was
// written, to the last bit.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Quantile } from "../../sim/exact.ts";
import { mixBytes } from "../../sim/hash.ts";
import { type LinkModel, plainLink } from "../../sim/link.ts";
import { NAT_PRESETS, natPreset } from "../../sim/nat.ts";
import { FAULT_KINDS } from "../../sim/scenario/faults-schema.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { randomScenario } from "../../sim/scenario/random.ts";
import { loadScenario, shipped } from "../../sim/scenario/shipped.ts";
import { scenarioHash, scenarioText } from "../../sim/scenario/text.ts";
import type { Scenario } from "../../sim/scenario/types.ts";

const again = (scenario: Scenario): Scenario => parseScenario(scenarioText(scenario), "again.yaml");
const SEED = 20_260_801;

/** Durations down to a microsecond, and shares of all sizes. */
const ms = fc.oneof(
  fc.integer({ min: 0, max: 90_000_000 }),
  fc.integer({ min: 0, max: 9_000_000 }).map((us) => us / 1_000),
);
const some = ms.map((value) => Math.max(1, value));
const share = fc.oneof(
  fc.integer({ min: 0, max: 100_000 }).map((n) => n / 100_000),
  fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x + 0),
);
const count = (most: number) => fc.integer({ min: 0, max: most });

const delay = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { maxLength: 4 }),
    fc.array(ms, { minLength: 6, maxLength: 6 }),
  )
  .map(([inner, values]): Quantile[] => {
    const shares = [0, ...inner.sort((a, b) => a - b).map((n) => n / 1_000), 1];
    values.sort((a, b) => a - b);
    return shares.map((at, i): Quantile => [at, values[i]!]);
  });

const model: fc.Arbitrary<LinkModel> = fc
  .record(
    {
      lossGood: share,
      lossBad: share,
      goodMs: some,
      badMs: ms,
      delay,
      jitterMs: ms,
      idleMs: ms,
      wake: delay,
      duplicate: share,
      reorder: share,
      reorderMs: ms,
      corrupt: share,
      outageEveryMs: ms,
      outageMs: ms,
      bitsPerSecond: count(10_000_000),
      queueBytes: count(100_000),
      overheadBytes: count(1_000),
      mtu: count(65_535),
      netem: fc.record({ p: share, r: share, lossBad: share, lossGood: share }),
      pattern: fc.record({
        per: fc.constantFrom("frame" as const, "ms" as const),
        steps: fc.array(fc.oneof(fc.constant(-1), ms), { minLength: 1, maxLength: 9 }),
      }),
    },
    { requiredKeys: [] },
  )
  .map((fields) => ({ ...plainLink(0), ...fields }));

const base = parseScenario("run: 1d\nfleet: [{group: a, count: 3}]", "base.yaml");

describe("what is written is read", () => {
  it("for any link", () => {
    fc.assert(
      fc.property(model, model, fc.boolean(), (up, down, both) => {
        const link = { preset: "custom", up, down: both ? up : down };
        const scenario = { ...base, fleet: [{ ...base.fleet[0]!, link }] };
        expect(again(scenario)).toEqual(scenario);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("for any NAT", () => {
    const given = natPreset("cgn")!;
    const nat = fc.record({
      name: fc.constantFrom("linux", "cgn", "mine"),
      mapping: fc.constantFrom("endpoint" as const, "address-port" as const),
      filtering: fc.constantFrom("address" as const, "address-port" as const),
      unrepliedMs: some,
      streamMs: some,
      streamAfterMs: ms,
      inboundRefreshes: fc.boolean(),
      port: fc.constantFrom("preserve" as const, "block" as const),
      ports: fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 901, max: 65_535 })),
      blockPorts: fc.integer({ min: 1, max: 65_535 }),
      mappingsMax: fc.integer({ min: 1, max: 1_000_000 }),
      evict: fc.constantFrom("oldest" as const, "unassured" as const),
      hairpin: fc.boolean(),
    });
    // A field that this test does not know is one that the writer may have forgotten.
    expect(Object.keys(given).sort()).toEqual(
      Object.keys(fc.sample(nat, { seed: SEED, numRuns: 1 })[0]!).sort(),
    );
    fc.assert(
      fc.property(nat, (own) => {
        const scenario = { ...base, fleet: [{ ...base.fleet[0]!, nat: own }] };
        expect(again(scenario)).toEqual(scenario);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it("for each preset, by its name alone", () => {
    for (const { name, model } of NAT_PRESETS) {
      const scenario = { ...base, fleet: [{ ...base.fleet[0]!, nat: model }] };
      expect(again(scenario)).toEqual(scenario);
      expect(scenarioText(scenario)).not.toContain("mapping");
      if (model) expect(scenarioText(scenario)).toContain(`nat: ${name}`);
    }
  });

  it("for numbers of the whole scenario", () => {
    const gateway = fc.record({
      commitMs: fc.tuple(count(50), count(5_000)).map(([a, b]) => [a, a + b] as const),
      flushMs: fc.integer({ min: 2, max: 60_000 }),
      graceMs: count(3_600_000),
      misses: count(100),
      clockTrusted: fc.boolean(),
      socketQueue: fc.integer({ min: 1, max: 10_000_000 }),
      frameMs: count(1_000_000).map((us) => us / 1_000),
    });
    const seeds = fc.uniqueArray(fc.integer({ min: 0, max: 0xffffffff }), { minLength: 1 });
    const about = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(gateway, seeds, about, some, (gateway, seeds, about, calmAt) => {
        const scenario = { ...base, gateway, seeds, about, runMs: calmAt + 0.001, calmAt };
        expect(again(scenario)).toEqual(scenario);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("for what was made smaller: boards by their numbers, faults with the luck of their old place", () => {
    const group = { ...base.fleet[0]!, only: [1, 3] };
    const faults = parseScenario(
      "run: 1d\nfleet: [{group: a}]\nfaults: [{at: 1h, luck: 7, do: power, where: a-1}]",
      "x.yaml",
    ).faults;
    expect(faults[0]!.luck).toBe(7);
    const scenario = { ...base, fleet: [group], faults };
    expect(again(scenario)).toEqual(scenario);
  });

  it("for each shipped scenario", () => {
    for (const name of shipped()) {
      const scenario = loadScenario(name);
      expect(again(scenario)).toEqual(scenario);
    }
  });

  it("for what luck makes up", () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 150; seed++) {
      const scenario = randomScenario(seed);
      expect(again(scenario), `seed ${seed}`).toEqual(scenario);
      for (const fault of scenario.faults) kinds.add(fault.do);
    }
    expect([...kinds].sort()).toEqual([...FAULT_KINDS].sort());
  });
});

describe("the hash", () => {
  const hash = (text: string) => scenarioHash(parseScenario(text, "x.yaml"));
  const text = "run: 1h\nfleet: [{group: a, count: 2}]";

  it("is the same for what means the same", () => {
    expect(hash(text)).toMatch(/^[0-9a-f]{8}$/);
    expect(hash("fleet: [{count: 2, group: a, reach: awake}]\nrun: 60m")).toBe(hash(text));
    expect(hash(`name: other\nabout: other\nseeds: 9\n${text}`)).toBe(hash(text));
  });

  it("is another one for anything else", () => {
    const others = [
      text.replace("1h", "2h"),
      text.replace("2", "3"),
      `${text}\ncalm: 30m`,
      `${text}\ngateway: {flush: 2s}`,
      `${text}\nfaults: [{at: 1m, do: crash}]`,
      `${text}\nfaults: [{at: 1m, do: crash, for: 1m}]`,
      `${text}\nexpect: [{metric: alarms, max: 0}]`,
    ].map(hash);
    expect(new Set([hash(text), ...others]).size).toBe(others.length + 1);
  });
});

describe("a scenario made up by luck", () => {
  const MINUTE = 60_000;

  it("is the same one for ever", () => {
    // The text has presets by name, so their numbers may change; what is drawn may not.
    let sum = 0;
    for (let seed = 0; seed < 40; seed++) sum = mixBytes(sum, scenarioText(randomScenario(seed)));
    expect(sum.toString(16)).toBe("87eca056");
    expect(scenarioText(randomScenario(7))).toBe(scenarioText(randomScenario(7)));
  });

  it("is within its bounds, and calm for long enough at the end", () => {
    for (let seed = 1_000; seed < 1_100; seed++) {
      const { fleet, runMs, calmAt, faults, expect: expectations, seeds } = randomScenario(seed);
      const boards = fleet.reduce((sum, { count }) => sum + count, 0);
      expect(boards).toBeLessThanOrEqual(60);
      expect(fleet.length).toBeLessThanOrEqual(4);
      expect(runMs).toBeGreaterThanOrEqual(20 * MINUTE);
      expect(runMs).toBeLessThanOrEqual(480 * MINUTE);
      const longest = Math.max(...fleet.map(({ intervalMs }) => intervalMs));
      expect(runMs - calmAt).toBeGreaterThanOrEqual(24 * longest + Math.min(calmAt, 60 * MINUTE));
      for (const { atMs } of faults) expect(atMs).toBeLessThan(calmAt);
      expect(expectations).toEqual([]);
      expect(seeds).toEqual([1]);
    }
  });
});
