// The worked example of an application on the real interpreter, in the script that `device bundle`
// makes: its payload, its commands and its alert arrive at a real gateway. A Linux board has no
// pins, so what is read at them is put in.

import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { decodeUp } from "../../device/decode.ts";
import { EXT_PAYLOAD, EXT_TEMPERATURE, readExtensions } from "../../device/extensions.ts";
import { interpreter } from "../../device/interpreter.ts";
import { HEARTBEAT, UP } from "../../device/wire.ts";
import { run } from "../cli/rig.ts";
import { clearUp, startHere, temporaryFolder } from "../gateway/socket-rig.ts";

const ID = 0x5e50;
const PINS = `
var D26 = 26, D32 = 32, D34 = 34, D35 = 35;
var analogRead = function (pin) { return pin === D32 ? 0.41 : pin === D34 ? 0.9 : 3.75 / 6.6; };
var digitalWrite = function (pin, on) { require("Storage").write("pin" + pin, on ? "on" : "off"); };
`;
const APP = readFileSync(new URL("../../device/example-sensor.js", import.meta.url), "latin1");

const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: the example is not run on it");

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  clearUp();
});

/** Passes one board's datagrams on to `target`, and looks at what it says. */
async function tap(target: number, look: (frame: string) => void): Promise<number> {
  const front = createSocket("udp4").bind(0, "127.0.0.1");
  const back = createSocket("udp4").bind(0, "127.0.0.1");
  await Promise.all([once(front, "listening"), once(back, "listening")]);
  let board = 0;
  front.on("message", (frame, from) => {
    board = from.port;
    look(frame.toString("latin1"));
    back.send(frame, target, "127.0.0.1");
  });
  back.on("message", (frame) => front.send(frame, board, "127.0.0.1"));
  ends.push(() => {
    front.close();
    back.close();
  });
  return front.address().port;
}

describe.skipIf(!espruino)("the example of a sensor on the interpreter", () => {
  it("tells what it measures, and does what it is told", async () => {
    const gateway = await startHere(new Map());
    ends.push(() => gateway.stop());
    const key = "a key of sixteen";
    await gateway.registry.add({ id: ID, name: "shed", site: "", labels: [], suite: 1, key });
    const said = new Map<number, string>();
    const port = await tap(gateway.udpPort, (frame) => {
      const up = decodeUp(frame, 8);
      if (typeof up === "string" || up.type !== HEARTBEAT) return;
      for (const { type, value } of readExtensions(up.ext, UP) ?? []) said.set(type, value);
    });
    const folder = temporaryFolder();
    writeFileSync(join(folder, "app.js"), PINS + APP);
    const url = ["--url", `http://127.0.0.1:${gateway.httpPort}`];
    const to = ["--gateway", `127.0.0.1:${port}`, "--board", "linux", "--interval", "500ms"];
    const files = ["--app", join(folder, "app.js"), "-o", join(folder, "shed.js")];
    const made = await run("device", "bundle", "shed", ...url, ...to, ...files);
    expect(made).toMatchObject({ code: 0, err: "" });
    expect(made.out).toContain("client udp-hmac-commands:");
    const board: ChildProcess = spawn(espruino!, ["shed.js"], {
      cwd: folder,
      stdio: ["pipe", "ignore", "ignore"],
    });
    ends.push(() => void board.kill("SIGKILL"));

    for (const payload of ["pump on", "soil"]) {
      const sent = await run("send", "shed", payload, "--wait", ...url);
      expect(sent, sent.err).toMatchObject({ code: 0 });
    }
    while (!said.has(EXT_PAYLOAD)) await sleep(20);
    expect(said.get(EXT_PAYLOAD)).toBe("soil 41");
    expect(Buffer.from(said.get(EXT_TEMPERATURE)!, "latin1").readInt16BE()).toBeLessThan(0);
    expect(readFileSync(join(folder, "espruino.flash"), "latin1")).toContain("pin26");
    const view = gateway.core.view(ID, performance.now())!;
    expect(view).toMatchObject({ battery: 50, alert: true, status: "present" });
  }, 60_000);
});
