// The device code on the interpreter it is written for: the same script gives the same bytes as in
// Node, and the very bundle that is flashed lives and dies against a real gateway.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, describe, expect, it } from "vitest";
import { interpreter } from "../../device/interpreter.ts";
import { idText } from "../../gateway/enrolment.ts";
import type { Status } from "../../gateway/facts.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { exchange } from "./exchange.ts";
import { flashed } from "./flashed.ts";
import type { Relay } from "./lossy-relay.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: its tests are skipped");

const folders: string[] = [];
const boards: ChildProcess[] = [];
const relays: Relay[] = [];
const gateways: RunningGateway[] = [];

afterEach(async () => {
  for (const board of boards.splice(0)) board.kill("SIGKILL");
  for (const relay of relays.splice(0)) relay.close();
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-espruino-"));
  folders.push(folder);
  return folder;
}

/** Polls what `read` says, which something else changes, until it is what was wanted. */
async function until<T>(read: () => T, wanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = read();
    if (wanted(value)) return value;
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

describe.skipIf(!espruino)("on the interpreter", () => {
  it.each([0, 1, 2])(
    "a scripted exchange under suite %d gives the transcript of Node",
    async (suite) => {
      const expected: string[] = [];
      exchange(suite, sha256, (line) => expected.push(line));
      expect(expected.length).toBeGreaterThan(50);
      const made = await build({
        stdin: {
          contents:
            'import { exchange } from "./exchange.ts"; declare const E: any; declare const quit: any;' +
            `exchange(${suite}, (m) => E.toString(require("crypto").SHA256(m)), (l) => print("> " + l)); quit();`,
          resolveDir: HERE,
          loader: "ts",
        },
        bundle: true,
        write: false,
        format: "iife",
        target: "es2015",
        external: ["crypto"],
        define: { WITH_SUITE: String(suite) },
      });
      const file = join(temporary(), "exchange.js");
      writeFileSync(file, made.outputFiles[0]!.text);
      const ran = spawnSync(espruino!, [file], {
        encoding: "latin1",
        timeout: 30_000,
        cwd: dirname(file),
      });
      const lines = ran.stdout.split(/\r?\n/).filter((line) => line.startsWith("> "));
      expect(lines.map((line) => line.slice(2))).toEqual(expected);
    },
  );

  /** A board that runs the flashed bundle, against a gateway, through a fifth of loss. */
  async function lives(suite: 1 | 2) {
    const { gateway, relay, id, script } = await flashed(suite, 400);
    gateways.push(gateway);
    relays.push(relay);
    const folder = temporary();
    writeFileSync(join(folder, "bundle.js"), script);
    const start = () => {
      const board = spawn(espruino!, ["bundle.js"], {
        cwd: folder,
        stdio: ["pipe", "ignore", "ignore"],
      });
      boards.push(board);
      return board;
    };
    const told: Status[] = [];
    const status = (): Status => {
      const now = gateway.core.view(id, performance.now())!.status;
      if (told.at(-1) !== now) told.push(now);
      return now;
    };
    return { gateway, id, relay, start, status, told };
  }

  it.each([1, 2] as const)(
    "the bundle of suite %d beats through 20 % loss, and its death is found",
    async (suite) => {
      const { gateway, id, relay, start, status, told } = await lives(suite);
      const board = start();
      const seq = () => {
        status();
        return gateway.core.view(id, performance.now())!.seq ?? 0;
      };
      await until(seq, (n) => n >= 25);
      expect(told.filter((s) => s === "absent")).toEqual([]);
      expect(relay.seen.up).toBeGreaterThan(25);
      expect(relay.seen.down).toBeGreaterThan(15);
      board.kill("SIGKILL");
      await until(status, (s) => s === "absent");

      // It comes back with what its flash kept: the epoch stays, no number is used twice.
      const before = gateway.core.view(id, performance.now())!;
      start();
      await until(status, (s) => s === "present");
      const after = gateway.core.view(id, performance.now())!;
      expect(after.epoch).toBe(before.epoch);
      expect(after.seq).toBeGreaterThan(before.seq!);
      expect(gateway.core.counters["clash"] ?? 0).toBe(0);
      expect(idText(id)).toMatch(/^[0-9a-f]{6}$/);
    },
  );
});
