// What a run can be had again from: `dying-ap@42#7f3ac901`, the scenario's name, the seed, and a
// hash of the scenario, so that whoever replays it under a scenario that has changed is told.
// Scenarios of swarm mode have no file: `swarm-812@1#...` makes them again from their number.

import { scenarioHash } from "./text.ts";
import type { Scenario } from "./types.ts";

const TOKEN = /^(.+)@(\d+)#([0-9a-f]{8})$/;

export interface Token {
  readonly scenario: string;
  readonly seed: number;
  readonly hash: string;
}

export function tokenOf(scenario: Scenario, seed: number): string {
  return `${scenario.name}@${seed}#${scenarioHash(scenario)}`;
}

/** Takes a token apart; undefined: it is none. */
export function parseToken(text: string): Token | undefined {
  const found = TOKEN.exec(text);
  return found ? { scenario: found[1]!, seed: Number(found[2]), hash: found[3]! } : undefined;
}
