/**
 * The last step of the build: what the compiler does not do. Copies the dashboard, and what
 * installs the gateway, beside the compiled program; takes away what was compiled of sources that
 * are gone, since all of dist goes into the package; and writes when this was built, which is the
 * earliest time that a trustworthy clock can show (clock.ts).
 */

import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";

const here = new URL("./", import.meta.url);
const root = new URL("../../", here);
for (const folder of ["web/", "deploy/"]) {
  const to = new URL(folder, here);
  rmSync(to, { recursive: true, force: true });
  cpSync(new URL(`gateway/${folder}`, root), to, { recursive: true });
}

// The dashboard has no sources of its own there, and the boards' bundles are made by
// device/build.ts.
const COPIED = /^(gateway\/web\/|device\/nextbeat-)/;
for (const part of ["device", "gateway", "sim"]) {
  for (const name of readdirSync(new URL(`dist/${part}`, root), { recursive: true }) as string[]) {
    const [, source] = /^(.*?)(\.d)?\.[jt]s$/.exec(`${part}/${name.replaceAll("\\", "/")}`) ?? [];
    if (source === undefined || COPIED.test(source)) continue;
    if (!existsSync(new URL(`${source}.ts`, root))) rmSync(new URL(`dist/${part}/${name}`, root));
  }
}
writeFileSync(new URL("build.json", here), `${JSON.stringify({ at: Date.now() })}\n`);
