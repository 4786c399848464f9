/** The command line in this process: exit code, and what went to stdout and stderr. */

import { runCommand } from "../../gateway/cli/program.ts";

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function run(...argv: string[]): Promise<Said> {
  let out = "";
  let err = "";
  const code = await runCommand(argv, {
    out(text) {
      out += text;
    },
    err(text) {
      err += text;
    },
  });
  return { code, out, err };
}

/** A command that must end with 2 or 1 and one line that contains `words`; nothing on stdout. */
export async function refused(code: number, words: string, ...argv: string[]): Promise<void> {
  const said = await run(...argv);
  const line = said.err.trimEnd();
  if (said.code !== code || said.out !== "" || !line.includes(words) || line.includes("\n")) {
    throw new Error(`${argv.join(" ")}\nexpected ${code}: ${words}\ngot ${JSON.stringify(said)}`);
  }
}
