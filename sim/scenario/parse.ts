// A scenario out of YAML or JSON (which is YAML). All errors are told at once, each with its place:
// who has three slips in a file wants to know of three.

import { basename } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { Usage } from "../../gateway/cli/errors.ts";
import { crossProblems, readBound } from "./cross.ts";
import { offsetOf, type Problem, pathText, problemsOf, problemText } from "./errors.ts";
import { faultOf } from "./faults-schema.ts";
import { boundText } from "./metrics.ts";
import { ScenarioSchema } from "./schema.ts";
import type { Expectation, Scenario } from "./types.ts";

/** Characters of a scenario's text. */
export const TEXT_MAX = 1_000_000;
/** Times that aliases may be resolved: a text of aliases of aliases grows without end. */
const ALIASES_MAX = 1_000;
/** Errors that are told. */
const ERRORS_MAX = 50;

/**
 * @param fileName for errors; its stem is the name of a scenario that gives none
 * @throws Usage with one line an error: `FILE:LINE:COLUMN: where: what; expected ...`
 */
export function parseScenario(text: string, fileName: string): Scenario {
  if (text.length > TEXT_MAX) {
    throw new Usage(`${fileName}:1:1: scenario: expected at most ${TEXT_MAX} characters`);
  }
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const broken = [...doc.errors, ...doc.warnings];
  if (broken.length > 0) {
    throw refusal(
      broken.map((each) => [each.pos[0], each.message.replaceAll("\n", " ")]),
      place,
    );
  }
  let raw: unknown;
  try {
    raw = doc.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    throw refusal([[0, (error as Error).message]], place);
  }
  const read = ScenarioSchema.safeParse(raw);
  const problems = read.success ? [] : problemsOf(read.error.issues, raw);
  problems.push(...crossProblems(raw).filter((each) => !isTold(each, problems)));
  if (problems.length > 0 || !read.success) {
    throw refusal(
      problems.map((each) => [offsetOf(doc, each), problemText(each, raw)]),
      place,
    );
  }
  return scenarioOf(read.data, stem(fileName));
}

/** A name at which something is wrong already needs no second line. */
function isTold(problem: Problem, others: readonly Problem[]): boolean {
  const place = pathText(problem.path);
  return others.some((each) => pathText(each.path) === place);
}

function refusal(errors: [offset: number, text: string][], place: (at: number) => string): Usage {
  const told = errors.sort(([a], [b]) => a - b).slice(0, ERRORS_MAX);
  const more = errors.length > told.length ? [`and ${errors.length - told.length} more`] : [];
  return new Usage([...told.map(([at, text]) => `${place(at)}: ${text}`), ...more].join("\n"));
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
