// The very bundle that is flashed, on the board's interpreter, against a real gateway through a
// fifth of loss each way: beats sent and acknowledged, false absents, and the interpreter's memory.
//
//     node dist/test/bench/board.js --seconds 600          needs `espruino` on the PATH

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { interpreter } from "../../device/interpreter.ts";
import { flashed } from "../peers/flashed.ts";
import { readFlags } from "./flags.ts";
import { table } from "./table.ts";

const INTERVAL_MS = 2000;

/** Prints the variables in use every 10 s: the application's script, after the client's. */
const MEMORY = '(function f(){setTimeout(f,10000);print("USED "+process.memory().usage)})();\n';

async function live(suite: 1 | 2, espruino: string, ms: number): Promise<string[]> {
  const { gateway, relay, id, script } = await flashed(suite, INTERVAL_MS);
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-board-"));
  writeFileSync(join(folder, "board.js"), script + MEMORY);
  const board = spawn(espruino, ["board.js"], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  const used: number[] = [];
  createInterface(board.stdout!).on("line", (line) => {
    const found = /USED (\d+)/.exec(line);
    if (found) used.push(Number(found[1]));
  });
  let absents = 0;
  let status = "unknown";
  const until = performance.now() + ms;
  while (performance.now() < until) {
    await pause(50);
    const seen = gateway.core.view(id, performance.now())!.status;
    if (seen === "absent" && status !== "absent") absents++;
    status = seen;
  }
  const { fresh, duplicate, acks } = gateway.core.counters;
  const { seq } = gateway.core.view(id, performance.now())!;
  board.kill("SIGKILL");
  relay.close();
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
  const memory = `${used[1] ?? used[0]} -> ${used.at(-1)}`;
  const frames = [relay.seen.up, fresh, duplicate, acks, seq];
  return [`${suite}`, ...frames.map(String), `${absents}`, memory];
}

const { seconds } = readFlags({ seconds: 600 });
const espruino = interpreter();
if (!espruino) {
  console.log("no espruino interpreter on the PATH: nothing is measured");
} else {
  console.log(`${seconds} s at ${INTERVAL_MS} ms, 20 % loss each way, both suites at once`);
  const runs = await Promise.all([1, 2].map((s) => live(s as 1 | 2, espruino, seconds * 1000)));
  const head = ["suite", "frames up", "fresh", "duplicate", "acks", "last seq", "false absents"];
  console.log(table([...head, "JsVars in use"], runs));
  process.exitCode = runs.every((run) => run.at(-2) === "0") ? 0 : 1;
}
