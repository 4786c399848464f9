// What a bundle takes of a board's memory, measured on the interpreter: JsVars, the blocks of which
// it makes everything.
//
// A figure is the number in use while the bundle waits for an answer to its first frame, less what
// the question itself takes. It runs from RAM, the dearest place: from flash, function bodies stay
// there. Only a 32-bit build with JsVars of 14 bytes counts as an ESP32 does.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** JsVars in use: by a program, by the bare interpreter; and the bytes that each takes. */
export interface JsVars {
  used: number;
  empty: number;
  bytes: number;
}

/** A board with a key and no gateway: the discard port of loopback answers nothing. */
const NEXTBEAT =
  'var NEXTBEAT={id:1,secret:"0123456789abcdef",host:"127.0.0.1",port:9,own:60000,' +
  'salt:"12345678",extra:"A\\x00q1"};\n';
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

async function measured(espruino: string, program: string): Promise<[number, number]> {
  const text = await printed(espruino, program);
  const found = /VARS (\d+) (\d+)/.exec(text);
  if (!found || /rror/.test(text)) throw new Error(`did not run on ${espruino}: ${text}`);
  return [Number(found[1]), Number(found[2])];
}

/** The bare interpreter, and what the question takes: the same for every bundle. */
const bare = new Map<string, Promise<[[number, number], [number, number]]>>();

/** JsVars that a bundle holds while it runs from RAM on an `espruino` binary. */
export async function jsVars(espruino: string, code: string): Promise<JsVars> {
  const known =
    bare.get(espruino) ?? Promise.all([measured(espruino, ASK), measured(espruino, ASK_LATER)]);
  bare.set(espruino, known);
  const [[empty, bytes], [asked]] = await known;
  const [all] = await measured(espruino, NEXTBEAT + code + ASK_LATER);
  return { used: all - (asked - empty), empty, bytes };
}
