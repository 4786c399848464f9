// `nextbeat sim run` and `compare`: scenarios in virtual time, and what comes of them as text for
// people, JSON for programs, and a page of pictures.

import { readFileSync, writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { type Command, InvalidArgumentError } from "commander";
import { Failed, reason, Usage } from "../gateway/cli/errors.ts";
import { duration } from "../gateway/cli/words.ts";
import type { Done, Streams } from "./commands.ts";
import { sayDuration } from "./duration.ts";
import { compareHtml } from "./report/compare.ts";
import { reportHtml, reportSvg } from "./report/html.ts";
import { compareJson, resultJson, resultsOf } from "./report/json.ts";
import { compareText, reportText } from "./report/text.ts";
import type { RunResult } from "./result.ts";
import { type Job, jobNamed } from "./scenario/named.ts";
import { runScenario } from "./scenario/run.ts";
import { shipped } from "./scenario/shipped.ts";
import type { Scenario } from "./scenario/types.ts";

const SEED_MAX = 2 ** 32 - 1;
const COLUMNS = 100;
/** Pictures of a report that can stand alone. */
const PICTURES = "lanes statuses detection load false-absents energy battery ladder".split(" ");
/** How often progress is shown: on a terminal, and elsewhere, ms. */
const LIVE_MS = 200;
const PLAIN_MS = 10_000;

interface RunFlags {
  readonly all?: boolean;
  readonly seed?: number;
  readonly until?: number;
  readonly report?: string;
  readonly svg?: readonly string[];
  readonly brief?: boolean;
  readonly json?: boolean;
}

export function addRun(program: Command, streams: Streams, done: Done): void {
  program
    .command("run")
    .description(
      "scenarios in virtual time: figures, expectations, invariants; exit 1 if any broke",
    )
    .argument("[scenarios...]", "names of shipped ones, files, or tokens that replay a run")
    .option("--all", "all shipped scenarios")
    .option("--seed <n>", "one seed instead of the scenario's own", seed)
    .option("--until <time>", "end early", duration(1, 366 * 86_400_000, "1ms to 366d"))
    .option("--report <file>", "write a page of pictures, one HTML file")
    .option("--svg <picture=file...>", `write one picture: ${PICTURES.join(", ")}`)
    .option("--brief", "a line a run, and whatever broke")
    .option("--json", "print JSON, a line a run")
    .action((names: readonly string[], flags: RunFlags) => {
      const pictures = (flags.svg ?? []).map(picture);
      const jobs = jobsOf(names, flags, streams);
      const results = jobs.flatMap((job) => runJob(job, flags, streams));
      if (flags.report) write(flags.report, reportHtml(results), streams);
      for (const [id, file] of pictures) draw(results, id, file, streams);
      if (flags.brief) streams.out(`${summary(results)}\n`);
      done(results.some(broke) ? 1 : 0);
    });
}

export function addCompare(program: Command, { out, err }: Streams): void {
  program
    .command("compare")
    .description("two runs under the same weather: what differs, pair by pair of seeds")
    .argument("<a>", "what `sim run --json` printed")
    .argument("<b>", "the same of another scenario, gateway or firmware")
    .option("--report <file>", "write a page of pictures, one HTML file")
    .option("--json", "print JSON")
    .action((a: string, b: string, { report, json }: { report?: string; json?: boolean }) => {
      const [left, right] = [resultsIn(a), resultsIn(b)];
      out(json ? compareJson(left, right) : compareText(left, right, COLUMNS));
      if (report) write(report, compareHtml(left, right), { out, err });
    });
}

function jobsOf(names: readonly string[], { all, seed: only, until }: RunFlags, streams: Streams) {
  const wanted = all ? [...shipped(), ...names] : names;
  if (wanted.length === 0) throw new Usage("no scenario: name one, or say --all");
  return wanted.map((name): Job => {
    const job = jobNamed(name);
    if (job.changed) {
      streams.err(`${name}: the scenario has changed since; this may be another run\n`);
    }
    const runMs = Math.min(until ?? Infinity, job.scenario.runMs);
    return {
      ...job,
      scenario: { ...job.scenario, runMs },
      seeds: only === undefined ? job.seeds : [only],
    };
  });
}

function runJob(
  { scenario, seeds }: Job,
  { json, brief }: RunFlags,
  streams: Streams,
): RunResult[] {
  return seeds.map((each) => {
    const progress = progressOf(scenario, each, streams.err);
    const result = runScenario(scenario, each, {
      clock: () => performance.now(),
      progress: progress.show,
    });
    progress.close();
    if (json) streams.out(resultJson(result));
    else if (brief && !broke(result)) streams.out(`${briefly(result)}\n`);
    else streams.out(`${reportText(result, COLUMNS)}\n`);
    return result;
  });
}

/** A line that says how far a long run is. */
function progressOf(scenario: Scenario, each: number, err: (text: string) => void) {
  const live = process.stderr.isTTY === true;
  const started = performance.now();
  let shownAt = started;
  let shown = false;
  return {
    show(virtualMs: number, events: number): void {
      const now = performance.now();
      if (now - shownAt < (live ? LIVE_MS : PLAIN_MS)) return;
      shownAt = now;
      shown = true;
      const rate = Math.round(events / (now - started));
      const share = Math.round((100 * virtualMs) / scenario.runMs);
      const of = `${sayDuration(Math.round(virtualMs))} of ${sayDuration(scenario.runMs)}`;
      const line = `${scenario.name}, seed ${each}: ${share} %, ${of}, ${rate} events/ms`;
      err(live ? `\r${line}\u001b[K` : `${line}\n`);
    },
    close(): void {
      if (live && shown) err("\r\u001b[K");
    },
  };
}

/** One run in a line. */
function briefly({ scenario, seed: each, virtualMs, wallMs, events, expectations }: RunResult) {
  const [time, took] = [sayDuration(Math.round(virtualMs)), sayDuration(Math.round(wallMs))];
  const met = `${expectations.length} expectations met`;
  return `ok  ${scenario}, seed ${each}: ${time} in ${took}, ${events} events; ${met}`;
}

function summary(results: readonly RunResult[]): string {
  const broken = results.filter(broke).length;
  const events = results.reduce((sum, result) => sum + result.events, 0);
  const expected = results.reduce((sum, { expectations }) => sum + expectations.length, 0);
  const runs = `runs ${results.length}, events ${events}, expectations ${expected}`;
  return broken === 0 ? `${runs}: all met, no invariant broken` : `${runs}: broken in ${broken}`;
}

/** `lanes=file.svg`. */
function picture(text: string): [id: string, file: string] {
  const [id = "", file = ""] = text.split("=", 2);
  if (!PICTURES.includes(id) || file === "") {
    throw new Usage(`--svg ${text}: expected PICTURE=FILE, a picture being ${PICTURES.join(", ")}`);
  }
  return [id, file];
}

function draw(results: readonly RunResult[], id: string, file: string, streams: Streams): void {
  const svg = reportSvg(results, id);
  if (svg === undefined) throw new Failed(`--svg ${id}: these runs have nothing to draw there`);
  write(file, svg, streams);
}

function broke({ expectations, violations }: RunResult): boolean {
  return violations.length > 0 || expectations.some(({ ok }) => !ok);
}

function resultsIn(file: string): RunResult[] {
  try {
    return resultsOf(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Usage(`${file}: ${reason(error)}`);
  }
}

function write(file: string, text: string, { err }: Streams): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new Usage(`${file}: ${reason(error)}`);
  }
  err(`${file}: written\n`);
}

function seed(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > SEED_MAX) {
    throw new InvalidArgumentError(`Expected a whole number, 0 to ${SEED_MAX}.`);
  }
  return number;
}
