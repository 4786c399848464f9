// Swarm mode: what it counts, that it only looks on, and that it finds a bug and makes it small.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { HOST_STEPS } from "../../sim/host.ts";
import { Exercised, WORTH_SEEING } from "../../sim/scenario/exercised.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { randomScenario } from "../../sim/scenario/random.ts";
import { ScenarioRun } from "../../sim/scenario/run.ts";
import type { SwarmOptions } from "../../sim/scenario/swarm.ts";
import { parseToken, tokenOf } from "../../sim/scenario/token.ts";
import { brokenIn, nameOf, playOut } from "../../sim/scenario/wrong.ts";
import { addSwarm } from "../../sim/swarm-command.ts";
import { Mutator } from "./mutant-rig.ts";
import { GATEWAY_MUTANTS } from "./mutants-gateway.ts";

const SEED = 1;
/** A scenario of swarm mode that is over soon, with faults of several kinds. */
const SMALL = 5;

const mutator = new Mutator();
const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "nextbeat-swarm-"));
afterAll(async () => {
  process.chdir(home);
  await mutator.close();
  rmSync(folder, { recursive: true });
});

describe("what a run did", () => {
  it("is counted, step by step", () => {
    const crashes = HOST_STEPS.map(
      (step, i) => `- {at: ${i + 1}m, do: crash, step: ${step}, for: 2s}`,
    );
    const scenario = parseScenario(
      `
run: 15m
gateway: {commit: 2s..3s}
fleet:
  - {group: a, count: 3, interval: 5s, link: {preset: lan, up: {loss: 10%}}, nat: linux, ap: house}
  - {group: b, count: 1, interval: 10s, reach: deep, board: esp32, config: {wake: 2s}}
  - {group: c, interval: 10s, transport: mqtt, link: lan}
faults:
  ${crashes.join("\n  ")}
  - {at: 30s, every: 10s, until: 5m, where: a-1, do: powercut, step: after-send, for: 4s}
  - {at: 7m, where: a-1, do: powercut, step: before-store, for: 1m}
  - {at: 9m, where: a-2, do: powercut, step: after-store, for: 1m}
  - {at: 8m, where: house, do: nat, change: readdress}
  - {at: 11m, where: a-3, do: leave}
  - {at: 12m, do: replay, perSecond: 5, for: 2m}
`,
      "all.yaml",
    );
    const run = new ScenarioRun(scenario, SEED);
    const exercised = new Exercised(run, true);
    expect(playOut(run, scenario, exercised.look)).toBeUndefined();
    exercised.close();
    const { counts } = exercised;
    for (const step of HOST_STEPS) expect(counts.get(`gateway dies: ${step}`), step).toBe(1);
    expect(counts.get("fault: crash")).toBe(5);
    expect(counts.get("power goes: before-store")).toBe(1);
    expect(counts.get("power goes: after-store")).toBe(1);
    expect(counts.get("power goes: after-send")).toBeGreaterThan(5);
    expect(counts.get("status: present > left")).toBe(1);
    expect(counts.get("status: unknown > present")).toBe(5);
    expect(counts.get("board: another address at its NAT")).toBe(3);
    for (const name of [
      "frame: another try",
      "frame: over MQTT",
      "frame: at a board that does not listen",
      "board: asleep",
      "disk: a commit of more than 1 s",
      "stranger: refused",
      "lost: loss",
      "gateway hears: duplicate",
      "gateway hears: stale",
      "WELCOME: a new epoch",
    ]) {
      expect(counts.get(name), name).toBeGreaterThan(0);
    }
    for (const name of ["fault: power", "lost: dns", "board: brown-out"]) {
      expect(counts.get(name), name).toBe(0);
    }
  });

  it("is the same with somebody who counts and without", () => {
    const scenario = randomScenario(SMALL);
    const alone = new ScenarioRun(scenario, SEED);
    alone.play();
    const watched = new ScenarioRun(scenario, SEED);
    playOut(watched, scenario, new Exercised(watched, true).look);
    expect(watched.world.hash).toBe(alone.world.hash);
    expect(watched.world.events).toBe(alone.world.events);
    expect(alone.world.events).toBeGreaterThan(1_000);
  });
});

describe("a swarm", () => {
  const silent: SwarmOptions = {
    first: SMALL,
    runs: 2,
    wallMs: 1_000,
    clock: () => 0,
    progress: () => {},
    onBroken: () => {},
    onFound: () => {},
  };

  it("finds the bug, names it by its token, and makes it small", async () => {
    const mutant = GATEWAY_MUTANTS.find(({ name }) => name === "late at half the promise")!;
    const { swarm } = await mutator.simulator(mutant);
    const { runs, found } = swarm({ ...silent, shrinkRuns: 40 });
    expect(runs).toBe(2);
    const [doubt] = found.filter(({ broken }) => nameOf(broken.wrong) === "no-false-doubt");
    expect(doubt!.tokens).toEqual([SMALL, SMALL + 1].map((n) => tokenOf(randomScenario(n), SEED)));
    expect(parseToken(doubt!.tokens[0]!)).toMatchObject({ scenario: `swarm-${SMALL}`, seed: SEED });
    expect(doubt!.shrunk.from.boards).toBeGreaterThan(doubt!.shrunk.to.boards);
    expect(doubt!.shrunk.to).toMatchObject({ boards: 1, faults: 0 });
  });

  it("ends with the clock", async () => {
    const { swarm } = await mutator.simulator();
    let now = 0;
    const clock = () => {
      now += 400;
      return now;
    };
    const { runs } = swarm({ ...silent, runs: 1_000, clock });
    expect(runs).toBe(2);
  });

  it("says as a command what was exercised, and ends with 0 where nothing broke", async () => {
    process.chdir(folder);
    let out = "";
    let code = -1;
    const streams = {
      out: (text: string) => {
        out += text;
      },
      err: () => {},
    };
    const program = new Command().exitOverride();
    addSwarm(program, streams, (ended) => {
      code = ended;
    });
    const argv = ["swarm", "--runs", "1", "--seed", String(SMALL), "--json"];
    await program.parseAsync(argv, { from: "user" });
    const sum = JSON.parse(out);
    expect(code).toBe(0);
    expect(sum).toMatchObject({ runs: 1, violations: [] });
    expect(Object.keys(sum.exercised).sort()).toEqual([...WORTH_SEEING].sort());
  });
});

describe("what swarm mode draws", () => {
  it("breaks nothing in its first scenarios", () => {
    for (let n = 1; n <= 4; n++) {
      const scenario = randomScenario(n);
      const run = new ScenarioRun(scenario, SEED);
      const thrown = playOut(run, scenario, () => false);
      expect([thrown, ...brokenIn(run)].filter(Boolean), tokenOf(scenario, SEED)).toEqual([]);
    }
  });
});
