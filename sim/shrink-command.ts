// `nextbeat sim shrink`: from a run in which something is wrong to the smallest scenario in which
// it still is, as a file to read, to run and to keep as a test.

import { writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import type { Command } from "commander";
import { Failed, reason, Usage } from "../gateway/cli/errors.ts";
import type { Done, Streams } from "./commands.ts";
import { sayDuration, sayInstant } from "./duration.ts";
import { SECONDS_MAX, SEED_MAX, whole } from "./flags.ts";
import { jobNamed } from "./scenario/named.ts";
import { type Shrunk, type Size, shrink } from "./scenario/shrink.ts";
import { scenarioText } from "./scenario/text.ts";
import { tokenOf } from "./scenario/token.ts";
import { type Broken, firstWrong, nameOf } from "./scenario/wrong.ts";

const RUNS_MAX = 100_000;
/** By default it takes so many runs and seconds at most. */
const RUNS = 1_000;
const SECONDS = 300;

interface ShrinkFlags {
  readonly seed?: number;
  readonly invariant?: string;
  readonly output?: string;
  readonly json?: boolean;
  readonly runs: number;
  readonly seconds: number;
}

export function addShrink(program: Command, streams: Streams, done: Done): void {
  program
    .command("shrink")
    .description("the smallest scenario that breaks what this one breaks, as YAML")
    .argument("<scenario>", "name of a shipped one, a file, or the token of a run")
    .option("--seed <n>", "this seed only", whole(0, SEED_MAX))
    .option("--invariant <name>", "this one, where a run breaks several")
    .option("-o, --output <file>", "write it there, and not to stdout")
    .option("--json", "print JSON: what broke, the sizes, and the scenario as text")
    .option("--runs <n>", "try at most so many scenarios", whole(1, RUNS_MAX), RUNS)
    .option("--seconds <n>", "for at most so long", whole(1, SECONDS_MAX), SECONDS)
    .action((name: string, flags: ShrinkFlags) => {
      const { out, err } = streams;
      const { scenario, seeds, changed } = jobNamed(name);
      if (changed) err(`${name}: the scenario has changed since; this may be another run\n`);
      const wrong = flags.invariant === undefined ? undefined : { invariant: flags.invariant };
      for (const seed of flags.seed === undefined ? seeds : [flags.seed]) {
        const token = tokenOf(scenario, seed);
        const broken = firstWrong(scenario, seed, wrong);
        if (!broken) continue;
        err(`${token}: ${brokenText(broken)}\n`);
        const shrunk = shrink(scenario, seed, broken, {
          runsMax: flags.runs,
          wallMs: flags.seconds * 1_000,
          clock: () => performance.now(),
          progress: (runs, size) => err(`  run ${runs}: ${sizeText(size)}\n`),
        });
        const text = shrunkText(shrunk, token, flags.output ?? "FILE");
        if (flags.output !== undefined) writeShrunk(flags.output, text, streams);
        if (flags.json) out(`${JSON.stringify(shrunkJson(shrunk, token, text))}\n`);
        else if (flags.output === undefined) out(text);
        done(0);
        return;
      }
      throw new Failed(`${name}: nothing is wrong with it`);
    });
}

/** The scenario with a comment on top: what it breaks, of what it was made, how it is run. */
export function shrunkText(shrunk: Shrunk, token: string, file: string): string {
  const { scenario, broken, from, to, runs } = shrunk;
  const lines = [
    `Breaks ${brokenText(broken)}`,
    `Made of ${token} in ${runs} runs: ${sizeText(from)}; now ${sizeText(to)}.`,
    `nextbeat sim run ${file}`,
  ];
  return `${lines.map((line) => `# ${line}\n`).join("")}${scenarioText(scenario)}`;
}

function shrunkJson({ broken, from, to, runs }: Shrunk, token: string, scenario: string): object {
  const { wrong, at, what } = broken;
  return { token, broken: nameOf(wrong), atMs: at, what, runs, from, to, scenario };
}

export function writeShrunk(file: string, text: string, { err }: Streams): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new Usage(`${file}: ${reason(error)}`);
  }
  err(`${file}: written\n`);
}

export function brokenText({ wrong, at, what }: Broken): string {
  return `${nameOf(wrong)} at ${sayInstant(at)}: ${what}`;
}

export function sizeText({ boards, faults, runMs }: Size): string {
  const many = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;
  return `${many(boards, "board")}, ${many(faults, "fault")}, ${sayDuration(runMs)}`;
}
