// The board of a trial: the interpreter, with the bundle that is flashed and an application that
// says what it did and how many JsVars are in use. A reboot ends the interpreter; as a board does,
// it then starts again with its flash.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { bundle, VARIANTS } from "../../device/build.ts";

const APP = `
NEXTBEAT.onCommand=function(p){print("ACTED "+p);return "did "+p};
(function f(){setTimeout(f,1000);print("USED "+process.memory().usage)})();
`;
const SOURCES = fileURLToPath(
  new URL(
    import.meta.url.includes("/dist/") ? "../../../device/" : "../../device/",
    import.meta.url,
  ),
);

export interface TrialBoardOptions {
  readonly espruino: string;
  readonly way: "udp" | "mqtt";
  readonly suite: 1 | 2;
  readonly id: number;
  readonly key: string;
  /** On loopback: of the gateway or the broker, or of what stands in front of it. */
  readonly port: number;
  readonly intervalMs: number;
}

/** The bundle, which takes seconds to be made, and then is kept. */
export function client({ way, suite }: Pick<TrialBoardOptions, "way" | "suite">): Promise<string> {
  const kind = suite === 1 ? "hmac" : "chaskey";
  const name = way === "udp" ? `udp-${kind}-commands` : `mqtt-${kind}`;
  return bundle(VARIANTS.find((each) => each.name === name)!, SOURCES);
}

export class TrialBoard {
  /** Payloads in the order in which it acted on them. */
  readonly acted: string[] = [];
  /** JsVars in use, each second. */
  readonly used: { readonly at: number; readonly vars: number }[] = [];
  reboots = 0;
  readonly #espruino: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "nextbeat-trial-"));
  #process: ChildProcess | undefined;
  #over = false;

  /** @param code what `client` gave */
  constructor(code: string, options: TrialBoardOptions) {
    const { espruino, way, id, key, port, intervalMs } = options;
    this.#espruino = espruino;
    const config =
      `var NEXTBEAT={id:${id},secret:"${key}",host:"127.0.0.1",port:${port},own:${intervalMs},` +
      `way:${way === "mqtt" ? 1 : 0},salt:"12345678",extra:"A\\x00q1"};\n`;
    writeFileSync(join(this.#folder, "board.js"), `${config}${code};\n${APP}`);
    this.#start();
  }

  #start(): void {
    const board = spawn(this.#espruino, ["board.js"], {
      cwd: this.#folder,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#process = board;
    createInterface(board.stdout).on("line", (line) => {
      const [, word, rest = ""] = /(ACTED|USED) (.*)$/.exec(line) ?? [];
      if (word === "ACTED") this.acted.push(rest);
      if (word === "USED") this.used.push({ at: performance.now(), vars: Number(rest) });
    });
    board.once("exit", () => {
      if (this.#over) return;
      this.reboots++;
      this.#start();
    });
  }

  /** Of these instants, on the clock of `performance.now()`; Infinity where it said nothing. */
  leastUsed(from: number, to: number): number {
    const within = this.used.filter(({ at }) => at >= from && at < to);
    return Math.min(...within.map(({ vars }) => vars));
  }

  stop(): void {
    this.#over = true;
    this.#process?.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
