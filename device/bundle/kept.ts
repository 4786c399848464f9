// Bundles that were made before: one file each, named for what it was made of, so that none can be
// out of date. What makes one takes half a second, what finds one a millisecond; a build, the tests
// and the benches share them. The alternative, comparing times of files, is wrong after a checkout.

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const TOOLS = ["build.ts", "shrink.ts", "subset.ts"];

let tools: string | undefined;

/** The build's own sources and the packages it uses: a change of any makes all bundles anew. */
function toolsIn(sources: string): string {
  const folder = join(sources, "bundle");
  const own = readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
  const files = [...TOOLS.map((name) => join(sources, name)), ...own.sort()];
  const { devDependencies } = JSON.parse(readFileSync(join(sources, "../package.json"), "utf8"));
  return (
    files.map((file) => readFileSync(file, "utf8")).join("\0") + JSON.stringify(devDependencies)
  );
}

function place(sources: string, text: string): string {
  tools ??= toolsIn(sources);
  const hash = createHash("sha256").update(`${tools}\0${text}`).digest("hex");
  return join(sources, "../node_modules/.cache/nextbeat", `${hash.slice(0, 32)}.js`);
}

/** Whether the bundle of `text`, the script in one piece, was made before. */
export function isKept(sources: string, text: string): boolean {
  return existsSync(place(sources, text));
}

/** The bundle that `make` made of `text` before, or makes now. */
export async function kept(
  sources: string,
  text: string,
  make: () => Promise<string>,
): Promise<string> {
  const file = place(sources, text);
  if (existsSync(file)) return readFileSync(file, "latin1");
  const code = await make();
  mkdirSync(join(file, ".."), { recursive: true });
  // Others may be at it: each writes its own file, and all are equal.
  const part = `${file}.${process.pid}.${performance.now()}`;
  writeFileSync(part, code, "latin1");
  renameSync(part, file);
  return code;
}
