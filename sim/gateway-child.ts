// A gateway of its own for the demo: the real program in a process of its own, on free ports and a
// folder that goes with it. In this process it would share our clock's hiccups, and a crash of one
// would be the end of both.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Failed } from "../gateway/cli/errors.ts";

export interface GatewayChild {
  readonly url: URL;
  readonly udpPort: number;
  readonly folder: string;
  /** Rejects when the process ends unasked. */
  readonly broken: Promise<never>;
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL("../gateway/main.js", import.meta.url));
const START_MAX_MS = 20_000;
const STOP_MAX_MS = 4_000;

/** Starts it and waits until it listens. @throws Failed with what it said last */
export async function startGatewayChild(): Promise<GatewayChild> {
  const folder = await mkdtemp(join(tmpdir(), "nextbeat-demo-"));
  const flags = ["--data", folder, "--udp-port", "0", "--http-port", "0"];
  // A group of its own: Ctrl-C is for us, and we end it when our own boards have stopped.
  const child = spawn(process.execPath, [PROGRAM, "gateway", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let last = "";
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      last = error.message;
      resolve();
    });
  });
  let stopping = false;
  const broken = ended.then((): never => {
    if (stopping) return undefined as never;
    throw new Failed(`the gateway ended: ${last || "without a word"}`);
  });
  broken.catch(() => {});
  createInterface({ input: child.stderr }).on("line", (line) => {
    last = line;
  });
  const stop = async () => {
    stopping = true;
    child.kill("SIGTERM");
    const hurry = setTimeout(() => child.kill("SIGKILL"), STOP_MAX_MS);
    await ended;
    clearTimeout(hurry);
    await rm(folder, { recursive: true, force: true });
  };
  const listening = new Promise<{ udp: number; http: number }>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Failed(`the gateway did not start: ${last}`)),
      START_MAX_MS,
    );
    createInterface({ input: child.stdout }).on("line", (line) => {
      last = line;
      const said = readListening(line);
      if (!said) return;
      clearTimeout(timer);
      resolve(said);
    });
  });
  try {
    const { udp, http } = await Promise.race([listening, broken]);
    return { url: new URL(`http://127.0.0.1:${http}/`), udpPort: udp, folder, broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The ports, if this is the log line that names them. */
function readListening(line: string): { udp: number; http: number } | undefined {
  try {
    const { msg, udp, http } = JSON.parse(line) as { msg: string; udp: number; http: number };
    return msg === "listening" ? { udp, http } : undefined;
  } catch {
    return undefined;
  }
}
