// Makes the board's bundles: esbuild puts the modules together, terser shortens them, subset.ts
// looks for what the interpreter does not run, and the sizes are printed. A build tool: it runs on
// Node, outside the import rules of device/.
//
// terser's second half, renaming of fields, goes by a list: the fields of a sender and of a tag key,
// never a name that the interpreter or `NEXTBEAT` knows. Functions are not hoisted on the board, so
// they stay where they are; "cjs" in a function of our own instead of "iife" saves the wrappers.
//
//     node dist/device/build.js            dist/device/nextbeat-*.js and a table

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";
import { arrows, flattenSender } from "./shrink.ts";
import { checkSubset } from "./subset.ts";

/** A bundle: what it carries. Its file is `nextbeat-<transport>-<name of the suite>.js`. */
export interface Variant {
  readonly name: string;
  readonly entry: string;
  readonly suite: 0 | 1 | 2;
}

export const VARIANTS: readonly Variant[] = [
  { name: "udp-hmac", entry: "main.ts", suite: 1 },
  { name: "udp-chaskey", entry: "main.ts", suite: 2 },
  { name: "udp-crc", entry: "main.ts", suite: 0 },
  { name: "wifi", entry: "board-wifi.ts", suite: 0 },
];

/** Fields of a sender that `NEXTBEAT` gives; the others have their defaults on a board. */
const HANDED = ["id", "key", "own", "reach", "rto", "extra", "random"];
/** Fields of ours that the minifier may rename, since nothing outside the bundle knows them. */
const OWN = /^(suite|inner|outer|subkeys|sha256|epoch|limit|acked|origin)$/;

/** The minified bundle of a variant. Throws, naming each place, on what the board cannot run. */
export async function bundle(variant: Variant, sources: string): Promise<string> {
  const built = await build({
    entryPoints: [join(sources, variant.entry)],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "neutral",
    target: "es2015",
    charset: "ascii",
    legalComments: "none",
    external: ["dgram", "crypto", "Storage", "Wifi"],
    define: { WITH_SUITE: String(variant.suite), WITH_SLEEP: "false" },
    minifySyntax: true,
    tsconfigRaw: { compilerOptions: { target: "es2015", useDefineForClassFields: false } },
  });
  const text = built.outputFiles[0]!.text.replace('"use strict";', "");
  const source = arrows(variant.entry === "main.ts" ? flattenSender(text, HANDED) : text);
  const short = await minify(source, {
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
    mangle: { toplevel: true, properties: { builtins: true, regex: OWN } },
    format: { ascii_only: true, ecma: 2015 },
  });
  const code = `(()=>{${short.code!}})()`;
  const wrong = checkSubset(code);
  if (wrong.length) throw new Error(`${variant.name}: ${wrong.join("\n")}`);
  return code;
}

/**
 * JsVars that a bundle holds while it runs from RAM, on the `espruino` binary of the PATH; undefined
 * without one. The gateway's address is the discard port of loopback: nothing answers.
 */
export function jsVars(code: string): { used: number; empty: number; bytes: number } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-"));
  const config =
    'var NEXTBEAT={id:1,secret:"0123456789abcdef",host:"127.0.0.1",port:9,own:60000,reach:0,rto:250,' +
    'salt:"12345678",extra:"A\\0q1"};\n';
  const measure = (program: string): [number, number] => {
    const file = join(folder, "bundle.js");
    writeFileSync(
      file,
      `${program}\nsetTimeout(function(){var m=process.memory();print("VARS "+m.usage+" "+m.blocksize);quit()},300)\n`,
    );
    const ran = spawnSync("espruino", [file], { cwd: folder, encoding: "latin1", timeout: 10_000 });
    const found = /VARS (\d+) (\d+)/.exec(ran.stdout ?? "");
    if (!found) throw new Error(`the bundle did not run on espruino: ${ran.stdout}${ran.stderr}`);
    return [Number(found[1]), Number(found[2])];
  };
  try {
    execFileSync("espruino", ["--version"], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  try {
    const [empty] = measure("");
    const [used, bytes] = measure(config + code);
    return { used, empty, bytes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const here = dirname(fileURLToPath(import.meta.url));
  const sources = join(here, "..", "..", "device");
  mkdirSync(here, { recursive: true });
  const identity = JSON.parse(readFileSync(join(here, "..", "..", "package.json"), "utf8")).version;
  console.log(`nextbeat ${identity}: bundles for the board`);
  for (const variant of VARIANTS) {
    const code = await bundle(variant, sources);
    writeFileSync(join(here, `nextbeat-${variant.name}.js`), code);
    const vars = process.argv.includes("--measure") ? jsVars(code) : undefined;
    const memory = vars
      ? `${vars.used} JsVars of ${vars.bytes} bytes from RAM (${vars.empty} of them the interpreter's)`
      : "";
    console.log(
      `  nextbeat-${variant.name}.js`.padEnd(28),
      `${code.length} bytes`.padStart(11),
      memory,
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
