// Makes the board's bundles: esbuild puts the modules together, shrink.ts rewrites them, terser
// shortens them, subset.ts looks for what the interpreter does not run. A build tool, as all that
// it imports: it runs on Node, outside the import rules of device/.
//
// A bundle is a block: what it declares is its own, as in a function that is called at once, and
// costs nine bytes less. Functions are not hoisted on the board, so terser must leave them where
// they are, and must not put one into another, where each call would make it anew.
//
//     node dist/device/build.js [--measure]     dist/device/nextbeat-*.js and a table

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";
import { type JsVars, jsVars } from "./bundle/measure.ts";
import { interpreter } from "./interpreter.ts";
import { looselyCompared, shrunk } from "./shrink.ts";
import { checkSubset } from "./subset.ts";

/** A bundle: what it carries. Its file is `nextbeat-<transport>-<name of the suite>.js`. */
export interface Variant {
  readonly name: string;
  readonly entry: string;
  readonly suite: 0 | 1 | 2;
  /** Takes commands; under suite 0 there are none. */
  readonly commands?: boolean;
}

export const VARIANTS: readonly Variant[] = [
  { name: "udp-hmac", entry: "main.ts", suite: 1 },
  { name: "udp-chaskey", entry: "main.ts", suite: 2 },
  { name: "udp-crc", entry: "main.ts", suite: 0 },
  { name: "udp-hmac-commands", entry: "main.ts", suite: 1, commands: true },
  { name: "udp-chaskey-commands", entry: "main.ts", suite: 2, commands: true },
  { name: "wifi", entry: "board-wifi.ts", suite: 0 },
];

/** The script of a variant as it was written, in one piece: see `declare const WITH_...` there. */
export async function joined(variant: Variant, sources: string): Promise<string> {
  const { entry, suite, commands = false } = variant;
  const built = await build({
    entryPoints: [join(sources, entry)],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "neutral",
    target: "es2015",
    charset: "ascii",
    legalComments: "none",
    external: ["dgram", "crypto", "Storage", "Wifi"],
    define: {
      WITH_SUITE: String(suite),
      WITH_SLEEP: "false",
      WITH_EXTENSIONS: "false",
      WITH_COMMANDS: String(commands),
    },
    tsconfigRaw: { compilerOptions: { target: "es2015", useDefineForClassFields: false } },
  });
  return built.outputFiles[0]!.text.replace('"use strict";', "");
}

/** The minified bundle of a variant. Throws, naming each place, on what the board cannot run. */
export async function bundle(variant: Variant, sources: string): Promise<string> {
  const short = await minify(shrunk(await joined(variant, sources)), {
    ecma: 2015,
    compress: {
      passes: 4,
      ecma: 2015,
      toplevel: true,
      hoist_funs: false,
      hoist_vars: false,
      reduce_funcs: false,
      inline: 1,
      pure_getters: true,
      unsafe_arrows: true,
      keep_fargs: false,
    },
    mangle: { toplevel: true, reserved: ["of"] },
    format: { ascii_only: true, ecma: 2015 },
  });
  const code = `{${looselyCompared(short.code!)}}`;
  const wrong = checkSubset(code);
  if (wrong.length) throw new Error(`${variant.name}: ${wrong.join("\n")}`);
  return code;
}

/** Whether the figures are a board's. */
function scale({ bytes }: JsVars): string {
  return bytes === 14
    ? "as on an ESP32, a JsVar is 14 bytes"
    : `this build's JsVars have ${bytes} bytes, an ESP32's have 14 and hold less each`;
}

async function main(): Promise<void> {
  const here = dirname(fileURLToPath(import.meta.url));
  const sources = join(here, "..", "..", "device");
  mkdirSync(here, { recursive: true });
  const identity = JSON.parse(readFileSync(join(here, "..", "..", "package.json"), "utf8")).version;
  console.log(`nextbeat ${identity}: bundles for the board`);
  const espruino = process.argv.includes("--measure") ? interpreter() : undefined;
  let found: JsVars | undefined;
  for (const variant of VARIANTS) {
    const code = await bundle(variant, sources);
    writeFileSync(join(here, `nextbeat-${variant.name}.js`), code);
    const name = `nextbeat-${variant.name}.js`.padEnd(34);
    const runs = espruino && variant.entry === "main.ts" ? await jsVars(espruino, code) : undefined;
    console.log(`  ${name}${code.length} bytes${runs ? `, from RAM ${runs.used} JsVars` : ""}`);
    found ??= runs;
  }
  if (found) console.log(`  ${found.empty} of them are the bare interpreter's; ${scale(found)}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
