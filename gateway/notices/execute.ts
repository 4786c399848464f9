/**
 * A command of the owner's: for the siren, the pager, and all that is no webhook.
 *
 * It is started without a shell, so nothing in a device's name is ever a command; the notice comes
 * on stdin as the JSON of a webhook, and its main words in the environment. Of our own environment
 * it gets only what a command needs to find its way, since secrets may stand in the rest.
 */

import { spawn } from "node:child_process";
import type { Message } from "./message.ts";
import type { Outcome } from "./request.ts";

export interface Execute {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly timeoutMs: number;
}

const INHERITED = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"];
/** Characters of its stderr that are kept, for people. */
const SAID_MAX = 512;

/** Never rejects. Exit code 0: delivered. */
export function execute(
  { command, arguments: given, timeoutMs }: Execute,
  message: Message,
  stop: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve) => {
    // A group of its own, so that what it started ends with it.
    const child = spawn(command, [...given], {
      env: environment(message),
      stdio: ["pipe", "ignore", "pipe"],
      detached: true,
    });
    let said = "";
    let cut: string | undefined;
    const kill = (why: string) => {
      cut ??= why;
      if (child.pid !== undefined) {
        try {
          process.kill(-child.pid, "SIGKILL");
        } catch {}
      }
    };
    const stopped = () => kill("the gateway stopped");
    const timer = setTimeout(() => kill(`it did not end in ${timeoutMs} ms`), timeoutMs);
    stop.addEventListener("abort", stopped);
    const done = (outcome: Outcome) => {
      clearTimeout(timer);
      stop.removeEventListener("abort", stopped);
      resolve(outcome);
    };
    child.on("error", (error) => done({ result: "failed", why: error.message }));
    child.on("exit", (code, signal) => {
      if (code === 0) return done({ result: "delivered" });
      const end = cut ?? (code === null ? `ended by ${signal}` : `ended with ${code}`);
      const words = said.replace(/\s+/g, " ").trim();
      return done({ result: "failed", why: words === "" ? end : `${end}: ${words}` });
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(0, SAID_MAX);
    });
    // It need not read what it is given.
    child.stdin.on("error", () => {});
    const { id, type, timestamp, data } = message;
    child.stdin.end(`${JSON.stringify({ id, type, timestamp, data })}\n`);
    if (stop.aborted) stopped();
  });
}

function environment({ id, type, kind, title, text, data }: Message): NodeJS.ProcessEnv {
  const own: NodeJS.ProcessEnv = {};
  for (const name of INHERITED) if (process.env[name] !== undefined) own[name] = process.env[name];
  return {
    ...own,
    NEXTBEAT_NOTICE_ID: id,
    NEXTBEAT_NOTICE_TYPE: type,
    NEXTBEAT_NOTICE_KIND: kind,
    NEXTBEAT_NOTICE_TITLE: title,
    NEXTBEAT_NOTICE_TEXT: text,
    NEXTBEAT_NOTICE_INCIDENT: `${data.incident ?? ""}`,
    NEXTBEAT_NOTICE_CAUSE: `${data.cause ?? ""}`,
    NEXTBEAT_NOTICE_SCOPE: `${data.scope ?? ""}`,
  };
}
