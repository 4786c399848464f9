// A scenario out of YAML or JSON (which is YAML); all errors are told at once, each with its place.

import { basename } from "node:path";
import type { z } from "zod";
import { type Problem, pathText, problemsOf } from "../../gateway/problems.ts";
import { readYaml } from "../../gateway/yaml.ts";
import { crossProblems, readBound } from "./cross.ts";
import { faultOf } from "./faults-schema.ts";
import { boundText } from "./metrics.ts";
import { ScenarioSchema } from "./schema.ts";
import type { Expectation, Scenario } from "./types.ts";

/** What the file is, where all of it is wrong. */
const WHOLE = "scenario";

/**
 * @param fileName for errors; its stem is the name of a scenario that gives none
 * @throws Usage with one line an error: `FILE:LINE:COLUMN: where: what; expected ...`
 */
export function parseScenario(text: string, fileName: string): Scenario {
  const { raw, refusal } = readYaml(text, fileName, WHOLE);
  const read = ScenarioSchema.safeParse(raw);
  const problems = read.success ? [] : problemsOf(read.error.issues, raw);
  problems.push(...crossProblems(raw).filter((each) => !isTold(each, problems)));
  if (problems.length > 0 || !read.success) throw refusal(problems);
  return scenarioOf(read.data, stem(fileName));
}

/** A name at which something is wrong already needs no second line. */
function isTold(problem: Problem, others: readonly Problem[]): boolean {
  const place = pathText(problem.path, WHOLE);
  return others.some((each) => pathText(each.path, WHOLE) === place);
}

function stem(fileName: string): string {
  const name = basename(fileName)
    .replace(/\.[^.]*$/, "")
    .replace(/[^A-Za-z0-9_-]/g, "-");
  return /^[A-Za-z]/.test(name) ? name.slice(0, 40) : `scenario-${name}`.slice(0, 40);
}

function scenarioOf(read: z.output<typeof ScenarioSchema>, name: string): Scenario {
  const calmAt = read.calm ?? Number.POSITIVE_INFINITY;
  const until = Math.min(calmAt, read.run);
  return {
    name: read.name ?? name,
    about: read.about,
    seeds: read.seeds,
    runMs: read.run,
    calmAt,
    gateway: read.gateway,
    fleet: read.fleet,
    faults: read.faults.map((fault) => faultOf(fault, until)),
    expect: read.expect.map(({ metric, where, min, max }): Expectation => {
      const bounds = [min, max].map((bound) =>
        bound === undefined ? undefined : readBound(metric, bound),
      );
      const [least, most] = bounds;
      return { metric, where, min: least, max: most, text: boundText(metric, where, least, most) };
    }),
  };
}
