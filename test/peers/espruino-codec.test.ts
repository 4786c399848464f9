/**
 * The codec and all three suites on the board's own interpreter: the vectors' bytes there as here.
 * Runs where an `espruino` binary (a Linux build, 2v29 or later) is on the PATH.
 */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { interpreter } from "../../device/interpreter.ts";
import { vectors } from "../codec/codec.ts";

const espruino = interpreter();
if (espruino === undefined) console.warn("espruino-codec: no interpreter on the PATH, skipped");

const here = new URL(".", import.meta.url).pathname;

/**
 * Runs on the interpreter: prints one line per thing that differs, then how many of each were
 * compared.
 */
const SCRIPT = `
import { chaskey12, chaskeySubkeys } from "../../device/chaskey.ts";
import { crc16 } from "../../device/crc16.ts";
import { intervalCode, intervalMs } from "../../device/interval.ts";
import { computeTag, equalTags, makeTagKey, tagBytes } from "../../device/tag.ts";
import { getU16, getU24, getU32 } from "../../device/bytes.ts";
import { rebuildSeq, tagInput } from "../../device/wire.ts";
import { bytes, encodeFields, hexOf, vectors } from "../codec/codec.ts";

const native = require("crypto").SHA256;
const sha256 = (message) => E.toString(native(message));
const names = ["HEARTBEAT", "ACK", "HELLO", "WELCOME", "COMMAND", "RESULT", "PROBE", "NUDGE"];
const same = (what, got, wanted) => { if (got !== wanted) print("DIFFERS", what, got, wanted); };

const frames = vectors.frames.filter((v) => v.suite === WITH_SUITE);
frames.forEach((v) => {
  const up = v.direction === "up";
  const body = encodeFields(v.fields, up);
  const type = names.indexOf(v.fields.type);
  const input = tagInput(up ? 0 : 1, type, v.epoch, v.seq, body, bytes(v.bound));
  const tag = computeTag(makeTagKey(v.suite, bytes(v.key), sha256), input);
  same(v.name + " tag input", hexOf(input), v.tagInput);
  same(v.name + " suite " + v.suite, hexOf(body + tag), v.frame);
  same("tag length", tag.length, tagBytes(v.suite));
  same("equal tags", equalTags(tag, bytes(v.frame).substring(body.length)), true);
  same("unequal tags", equalTags(tag, body.substring(0, tag.length)), false);
});
vectors.intervalMs.forEach((ms, at) => {
  same("interval " + at, intervalMs(at + 1), ms);
  same("code of " + ms, intervalCode(ms), at + 1);
  same("code above " + ms, intervalCode(ms + 1), at < 253 ? at + 2 : 254);
});
vectors.intervalCode.forEach((v) => same("code", intervalCode(v[0]), v[1]));
vectors.chaskey12.forEach((v) =>
  same("chaskey", hexOf(chaskey12(chaskeySubkeys(bytes(v[0])), bytes(v[1]))), v[2]));
vectors.crc16.forEach((v) => same("crc", crc16(bytes(v[0])), v[1]));
vectors.rebuild.forEach((v) => {
  const seq = rebuildSeq(v[0], v[1]);
  same("rebuild " + v[0] + " " + v[1], seq > 0xffffffff ? null : seq, v[2]);
});
same("u16", getU16("\\xff\\xfe\\xfd\\xfc\\xfb", 1), 0xfefd);
same("u24", getU24("\\xff\\xfe\\xfd\\xfc\\xfb", 1), 0xfefdfc);
same("u32", getU32("\\xff\\xfe\\xfd\\xfc\\xfb", 1), 0xfefdfcfb);
print("COMPARED", frames.length, vectors.intervalMs.length, vectors.rebuild.length);
`;

/** The interpreter's output for a script that esbuild bundles as it does a board's of a suite. */
async function onEspruino(contents: string, suite: number): Promise<string> {
  const bundled = await build({
    stdin: { contents, resolveDir: here, loader: "ts" },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2015",
    external: ["crypto"],
    define: { WITH_SUITE: String(suite) },
  });
  const folder = await mkdtemp(join(tmpdir(), "nextbeat-"));
  try {
    const file = join(folder, "codec.js");
    await writeFile(file, bundled.outputFiles[0]!.text);
    const { stdout } = await promisify(execFile)(espruino!, [file], { timeout: 30_000 });
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("on Espruino", () => {
  it.skipIf(espruino === undefined).each([0, 1, 2])(
    "frames and tags of suite %i, and intervals are the vectors'",
    async (suite) => {
      const lines = (await onEspruino(SCRIPT, suite)).split(/\r?\n/);
      expect(lines.filter((line) => /DIFFERS|rror/.test(line))).toEqual([]);
      const { intervalMs, rebuild } = vectors;
      const frames = vectors.frames.filter((v) => v.suite === suite);
      expect(frames.length).toBeGreaterThan(0);
      expect(lines).toContain(`COMPARED ${frames.length} ${intervalMs.length} ${rebuild.length}`);
    },
  );
});
