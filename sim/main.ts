// `nextbeat sim ...`: the simulator's door. Commands print to stdout what was asked for, to stderr
// how it goes, and end with 0 done, 1 the thing asked for failed, 2 bad usage or bad input.

import { Command, CommanderError } from "commander";
import { Failed, Usage } from "../gateway/cli/errors.ts";
import { addDemo, addFleet, addTranscript, type Streams } from "./commands.ts";
import { addPresets } from "./presets-command.ts";
import { addProxy } from "./proxy-command.ts";
import { addCompare, addRun } from "./run-command.ts";
import { addScenarios, addSchema } from "./scenario-commands.ts";
import { addShrink } from "./shrink-command.ts";
import { addSwarm } from "./swarm-command.ts";

const PROCESS: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** Runs `nextbeat sim` with these arguments. @returns the exit code */
export async function main(argv: readonly string[], streams = PROCESS): Promise<number> {
  let code = 0;
  const done = (result: number) => {
    code = result;
  };
  const program = new Command("nextbeat sim")
    .description("simulate: boards, flaky links, scenarios")
    .exitOverride()
    .configureOutput({
      writeOut: streams.out,
      writeErr: streams.err,
      outputError: (text, write) => write(`${text.trim().replaceAll("\n", " ")}\n`),
    });
  addDemo(program, streams, done);
  addFleet(program, streams, done);
  addPresets(program, streams);
  addTranscript(program, streams, done);
  addRun(program, streams, done);
  addCompare(program, streams);
  addShrink(program, streams, done);
  addSwarm(program, streams, done);
  addProxy(program, streams, done);
  addScenarios(program, streams);
  addSchema(program, streams);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof Usage || error instanceof Failed)) throw error;
    streams.err(`error: ${error.message}\n`);
    return error instanceof Usage ? 2 : 1;
  }
}
