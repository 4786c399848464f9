/** A command as a receiver: what it is given, and what ends it. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { execute } from "../../gateway/notices/execute.ts";
import { MESSAGE } from "./rig.ts";

const never = new AbortController().signal;
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("a command", () => {
  function script(text: string): string {
    const folder = mkdtempSync(join(tmpdir(), "nextbeat-execute-"));
    folders.push(folder);
    const file = join(folder, "run it.sh");
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o700);
    return file;
  }
  const run = (command: string, given: string[] = [], timeoutMs = 20_000, stop = never) =>
    execute({ command, arguments: given, timeoutMs }, MESSAGE, stop);

  it("gets its arguments as they are, the notice as JSON, and words in its environment", async () => {
    process.env.NEXTBEAT_SECRET_OF_A_TEST = "hidden";
    const command = script('cat > "$1"; env > "$2"; echo "$3" >> "$2"');
    const [json, env] = [`${command}.json`, `${command}.env`];
    expect(await run(command, [json, env, "$(id); *"])).toEqual({ result: "delivered" });
    const { id, type, timestamp, data } = MESSAGE;
    expect(JSON.parse(readFileSync(json, "utf8"))).toEqual({ id, type, timestamp, data });
    const found = readFileSync(env, "utf8");
    expect(found).toContain(`NEXTBEAT_NOTICE_TEXT=${MESSAGE.text}\n`);
    expect(found).toContain("NEXTBEAT_NOTICE_KIND=opened\n");
    expect(found).toContain("NEXTBEAT_NOTICE_INCIDENT=7\n");
    expect(found).toMatch(/\$\(id\); \*\n$/);
    expect(found).not.toContain("hidden");
    delete process.env.NEXTBEAT_SECRET_OF_A_TEST;
  });

  it.each([
    ["exit 3", "ended with 3"],
    ["echo 'no  modem' >&2; exit 1", "ended with 1: no modem"],
    ["kill -TERM $$", "ended by SIGTERM"],
  ])("that does %j failed", async (text, why) => {
    expect(await run(script(text))).toEqual({ result: "failed", why });
  });

  it("that is not there failed", async () => {
    const { result, why } = await run("/no/such/program");
    expect([result, why]).toEqual(["failed", expect.stringContaining("ENOENT")]);
  });

  it("that does not end is ended at its time limit, with all that it started", async () => {
    const command = script('sleep 1000 & echo $! > "$1"; wait');
    const file = `${command}.pid`;
    const outcome = await run(command, [file], 300);
    expect(outcome).toEqual({ result: "failed", why: "it did not end in 300 ms" });
    const child = Number(readFileSync(file, "utf8"));
    while (runs(child)) await new Promise((round) => setImmediate(round));
  });

  it("is ended when the gateway stops", async () => {
    const stop = new AbortController();
    const outcome = run(script("sleep 1000"), [], 60_000, stop.signal);
    stop.abort();
    expect(await outcome).toEqual({ result: "failed", why: "the gateway stopped" });
  });
});

/** Not there, or dead and not yet noticed by its parent. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] !== "Z";
  } catch {
    return false;
  }
}
