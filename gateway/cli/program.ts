/** The command line as one function of its arguments, so that tests call it as the shell does. */

import { Command, CommanderError } from "commander";
import { VERSION } from "../about.ts";
import { addBackup } from "./backup.ts";
import { addCommands } from "./commands.ts";
import { type Streams, URL_DEFAULT } from "./common.ts";
import { addDevice } from "./device.ts";
import { addDoctor } from "./doctor.ts";
import { Failed, Usage } from "./errors.ts";
import { addExplain } from "./explain.ts";
import { addFlash } from "./flash.ts";
import { addGateway } from "./gateway.ts";
import { addHistory } from "./history.ts";
import { addAck, addIncidents } from "./incidents.ts";
import { addNotices } from "./notices.ts";
import { addQuiet } from "./quiet.ts";
import { addRestore } from "./restore.ts";
import { addSend } from "./send.ts";
import { addService } from "./service.ts";
import { addWatch } from "./watch.ts";

type Add = (program: Command, streams: Streams) => void;

/** Named for --help alone: main.ts hands it on before it comes here. */
const addSim: Add = (program) =>
  void program.command("sim").description("simulate: a fleet, a flaky link, a scenario");

/** In the order in which somebody meets them. */
const GROUPS: readonly (readonly [string, readonly Add[]])[] = [
  ["Boards", [addDevice, addFlash]],
  ["Who is here", [addWatch, addExplain, addHistory]],
  ["Commands for boards", [addSend, addCommands]],
  ["Who is told", [addIncidents, addAck, addQuiet, addNotices]],
  ["The gateway", [addGateway, addDoctor, addBackup, addRestore, addService]],
  ["Without boards", [addSim]],
];

const FIRST_STEPS = `
First steps:
  nextbeat gateway                        runs it, with a dashboard at ${URL_DEFAULT}
  nextbeat device add shed-07             enrols a board
  nextbeat flash shed-07 --port /dev/ttyUSB0 --gateway HOST \\
      --wifi SSID --wifi-pass-file FILE   puts its script on it
  nextbeat watch                          shows who is here
`;

/** Runs one command. @returns the exit code: 0 done, 1 it failed, 2 bad usage or bad input */
export async function runCommand(argv: readonly string[], streams: Streams): Promise<number> {
  const program = new Command("nextbeat")
    .description("keepalive for microcontrollers: every heartbeat promises the next")
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.out(text),
      writeErr: (text) => streams.err(text),
      outputError: (text, write) => write(`${text.trim().replaceAll("\n", " ")}\n`),
    });
  for (const [group, adds] of GROUPS) {
    program.commandsGroup(`${group}:`);
    for (const add of adds) add(program, streams);
  }
  program.commandsGroup("Help:");
  program.addHelpText("after", FIRST_STEPS);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof Usage || error instanceof Failed)) throw error;
    streams.err(`error: ${error.message}\n`);
    return error instanceof Usage ? 2 : 1;
  }
}
