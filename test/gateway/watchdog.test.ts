/**
 * What systemd is told by the real process: ready when it listens, well only as long as its own
 * beats pass, that it stops. A script in the place of `systemd-notify` writes down what it was
 * asked to say.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { quiet } from "../../gateway/log.ts";
import { Watchdog } from "../../gateway/watchdog.ts";

const MAIN = fileURLToPath(new URL("../../dist/gateway/main.js", import.meta.url));
const folders: string[] = [];
const processes: ChildProcess[] = [];

afterEach(() => {
  for (const child of processes.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with a `systemd-notify` that writes its words into `said`, a line each time. */
function stage() {
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-watchdog-"));
  folders.push(folder);
  const [bin, said] = [join(folder, "bin"), join(folder, "said")];
  mkdirSync(bin);
  writeFileSync(said, "");
  const script = `#!/bin/sh\necho "$@" >> ${said}\n`;
  writeFileSync(join(bin, "systemd-notify"), script, { mode: 0o755 });
  const path = `${bin}${delimiter}${process.env["PATH"]}`;
  const env = { ...process.env, PATH: path, NOTIFY_SOCKET: join(folder, "socket") };
  const lines = () => readFileSync(said, "utf8").split("\n").filter(Boolean);
  return { folder, env, lines };
}

async function until(fits: () => boolean): Promise<void> {
  while (!fits()) await new Promise((wake) => setTimeout(wake, 20));
}

describe("the watchdog", () => {
  it("of a running gateway is fed by its own beats, and hears of start and stop", async () => {
    const { folder, env, lines } = stage();
    const given = [
      "gateway",
      "--data",
      join(folder, "data"),
      "--udp-port",
      "0",
      "--http-port",
      "0",
    ];
    const gateway = spawn(process.execPath, [MAIN, ...given, "--udp-host", "127.0.0.1"], {
      env: { ...env, WATCHDOG_USEC: "3000000" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    processes.push(gateway);
    gateway.stdout!.resume();
    await until(() => lines().some((line) => line.includes("READY=1")));
    expect(lines()[0]).toMatch(
      new RegExp(`^--pid=${gateway.pid} READY=1 STATUS=UDP \\d+, HTTP \\d+$`),
    );
    await until(() => lines().filter((line) => line.endsWith("WATCHDOG=1")).length >= 3);
    gateway.kill("SIGTERM");
    await once(gateway, "exit");
    await until(() => lines().some((line) => line.endsWith("STOPPING=1")));
  });

  it("is not fed twice by one beat, nor by none", async () => {
    const { env, lines } = stage();
    let passedAt = Number.NEGATIVE_INFINITY;
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const told = { ...env, WATCHDOG_USEC: "30000000", WATCHDOG_PID: `${process.pid}` };
    const watchdog = Watchdog.open({ env: told, passedAt: () => passedAt, log: quiet })!;
    watchdog.ready("here");
    vi.advanceTimersByTime(60_000);
    passedAt = 5;
    vi.advanceTimersByTime(60_000);
    passedAt = 6;
    vi.advanceTimersByTime(10_000);
    watchdog.stopping();
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    await until(() => lines().length === 4);
    expect(lines().filter((line) => line.endsWith("WATCHDOG=1"))).toHaveLength(2);
  });

  it("is none where systemd did not start us, or watches somebody else", async () => {
    const { env, lines } = stage();
    expect(Watchdog.open({ env: {}, passedAt: () => 0, log: quiet })).toBeUndefined();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    let at = 0;
    const told = { ...env, WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" };
    const watchdog = Watchdog.open({ env: told, passedAt: () => ++at, log: quiet })!;
    watchdog.ready("here");
    vi.advanceTimersByTime(60_000);
    watchdog.stopping();
    vi.useRealTimers();
    await until(() => lines().length === 2);
    expect(lines().join()).not.toContain("WATCHDOG=1");
  });
});
