// A deep sleeper on the interpreter that boards have: the bundle that is flashed, over UDP, through
// a fifth of loss. The chip and its Wi-Fi module are a few lines in front of it; a sleep is the end
// of the process, a wake its next start in the folder that holds the flash. Its power is cut, too.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { interpreter } from "../../device/interpreter.ts";
import type { CommandView } from "../../gateway/forecast.ts";
import { run } from "../cli-rig.ts";
import { type Flashed, flashed } from "./flashed.ts";

const espruino = interpreter();
if (!espruino) console.warn("no espruino interpreter on the PATH: deep sleep is not tried on it");

const OWN = 2_500;
const APP = `
NEXTBEAT.battery = function () { return 40; };
NEXTBEAT.onCommand = function (payload) {
  var storage = require("Storage");
  storage.write("did", (storage.read("did") || "") + payload + " ");
  return "did " + payload;
};`;

/** @param timer whether the timer woke it */
const chip = (timer: boolean) => `
var ESP32 = {
  getWakeupCause: function () { return ${timer ? 4 : 0}; },
  deepSleep: function (us) { print("SLEEP " + us); quit(); },
  reboot: function () { print("REBOOT"); quit(); }
};
Modules.addCached("Wifi", 'exports.connect=function(s,o,f){setTimeout(f,150,null)};' +
  'exports.disconnect=function(f){setTimeout(f,1)};exports.on=function(){};' +
  'exports.getHostByName=function(n,f){setTimeout(f,5,"127.0.0.1")};' +
  'exports.getDetails=function(){return{status:"connected",rssi:-60}}');
`;

const lives: Flashed[] = [];
const folders: string[] = [];
let running: ChildProcess | undefined;

afterEach(async () => {
  running?.kill("SIGKILL");
  for (const { relay } of lives) relay.close();
  await Promise.all(lives.splice(0).map(({ gateway }) => gateway.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** One life, until the board sleeps or is killed after `killMs`: what it printed. */
function live(folder: string, file: string, killMs?: number): Promise<string> {
  return new Promise((done) => {
    const board = spawn(espruino!, [file], { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
    running = board;
    let said = "";
    board.stdout.on("data", (text: Buffer) => {
      said += text.toString("latin1");
    });
    const kill = killMs && setTimeout(() => board.kill("SIGKILL"), killMs);
    board.on("close", () => {
      clearTimeout(kill);
      done(said);
    });
  });
}

describe.skipIf(!espruino)("a deep sleeper on the interpreter", () => {
  it.each([1, 2] as const)(
    "of suite %d wakes, beats, obeys and sleeps, also when its power goes",
    async (suite) => {
      const variant = suite === 1 ? "udp-hmac-sleep" : "udp-chaskey-sleep";
      const more = ',ssid:"home",pass:"",reach:2,wakeMs:1500,makeUps:0';
      const extras = { commands: true, app: APP, variants: ["wifi", variant], config: more };
      const life = await flashed(suite, OWN, extras);
      lives.push(life);
      const { gateway, id, script } = life;
      const folder = mkdtempSync(join(tmpdir(), "nextbeat-espruino-"));
      folders.push(folder);
      for (const timer of [true, false])
        writeFileSync(join(folder, `${timer}.js`), chip(timer) + script);
      const view = () => gateway.core.view(id, performance.now())!;
      const told = (): CommandView[] => gateway.core.requests.commandsOf(id, performance.now());
      const url = `http://127.0.0.1:${gateway.httpPort}`;

      const heard = new Set<string>();
      const orders = ["one", "two", "three"];
      for (let wake = 0; wake < 10; wake++) {
        const order = wake % 3 === 1 ? orders[(wake - 1) / 3] : undefined;
        if (order) await run("send", `board-${suite}`, order, "--url", url);
        // One wake is cut short, whatever it is at.
        const said = await live(
          folder,
          `${wake > 0 && wake !== 6}.js`,
          wake === 5 ? 250 : undefined,
        );
        expect(said).not.toMatch(/rror|ncaught|nextbeat cannot/);
        const slept = /SLEEP (\d+)/.exec(said);
        if (wake !== 5) expect(slept, said).not.toBeNull();
        heard.add(`${view().epoch}/${view().seq}`);
        const ms = slept ? Number(slept[1]) / 1000 : 100;
        expect(ms).toBeLessThanOrEqual(OWN * 8);
        await new Promise((woken) => setTimeout(woken, Math.min(ms, OWN)));
      }
      // One wake was cut, and some beats are lost three times: the others were heard.
      expect(heard.size).toBeGreaterThanOrEqual(7);
      expect(view()).toMatchObject({ reach: 2, battery: 40, signal: -66 });
      expect(gateway.core.counters["clash"] ?? 0).toBe(0);
      expect(told().map(({ state }) => state)).toEqual(orders.map(() => "done"));
      const flash = readFileSync(join(folder, "espruino.flash"), "latin1");
      expect(flash).toContain(`${orders.join(" ")} `);
      expect(flash).not.toMatch(/\b(one|two|three) (.* )?\1 /);
    },
    240_000,
  );
});
