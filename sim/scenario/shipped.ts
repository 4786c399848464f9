// The scenarios that come with the program, and how one is found: by its name, or by the path of a
// file. They stay YAML in the package, to be read and copied; in the compiled code they would be
// neither.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { reason, Usage } from "../../gateway/cli/errors.ts";
import { oneOf } from "../../gateway/near.ts";
import { parseScenario } from "./parse.ts";
import type { Scenario } from "./types.ts";

const SUFFIX = ".yaml";

/** The folder with the shipped scenarios: beside the manifest, above the sources or the build. */
function folder(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, "package.json"))) {
    const above = dirname(at);
    if (above === at) throw new Error("no package.json above the program");
    at = above;
  }
  return join(at, "sim", "scenarios");
}

/** Names of the shipped scenarios, sorted. */
export function shipped(): string[] {
  return readdirSync(folder())
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort();
}

/**
 * @param nameOrPath of a shipped scenario, or of a file (with a `/` or a `.` in it)
 * @throws Usage if there is none, or it is wrong
 */
export function loadScenario(nameOrPath: string): Scenario {
  const isPath = /[./\\]/.test(nameOrPath);
  const names = isPath ? [] : shipped();
  if (!isPath && !names.includes(nameOrPath)) {
    throw new Usage(`${nameOrPath}: there is no such scenario; ${oneOf(nameOrPath, names)}`);
  }
  const path = isPath ? nameOrPath : join(folder(), nameOrPath + SUFFIX);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Usage(`${nameOrPath}: ${reason(error)}`);
  }
  return parseScenario(text, isPath ? path : nameOrPath + SUFFIX);
}
