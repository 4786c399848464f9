/**
 * Wakes of a deep sleeper on the board's own interpreter, by the very bundle that is flashed: each
 * is a boot, with the flash that the one before left. What `Storage.read` gives there is the flash
 * itself, and null once its file is written anew; the virtual interpreter has no such strings. Runs
 * where an `espruino` binary is on the PATH.
 */

import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bundle, VARIANTS } from "../../device/build.ts";
import { interpreter } from "../../device/interpreter.ts";
import { Bench } from "../gateway/gateway-bench.ts";
import { Board } from "../gateway/gateway-rig.ts";

const espruino = interpreter();
if (espruino === undefined) console.warn("espruino-wakes: no interpreter on the PATH, skipped");

const SOURCES = new URL("../../device", import.meta.url).pathname;

/** A chip that its timer woke, and that says when it goes down again. */
const CHIP = `var ESP32 = {
  getWakeupCause: function () { return 4; },
  deepSleep: function (us) { print("SLEEP " + us + ";"); while (1); }
};\n`;

/** One wake, to its end: what it printed. */
async function wake(folder: string): Promise<string> {
  const board = spawn(espruino!, [join(folder, "board.js")], { cwd: folder });
  let said = "";
  for await (const chunk of board.stdout) {
    said += chunk;
    if (/SLEEP \d+;|Uncaught/.test(said)) break;
  }
  const gone = once(board, "close");
  board.kill("SIGKILL");
  await gone;
  return said;
}

it.skipIf(!espruino)("rule 13: an unheard beat's make-ups are the same bytes", async () => {
  const variant = VARIANTS.find(({ name }) => name === "udp-chaskey-sleep")!;
  const pen = new Board(0xbeef, variant.suite);
  const bench = new Bench();
  bench.enrol(pen);
  const folder = await mkdtemp(join(tmpdir(), "nextbeat-wakes-"));
  const socket = createSocket("udp4");
  try {
    let deaf = false;
    let frames: string[] = [];
    socket.on("message", (bytes, { port }) => {
      const frame = bytes.toString("latin1");
      frames.push(frame);
      if (deaf) return;
      bench.receive(frame);
      for (const answer of bench.sent) socket.send(Buffer.from(answer.frame, "latin1"), port);
    });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const secret = Buffer.from(pen.enrolment.key, "latin1").toString("hex").replace(/../g, "\\x$&");
    const config =
      `var NEXTBEAT={id:${pen.id},secret:"${secret}",own:600000,` +
      `host:"127.0.0.1",port:${socket.address().port},reach:2,makeUps:2,salt:"12345678",` +
      `extra:"A\\x00q1"};\n`;
    await writeFile(
      join(folder, "board.js"),
      `${CHIP}${config}${await bundle(variant, SOURCES)}`,
      "latin1",
    );
    const wakes: string[][] = [];
    for (deaf of [false, false, true, true, true, false, false]) {
      frames = [];
      const said = await wake(folder);
      expect(said).not.toMatch(/Uncaught/);
      expect(said).toMatch(/SLEEP \d+;/);
      wakes.push(frames);
    }
    const [, , first, second, third] = wakes as [string[], string[], ...string[][]];
    expect(first!.length).toBe(3);
    expect(new Set([...first!, ...second!, ...third!]).size).toBe(1);
    expect(bench.view(pen).status).toBe("present");
    expect(bench.view(pen).seq).toBe(5);
  } finally {
    socket.close();
    await rm(folder, { recursive: true });
  }
});
