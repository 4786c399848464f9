// The same seed is the same run: in this process and in another one, with somebody looking on and
// without, on any version of Node and on any processor. The golden hashes say so for machines that
// never meet: whoever runs this test agrees with whoever wrote them.
//
// A change of either core, of the simulator or of a preset may change what happens, and so the
// hashes; where that was meant,
//
//   UPDATE=1 npx vitest run test/sim/determinism.test.ts
//
// writes test/sim/golden-hashes.json anew. Whoever has not changed what happens must not need it.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { FAULT_KINDS } from "../../sim/scenario/faults-schema.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { runScenario } from "../../sim/scenario/run.ts";
import { clearUp, temporaryFolder } from "../gateway/socket-rig.ts";
import { SCENARIOS } from "./determinism-scenarios.ts";
import { bare, printed } from "./trust-rig.ts";

const SEED = 7;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const GOLDEN = new URL("golden-hashes.json", import.meta.url);
/** All that a run says of itself, in a few bytes. */
const OTHER = `
import { readFileSync } from "node:fs";
import { parseScenario } from "./sim/scenario/parse.ts";
import { runScenario } from "./sim/scenario/run.ts";
const told = JSON.parse(readFileSync(0, "utf8")).map((text) => {
  const { hash, events, metrics } = runScenario(parseScenario(text, "test.yaml"), ${SEED});
  return { hash, events, metrics };
});
process.stdout.write(JSON.stringify(told));
`;

const names = Object.keys(SCENARIOS);
const texts = Object.values(SCENARIOS);
const scenarios = texts.map((text) => parseScenario(text, "test.yaml"));
const watched = scenarios.map((scenario) => runScenario(scenario, SEED));

afterAll(() => {
  clearUp();
  const rows = watched.map(({ hash, events }, i) => [names[i]!, hash, `${events}`]);
  const where = `node ${process.version} ${process.arch}, seed ${SEED}`;
  printed(where, ["scenario", "event hash", "events"], rows);
});

test("the scenarios have every kind of fault, and break no invariant", () => {
  const kinds = new Set(scenarios.flatMap(({ faults }) => faults.map((fault) => fault.do)));
  expect([...kinds].sort()).toEqual([...FAULT_KINDS].sort());
  expect(watched.flatMap(({ violations }) => violations)).toEqual([]);
  const { metrics } = watched[names.indexOf("faults")]!;
  for (const metric of ["deaths", "rebinds", "stale", "alarms", "falseLate"]) {
    expect(metrics[metric], metric).toBeGreaterThan(0);
  }
});

describe.each(names)("%s", (name) => {
  const { hash, events } = watched[names.indexOf(name)]!;

  test("unwatched is the same run", () => {
    const { world, scenario } = bare(SCENARIOS[name]!, SEED);
    world.run(scenario.runMs);
    expect(world.hash.toString(16).padStart(8, "0")).toBe(hash);
    expect(world.events).toBe(events);
  });

  test("with another seed is another run", () => {
    const { world, scenario } = bare(SCENARIOS[name]!, SEED + 1);
    world.run(scenario.runMs);
    expect(world.hash.toString(16).padStart(8, "0")).not.toBe(hash);
  });
});

test("another process, bundled and not optimised, elsewhere on earth, tells the same", () => {
  const file = join(temporaryFolder(), "other.cjs");
  buildSync({
    stdin: { contents: OTHER, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: file,
    logLevel: "error",
  });
  const { stdout, stderr } = spawnSync(process.execPath, ["--no-opt", file], {
    input: JSON.stringify(texts),
    env: { TZ: "Asia/Kathmandu", LC_ALL: "tr_TR.UTF-8" },
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  expect(stderr).toBe("");
  const here = watched.map(({ hash, events, metrics }) => ({ hash, events, metrics }));
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(here)));
});

test("the golden hashes", () => {
  const found = Object.fromEntries(watched.map(({ hash }, i) => [names[i]!, hash]));
  if (process.env.UPDATE) writeFileSync(GOLDEN, `${JSON.stringify(found, null, 2)}\n`);
  const renew =
    "UPDATE=1 npx vitest run test/sim/determinism.test.ts renews them, if that was meant";
  expect(found, renew).toEqual(JSON.parse(readFileSync(GOLDEN, "utf8")));
});
