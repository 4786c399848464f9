// From a big scenario in which something is wrong to the smallest one: with a bug put into the
// gateway, and with an expectation that is missed.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { Failed } from "../../gateway/cli/errors.ts";
import { fewest } from "../../sim/scenario/fewest.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { ScenarioRun } from "../../sim/scenario/run.ts";
import * as smaller from "../../sim/scenario/smaller.ts";
import { scenarioHash, scenarioText } from "../../sim/scenario/text.ts";
import type { Scenario } from "../../sim/scenario/types.ts";
import { nameOf } from "../../sim/scenario/wrong.ts";
import { addShrink } from "../../sim/shrink-command.ts";
import { Mutator } from "./mutant-rig.ts";
import { GATEWAY_MUTANTS } from "./mutants-gateway.ts";

const SEED = 1;
const BIG = `
name: big
run: 2h
calm: 90m
gateway: {commit: 5ms..80ms, clock: none}
fleet:
  - {group: rooms, count: 12, interval: 30s, link: wifi-congested, nat: linux, ap: flat,
     board: esp32, boot: 60s, clock: rc-esp32, config: {clockError: 3%}}
  - {group: doors, count: 8, interval: 60s, suite: hmac, transport: mqtt, boot: 60s}
  - {group: pipes, count: 10, interval: 2m, reach: light, link: lte-m, boot: 5m}
faults:
  - {at: 3m, every: {random: 4m}, where: {names: [flat], share: 20%}, do: power, for: 20s, back: 5s}
  - {at: 5m, every: 10m, do: crash, for: 5s}
  - {at: 12m, where: flat, do: loss, share: 30%, for: 20m}
  - {at: 14m, where: doors-3, do: leave}
  - {at: 15m, every: {random: 6m}, where: pipes, do: forget}
  - {at: 20m, do: disk, commit: 50ms..300ms, for: 10m}
  - {at: 31m, where: rooms-5, do: die}
  - {at: 40m, where: flat, do: nat, change: rebind}
`;

const scenarioOf = (text: string): Scenario => parseScenario(text, "big.yaml");
const mutator = new Mutator();
const folder = mkdtempSync(join(tmpdir(), "nextbeat-shrink-"));
afterAll(async () => {
  await mutator.close();
  rmSync(folder, { recursive: true });
});

describe("the fewest of many", () => {
  it("are those that it takes, and it does not ask long", () => {
    const culprits = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(culprits, (wanted) => {
        let asked = 0;
        const found = fewest([...Array(100).keys()], (some) => {
          asked++;
          return wanted.every((each) => some.includes(each));
        });
        expect([...found].sort()).toEqual([...wanted].sort());
        expect(asked).toBeLessThan(200);
      }),
      { seed: SEED },
    );
  });

  it("of one are that one, unasked", () => {
    expect(fewest([7], () => expect.unreachable())).toEqual([7]);
  });
});

/** All that one board says, and when. */
function saidBy(name: string, scenario: Scenario): string[] {
  const run = new ScenarioRun(scenario, SEED);
  const said: string[] = [];
  run.world.observe({
    sent: ({ board, direction, bytes, at, fate }) => {
      if (board?.name === name && direction === "up") said.push(`${at} ${bytes} ${fate}`);
    },
  });
  run.play();
  return said;
}

describe("a scenario with less in it", () => {
  const plain = scenarioOf(`
run: 30m
gateway: {commit: 0}
fleet: [{group: a, count: 3, interval: 10s}, {group: b, count: 9, interval: 20s, boot: 60s}]
faults:
  - {at: 3m, where: a, do: power, for: 20s}
  - {at: 4m, every: {random: 2m}, where: {names: [b], share: 30%}, do: power, for: 20s, spread: 2s}
`);

  it("leaves the others their ids and luck, also when faults go", () => {
    const less = smaller.withBoards(smaller.withLuck(plain), [[1, 7]]);
    expect(less.fleet).toMatchObject([{ only: [] }, { count: 7, only: [7] }]);
    expect(less.faults).toHaveLength(1);
    const said = saidBy("b-7", plain);
    expect(said.length).toBeGreaterThan(60);
    expect(saidBy("b-7", less)).toEqual(said);
  });

  it("can be written and read", () => {
    const less = smaller.withBoards(smaller.withLuck(plain), [
      [0, 2],
      [1, 1],
      [1, 4],
    ]);
    const again = parseScenario(scenarioText(less), "less.yaml");
    expect(scenarioHash(again)).toBe(scenarioHash(less));
    expect(again.fleet.map(({ only }) => only)).toEqual([[2], [1, 4]]);
    expect(again.faults.map(({ luck }) => luck)).toEqual([0, 1]);
  });

  it("refuses numbers that its group has not", () => {
    expect(() => scenarioOf("run: 1m\nfleet: [{group: a, count: 2, only: [3]}]")).toThrow(
      "big.yaml:2:36: fleet[0].only: a list; expected numbers up to its count",
    );
  });
});

describe("a bug of the gateway", () => {
  it.each([
    ["issued epochs are forgotten over a restart", 2],
    ["who said goodbye is doubted", 1],
    ["statuses are forgotten over a restart", 1],
    ["an ACK for which nothing is waited", 0],
  ])("%s: shows with three boards and %i faults at most", async (name, faults) => {
    const mutant = GATEWAY_MUTANTS.find((each) => each.name === name)!;
    const { firstWrong, shrink } = await mutator.simulator(mutant);
    const big = scenarioOf(BIG);
    const broken = firstWrong(big, SEED)!;
    expect(mutant.caughtBy, broken.what).toContain(nameOf(broken.wrong));
    const { scenario, from, to, runs } = shrink(big, SEED, broken, { runsMax: 300 });
    expect(from).toEqual({ boards: 30, faults: 8, runMs: 7_200_000 });
    expect(to.boards).toBeLessThanOrEqual(3);
    expect(to.faults).toBeLessThanOrEqual(faults);
    expect(runs).toBeLessThanOrEqual(300);
    const again = firstWrong(parseScenario(scenarioText(scenario), "small.yaml"), SEED);
    expect(again?.wrong).toEqual(broken.wrong);
    console.log(`seed ${SEED}: ${name}: ${runs} runs\n${scenarioText(scenario)}`);
  });
});

describe("nextbeat sim shrink", () => {
  async function command(...argv: string[]): Promise<{ out: string; err: string }> {
    const said = { out: "", err: "" };
    const streams = {
      out: (text: string) => {
        said.out += text;
      },
      err: (text: string) => {
        said.err += text;
      },
    };
    const program = new Command().exitOverride();
    addShrink(program, streams, () => {});
    await program.parseAsync(["shrink", ...argv], { from: "user" });
    return said;
  }

  it("finds what misses an expectation, and writes a file that says how to run it", async () => {
    const file = join(folder, "big.yaml");
    const small = join(folder, "small.yaml");
    writeFileSync(file, `${BIG}expect: [{metric: deaths, max: 0}]`);
    const { err } = await command(file, "-o", small);
    expect(err).toContain("small.yaml: written");
    const text = readFileSync(small, "utf8");
    expect(text).toMatch(/^# Breaks deaths at most 0 at .*: [1-9]\d*\n# Made of big@1#\w{8} in /);
    expect(text).toContain(`\n# nextbeat sim run ${small}\n`);
    const { fleet, faults } = parseScenario(text, small);
    expect(fleet.flatMap(({ only = [1] }) => only)).toHaveLength(1);
    expect(faults).toHaveLength(1);
  });

  it("says the same in JSON", async () => {
    const file = join(folder, "plain.yaml");
    const dies = "{at: 2m, do: die}";
    const fleet = "[{group: a, count: 2, link: lan}]";
    writeFileSync(
      file,
      `run: 20m\nfleet: ${fleet}\nfaults: [${dies}]\nexpect: [{metric: deaths, max: 0}]`,
    );
    const { out } = await command(file, "--json");
    const told = JSON.parse(out);
    expect(told).toMatchObject({ broken: "deaths at most 0", from: { boards: 2, faults: 1 } });
    expect(told.token).toMatch(/^plain@1#\w{8}$/);
    expect(told.to).toEqual({ boards: 1, faults: 1, runMs: expect.any(Number) });
    expect(parseScenario(told.scenario, "small.yaml").faults).toHaveLength(1);
  });

  it("says so where nothing is wrong", async () => {
    const file = join(folder, "well.yaml");
    writeFileSync(file, "run: 1m\nfleet: [{group: a, link: lan}]");
    await expect(command(file)).rejects.toThrow(new Failed(`${file}: nothing is wrong with it`));
  });
});
