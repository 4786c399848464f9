// Makes the board's bundles: esbuild puts the modules together, shrink.ts rewrites them, terser
// shortens them, subset.ts looks for what the interpreter does not run. A build tool, as all that
// it imports: it runs on Node, outside the import rules of device/.
//
// A bundle is a block: what it declares is its own, as in a function that is called at once, and
// costs nine bytes less. Functions are not hoisted on the board, so terser must leave them where
// they are, and must not put one into another, where each call would make it anew.
//
// Shrinking takes half a second a bundle, of which there are twenty: threads share them, and what
// was made once from the same text by the same tools is kept (bundle/kept.ts).
//
//     node dist/device/build.js [--measure]     dist/device/nextbeat-*.js and a table

import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { build } from "esbuild";
import { minify } from "terser";
import { isKept, kept } from "./bundle/kept.ts";
import { type JsVars, jsVars } from "./bundle/measure.ts";
import { freeNames } from "./bundle/syntax.ts";
import { interpreter } from "./interpreter.ts";
import { looselyCompared, shrunk } from "./shrink.ts";
import { checkSubset } from "./subset.ts";

const THREADS_MAX = 8;

/** A bundle: what it carries. Its file is `nextbeat-<name>.js`. */
export interface Variant {
  readonly name: string;
  readonly entry: string;
  readonly suite: 0 | 1 | 2;
  readonly udp: boolean;
  readonly mqtt: boolean;
  /** Takes commands, and has the application's side; under suite 0 there are none. */
  readonly commands: boolean;
  /** Light and deep sleep, make-ups, and what the gateway says in extensions. */
  readonly sleep: boolean;
  /** Finds how long a NAT keeps the binding. */
  readonly nat: boolean;
}

const SUITES = ["crc", "hmac", "chaskey"] as const;

/** @param what a transport (`both`: UDP, then MQTT) and what else it carries, `udp-sleep` */
function client(what: string, suite: 0 | 1 | 2): Variant {
  const [transport, ...more] = what.split("-");
  const lean = what === "udp";
  return {
    name: [transport, SUITES[suite], ...more].join("-"),
    entry: "main.ts",
    suite,
    udp: transport !== "mqtt",
    mqtt: transport !== "udp",
    commands: suite !== 0 && !lean,
    sleep: more.includes("sleep"),
    nat: more.includes("nat"),
  };
}

/** What stands in front of a client. */
function piece(name: string, entry: string): Variant {
  const none = { udp: false, mqtt: false, commands: false, sleep: false, nat: false };
  return { name, entry, suite: 0, ...none };
}

const WITH_KEY = ["udp", "udp-commands", "udp-nat", "udp-sleep"].concat(
  ["mqtt", "mqtt-sleep"],
  ["both", "both-sleep"],
);

export const VARIANTS: readonly Variant[] = [
  ...WITH_KEY.flatMap((what) => [client(what, 1), client(what, 2)]),
  client("udp", 0),
  client("udp-sleep", 0),
  piece("wifi", "board-wifi.ts"),
  piece("wifi-espruino", "board-espruino-wifi.ts"),
];

/** The script of a variant as it was written, in one piece: see `declare const WITH_...` there. */
export async function joined(variant: Variant, sources: string): Promise<string> {
  const { entry, suite, udp, mqtt, commands, sleep, nat } = variant;
  const defined = {
    WITH_SUITE: suite,
    WITH_UDP: udp,
    WITH_MQTT: mqtt,
    WITH_COMMANDS: commands,
    WITH_APP: commands,
    WITH_SLEEP: sleep,
    // A board in light sleep has a binding worth keeping.
    WITH_WINDOW: sleep || nat,
    WITH_BINDING: nat,
    WITH_EXTENSIONS: sleep || nat || mqtt,
  };
  const built = await build({
    entryPoints: [join(sources, entry)],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "neutral",
    target: "es2015",
    charset: "ascii",
    legalComments: "none",
    external: ["crypto", "dgram", "ESP8266", "net", "Storage", "Wifi"],
    define: Object.fromEntries(Object.entries(defined).map(([k, value]) => [k, String(value)])),
    tsconfigRaw: { compilerOptions: { target: "es2015", useDefineForClassFields: false } },
  });
  return built.outputFiles[0]!.text.replace('"use strict";', "");
}

/** Fields of the one object that a board makes of its own, `Binding`: none is a native's name. */
const OWN_FIELDS = new RegExp(
  "^(known|dirty|useful|low|high|used|silent|phase|question|answer|sendAt|endAt|nextAt|beganAt|" +
    "pause|probes|dayAt|ackTag|ackAt|warm)$",
);

/** The minified bundle of a variant. Throws, naming each place, on what the board cannot run. */
export async function bundle(variant: Variant, sources: string): Promise<string> {
  const text = await joined(variant, sources);
  return kept(sources, text, async () => {
    const short = await minify(shrunk(text), {
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
      mangle: { toplevel: true, reserved: ["of"], properties: { regex: OWN_FIELDS } },
      format: { ascii_only: true, ecma: 2015 },
    });
    const code = `{${looselyCompared(short.code!)}}`;
    const known = freeNames(text);
    const lost = [...freeNames(code)].filter((name) => !known.has(name));
    const wrong = [...checkSubset(code), ...lost.map((name) => `lost: ${name}`)];
    if (wrong.length) throw new Error(`${variant.name}: ${wrong.join("\n")}`);
    return code;
  });
}

/** Whether the figures are a board's. */
function scale({ bytes }: JsVars): string {
  return bytes === 14
    ? "as on an ESP32, a JsVar is 14 bytes"
    : `this build's JsVars have ${bytes} bytes, an ESP32's have 14 and hold less each`;
}

/** Makes the bundles of `names`, each thread every second of them or so: the store keeps them. */
async function inThreads(names: readonly string[]): Promise<void> {
  const threads = Math.min(availableParallelism(), names.length, THREADS_MAX);
  const shares = Array.from({ length: threads }, (_, n) =>
    names.filter((_, at) => at % threads === n),
  );
  await Promise.all(
    shares.map(async (workerData) => {
      const worker = new Worker(new URL(import.meta.url), { workerData });
      const [code] = await once(worker, "exit");
      if (code) throw new Error("a bundle was refused");
    }),
  );
}

async function main(): Promise<void> {
  const here = dirname(fileURLToPath(import.meta.url));
  const sources = join(here, "..", "..", "device");
  const named = (names: readonly string[]) => VARIANTS.filter(({ name }) => names.includes(name));
  if (!isMainThread) {
    for (const variant of named(workerData)) await bundle(variant, sources);
    return;
  }
  mkdirSync(here, { recursive: true });
  const missing: string[] = [];
  for (const variant of VARIANTS)
    if (!isKept(sources, await joined(variant, sources))) missing.push(variant.name);
  await inThreads(missing);
  const identity = JSON.parse(readFileSync(join(here, "..", "..", "package.json"), "utf8")).version;
  const measure = process.argv.includes("--measure");
  // Who builds to see a demo has not asked for twenty sizes.
  const more = measure
    ? ""
    : `, ${VARIANTS.length} of them ("make device" lists and measures them)`;
  console.log(`nextbeat ${identity}: bundles for the board${more}`);
  const espruino = measure ? interpreter() : undefined;
  let found: JsVars | undefined;
  for (const variant of VARIANTS) {
    const code = await bundle(variant, sources);
    writeFileSync(join(here, `nextbeat-${variant.name}.js`), code);
    const name = `nextbeat-${variant.name}.js`.padEnd(34);
    const runs = espruino && variant.entry === "main.ts" ? await jsVars(espruino, code) : undefined;
    const vars = runs ? `, from RAM ${runs.used} JsVars` : "";
    if (measure) console.log(`  ${name}${code.length} bytes${vars}`);
    found ??= runs;
  }
  if (found) console.log(`  ${found.empty} of them are the bare interpreter's; ${scale(found)}`);
}

if (!isMainThread || import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
