#!/usr/bin/env node
/**
 * The command `nextbeat`. `sim` is another program with the same door: it is loaded when it is
 * asked for, by the only import that leads from here to there.
 */

import { runCommand } from "./cli/program.ts";

const argv = process.argv.slice(2);
// Whoever reads us may stop early, as `head` does.
process.stdout.on("error", () => process.exit(0));

if (argv[0] === "sim") {
  const place: string = "../sim/main.js";
  const sim = (await import(place)) as { main(argv: readonly string[]): Promise<number> };
  process.exitCode = await sim.main(argv.slice(1));
} else {
  process.exitCode = await runCommand(argv, {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  });
}
