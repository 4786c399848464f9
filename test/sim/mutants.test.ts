// Do the checkers bite? Each bug of the lists must be caught by an invariant that is named for what
// it breaks; and nothing may be caught where there is no bug. A checker that nothing has ever set
// off is a guess.

import { afterAll, describe, expect, it } from "vitest";
import { sayInstant } from "../../sim/duration.ts";
import { table } from "../../sim/report/table.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { type Broken, nameOf } from "../../sim/scenario/wrong.ts";
import { HUNTS, type Mutant, Mutator } from "./mutant-rig.ts";
import { DEVICE_MUTANTS } from "./mutants-device.ts";
import { GATEWAY_MUTANTS } from "./mutants-gateway.ts";

const MUTANTS = [...DEVICE_MUTANTS, ...GATEWAY_MUTANTS];
const NAMES = Object.keys(HUNTS) as (keyof typeof HUNTS)[];
const SEED = 1;

const mutator = new Mutator();
const scenarios = new Map(NAMES.map((name) => [name, parseScenario(HUNTS[name], `${name}.yaml`)]));
const rows: string[][] = [];

async function hunt(name: keyof typeof HUNTS, mutant?: Mutant): Promise<Broken | undefined> {
  const { firstWrong } = await mutator.simulator(mutant);
  return firstWrong(scenarios.get(name)!, SEED);
}

afterAll(async () => {
  await mutator.close();
  const head = ["bug", "rule", "caught by", "at"];
  console.log(`seed ${SEED}\n${table({ head, rows }, 120).join("\n")}`);
});

describe("without a bug", () => {
  it.each(NAMES)("nothing is wrong in `%s`", async (name) => {
    expect(await hunt(name)).toBeUndefined();
  });
});

describe("with a bug", () => {
  it.each(MUTANTS)("$name: caught", async (mutant) => {
    const broken = await hunt(mutant.hunt, mutant);
    const invariant = broken && nameOf(broken.wrong);
    rows.push([
      mutant.name,
      String(mutant.rule),
      invariant ?? "nobody",
      broken ? sayInstant(broken.at) : "",
    ]);
    expect(mutant.caughtBy, broken?.what).toContain(invariant);
  });
});
