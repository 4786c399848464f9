// What is wrong with a run: an invariant that it breaks, an expectation that it misses, or a core
// that threw. One thing, the first, with its instant: what shrinking and swarm mode look for.

import { runScenario, ScenarioRun } from "./run.ts";
import type { Scenario } from "./types.ts";

/** The invariant that a core breaks which throws. */
export const THROWS = "throws";

/** What goes wrong: an invariant by its name, or an expectation by its text. */
export type Wrong = { readonly invariant: string } | { readonly expected: string };

/** Where and how it did. `at`: ms of virtual time. */
export interface Broken {
  readonly wrong: Wrong;
  readonly at: number;
  readonly what: string;
  /** The last events of the board concerned, a line each. */
  readonly last: readonly string[];
}

export function nameOf(wrong: Wrong): string {
  return "invariant" in wrong ? wrong.invariant : wrong.expected;
}

/**
 * Lets a run happen to its end, or until `enough` says so after some event.
 * @returns what a core threw
 */
export function playOut(
  run: ScenarioRun,
  { runMs, calmAt }: Scenario,
  enough: () => boolean,
): Broken | undefined {
  const { world, checkers } = run;
  try {
    if (!world.run(runMs, enough)) checkers.close(calmAt);
    return undefined;
  } catch (error) {
    return { wrong: { invariant: THROWS }, at: world.now, what: String(error), last: [] };
  }
}

/** The invariants that a run has broken, each the first time. */
export function brokenIn({ checkers }: ScenarioRun): Broken[] {
  const names = new Set<string>();
  return checkers.violations.flatMap(({ invariant, at, what, last }) => {
    if (names.has(invariant)) return [];
    names.add(invariant);
    return [{ wrong: { invariant }, at, what, last }];
  });
}

/** The first thing wrong with a run, or the first of the kind asked for. undefined: it is well. */
export function firstWrong(scenario: Scenario, seed: number, wrong?: Wrong): Broken | undefined {
  if (wrong && "expected" in wrong) return missed(scenario, seed, wrong.expected);
  const run = new ScenarioRun(scenario, seed);
  const find = () => brokenIn(run).find((each) => !wrong || sameAs(wrong, each));
  let seen = 0;
  const thrown = playOut(run, scenario, () => {
    const { length } = run.checkers.violations;
    if (length === seen) return false;
    seen = length;
    return find() !== undefined;
  });
  const found = find();
  if (found) return found;
  if (thrown) return !wrong || sameAs(wrong, thrown) ? thrown : undefined;
  return wrong ? undefined : missed(scenario, seed);
}

function sameAs(wrong: Wrong, broken: Broken): boolean {
  return nameOf(wrong) === nameOf(broken.wrong);
}

/** The first expectation that is not met, or the one with this text. */
function missed(scenario: Scenario, seed: number, text?: string): Broken | undefined {
  if (scenario.expect.length === 0) return undefined;
  const { expectations, virtualMs: at } = runScenario(scenario, seed);
  const found = expectations.find((each) => !each.ok && (text ?? each.text) === each.text);
  if (!found) return undefined;
  const what = `${found.text}: ${found.value ?? "nothing to measure"}`;
  return { wrong: { expected: found.text }, at, what, last: [] };
}
