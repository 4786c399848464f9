/**
 * For tests that hold whole runs against theory: a scenario's world with nobody looking on, which
 * is several times as fast as a run that is checked and written down, and tables of what was found.
 */

import { Cast } from "../../sim/scenario/cast.ts";
import { Faults } from "../../sim/scenario/faults.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { worldOf } from "../../sim/scenario/run.ts";
import type { Scenario } from "../../sim/scenario/types.ts";
import type { World } from "../../sim/world.ts";
import { table } from "../bench/table.ts";

export interface Bare {
  readonly scenario: Scenario;
  readonly world: World;
  readonly cast: Cast;
}

/** A scenario, from its begin on; to be driven by `world.run`. */
export function bare(text: string, seed: number): Bare {
  const scenario = parseScenario(text, "test.yaml");
  const world = worldOf(scenario, seed);
  const cast = new Cast(scenario, seed, world);
  new Faults(scenario, seed, world, cast);
  world.startGateway();
  return { scenario, world, cast };
}

/** The largest distance between the shares of a sample and a distribution (Kolmogorov, Smirnov). */
export function distance(sample: readonly number[], below: (x: number) => number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  let most = 0;
  for (const [i, x] of sorted.entries()) {
    const expected = below(x);
    const at = Math.max(expected - i / sorted.length, (i + 1) / sorted.length - expected);
    most = Math.max(most, at);
  }
  return most;
}

export function mean(sample: readonly number[]): number {
  return sample.reduce((sum, x) => sum + x, 0) / sample.length;
}

/** To print once all rows are there. */
export function printed(title: string, heads: readonly string[], rows: readonly string[][]): void {
  console.log(`${title}\n${table(heads, rows)}`);
}
