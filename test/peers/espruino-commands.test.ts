// Commands on the interpreter that boards have: the bundle that is flashed, over UDP, through a
// fifth of loss, killed in between.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { interpreter } from "../../device/interpreter.ts";
import type { CommandView } from "../../gateway/commands/forecast.ts";
import { run } from "../cli/rig.ts";
import { type Flashed, flashed } from "./flashed.ts";

const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: commands are not tried on it");

/** Counts what it does, in the flash, over reboots. */
const APP = `
NEXTBEAT.onCommand = function (payload) {
  var did = (require("Storage").read("did") || "") + payload + " ";
  require("Storage").write("did", did);
  if (payload === "refuse") return 1;
  while (payload === "hang") {}
  return "did " + payload;
};
`;

const boards: ChildProcess[] = [];
const folders: string[] = [];
const lives: Flashed[] = [];

afterEach(async () => {
  for (const board of boards.splice(0)) board.kill("SIGKILL");
  for (const { relay } of lives) relay.close();
  await Promise.all(lives.splice(0).map(({ gateway }) => gateway.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((wake) => setTimeout(wake, 20));
}

describe.skipIf(!espruino)("on the interpreter", () => {
  it.each([1, 2] as const)(
    "a board of suite %d does each command once, and says how it went, also over its death",
    async (suite) => {
      const life = await flashed(suite, 400, { commands: true, app: APP });
      lives.push(life);
      const { gateway, id, script } = life;
      const folder = mkdtempSync(join(tmpdir(), "nextbeat-espruino-"));
      folders.push(folder);
      writeFileSync(join(folder, "bundle.js"), script);
      const start = (): void => {
        boards.push(
          spawn(espruino!, ["bundle.js"], { cwd: folder, stdio: ["pipe", "ignore", "ignore"] }),
        );
      };
      const told = (): CommandView[] => gateway.core.requests.commandsOf(id, performance.now());
      const url = `http://127.0.0.1:${gateway.httpPort}`;
      const send = async (payload: string): Promise<void> => {
        expect(await run("send", `board-${suite}`, payload, "--url", url)).toMatchObject({
          code: 0,
        });
      };
      const state = (n: number) => told().find((command) => command.n === n)?.state;

      start();
      await until(() => gateway.core.view(id, performance.now())!.status === "present");
      await send("one");
      await send("refuse");
      await send("two");
      await until(() => state(3) === "done");
      expect(told().map(({ result, code }) => [code, result])).toEqual([
        [0, "did one"],
        [1, ""],
        [0, "did two"],
      ]);

      // Its power goes while it acts.
      const flash = () => readFileSync(join(folder, "espruino.flash"), "latin1");
      await send("hang");
      await until(() => flash().includes("two hang "));
      boards[0]!.kill("SIGKILL");
      start();
      await until(() => state(4) === "failed");
      expect(told()[3]).toMatchObject({ code: 4, result: "" });
      await send("three");
      await until(() => state(5) === "done");

      expect(flash()).toContain("one refuse two hang three ");
      expect(flash()).not.toMatch(/\b(one|two|hang|three) (.* )?\1 /);
    },
  );
});
