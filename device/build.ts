// Makes the board's bundles: esbuild puts the modules together, terser shortens them, subset.ts
// looks for what the interpreter does not run, and the sizes are printed. A build tool: it runs on
// Node, outside the import rules of device/.
//
// terser's second half, renaming of fields, goes by a list: the fields of a sender and of a tag key,
// never a name that the interpreter or `NEXTBEAT` knows. Functions are not hoisted on the board, so
// they stay where they are; "cjs" in a function of our own instead of "iife" saves the wrappers.
//
//     node dist/device/build.js            dist/device/nextbeat-*.js and a table

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";
import { interpreter } from "./interpreter.ts";
import { looselyCompared, shrunk } from "./shrink.ts";
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
    define: { WITH_SUITE: String(variant.suite), WITH_SLEEP: "false", WITH_EXTENSIONS: "false" },
    tsconfigRaw: { compilerOptions: { target: "es2015", useDefineForClassFields: false } },
  });
  const source = shrunk(built.outputFiles[0]!.text.replace('"use strict";', ""));
  if (process.env.SHOW) console.log(source);
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
    mangle: { toplevel: true, reserved: ["of"], properties: { builtins: true, regex: OWN } },
    format: { ascii_only: true, ecma: 2015 },
  });
  const code = `{${looselyCompared(short.code!)}}`;
  const wrong = checkSubset(code);
  if (wrong.length) throw new Error(`${variant.name}: ${wrong.join("\n")}`);
  return code;
}

/** JsVars in use: by a program, by the bare interpreter; and the bytes that each takes. */
export interface JsVars {
  used: number;
  empty: number;
  bytes: number;
}

/** A board with a key and no gateway: the discard port of loopback answers nothing. */
const NEXTBEAT =
  'var NEXTBEAT={id:1,secret:"0123456789abcdef",host:"127.0.0.1",port:9,own:60000,reach:0,' +
  'rto:250,salt:"12345678",extra:"A\\x00q1"};\n';
const ASK = `var m = process.memory(); print("VARS " + m.usage + " " + m.blocksize); quit();`;
/** By then the first frame has gone out, and nothing is left of the start. */
const ASK_LATER = `\nsetTimeout(function() { ${ASK} }, 300);\n`;

/**
 * What a program prints on an `espruino` binary. Its standard input stays open: at its end some
 * builds read 0xFF for ever, and keep it.
 */
function printed(espruino: string, program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-"));
  writeFileSync(join(folder, "bundle.js"), program);
  return new Promise((resolve) => {
    const options = { cwd: folder, encoding: "latin1", timeout: 10_000 } as const;
    execFile(espruino, ["bundle.js"], options, (_, stdout) => {
      rmSync(folder, { recursive: true, force: true });
      resolve(stdout);
    });
  });
}

/** JsVars that a bundle holds while it runs from RAM on an `espruino` binary. */
export async function jsVars(espruino: string, code: string): Promise<JsVars> {
  const measure = async (program: string): Promise<[number, number]> => {
    const text = await printed(espruino, program);
    const found = /VARS (\d+) (\d+)/.exec(text);
    if (!found || /rror/.test(text)) throw new Error(`did not run on ${espruino}: ${text}`);
    return [Number(found[1]), Number(found[2])];
  };
  const [empty, bytes] = await measure(ASK);
  const [asked] = await measure(ASK_LATER);
  const [all] = await measure(NEXTBEAT + code + ASK_LATER);
  return { used: all - (asked - empty), empty, bytes };
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
    const name = `nextbeat-${variant.name}.js`.padEnd(25);
    const runs = espruino && variant.entry === "main.ts" ? await jsVars(espruino, code) : undefined;
    console.log(`  ${name}${code.length} bytes${runs ? `, from RAM ${runs.used} JsVars` : ""}`);
    found ??= runs;
  }
  if (found) console.log(`  ${found.empty} of them are the bare interpreter's; ${scale(found)}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
