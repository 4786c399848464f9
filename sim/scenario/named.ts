// What people call a run by: the name of a shipped scenario, a file, `swarm-812` for one made up by
// luck, or a token, which says the seed as well.

import { randomScenario } from "./random.ts";
import { loadScenario } from "./shipped.ts";
import { scenarioHash } from "./text.ts";
import { parseToken } from "./token.ts";
import type { Scenario } from "./types.ts";

/** The name of a scenario made up by swarm mode. */
const SWARM = /^swarm-(\d+)$/;

/** A scenario and the seeds to run it with. */
export interface Job {
  readonly scenario: Scenario;
  readonly seeds: readonly number[];
  /** A token named it, and the scenario is another one since. */
  readonly changed: boolean;
}

/** @throws Usage if there is no such scenario, or it is wrong */
export function jobNamed(name: string): Job {
  const token = parseToken(name);
  const scenario = scenarioNamed(token?.scenario ?? name);
  if (!token) return { scenario, seeds: scenario.seeds, changed: false };
  return { scenario, seeds: [token.seed], changed: scenarioHash(scenario) !== token.hash };
}

function scenarioNamed(name: string): Scenario {
  const swarm = SWARM.exec(name);
  return swarm ? randomScenario(Number(swarm[1])) : loadScenario(name);
}
