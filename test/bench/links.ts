/**
 * What a frame costs on a link, and what a path costs in memory: a hundred thousand paths in random
 * order, as beats of a fleet touch them, for each preset and for a link with everything on.
 *
 * Nanoseconds of CPU, the least of some rounds: whoever shares the machine's caches only adds.
 * Usage: node dist/test/bench/links.js [--paths 100000] [--rounds 40]
 */

import { type LinkModel, plainLink } from "../../sim/link.ts";
import { Links } from "../../sim/links.ts";
import { Occasions } from "../../sim/occasion.ts";
import { LINK_PRESETS, linkPreset } from "../../sim/presets.ts";
import { readFlags } from "./flags.ts";
import { shuffled } from "./luck.ts";
import { live, timed } from "./meter.ts";
import { table, verdict } from "./table.ts";

/** A minute, but not a whole number of the cells of fade.ts. */
const SPACING_MS = 57_113;
/** What was asked for: ns a frame on the usual path, bytes a path. */
const USUAL = "wifi-good";
const FRAME_NS_MAX = 150;
const PATH_BYTES_MAX = 120;

const everything: LinkModel = {
  ...linkPreset("wifi-edge")!.up,
  jitterMs: 10,
  idleMs: 10_000,
  outageEveryMs: 86_400_000,
  outageMs: 300_000,
  bitsPerSecond: 256_000,
  queueBytes: 32_000,
  mtu: 1_500,
};
const MODELS: readonly (readonly [string, LinkModel])[] = [
  ["plain 20 ms", plainLink(20)],
  ...LINK_PRESETS.map(({ name, up }) => [name, up] as const),
  ["everything", everything],
];

const { paths, rounds } = readFlags({ paths: 100_000, rounds: 40 });
const order = shuffled(paths);
/** Beats as they stand on the wire, their seq counting: 256 of them, for all paths. */
const beats = Array.from({ length: 256 }, (_, n) =>
  String.fromCharCode(0x40, 0, 0, 1, n >> 4, (n & 15) << 4, 100, 0).padEnd(16, "x"),
);

const before = live();
const links = new Links(1, 2 * paths);
const occasions = new Occasions(paths);
for (let path = 0; path < paths; path++) {
  links.add(MODELS[0]![1], path, "up");
  links.add(MODELS[0]![1], path, "down");
  occasions.add();
}
const bytes = (live() - before) / paths;

let now = 0;
let round = 0;
/** All paths once, at the next instant. @returns ns a path */
function run(each: (path: number, bytes: string) => void): number {
  round++;
  now += SPACING_MS;
  const frame = beats[round & 255]!;
  return timed(paths, () => {
    for (let i = 0; i < paths; i++) each(order[i]! - 1, frame);
  });
}
function least(each: (path: number, bytes: string) => void): number {
  let ns = Number.POSITIVE_INFINITY;
  for (let n = 0; n < rounds; n++) ns = Math.min(ns, run(each));
  return ns;
}

const occasionNs = least((path, frame) => occasions.up(path, frame));
const rows: string[][] = [];
let usual = 0;
for (const [name, model] of MODELS) {
  for (let link = 0; link < 2 * paths; link++) links.setModel(link, model, now);
  const ns = least((path, frame) => {
    links.submit(path * 2, frame, now, round & 0xffff, round << 16);
  });
  if (name === USUAL) usual = ns;
  rows.push([name, ns.toFixed(0)]);
}
console.log(`${paths} paths in random order, a frame each every ${SPACING_MS / 1_000} s\n`);
console.log(table(["link", "ns a frame"], [...rows, ["its occasion", occasionNs.toFixed(0)]]));
console.log();
console.log(`asked of ${USUAL}: at most ${FRAME_NS_MAX} ns a frame; found ${usual.toFixed(0)}`);
const claim = `a path takes at most ${PATH_BYTES_MAX} bytes`;
process.exitCode = verdict(bytes <= PATH_BYTES_MAX, claim, bytes.toFixed(1)) ? 0 : 1;
