// The scenarios that come with the program, the commands that tell of them, and what the ways of
// running cannot do of one. That each of them holds is shown by running them: `make sim`.

import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { LIMITS } from "../../gateway/limits.ts";
import { BOARD_FAULTS, PATH_FAULTS } from "../../sim/live/stage.ts";
import { FAULT_KINDS } from "../../sim/scenario/faults-schema.ts";
import { type Mode, notEmulated } from "../../sim/scenario/modes.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { loadScenario, shipped } from "../../sim/scenario/shipped.ts";
import type { FaultKind } from "../../sim/scenario/types.ts";
import { addScenarios, addSchema } from "../../sim/scenario-commands.ts";

/** What `nextbeat sim` prints for these words. */
async function said(...words: string[]): Promise<string> {
  const program = new Command();
  let text = "";
  const out = (more: string) => {
    text += more;
  };
  addSchema(program, { out, err: out });
  addScenarios(program, { out, err: out });
  await program.parseAsync(words, { from: "user" });
  return text;
}

/** P(a Poisson number of this mean is above `most`). */
function above(most: number, mean: number): number {
  let term = Math.exp(-mean);
  let below = term;
  for (let n = 1; n <= most; n++) {
    term *= mean / n;
    below += term;
  }
  return 1 - below;
}

describe("the shipped scenarios", () => {
  it("are those that were asked for, and more", () => {
    const asked = ["dying-access-point", "power-cut", "cellular-nat", "gateway-restart"];
    asked.push("lossy-garage", "drifting-sleepers", "replay-attacker", "real-time");
    asked.push("three-day-outage", "stalling-disk");
    expect(shipped()).toEqual(expect.arrayContaining(asked));
    expect(shipped().length).toBeGreaterThanOrEqual(12);
  });

  it.each(shipped())("%s says what it is about and what must come of it", (name) => {
    const scenario = loadScenario(name);
    expect(scenario.name).toBe(name);
    expect(scenario.about.length).toBeGreaterThan(20);
    expect(scenario.expect.length).toBeGreaterThan(1);
    // What a reader waits for: about half a minute of work at most.
    const beats = scenario.fleet.reduce(
      (sum, { count, intervalMs }) => sum + (count * scenario.runMs) / intervalMs,
      0,
    );
    expect(beats * scenario.seeds.length).toBeLessThan(2_000_000);
  });

  it("allow as many false absents as the detector's own limit does, or none", () => {
    for (const { name, fleet, runMs, expect: expected } of shipped().map(loadScenario)) {
      const devices = fleet.reduce((sum, { count }) => sum + count, 0);
      const mean = (LIMITS.falseAlarms * devices * runMs) / 31_557_600_000;
      for (const { metric, where, max = 0 } of expected) {
        if (metric !== "falseAbsent" || max === 0) continue;
        expect(where, name).toBeUndefined();
        expect(above(max, mean), name).toBeLessThan(0.001);
        expect(above(max - 1, mean), name).toBeGreaterThan(0.001);
      }
    }
  });

  it("are found by name, and files by path; another name is refused with the nearest", () => {
    const path = new URL("../../sim/scenarios/power-cut.yaml", import.meta.url).pathname;
    expect(loadScenario(path)).toEqual(loadScenario("power-cut"));
    expect(() => loadScenario("power-cat")).toThrow(
      /no such scenario; .*did you mean power-cut\?$/,
    );
    expect(() => loadScenario("./none.yaml")).toThrow("./none.yaml: there is no such file");
  });
});

describe("the commands", () => {
  it("`schema` prints a schema that takes what the parser takes, and not a slip", async () => {
    const schema = z.fromJSONSchema(JSON.parse(await said("schema")));
    const text = { name: "x", run: "1h", fleet: [{ group: "a", count: 2, link: { loss: "5%" } }] };
    expect(schema.safeParse(text).error).toBeUndefined();
    expect(parseScenario(JSON.stringify(text), "x").fleet).toHaveLength(1);
    for (const wrong of [
      { ...text, runn: "1h" },
      { ...text, fleet: [] },
      { ...text, fleet: [{ group: "a", link: "lann" }] },
      { ...text, faults: [{ at: "1h", do: "crsh" }] },
      { ...text, faults: [{ at: "1h", do: "crash", by: "1h" }] },
      { ...text, expect: [{ metric: "alrms", max: 0 }] },
    ]) {
      expect(schema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
      expect(() => parseScenario(JSON.stringify(wrong), "x")).toThrow();
    }
  });

  it("`scenarios` lists each with its size, for people and for programs", async () => {
    const lines = (await said("scenarios")).trimEnd().split("\n");
    expect(lines.slice(1).map((line) => line.trim().split(" ")[0])).toEqual(shipped());
    expect(lines.find((line) => line.includes("power-cut"))).toMatch(
      / power-cut +10000 +70 min +1 +3 +Ten thousand boards/,
    );
    const { scenarios } = JSON.parse(await said("scenarios", "--json"));
    expect(scenarios).toHaveLength(shipped().length);
    expect(scenarios[0]).toMatchObject({ name: shipped()[0], about: expect.any(String) });
  });
});

describe("what cannot be done", () => {
  const scenario = parseScenario(
    `run: 4h
seeds: 1..3
gateway: {commit: 5ms}
fleet:
  - {group: a, count: 9, board: esp32}
  - {group: b, transport: mqtt}
faults:
  - {at: 1h, do: cut, for: 1m}
  - {at: 1h, do: die}
  - {at: 2h, do: crash, for: 1s}
  - {at: 2h, do: nat, change: readdress}
  - {at: 2h, do: ap, for: 1m}
  - {at: 2h, do: battery}
  - {at: 2h, do: flood, perSecond: 5}
expect:
  - {metric: loss.up, max: 50%}
  - {metric: alarms, max: 9}
  - {metric: energy.mAhPerDay, max: 9}
`,
    "x.yaml",
  );

  it("in virtual time: nothing", () => {
    for (const name of shipped()) expect(notEmulated(loadScenario(name), "virtual")).toEqual([]);
    expect(notEmulated(scenario, "virtual")).toEqual([]);
  });

  it("on real sockets: what is the gateway's, and what costs no charge", () => {
    expect(notEmulated(scenario, "fleet")).toEqual([
      "fleet: seeds: one run, with seed 1",
      "fleet: gateway: it has a disk, a clock and limits of its own",
      "fleet: group a, board esp32: energy is counted in virtual time only",
      "fleet: group b, transport mqtt: its boards speak UDP",
      "fleet: fault 3 at 2 h, crash: the gateway is not ours to kill",
      "fleet: fault 4 at 2 h, nat: a new port, but the same address",
      "fleet: fault 6 at 2 h, battery: energy is counted in virtual time only",
      "fleet: fault 7 at 2 h, flood: strangers come in virtual time only",
      "fleet: expectations: they are judged in virtual time",
    ]);
  });

  it("in a proxy: all but the paths", () => {
    expect(notEmulated(scenario, "proxy")).toEqual([
      "proxy: seeds: one run, with seed 1",
      "proxy: gateway: it has a disk, a clock and limits of its own",
      "proxy: group a, board esp32: energy is counted in virtual time only",
      "proxy: group a, 9 boards: those that come are the fleet, as they are",
      "proxy: group b, 1 board: those that come are the fleet, as they are",
      "proxy: fault 2 at 60 min, die: the boards are not ours",
      "proxy: fault 3 at 2 h, crash: the gateway is not ours to kill",
      "proxy: fault 4 at 2 h, nat: a new port, but the same address",
      "proxy: fault 5 at 2 h, ap: frames stop, but no board joins again",
      "proxy: fault 6 at 2 h, battery: energy is counted in virtual time only",
      "proxy: fault 7 at 2 h, flood: strangers come in virtual time only",
      "proxy: expectations: they are judged in virtual time",
    ]);
  });

  it("is what the live modes leave out, fault by fault", () => {
    const minimal: Partial<Record<FaultKind, string>> = {
      powercut: ", step: after-send",
      clock: ", by: 1h",
      drift: ", ppm: 5",
      link: ", to: lan",
      loss: ", share: 5%",
      "nat-set": ", to: cgn",
      disk: ", commit: 1s",
      wall: ", by: 1h",
      replay: ", perSecond: 1",
      flood: ", perSecond: 1",
    };
    const left = (kind: FaultKind, mode: Mode) => {
      const words = `faults: [{at: 0, do: ${kind}${minimal[kind] ?? ""}}]`;
      return notEmulated(parseScenario(`run: 1h\nfleet: [{group: a}]\n${words}`, "x"), mode).filter(
        (line) => line.includes("fault 1"),
      );
    };
    // An access point that is off cuts a proxy's paths, and yet is not the whole fault.
    const proxy = [...PATH_FAULTS.filter((kind) => kind !== "ap"), "broker"];
    for (const kind of FAULT_KINDS) {
      expect(left(kind, "fleet").length, kind).toBe(BOARD_FAULTS.includes(kind) ? 0 : 1);
      expect(left(kind, "proxy").length, kind).toBe(proxy.includes(kind) ? 0 : 1);
    }
  });
});
