// Transcripts: scenarios that a reviewer reads instead of assertions. A file opens with a paragraph
// that says what must happen and why; then come commands, each with all that happened under it:
//
//   > advance 61s
//     0:54.321  a --> g  +20 ms fresh       HEARTBEAT 000001 seq 2: ...
//
// Lines that start with `#` speak to the reader and are kept with the command below them. Running a
// file gives the same file with the output of today; a test compares, and a rewrite shows as a diff
// (the shape of etcd raft's interaction tests).

import { Script } from "./script.ts";

interface Step {
  /** Comment lines above the command. */
  readonly remarks: readonly string[];
  readonly command: string;
}

/** Runs a transcript from its start. @throws Error for a command that cannot be */
export function runTranscript(text: string): string {
  const { opening, steps } = parse(text);
  const script = new Script();
  const blocks = steps.map(({ remarks, command }) =>
    [...remarks, `> ${command}`, ...script.run(command).map((line) => line.trimEnd())].join("\n"),
  );
  return `${[opening, ...blocks].join("\n\n")}\n`;
}

function parse(text: string): { opening: string; steps: Step[] } {
  const opening: string[] = [];
  const steps: Step[] = [];
  let remarks: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("> ")) {
      steps.push({ remarks, command: line.slice(2).trim() });
      remarks = [];
    } else if (line.startsWith("#")) remarks.push(line.trimEnd());
    else if (steps.length === 0 && remarks.length === 0) opening.push(line.trimEnd());
    // All else is output of the last run.
  }
  return { opening: opening.join("\n").trim(), steps };
}
