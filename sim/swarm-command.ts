// `nextbeat sim swarm`: scenarios made up by luck, for a given time, looking for what nobody
// thought of. At the end a table says what was exercised, with what never was on top of it.

import { performance } from "node:perf_hooks";
import type { Command } from "commander";
import type { Done, Streams } from "./commands.ts";
import { sayDuration } from "./duration.ts";
import { SECONDS_MAX, SEED_MAX, whole } from "./flags.ts";
import { table, wrap } from "./report/table.ts";
import { type Found, type Swarm, swarm } from "./scenario/swarm.ts";
import { nameOf } from "./scenario/wrong.ts";
import { brokenText, shrunkText, sizeText, writeShrunk } from "./shrink-command.ts";

const RUNS_MAX = 10_000_000;
const SECONDS = 60;
const COLUMNS = 100;
/** How often it says how far it is, ms. */
const PROGRESS_MS = 10_000;
/** Tokens of runs with the same kind of violation that are told. */
const TOKENS_MAX = 5;

interface SwarmFlags {
  readonly seconds?: number;
  readonly runs?: number;
  readonly seed: number;
  readonly json?: boolean;
}

export function addSwarm(program: Command, streams: Streams, done: Done): void {
  program
    .command("swarm")
    .description("scenarios made up by luck, all invariants on; exit 1 if any broke")
    .option("--seconds <n>", `for so long (default: ${SECONDS})`, whole(1, SECONDS_MAX))
    .option("--runs <n>", "or so many of them", whole(1, RUNS_MAX))
    .option("--seed <n>", "number of the first one", whole(0, SEED_MAX), 1)
    .option("--json", "print JSON")
    .action((flags: SwarmFlags) => done(runSwarm(flags, streams)));
}

/** @returns the exit code */
export function runSwarm(flags: SwarmFlags, streams: Streams): number {
  const { out, err } = streams;
  const clock = () => performance.now();
  const started = clock();
  let shownAt = started;
  const seconds = flags.seconds ?? (flags.runs === undefined ? SECONDS : SECONDS_MAX);
  const sum = swarm({
    first: flags.seed,
    runs: flags.runs ?? RUNS_MAX,
    wallMs: seconds * 1_000,
    clock,
    progress: (n, runs) => {
      if (clock() < shownAt + PROGRESS_MS) return;
      shownAt = clock();
      err(`swarm-${n}: ${runs} runs in ${sayDuration(Math.round(clock() - started))}\n`);
    },
    onBroken: (token, broken) => {
      err(`${token}: ${brokenText(broken)}\n`);
      for (const line of broken.last) err(`    ${line}\n`);
    },
    onFound: (found) => keep(found, streams),
  });
  const wallMs = Math.round(clock() - started);
  out(flags.json ? `${JSON.stringify(plain(sum, wallMs))}\n` : text(sum, wallMs));
  return sum.found.length > 0 ? 1 : 0;
}

function keep({ broken, shrunk, tokens }: Found, streams: Streams): void {
  const invariant = nameOf(broken.wrong);
  const file = `${shrunk.scenario.name}-${invariant}.yaml`;
  streams.err(`  ${invariant}: ${sizeText(shrunk.from)}; now ${sizeText(shrunk.to)}\n`);
  writeShrunk(file, shrunkText(shrunk, tokens[0]!, file), streams);
}

function text({ runs, boards, events, virtualMs, exercised, found }: Swarm, wallMs: number) {
  const rows = [...exercised].map(([name, each]) => {
    return [name, each.times === 0 ? "never" : String(each.times), String(each.runs)];
  });
  const lines = table({ head: ["exercised", "times", "in runs"], rows }, COLUMNS);
  const never = rows.filter(([, times]) => times === "never").map(([name]) => name!);
  const lived = sayDuration(Math.round(virtualMs));
  lines.push(
    "",
    `${runs} runs, ${boards} boards, ${lived}, ${events} events in ${sayDuration(wallMs)}`,
    ...(never.length === 0
      ? ["everything was exercised"]
      : wrap(`never ${never.length}: ${never.join(", ")}`, COLUMNS)),
  );
  for (const { broken, tokens } of found) {
    const more = tokens.length > TOKENS_MAX ? ` and ${tokens.length - TOKENS_MAX} more` : "";
    const some = tokens.slice(0, TOKENS_MAX).join(" ");
    lines.push(`BROKEN ${nameOf(broken.wrong)} in ${tokens.length} runs: ${some}${more}`);
  }
  if (found.length === 0) lines.push("no invariant broke");
  return `${lines.join("\n")}\n`;
}

function plain({ exercised, found, ...sum }: Swarm, wallMs: number): object {
  return {
    ...sum,
    wallMs,
    exercised: Object.fromEntries(exercised),
    violations: found.map(({ broken, tokens, shrunk }) => ({
      invariant: nameOf(broken.wrong),
      at: broken.at,
      what: broken.what,
      tokens,
      from: shrunk.from,
      to: shrunk.to,
    })),
  };
}
