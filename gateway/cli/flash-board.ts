/**
 * A script onto a board, so that it runs from flash at every boot: find the interpreter, see that
 * it is the board that was meant and has room, write, read back, start.
 *
 * The script becomes `.bootcde`, which power-on runs and `reset()` does not: so a reset first stops
 * what ran before and frees its memory. The files in which the client keeps epoch and seq stay
 * (rule 10: no number is used twice, over re-flashing too). Cut short, half a script is a syntax
 * error at boot, and the console is there to flash again.
 */

import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { type BoardFacts, boardNamed } from "./boards.ts";
import { BoardConsole, BoardError } from "./console.ts";
import { Failed } from "./errors.ts";
import { openPort, type Where } from "./port.ts";
import { type BoardScript, quote } from "./script.ts";

/** Bytes of script a line: with its frame below what a console buffers, 256 on the smallest. */
const CHUNK = 128;
const PROBE_MS = 1_000;
const AGAIN_MS = 250;
/** Questions without an answer, after which a person is told what to do. */
const PATIENCE = 3;
/** Making room may move all of Storage, 4 KB in 50 to 100 ms. */
const COMPACT_MS = 60_000;
const RESET_MS = 15_000;
const OLDEST = 29;
const FILE = ".bootcde";
/** A file's own header in Storage, and its padding. */
const FILE_HEAD = 36;

export interface FoundBoard {
  readonly console: BoardConsole;
  /** `process.env.BOARD`. */
  readonly id: string;
  readonly version: string;
}

/**
 * The interpreter behind a port, for which it looks until `ms` are over: a board that sleeps is
 * there for ten seconds after power-on only. @param waiting called once, when nobody answers
 */
export async function findBoard(
  where: Where,
  ms: number,
  waiting: () => void,
): Promise<FoundBoard> {
  const end = performance.now() + ms;
  let silences = 0;
  const silent = (): void => {
    if (++silences === PATIENCE) waiting();
  };
  for (;;) {
    const board = new BoardConsole(await openUntil(where, end, silent));
    // Once a connection: Linux takes a second one for the wish to end it.
    board.interrupt();
    while (!board.closed) {
      const said = await board.ask("process.env.BOARD,process.env.VERSION", PROBE_MS);
      const [id, version] = said?.split(" ") ?? [];
      if (id && version) return { console: board, id, version };
      if (performance.now() > end) break;
      silent();
    }
    const { noise } = board;
    board.close();
    if (performance.now() < end) await sleep(AGAIN_MS);
    else if (noise)
      throw new Failed(`--port ${where.name}: no Espruino answers, but ${quote(noise)}`);
    else
      throw new Failed(
        `--port ${where.name}: nobody answers; is Espruino on the board? One that sleeps listens ` +
          "for 10 s after power-on: press its reset button meanwhile",
      );
  }
}

async function openUntil(where: Where, end: number, refused: () => void): Promise<Duplex> {
  for (;;) {
    try {
      return await openPort(where);
    } catch (error) {
      // A board that boots is not there yet; a serial port that is not there will not come.
      if (where.kind === "serial" || performance.now() + PROBE_MS > end) throw error;
      refused();
      await sleep(AGAIN_MS);
    }
  }
}

/** The facts of the board found. Throws Failed where it is another than was meant, or too old. */
export function checkBoard({ id, version }: FoundBoard, meant: string | undefined): BoardFacts {
  const facts = boardNamed(id);
  if (typeof facts === "string") throw new Failed(facts);
  if (meant !== undefined && facts !== boardNamed(meant))
    throw new Failed(`--board ${meant}: the board at this port is ${id} (${facts.name})`);
  const [, major, minor] = /^(\d+)v(\d+)/.exec(version) ?? [];
  if (Number(major) < 2 || (Number(major) === 2 && Number(minor) < OLDEST))
    throw new Failed(`the board runs Espruino ${version}, expected 2v${OLDEST} or later`);
  return facts;
}

/** What the board is asked before anything is sent. */
interface Room {
  /** Bytes that a file may have; free JsVars. */
  readonly bytes: number;
  readonly vars: number;
  readonly sha256: boolean;
}

async function roomOn(board: BoardConsole): Promise<Room> {
  const storage = 'require("Storage")';
  const sum =
    "(function(t){var s=t.getStats?t.getStats():{freeBytes:t.getFree(),trashBytes:0};" +
    `return s.freeBytes+s.trashBytes+(t.read("${FILE}")||"").length})(${storage})`;
  const native = `(function(){try{return !!require("crypto").SHA256}catch(e){}})()?1:0`;
  const said = await board.know(`${sum},process.memory().free,${native}`);
  const [bytes, vars, sha256] = said.split(" ").map(Number);
  return { bytes: bytes!, vars: vars!, sha256: sha256 === 1 };
}

/**
 * Stops what runs, and sees that there is room for a script and variables for it. Where there is
 * not, nothing was written, and what ran before is started again: a board that beat goes on.
 */
export async function makeReady(
  found: FoundBoard,
  facts: BoardFacts,
  script: Pick<BoardScript, "text" | "vars">,
  suite: number,
): Promise<void> {
  const { console: board } = found;
  board.tell("reset()");
  const end = performance.now() + RESET_MS;
  while ((await board.ask("1", PROBE_MS)) === undefined)
    if (performance.now() > end || board.closed) throw new Failed("the board did not come back");
  const short = lacking(await roomOn(board), found, facts, script, suite);
  if (short === undefined) return;
  await start(found, facts);
  throw new Failed(`${short}. Nothing was written; what the board ran before runs again`);
}

/** What there is too little of, in words. */
function lacking(
  room: Room,
  { id }: FoundBoard,
  facts: BoardFacts,
  { text, vars }: Pick<BoardScript, "text" | "vars">,
  suite: number,
): string | undefined {
  if (room.bytes < text.length + FILE_HEAD)
    return (
      `not enough Storage: the script has ${text.length} bytes, and ${room.bytes} are free or can ` +
      `be made free; require("Storage").list() on its console shows what is there`
    );
  if (Number.isFinite(facts.vars) && room.vars < vars)
    return `not enough memory: the script takes up to ${vars} JsVars, and ${room.vars} are free`;
  if (suite === 1 && !room.sha256)
    return `this build for ${id} has no SHA-256: enrol the device with --suite 2`;
  return undefined;
}

/** Writes the script. @param progress called with the bytes that are there */
export async function writeScript(
  { console: board }: FoundBoard,
  text: string,
  progress: (bytes: number) => void,
): Promise<void> {
  for (let at = 0; at < text.length; at += CHUNK) {
    const data = quote(text.slice(at, at + CHUNK));
    const size = at === 0 ? `,0,${text.length}` : `,${at}`;
    const call = `require("Storage").write("${FILE}",${data}${size})?1:0`;
    try {
      const said = await board.know(call, at === 0 ? COMPACT_MS : undefined);
      if (said !== "1") throw new BoardError("refused");
    } catch (error) {
      if (!(error instanceof BoardError)) throw error;
      throw new Failed(`Storage did not take bytes ${at} and on: ${safe(error.message)}`);
    }
    progress(Math.min(at + CHUNK, text.length));
  }
}

/** What a board says of an error, without the text around it, which may be the script's. */
function safe(message: string): string {
  return message.split("\n")[0]!.replace(/".*"/g, '"..."').slice(0, 80);
}

/**
 * Reads back: what Storage holds, as length and CRC-32, which every build has. It finds what a
 * console or a flash damages; against malice at the cable nothing would help.
 */
export async function verify({ console: board }: FoundBoard, text: string): Promise<string> {
  const file = `require("Storage").read("${FILE}")||""`;
  const read = `(function(f){return f.length+":"+E.CRC32(f)})(${file})`;
  const held = await board.know(read, RESET_MS);
  const meant = `${text.length}:${crc32(Buffer.from(text, "latin1"))}`;
  if (held !== meant)
    throw new Failed(
      `the board's flash holds something else (${held}, sent ${meant}): flash again`,
    );
  return meant.split(":")[1]!;
}

/** Starts it as power-on does; on Linux, where a reboot ends the interpreter, in place. */
export async function start({ console: board }: FoundBoard, facts: BoardFacts): Promise<void> {
  board.tell(facts.name === "linux" ? "load()" : "E.reboot()");
  await board.gone(PROBE_MS);
  board.close();
}
