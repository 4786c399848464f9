// How long a NAT's binding lives, to the microsecond on both sides; whom it lets in; and the
// interval of beats that keeps it. Faults, ports and full tables have files of their own; what the
// kernel thinks of all this is in peers/conntrack.test.ts.

import { describe, expect, it } from "vitest";
import { NAT_PRESETS, Nat, type NatModel, natPreset } from "../../sim/nat.ts";
import { safeIntervalMs } from "../../sim/nat-presets.ts";
import { stream } from "../../sim/random.ts";

const LINUX = natPreset("linux")!;
const GATEWAY = "gateway:5683";
const US = 0.001;
const make = (model: Partial<NatModel> = {}) => new Nat({ ...LINUX, ...model }, 1, 1, "outer");

type Exchange = readonly (readonly ["out" | "in", number])[];

/** "out 0, in 40": frames of one host and the gateway, at these ms. */
const frames = (text: string): Exchange =>
  text.split(", ").map((frame) => {
    const [direction, at] = frame.split(" ");
    return [direction as "out" | "in", Number(at)];
  });

/** The instant at which a binding dies after these frames: alive 1 us before, dead at it. */
function diesAt(model: Partial<NatModel>, text: string): number {
  const exchange = frames(text);
  // Looking must not prolong it, so each look is at a NAT of its own.
  const alive = (now: number) => {
    const nat = make(model);
    let port = -1;
    for (const [direction, at] of exchange) {
      if (direction === "out") port = nat.out(1, 5000, GATEWAY, at);
      else expect(nat.in(port, GATEWAY, at), `in at ${at}`).toBe(true);
    }
    return nat.mappings(now) === 1;
  };
  let low = Math.round(exchange.at(-1)![1] * 1_000);
  let high = low + 1e9;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (alive(middle / 1_000)) low = middle;
    else high = middle;
  }
  return high / 1_000;
}

describe("the life of a binding, as conntrack has it", () => {
  const cases: [string, Partial<NatModel>, string, number][] = [
    ["nobody answers", {}, "out 0", 30_000],
    ["a second frame starts it anew", {}, "out 0, out 10000", 40_000],
    ["age without an answer is no stream", {}, "out 0, out 10000, out 20000", 50_000],
    ["an answer refreshes the short life", {}, "out 0, in 40", 30_040],
    ["a late first answer does not give the long one", {}, "out 0, in 5000", 35_000],
    ["the next frame does", {}, "out 0, in 5000, in 5001", 125_001],
    ["exactly 2 s old: not yet", {}, "out 0, in 40, out 2000", 32_000],
    ["1 us more", {}, "out 0, in 40, out 2000.001", 122_000.001],
    ["the same from outside", {}, "out 0, in 40, in 2000.001", 122_000.001],
    ["once a stream, always", {}, "out 0, in 1, out 2001, in 2002", 122_002],
    ["no rule: the answer is enough", { streamAfterMs: 0 }, "out 0, in 0", 120_000],
    ["no rule and no answer", { streamAfterMs: 0 }, "out 0, out 9000", 39_000],
    ["a short rule, at its end", { streamAfterMs: 1 }, "out 0, in 0.5, out 1", 30_001],
    ["a short rule, 1 us later", { streamAfterMs: 1 }, "out 0, in 0.5, out 1.001", 120_001.001],
    ["odd microseconds", { unrepliedMs: 0.3 }, "out 0.1, in 0.2", 0.5],
    ["inbound frames that refresh nothing", { inboundRefreshes: false }, "out 0, in 29000", 30_000],
    [
      "they count as answers",
      { inboundRefreshes: false },
      "out 0, in 10, out 2500, in 3000",
      122_500,
    ],
    [
      "the one that gives the long life starts it",
      { inboundRefreshes: false },
      "out 0, in 10, in 2500, in 3000",
      122_500,
    ],
    [
      "and so without the rule",
      { inboundRefreshes: false, streamAfterMs: 0 },
      "out 0, in 10, in 50",
      120_010,
    ],
  ];
  it.each(cases)("%s", (_, model, text, at) => {
    expect(diesAt(model, text)).toBe(at);
  });

  it("lets in a microsecond before its end, and not at it", () => {
    for (const at of [29_999.999, 30_000]) {
      const nat = make();
      const port = nat.out(1, 5000, GATEWAY, 0);
      expect(nat.in(port, GATEWAY, at)).toBe(at < 30_000);
      if (at === 30_000) expect(nat.why).toBe("no-mapping");
    }
  });

  it("makes a new binding at its end, an old one a microsecond before", () => {
    // A reply makes the difference visible: the old one is old enough for the long life.
    for (const [at, dies] of [
      [29_999.999, 149_999.999],
      [30_000, 60_000],
    ] as const) {
      const nat = make();
      const port = nat.out(1, 5000, GATEWAY, -1_000);
      nat.in(port, GATEWAY, 0);
      nat.out(1, 5000, GATEWAY, at);
      expect(nat.mappings(dies - US)).toBe(1);
      expect(nat.mappings(dies)).toBe(0);
    }
  });
});

describe("the kinds of RFC 4787", () => {
  const OTHERS = ["gateway:1883", "elsewhere:5683"];

  it.each([
    ["endpoint", [true, true]],
    ["address", [true, false]],
    ["address-port", [false, false]],
  ] as const)("mapping by %s shares a port with %j", (mapping, shared) => {
    const nat = make({ mapping, port: "sequential" });
    const port = nat.out(1, 5000, GATEWAY, 0);
    expect(OTHERS.map((remote) => nat.out(1, 5000, remote, 0) === port)).toEqual(shared);
    expect(nat.out(1, 5001, GATEWAY, 0)).not.toBe(port);
    expect(nat.out(2, 5000, GATEWAY, 0)).not.toBe(port);
    expect(nat.mappings(0)).toBe(5);
  });

  it.each([
    ["endpoint", [true, true]],
    ["address", [true, false]],
    ["address-port", [false, false]],
  ] as const)("filtering by %s lets in %j", (filtering, passes) => {
    const nat = make({ filtering });
    const port = nat.out(1, 5000, GATEWAY, 0);
    expect(nat.in(port, GATEWAY, 1)).toBe(true);
    expect([nat.inner, nat.innerPort]).toEqual([1, 5000]);
    for (const [i, remote] of OTHERS.entries()) {
      expect(nat.in(port, remote, 1)).toBe(passes[i]);
      if (!passes[i]) expect(nat.why).toBe("filtered");
    }
    expect(nat.in(port + 1, GATEWAY, 1)).toBe(false);
    expect(nat.why).toBe("no-mapping");
  });

  it("hairpin: own address only where it is allowed", () => {
    const frames = (hairpin: boolean) => {
      const nat = make({ hairpin });
      const port = nat.out(1, 5000, GATEWAY, 0);
      return [nat.out(2, 6000, `outer:${port}`, 0), nat.why];
    };
    expect(frames(true)[0]).toBe(6000);
    expect(frames(false)).toEqual([-1, "hairpin"]);
  });
});

describe("the interval that keeps a binding", () => {
  it("is known for each preset", () => {
    const safe = NAT_PRESETS.map(({ name, model }) => [name, model && safeIntervalMs(model)]);
    expect(safe).toEqual([
      ["none", undefined],
      ["linux", 30_000 - US],
      ["cgn", 300_000 - US],
      ["home-60", 60_000 - US],
      ["cloud-350", 350_000 - US],
    ]);
    expect(natPreset("none")).toBe(undefined);
    expect(natPreset("cgn")?.name).toBe("cgn");
  });

  /** Whether beats with an answer each, so far apart, always find their binding. */
  function keeps(model: NatModel, intervalMs: number, answerMs: number): boolean {
    const nat = make(model);
    const port = nat.out(1, 5000, GATEWAY, 0);
    for (let beat = 0; beat < 6; beat++) {
      if (!nat.in(port, GATEWAY, beat * intervalMs + answerMs)) return false;
      if (nat.mappings((beat + 1) * intervalMs) === 0) return false;
      nat.out(1, 5000, GATEWAY, (beat + 1) * intervalMs);
    }
    return true;
  }

  it("is right and not a microsecond short, in simulation", () => {
    const next = stream(7, 7, "models");
    const own = Array.from({ length: 300 }, () => ({
      ...LINUX,
      unrepliedMs: 1_000 + Math.floor(next() * 60_000),
      streamMs: 1_000 + Math.floor(next() * 60_000),
      streamAfterMs: next() < 0.3 ? 0 : Math.floor(next() * 5_000),
      inboundRefreshes: next() < 0.5,
    }));
    for (const model of [...NAT_PRESETS.flatMap((preset) => preset.model ?? []), ...own]) {
      const safe = safeIntervalMs(model);
      const shown = JSON.stringify(model);
      for (const share of [0, 0.01, 0.9]) {
        const answerMs = Math.floor(share * model.unrepliedMs) / 2;
        if (answerMs < safe) expect(keeps(model, safe, answerMs), shown).toBe(true);
      }
      expect(keeps(model, safe + US, 0), shown).toBe(false);
    }
  });
});
