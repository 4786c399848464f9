// Swarm mode: scenarios made up by luck, one after the other, each with all checkers on; what was
// exercised is counted over all of them, and the first of each kind of violation is made smaller.
//
// It goes on after a violation: who soaks overnight wants to know of the second bug as well. What
// lost: to stop at once, as a test does.

import { Exercised, WORTH_SEEING } from "./exercised.ts";
import { randomScenario } from "./random.ts";
import { ScenarioRun } from "./run.ts";
import { type Shrunk, shrink } from "./shrink.ts";
import { tokenOf } from "./token.ts";
import type { Scenario } from "./types.ts";
import { type Broken, brokenIn, nameOf, playOut } from "./wrong.ts";

/** Seed of the luck within each run: the scenario's number makes enough of a difference. */
const SEED = 1;
/** What one violation may take to be made smaller: runs, and a share of the time there is. */
const SHRINK_RUNS = 400;
const SHRINK_SHARE = 0.25;
const SHRINK_MS = 120_000;

export interface Swarm {
  readonly runs: number;
  readonly events: number;
  readonly boards: number;
  readonly virtualMs: number;
  /** How often each thing happened, and in how many runs. */
  readonly exercised: ReadonlyMap<string, { readonly times: number; readonly runs: number }>;
  readonly found: readonly Found[];
}

/** The first violation of its kind; `tokens`: of all runs that had one, the first of them first. */
export interface Found {
  readonly broken: Broken;
  readonly tokens: string[];
  readonly shrunk: Shrunk;
}

export interface SwarmOptions {
  /** Number of the first scenario. */
  readonly first: number;
  readonly runs: number;
  /** Ends with the run in which so much of the clock has passed, ms. */
  readonly wallMs: number;
  readonly clock: () => number;
  /** Runs that one violation may take to be made smaller. Default 400. */
  readonly shrinkRuns?: number;
  readonly progress: (n: number, runs: number) => void;
  /** A violation of a kind not seen before, before and after it was made smaller. */
  readonly onBroken: (token: string, broken: Broken) => void;
  readonly onFound: (found: Found) => void;
}

export function swarm(options: SwarmOptions): Swarm {
  const { first, clock, progress } = options;
  const endAt = clock() + options.wallMs;
  const exercised = new Map(WORTH_SEEING.map((name) => [name, { times: 0, runs: 0 }]));
  const found = new Map<string, Found>();
  const sum = { runs: 0, events: 0, boards: 0, virtualMs: 0 };
  while (sum.runs < options.runs && clock() < endAt) {
    const n = first + sum.runs;
    progress(n, sum.runs);
    const scenario = randomScenario(n);
    const { run, counts, broken } = observed(scenario);
    sum.runs++;
    sum.events += run.world.events;
    sum.boards += run.cast.members.length;
    sum.virtualMs += run.world.now;
    for (const [name, times] of counts) {
      const row = exercised.get(name) ?? { times: 0, runs: 0 };
      exercised.set(name, { times: row.times + times, runs: row.runs + (times > 0 ? 1 : 0) });
    }
    for (const each of broken) {
      const name = nameOf(each.wrong);
      const known = found.get(name);
      if (known) known.tokens.push(tokenOf(scenario, SEED));
      else found.set(name, smallest(scenario, each, options));
    }
  }
  return { ...sum, exercised, found: [...found.values()] };
}

/** Runs a scenario to its end. */
function observed(scenario: Scenario) {
  const run = new ScenarioRun(scenario, SEED);
  const exercised = new Exercised(
    run,
    scenario.faults.some((fault) => fault.do === "powercut"),
  );
  const thrown = playOut(run, scenario, exercised.look);
  exercised.close();
  const broken = [...brokenIn(run), ...(thrown ? [thrown] : [])];
  return { run, counts: exercised.counts, broken };
}

function smallest(scenario: Scenario, broken: Broken, options: SwarmOptions): Found {
  const token = tokenOf(scenario, SEED);
  options.onBroken(token, broken);
  const wallMs = Math.min(SHRINK_MS, options.wallMs * SHRINK_SHARE);
  const { shrinkRuns: runsMax = SHRINK_RUNS, clock } = options;
  const budget = { runsMax, wallMs, clock };
  const found = { broken, tokens: [token], shrunk: shrink(scenario, SEED, broken, budget) };
  options.onFound(found);
  return found;
}
