// What an application hands over that is no text of ASCII, on the real interpreter: a degree sign
// makes a string of another kind there, which counts characters; and a number has no length. A
// real gateway must get the bytes that were meant, and every beat around them.

import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { interpreter } from "../../device/interpreter.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { clearUp, temporaryFolder } from "../gateway/socket-rig.ts";
import { flashed } from "./flashed.ts";
import type { Relay } from "./lossy-relay.ts";

/** Bytes of UTF-8, as an editor writes them. */
const APP = Buffer.from(`
NEXTBEAT.onCommand = function (payload) {
  if (payload === "throw") throw "21 °C";
  if (payload === "not told") throw { toString: function () { throw 1; } };
  if (payload === "result") return "21 °C";
  var all = { text: "21 °C", number: 42, array: [1, 255], bytes: new Uint8Array([3, 4]) };
  NEXTBEAT.send(all[payload]);
};
NEXTBEAT.temperature = function () { return (21.5).toFixed(1); };
NEXTBEAT.battery = function () { return null; };
`).toString("latin1");

const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: payloads are not tried on it");

let board: ChildProcess | undefined;
let relay: Relay | undefined;
let gateway: RunningGateway | undefined;
afterEach(async () => {
  board?.kill("SIGKILL");
  relay?.close();
  await gateway?.stop();
  clearUp();
});

describe.skipIf(!espruino)("on the interpreter", () => {
  it("what an application hands over arrives as bytes, and no beat is lost by it", async () => {
    const made = await flashed(1, 300, { commands: true, app: APP });
    ({ gateway, relay } = made);
    const { core } = made.gateway;
    const folder = temporaryFolder();
    writeFileSync(join(folder, "board.js"), made.script, "latin1");
    board = spawn(espruino!, ["board.js"], { cwd: folder, stdio: ["pipe", "ignore", "ignore"] });
    const view = () => core.view(made.id, performance.now())!;
    while (view().status !== "present") await sleep(20);

    const url = `http://127.0.0.1:${made.gateway.httpPort}/api/v1/devices/00b0a1/commands`;
    const told = async (payload: string): Promise<{ state: string; result: string }> => {
      const asked = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ payload }),
      });
      const { n } = (await asked.json()) as { n: number };
      for (;;) {
        const { state, result } = core.requests
          .commandsOf(made.id, performance.now())
          .find((each) => each.n === n)!;
        if (state !== "queued" && state !== "offered") return { state, result };
        await sleep(20);
      }
    };
    const degrees = "21 \xc2\xb0C";
    expect(await told("result")).toEqual({ state: "done", result: degrees });
    expect(await told("throw")).toEqual({ state: "failed", result: degrees });
    expect(await told("not told")).toEqual({ state: "failed", result: "" });
    const payloads = { text: degrees, number: "42", array: "\x01\xff", bytes: "\x03\x04" };
    for (const [order, came] of Object.entries(payloads)) {
      expect(await told(order)).toEqual({ state: "done", result: "" });
      while (view().payload !== came) await sleep(20);
    }
    expect(view()).toMatchObject({ status: "present", battery: null });
    expect(core.counters["extensions"] ?? 0).toBe(0);
  }, 60_000);
});
