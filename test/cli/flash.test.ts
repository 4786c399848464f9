// `flash` at ports behind which there is no board, or one too old, or one without room: each is
// told in a line that says what helps. A board that is one: test/peers/espruino-flash.test.ts.

import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { clearUp } from "../gateway/socket-rig.ts";
import { enrolled, stopGateways } from "./flash-rig.ts";
import { run } from "./rig.ts";

afterEach(async () => {
  await stopGateways();
  clearUp();
});

describe("what is no board", () => {
  /** A port that says something, or nothing, to whatever it is told. */
  async function refusedBy(answer: string): Promise<string> {
    const server = createServer((socket) => {
      socket.on("data", () => socket.write(answer)).on("error", () => {});
      if (!answer) socket.resume();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { argv } = await enrolled();
    const where = ["--port", `tcp://127.0.0.1:${port}`, "--wait", "1500ms"];
    const said = await run("flash", "shed", ...where, ...argv);
    server.close();
    expect(said.code).toBe(1);
    return said.err;
  }

  it("is refused: silence, noise, a board without a network, an old one, one without memory", async () => {
    expect(await refusedBy("")).toContain("nobody answers; is Espruino on the board?");
    expect(await refusedBy("login: ")).toContain('no Espruino answers, but "login:');
    expect(await refusedBy("<nb1= RP2040_PICO 2v29 >\n")).toContain("has no network");
    expect(await refusedBy("<nb1= LINUX 2v10 >\n")).toContain("expected 2v29 or later");
  }, 30_000);

  /** What the last pretended board was told. */
  const told: string[] = [];

  /** A console that answers what is asked, by the words of the question. */
  async function pretended(answers: readonly (readonly [string, string])[]): Promise<string> {
    told.length = 0;
    const server = createServer((socket) => {
      const reader = createInterface({ input: socket });
      reader.on("line", (line) => {
        told.push(line);
        const mark = /"(nb\d+)="/.exec(line)?.[1];
        const answer = answers.find(([words]) => line.includes(words))?.[1] ?? "1";
        if (mark) socket.write(`<${mark}= ${answer} >\r\n>`);
      });
      socket.on("error", () => {});
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { argv } = await enrolled();
    const where = ["--port", `tcp://127.0.0.1:${port}`, "--board", "esp32"];
    const said = await run("flash", "shed", ...argv, ...where);
    server.close();
    expect(said.code).toBe(1);
    return said.err;
  }

  it("is refused: no room, no memory, no SHA-256, a flash that holds something else", async () => {
    const esp32 = ["process.env.BOARD", "ESP32 2v29.1"] as const;
    const asked = (answer: string) => pretended([esp32, ["freeBytes", answer]]);
    expect(await asked("1000 4000 1")).toMatch(/not enough Storage: the script has \d{4} bytes/);
    const runsAgain = () => told.slice(-1).join().includes("E.reboot()");
    expect(runsAgain()).toBe(true);
    expect(await asked("90000 300 1")).toContain("JsVars, and 300 are free");
    expect(runsAgain()).toBe(true);
    expect(told.filter((line) => line.includes(".write("))).toEqual([]);
    expect(await asked("90000 4000 0")).toContain("no SHA-256: enrol the device with --suite 2");
    const held = [
      ["E.CRC32(f)})(", "2900:1234"],
      ["freeBytes", "90000 4000 1"],
    ] as const;
    expect(await pretended([esp32, ...held])).toContain("holds something else (2900:1234, sent ");
  }, 30_000);

  it("is refused: ports that are not there", async () => {
    const { argv } = await enrolled();
    const flash = (...port: string[]) => run("flash", "shed", "--wait", "0s", ...argv, ...port);
    const bad = async (code: number, words: string, ...port: string[]) => {
      const said = await flash(...port);
      expect(said.err).toContain(words);
      expect(said.code).toBe(code);
    };
    await bad(1, "there is no such port; ", "--port", "/dev/ttyNONE9");
    await bad(1, "nobody listens there", "--port", "tcp://127.0.0.1:1");
    await bad(2, "expected tcp://HOST[:PORT]", "--port", "http://x/");
    await bad(2, "--baud: expected a number", "--port", "/dev/ttyNONE9", "--baud", "fast");
    await bad(2, "required option '--port <port>'");
  }, 30_000);
});
