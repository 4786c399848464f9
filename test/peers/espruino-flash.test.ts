// `flash` on the real interpreter: over telnet, as a board on the network has it, and over a
// terminal, as a board on a cable. The script runs from flash after a restart, and a real gateway
// acknowledges it.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { interpreter } from "../../device/interpreter.ts";
import { enrolled, KEY, stopGateways } from "../cli/flash-rig.ts";
import { run } from "../cli/rig.ts";
import { clearUp, temporaryFolder } from "../gateway/socket-rig.ts";

/** Compiled in; whoever flashes at the same time waits. */
const TELNET = 2323;

const espruino = interpreter();
const python = spawnSync("python3", ["-c", "import pty"]).status === 0;
if (!espruino) console.warn("no espruino interpreter on the PATH: its tests are skipped");
if (!python) console.warn("no python3: flashing over a terminal is not tested");

const boards: ChildProcess[] = [];

beforeAll(() => {
  if (!existsSync(new URL("../../dist/device/nextbeat-udp-hmac.js", import.meta.url)))
    throw new Error('there are no bundles yet; "npm run build" makes them');
});
afterEach(async () => {
  for (const board of boards.splice(0)) board.kill("SIGKILL");
  await stopGateways();
  clearUp();
});

function listens(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(TELNET, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
}

async function portFree(): Promise<void> {
  for (let tries = 0; await listens(); tries++) {
    if (tries === 200) throw new Error(`somebody keeps port ${TELNET}`);
    await sleep(100);
  }
}

/** A board whose flash is in `folder`. Its input stays open: some builds read on past its end. */
function powerOn(folder: string): ChildProcess {
  const board = spawn(espruino!, ["--telnet"], {
    cwd: folder,
    stdio: ["pipe", "ignore", "ignore"],
  });
  boards.push(board);
  return board;
}

async function powerOff(board: ChildProcess): Promise<void> {
  board.kill("SIGKILL");
  await once(board, "exit");
}

async function until(wanted: () => boolean): Promise<void> {
  while (!wanted()) await sleep(20);
}

describe.skipIf(!espruino)("flash", () => {
  it("puts a script on a board over telnet, and it beats from flash after a restart", async () => {
    await portFree();
    const { argv, view } = await enrolled();
    const folder = temporaryFolder();
    const board = powerOn(folder);
    const port = ["--port", `tcp://127.0.0.1:${TELNET}`];
    const said = await run("flash", "shed", ...port, ...argv);
    expect(said).toMatchObject({ code: 0, err: "" });
    expect(said.out).toMatch(/Espruino 2v\S+ on LINUX\n/);
    expect(said.out).toMatch(/client udp-hmac: hmac-sha256-64, UDP, awake\n/);
    expect(said.out).toMatch(/(\d+) of \1 bytes\nread back: \1 bytes, CRC-32 [0-9a-f]+\n/);
    expect(said.out).toContain("it beats: epoch ");
    expect(said.out).not.toContain(KEY);
    const { epoch, seq } = view();
    expect(readFileSync(join(folder, "espruino.flash"), "latin1")).toContain(KEY);

    await powerOff(board);
    powerOn(folder);
    await until(() => view().seq! > seq! + 3);
    expect(view()).toMatchObject({ epoch, status: "present" });

    // Once more, over what runs: the client's own files stay, so no number is used twice (rule 10).
    const before = view().seq!;
    const again = await run("flash", "shed", ...port, ...argv, "--json");
    expect(again.code, again.err).toBe(0);
    expect(JSON.parse(again.out)).toMatchObject({ id: "00f1a5", board: "linux", epoch });
    expect(JSON.parse(again.out).seq).toBeGreaterThan(before);
  }, 60_000);

  it("finds a board that is switched on while it looks, as a sleeper is", async () => {
    await portFree();
    const { argv, view } = await enrolled();
    const flashing = run("flash", "shed", "--port", `tcp://127.0.0.1:${TELNET}`, ...argv);
    await sleep(1_500);
    powerOn(temporaryFolder());
    const said = await flashing;
    expect(said.err).toBe("");
    expect(view().status).toBe("present");
  }, 60_000);

  it("refuses another board than was meant, and leaves it as it was", async () => {
    await portFree();
    const { argv } = await enrolled();
    const folder = temporaryFolder();
    powerOn(folder);
    const port = ["--port", `tcp://127.0.0.1:${TELNET}`];
    const said = await run("flash", "shed", ...port, ...argv, "--board", "esp32");
    expect(said).toMatchObject({ code: 1, out: "" });
    expect(said.err).toContain("--board esp32: the board at this port is LINUX (linux)");
    expect(existsSync(join(folder, "espruino.flash"))).toBe(false);
  }, 60_000);

  it("says what to look at when no beat comes", async () => {
    await portFree();
    const { argv } = await enrolled();
    powerOn(temporaryFolder());
    const port = ["--port", `tcp://127.0.0.1:${TELNET}`, "--beat-wait", "1s"];
    const said = await run("flash", "shed", ...port, ...argv, "--gateway", "127.0.0.1:9");
    expect(said.code).toBe(1);
    expect(said.err).toContain(
      "no beat came within 1 s; look at whether 127.0.0.1:9 is the gateway",
    );
  }, 60_000);
});

/** Two terminals with a wire between: the one named on its output, and the interpreter's. */
const WIRE = `
import os, pty, select, subprocess, sys, tty
a, port = pty.openpty(); b, console = pty.openpty()
tty.setraw(port); tty.setraw(console)
subprocess.Popen([sys.argv[1]], stdin=console, stdout=console)
print(os.ttyname(port), flush=True)
while True:
    for fd in select.select([a, b], [], [])[0]:
        os.write(b if fd == a else a, os.read(fd, 1024))
`;

describe.skipIf(!espruino || !python)("flash over a terminal", () => {
  it("puts a script on a board", async () => {
    const { argv, view } = await enrolled();
    const folder = temporaryFolder();
    writeFileSync(join(folder, "wire.py"), WIRE);
    const options = { cwd: folder, detached: true } as const;
    const wire = spawn("python3", ["wire.py", espruino!], { ...options, stdio: "pipe" });
    try {
      const [name] = await once(wire.stdout, "data");
      const said = await run("flash", "shed", "--port", String(name).trim(), ...argv);
      expect(said.err).toBe("");
      expect(view().status).toBe("present");
    } finally {
      // The interpreter is of its group.
      process.kill(-wire.pid!, "SIGKILL");
    }
  }, 60_000);
});
