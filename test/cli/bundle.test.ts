/** `device bundle`: one script for a board, with its own salt, its owner's alone (rule 12). */

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { readExtensions } from "../../device/extensions.ts";
import { intervalMs } from "../../device/interval.ts";
import { UP } from "../../device/wire.ts";
import { quote } from "../../gateway/cli/script.ts";
import { clearUp } from "../gateway/socket-rig.ts";
import { bundle, enrolled, KEY } from "./bundle-rig.ts";
import { run } from "./rig.ts";

const prebuilt = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../dist/device/${name}`, import.meta.url)), "latin1");

beforeAll(() => {
  for (const suite of ["hmac", "chaskey"]) {
    const file = new URL(`../../dist/device/nextbeat-udp-${suite}.js`, import.meta.url);
    if (!existsSync(file)) throw new Error('there are no bundles yet; "npm run build" makes them');
  }
});
afterEach(clearUp);

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
    const types = readFileSync(new URL("../../device/espruino.d.ts", import.meta.url), "utf8");
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

  it.each([
    ["udp-hmac-commands", "var n = NEXTBEAT; n.alert(true);"],
    ["udp-hmac-commands", "NEXTBEAT['onCommand'] = f;"],
    ["udp-hmac-commands", "NEXTBEAT.battery = f;"],
    ["udp-hmac", "setWatch(f, BTN);"],
  ])("takes the client %s for an application such as %s", async (client, app) => {
    const data = await enrolled("hmac");
    writeFileSync(join(data, "app.js"), app);
    const { said } = await bundle(data, "--json", "--app", join(data, "app.js"));
    expect(JSON.parse(said.out)).toMatchObject({ variant: client });
  });

  it("says all that was asked in the words of the board's configuration", async () => {
    const data = await enrolled("hmac");
    const ways = ["--also", "10.0.0.2", "--also", "b.lan:99", "--mqtt", "10.0.0.9"];
    const sleep = [
      "--reach",
      "deep",
      "--interval",
      "5m",
      "--interval-max",
      "2h",
      "--make-ups",
      "1",
    ];
    const wifi = ["--wifi", "x", "--wifi-ip", "10.0.0.7/22,10.0.0.1"];
    const { config, said } = await bundle(data, ...ways, ...sleep, ...wifi);
    expect(said.out).toContain("1 make-up\n");
    expect(said.out).toContain("--wifi-ip: no effect on an ESP32");
    expect(said.out).not.toContain("joins no Wi-Fi");
    expect(config).toMatchObject({
      ...{ host: "192.168.1.5", port: 7227, own: 300_000, ownMax: 7_200_000, makeUps: 1 },
      ...{ reach: 2, wakeMs: 8_100, clockError: 0.03, ip: "10.0.0.7", gw: "10.0.0.1" },
      mask: "255.255.252.0",
      more: [
        ["10.0.0.2", 7227, 0],
        ["b.lan", 99, 0],
        ["10.0.0.9", 1883, 1],
      ],
    });
    // 2 h and no less.
    expect(intervalMs(Number(config.paceMax))).toBeGreaterThanOrEqual(7_200_000);
    for (const name of ["ownMin", "way", "paceMin", "user"])
      expect(config).not.toHaveProperty(name);
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
    expect(said.out).toContain("joins no Wi-Fi: give --wifi");
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

  it("writes any bytes as ASCII that means them", () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
    expect(quote(all)).toMatch(/^[\x20-\x7e]*$/);
    expect(vm.runInNewContext(quote(`${all}0`))).toBe(`${all}0`);
  });
});
