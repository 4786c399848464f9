/** `device bundle`: one script for a board, with its own salt, its owner's alone (rule 12). */

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { readExtensions } from "../device/extensions.ts";
import { UP } from "../device/wire.ts";
import { quote } from "../gateway/cli/script.ts";
import { refused, run } from "./cli-rig.ts";
import { clearUp, temporaryFolder } from "./socket-rig.ts";

const KEY = "000102030405060708090a0b225c0d0a";
const prebuilt = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../dist/device/${name}`, import.meta.url)), "latin1");

beforeAll(() => {
  for (const suite of ["hmac", "chaskey"]) {
    const file = new URL(`../dist/device/nextbeat-udp-${suite}.js`, import.meta.url);
    if (!existsSync(file)) throw new Error('there are no bundles yet; "npm run build" makes them');
  }
});
afterEach(clearUp);

/** Bundles device `shed` with the given flags. @returns the script, and what its first line sets */
async function bundle(data: string, ...flags: string[]) {
  const file = join(data, "out.js");
  const where = ["--data", data, "--gateway", "192.168.1.5", "-o", file];
  const said = await run("device", "bundle", "shed", ...where, ...flags);
  expect(said).toMatchObject({ code: 0, err: "" });
  const script = readFileSync(file, "latin1");
  expect(script).toMatch(/^[\x20-\x7e\n]*$/);
  const first = script.slice(0, script.indexOf("\n"));
  const config = vm.runInNewContext(`${first};NEXTBEAT`) as Record<string, string | number>;
  return { said, file, script, config };
}

async function enrolled(suite: string): Promise<string> {
  const data = temporaryFolder();
  const key = suite === "crc16" ? [] : ["--key", KEY];
  await run("device", "add", "shed", "--id", "4d2", ...key, "--suite", suite, "--data", data);
  return data;
}

describe("device bundle", () => {
  it.each(["hmac", "chaskey"])("puts configuration before the %s bundle", async (suite) => {
    const { said, file, script, config } = await bundle(await enrolled(suite));
    expect(config).toMatchObject({
      id: 0x4d2,
      secret: Buffer.from(KEY, "hex").toString("latin1"),
      host: "192.168.1.5",
      port: 7227,
      own: 60_000,
    });
    expect(config.salt).toMatch(/^[\w-]{11}$/);
    expect(readExtensions(String(config.extra), UP)?.map((extension) => extension.type)).toEqual([
      4, 7,
    ]);
    expect(config).not.toHaveProperty("ssid");
    expect(script.slice(script.indexOf("\n") + 1)).toBe(
      `${prebuilt(`nextbeat-udp-${suite}.js`)};\n`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(said.out).toContain(`${file}: ${script.length} bytes (configuration `);
  });

  it("takes Wi-Fi, sleep, interval and the application's script", async () => {
    const data = await enrolled("hmac");
    writeFileSync(join(data, "pass"), 'pä"ss\\\r\n');
    writeFileSync(join(data, "app.js"), "setWatch(f,BTN);\n");
    writeFileSync(join(data, "out.js"), "old", { mode: 0o644 });
    const wifi = ["--wifi", "Hütte", "--wifi-pass-file", join(data, "pass")];
    const rest = [
      "--app",
      join(data, "app.js"),
      "--interval",
      "1h30m",
      "--reach",
      "awake",
      "--json",
    ];
    const { said, file, script, config } = await bundle(data, ...wifi, ...rest);
    const bytes = (text: string) => Buffer.from(text).toString("latin1");
    expect(config).toMatchObject({ own: 5_400_000, ssid: bytes("Hütte") });
    expect(config.pass).toBe(bytes('pä"ss\\'));
    const client = `${prebuilt("nextbeat-wifi.js")};\n${prebuilt("nextbeat-udp-hmac.js")};\n`;
    expect(script.endsWith(`\n${client}setWatch(f,BTN);\n`)).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(said.out)).toMatchObject({
      file,
      id: "0004d2",
      bytes: script.length,
      app: 17,
    });
  });

  it.each([
    [],
    ["--commands"],
    ["--reach", "deep"],
    ["--reach", "light", "--mqtt", "10.0.0.9"],
    ["--nat", "--wifi-ip", "10.0.0.7/24,10.0.0.1"],
  ])("gives the board the fields that its program reads, and no other: %j", async (...flags) => {
    const types = readFileSync(new URL("../device/espruino.d.ts", import.meta.url), "utf8");
    const declared = /declare const NEXTBEAT: \{\n(.*?)\n\};/s.exec(types)?.[1] ?? "";
    const names = [...declared.matchAll(/^ {2}(\w+): (?!\()/gm)].map((field) => field[1]!);
    expect(names.length).toBeGreaterThan(8);
    const { config, script } = await bundle(await enrolled("hmac"), "--wifi", "x", ...flags);
    const read = (name: string) =>
      new RegExp(`\\.${name}\\b`).test(script.slice(script.indexOf("\n")));
    expect(names.filter((name) => read(name) && !(name in config))).toEqual([]);
    expect(Object.keys(config).filter((name) => !read(name))).toEqual([]);
    expect(Object.keys(config).filter((name) => !declared.includes(`  ${name}`))).toEqual([]);
  });

  it("never gives two bundles of a key the same salt (rule 12)", async () => {
    const data = await enrolled("hmac");
    const salts = new Set<unknown>();
    for (let n = 0; n < 5; n++) salts.add((await bundle(data)).config.salt);
    expect(salts.size).toBe(5);
  });

  it.each<[string, ...string[]]>([
    ["udp-hmac"],
    ["udp-hmac-commands", "--commands"],
    ["udp-hmac-sleep", "--reach", "deep"],
    ["udp-hmac-sleep", "--reach", "light", "--make-ups", "2", "--interval-max", "1h"],
    ["udp-hmac-nat", "--nat"],
    ["both-hmac", "--mqtt", "10.0.0.9"],
    ["both-hmac-sleep", "--mqtt", "10.0.0.9:1884", "--reach", "deep", "--interval", "5m"],
  ])("takes the smallest client that will do, %s", async (client, ...flags) => {
    const { said } = await bundle(await enrolled("hmac"), "--json", ...flags);
    const told = JSON.parse(said.out);
    expect(told).toMatchObject({ variant: client, board: "esp32", fits: true });
    expect(told.jsVars).toBeGreaterThan(480);
  });

  it("speaks MQTT alone, as a user of the broker", async () => {
    const data = await enrolled("chaskey");
    writeFileSync(join(data, "pass"), "secret\n");
    const file = join(data, "out.js");
    const login = ["--mqtt-user", "shed", "--mqtt-pass-file", join(data, "pass")];
    const to = ["--mqtt", "broker.local", "--board", "espruino-wifi", ...login];
    const said = await run("device", "bundle", "shed", "--data", data, "-o", file, ...to);
    expect(said).toMatchObject({ code: 0, err: "" });
    expect(said.out).toContain("client mqtt-chaskey: chaskey12-64, MQTT, awake, commands\n");
    expect(said.out).toMatch(
      /fits espruino-wifi: \d+ of 63488 bytes of Storage, about \d+ of 8190/,
    );
    const first = readFileSync(file, "latin1").split("\n")[0]!;
    expect(vm.runInNewContext(`${first};NEXTBEAT`)).toMatchObject({
      host: "broker.local",
      port: 1883,
    });
  });

  it("says what deep sleep wants of the wiring", async () => {
    const deep = ["--board", "esp8266", "--reach", "deep"];
    const { said } = await bundle(await enrolled("chaskey"), ...deep);
    expect(said.out).toContain("before it sleeps: GPIO16 must be wired to RST");
  });

  it("refuses what a board could not use, and writes nothing", async () => {
    const data = await enrolled("hmac");
    const out = join(data, "out.js");
    const flags = ["--data", data, "-o", out];
    const to = ["--gateway", "192.168.1.5", ...flags];
    const bad = (code: number, words: string, ...argv: string[]) =>
      refused(code, words, "device", "bundle", "shed", ...argv);
    await bad(2, "expected --gateway HOST, --mqtt HOST, or both", ...flags);
    await bad(2, "required option '-o, --output <file>'", "--gateway", "a", "--data", data);
    await bad(2, "boards do not speak IPv6", "--gateway", "::1", ...flags);
    await bad(2, "such as 90s, 5m or 1h30m", ...to, "--interval", "60");
    await bad(2, "Allowed choices are awake, light, deep", ...to, "--reach", "asleep");
    await bad(2, "expected --wifi SSID with it", ...to, "--wifi-pass-file", out);
    await bad(2, "expected --wifi SSID with it", ...to, "--wifi-ip", "10.0.0.7/24,10.0.0.1");
    await bad(2, "Expected ADDRESS/BITS,ROUTER", ...to, "--wifi", "x", "--wifi-ip", "10.0.0.7");
    await bad(2, "expected --mqtt HOST with it", ...to, "--mqtt-user", "x");
    await bad(2, "given 33 bytes, expected 1 to 32", ...to, "--wifi", "x".repeat(33));
    await bad(2, "there is no such file", ...to, "--wifi", "x", "--wifi-pass-file", out);
    await bad(2, "--app /nowhere: there is no such file", ...to, "--app", "/nowhere");
    await bad(2, "Expected 0, 1 or 2", ...to, "--make-ups", "3");
    await bad(2, "--interval-max: is below --interval", ...to, "--interval-max", "30s");
    await bad(2, "a wake takes that long", ...to, "--reach", "deep", "--interval", "5s");
    await bad(2, "no binding", ...to, "--reach", "deep", "--nat");
    await bad(1, "no such file or folder", "--gateway", "a", "--data", data, "-o", "/nowhere/x");
    await refused(1, 'name "other"', "device", "bundle", "other", ...to);
    writeFileSync(join(data, "app.js"), "one();\nvar = 1;\n");
    await bad(2, "--app: line 2: Unexpected token", ...to, "--app", join(data, "app.js"));
    expect(existsSync(out)).toBe(false);
    expect(existsSync(`${out}.part`)).toBe(false);
  });

  it.each([
    ["esp8266", "suite 1: its crypto module has SHA-1 only; enrol the device with --suite 2"],
    ["esp8266-512k", "suite 1: its firmware has no crypto module"],
    ["espruino-wifi", "UDP: its network driver"],
    ["pico-w", "pico-w cannot run it: Espruino's build for the Raspberry Pi Pico"],
    ["PUCKJS", "it speaks Bluetooth only"],
    ["toaster", "there is no board toaster: expected esp32, esp8266"],
    ["linux", "deep sleep: a program cannot turn its computer off and on", "--reach", "deep"],
    ["linux", "--wifi: the computer joins its networks itself", "--wifi", "x"],
  ])("refuses by board: %s, %s", async (board, words, ...flags) => {
    const data = await enrolled("hmac");
    const to = ["--gateway", "10.0.0.1", "--data", data, "-o", join(data, "out.js")];
    const argv = [...to, "--board", board, ...flags];
    await refused(2, words, "device", "bundle", "shed", ...argv);
  });

  it("refuses under suite 0 what only a key protects", async () => {
    const data = await enrolled("crc16");
    const to = ["--gateway", "10.0.0.1", "--data", data, "-o", join(data, "out.js")];
    const bad = (words: string, ...argv: string[]) =>
      refused(2, words, "device", "bundle", "shed", ...to, ...argv);
    writeFileSync(join(data, "app.js"), "NEXTBEAT.onCommand = function () {};\n");
    await bad("--commands: suite 0 (crc16) has none", "--commands");
    await bad("--mqtt: suite 0", "--mqtt", "x");
    await bad("NEXTBEAT.onCommand does not exist under suite 0", "--app", join(data, "app.js"));
    await bad("no client over UDP under suite 0 carries all of --nat", "--nat");
  });

  it("writes any bytes as ASCII that means them", () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
    expect(quote(all)).toMatch(/^[\x20-\x7e]*$/);
    expect(vm.runInNewContext(quote(`${all}0`))).toBe(`${all}0`);
  });
});
