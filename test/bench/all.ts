/**
 * All benches one after the other, each short and in a process of its own, so that none measures
 * the garbage of the one before. The exit code is 1 if anything that must hold did not.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const BENCHES: readonly (readonly [about: string, script: string, ...flags: string[]])[] = [
  ["beats a second and core", "throughput.js", "--seconds", "2", "--rounds", "3"],
  ["the core alone", "core.js", "--rounds", "2"],
  ["what history costs", "history.js", "--devices", "20000", "--hours", "1"],
  ["verdicts in time", "verdicts.js", "--interval", "20"],
  ["the world in virtual time", "world.js", "--minutes", "5"],
  ["restarts", "restarts.js", "--worlds", "20", "--calm", "2"],
  ["events in a queue", "queue.js"],
  ["a frame on a link", "links.js"],
  ["a frame through a NAT", "nats.js"],
  ["packets through the proxy", "proxy.js"],
  ["hostile datagrams", "flood.js", "--count", "200000"],
  ["beats through noise, and the disk", "drown.js"],
  ["kill -9", "kill.js", "--rounds", "3"],
  ["crashes at every effect", "crashes.js", "--crashes", "500"],
  ["bytes on the wire", "wire.js", "--exchanges", "4"],
  ["bytes a day on disk", "wear.js", "--minutes", "4"],
  ["a storm on fifty dashboards", "dashboards.js", "--seconds", "10"],
  ["days of life on a battery", "life.js"],
];

const broken: string[] = [];
for (const [about, script, ...flags] of BENCHES) {
  const begun = performance.now();
  console.log(`\n== ${about}: ${script} ${flags.join(" ")}\n`);
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status } = spawnSync(process.execPath, [path, ...flags], { stdio: "inherit" });
  console.log(`\n${Math.round((performance.now() - begun) / 1000)} s`);
  if (status !== 0) broken.push(script);
}
console.log(broken.length === 0 ? "\nall held" : `\nbroken: ${broken.join(" ")}`);
process.exitCode = broken.length === 0 ? 0 : 1;
