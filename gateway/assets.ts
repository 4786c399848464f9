/**
 * The last step of the build: what the compiler does not carry over. Copies the dashboard, and what installs the gateway, beside
 * the compiled program, and writes when this was built, which is the earliest time that a
 * trustworthy clock can show (clock.ts).
 */

import { cpSync, rmSync, writeFileSync } from "node:fs";

const here = new URL("./", import.meta.url);
for (const folder of ["web/", "deploy/"]) {
  const to = new URL(folder, here);
  rmSync(to, { recursive: true, force: true });
  cpSync(new URL(`../../gateway/${folder}`, here), to, { recursive: true });
}
writeFileSync(new URL("build.json", here), `${JSON.stringify({ at: Date.now() })}\n`);
