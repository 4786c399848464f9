// The board's interpreter on this machine, if there is one.
//
// Not simply the first `espruino` on the PATH: below npm that is the flashing tool of the same name
// in node_modules/.bin, a script, which would look for a board on a serial port.

import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    if (!statSync(file).isFile()) return false;
    const opened = openSync(file, "r");
    const start = Buffer.alloc(2);
    readSync(opened, start, 0, 2, 0);
    closeSync(opened);
    return start.toString("latin1") !== "#!";
  } catch {
    return false;
  }
}

/** The path of the `espruino` interpreter, or undefined. */
export function interpreter(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, "espruino")).find(isProgram);
}
