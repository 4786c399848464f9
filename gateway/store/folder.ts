/**
 * Makes a folder, and those it lies in, where they are not there. What lost: `recursive: true` of
 * Node, which says of a disk that is read-only that there is no such folder, and never returns
 * where a folder that is there takes no other, as `/proc`.
 */

import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Its owner alone may enter what is made. Throws what the system says. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const above = dirname(path);
    if (code === "ENOENT" && above !== path && !existsSync(above)) {
      makeFolder(above);
      mkdirSync(path, { mode: 0o700 });
    } else if (code !== "EEXIST") {
      throw error;
    } else if (!statSync(path).isDirectory()) {
      throw Object.assign(new Error(`${path} is no folder`), { code: "ENOTDIR" });
    }
  }
}
