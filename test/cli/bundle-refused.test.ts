/** What `device bundle` refuses: bad input, and what a board, a suite or a client cannot do. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { clearUp } from "../gateway/socket-rig.ts";
import { enrolled } from "./bundle-rig.ts";
import { refused, run } from "./rig.ts";

afterEach(clearUp);

describe("device bundle", () => {
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

  it("refuses what the board cannot hold, and writes it only with --force", async () => {
    const data = await enrolled("chaskey");
    const [out, app] = [join(data, "out.js"), join(data, "app.js")];
    writeFileSync(app, `// ${"x".repeat(8_000)}\n`);
    writeFileSync(out, "the script before\n");
    const to = ["--gateway", "10.0.0.1", "--board", "esp8266-512k", "--app", app];
    const argv = ["device", "bundle", "shed", ...to, "--data", data, "-o", out];
    const words = /^error: esp8266-512k cannot hold it: the script has \d+ bytes, and its Stor/;
    const said = await run(...argv);
    expect(said).toMatchObject({ code: 2, out: "" });
    expect(said.err).toMatch(words);
    expect(said.err).toMatch(/with --force\n$/);
    expect(readFileSync(out, "latin1")).toBe("the script before\n");
    const forced = await run(...argv, "--force");
    expect(forced).toMatchObject({ code: 0, err: "" });
    expect(forced.out).toContain("DOES NOT FIT esp8266-512k: ");
    expect(readFileSync(out, "latin1")).toContain("var NEXTBEAT={");
    const told = JSON.parse((await run(...argv, "--force", "--json")).out);
    expect(told).toMatchObject({ fits: false });
    // The variables are what is short: 1 600 of them, ten bytes of a script each.
    writeFileSync(app, `// ${"x".repeat(60_000)}\n`);
    const big = ["--gateway", "10.0.0.1", "--board", "esp8266", "--app", app];
    const flags = ["--data", data, "-o", out];
    await refused(
      2,
      "JsVars, and the board has 1600",
      "device",
      "bundle",
      "shed",
      ...big,
      ...flags,
    );
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
});
