/**
 * A file with a secret in it: its owner alone may read it, from its first byte on, whatever stood
 * there before. It is written beside its name and then given the name, so a file of that name is
 * always a whole one. What lost: a mode handed to `writeFile`, which a file that is there ignores.
 */

import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Failed, reason } from "./errors.ts";

/**
 * Whether every user of this machine may read a file. Its group may: a service's files are often
 * root's, and its own group's.
 */
export function isPublic(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return process.platform !== "win32" && found !== undefined && (found.mode & 0o004) !== 0;
}

/** Throws Failed, naming `-o`. @param text a byte string or text, by `encoding` */
export function writePrivate(file: string, text: string, encoding: "latin1" | "utf8"): void {
  const part = `${file}.part`;
  try {
    // A pipe or a terminal is nobody's to replace.
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) {
      writeFileSync(file, text, encoding);
      return;
    }
    rmSync(part, { force: true });
    writeFileSync(part, text, { encoding, mode: 0o600, flag: "wx" });
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw new Failed(`-o ${file}: ${reason(error)}`);
  }
}
