/** The command line as one function of its arguments, so that tests call it as the shell does. */

import { Command, CommanderError } from "commander";
import { VERSION } from "../about.ts";
import { addBackup } from "./backup.ts";
import { addCommands } from "./commands.ts";
import type { Streams } from "./common.ts";
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
  addGateway(program, streams);
  addDevice(program, streams);
  addFlash(program, streams);
  addBackup(program, streams);
  addRestore(program, streams);
  addQuiet(program, streams);
  addIncidents(program, streams);
  addAck(program, streams);
  addExplain(program, streams);
  addHistory(program, streams);
  addNotices(program, streams);
  addSend(program, streams);
  addCommands(program, streams);
  addService(program, streams);
  addWatch(program, streams);
  addDoctor(program, streams);
  // Named for --help alone; main.ts hands it on before it comes here.
  program.command("sim").description("simulate: a fleet, a flaky link, a scenario");
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
