/**
 * Deep sleep on the board's own interpreter: a sender that is put to sleep and roused again and
 * again says there, and keeps, what it does here, byte for byte. Runs where an `espruino` binary is
 * on the PATH.
 */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { interpreter } from "../../device/interpreter.ts";

const espruino = interpreter();
if (espruino === undefined) console.warn("espruino-sleep: no interpreter on the PATH, skipped");

const here = new URL(".", import.meta.url).pathname;

/** One life: nobody answers, and everything that is kept over sleep is there once. */
const SCRIPT = `
import { climb } from "../../device/ladder.ts";
import { leave, listening, poll, sent } from "../../device/sender.ts";
import { doze, rouse } from "../../device/sleep.ts";
import { createSender } from "../../device/state.ts";
import { makeTagKey } from "../../device/tag.ts";
import { alert, load, measure, measureTemperature } from "../../device/vitals.ts";

const two = (c) => (256 + c.charCodeAt(0)).toString(16).substr(1);
const hex = (text) => text.split("").map(two).join("");
const key = makeTagKey(2, "0123456789abcdef", (m) => m);
// Sixteenths, so that sums are exact and no rounding decides.
let dice = 0.25;
const config = { id: 5, key: key, own: 300000, ownMin: 20000, ownMax: 3600000, reach: 2, makeUps: 2,
  reserve: 1, random: () => dice };
let memory = { epoch: 4000000000, limit: 70000, acked: 1, origin: "salt" };
let s = createSender(config, memory, 0);
let now = 0;
for (let n = 0; n < 160; n++) {
  const frame = poll(s, now);
  if (s.dirty) memory = { epoch: s.epoch, limit: s.limit, acked: s.acked, origin: "salt" };
  s.dirty = 0;
  if (frame) {
    // A HELLO's nonce is of its instant.
    print("SAID", hex(frame).substr(0, frame.charCodeAt(0) === 0x52 ? 16 : 999));
    sent(s, now);
  }
  const rung = climb(s, now);
  if (rung) print("RUNG", rung);
  if (n === 7) load(s, "abc");
  if (n === 20) alert(s, true, now);
  if (n === 30) measure(s, 15, -70);
  if (n === 33) measureTemperature(s, -3.21);
  if (n === 150) leave(s, now);
  if (!listening(s, now) && s.wakeAt > now) {
    const kept = doze(s, now);
    const other = createSender(config, memory, 0);
    s = createSender(config, memory, 0);
    print("KEPT", hex(kept), rouse(other, kept.substr(1)), rouse(s, kept));
    now = 0;
    dice = ((n * 7 + 3) & 15) / 16;
  }
  now = Math.max(now, s.wakeAt);
}
`;

it.skipIf(!espruino)(
  "a sender that sleeps says and keeps the same on the interpreter",
  async () => {
    const bundled = await build({
      stdin: { contents: SCRIPT, resolveDir: here, loader: "ts" },
      bundle: true,
      write: false,
      format: "iife",
      target: "es2015",
      define: {
        WITH_SUITE: "2",
        WITH_SLEEP: "true",
        WITH_WINDOW: "true",
        WITH_COMMANDS: "true",
        WITH_APP: "true",
        WITH_EXTENSIONS: "true",
        WITH_BINDING: "false",
      },
    });
    const script = bundled.outputFiles[0]!.text;
    const expected: string[] = [];
    new Function("print", script)((...said: unknown[]) => expected.push(said.join(" ")));
    const folder = await mkdtemp(join(tmpdir(), "nextbeat-sleep-"));
    try {
      const file = join(folder, "sleep.js");
      await writeFile(file, script);
      const { stdout } = await promisify(execFile)(espruino!, [file], {
        cwd: folder,
        timeout: 60_000,
      });
      const told = stdout.replace(/\r/g, "").split("\n");
      expect(told.filter((line) => /^(SAID|RUNG|KEPT) /.test(line))).toEqual(expected);
    } finally {
      await rm(folder, { recursive: true });
    }
    const kept = expected.filter((line) => line.startsWith("KEPT"));
    expect(kept.length).toBeGreaterThan(15);
    expect(kept.every((line) => line.endsWith(" 0 1"))).toBe(true);
  },
);
