// `nextbeat sim proxy`: what it refuses, what it prints, and its exit code. What it does to frames
// is the proxy's own test's business.

import { Command, CommanderError } from "commander";
import { afterEach, describe, expect, it } from "vitest";
import { Failed, Usage } from "../../gateway/cli/errors.ts";
import { openTcpProxy } from "../../sim/live/proxy-tcp.ts";
import { openUdpProxy } from "../../sim/live/proxy-udp.ts";
import { addProxy } from "../../sim/proxy-command.ts";
import { beat, Client, closeEnds, Echo, link, until } from "./proxy-rig.ts";

afterEach(closeEnds);

/** Runs it; `at` sees each line as it is printed. @returns "exit code, what was said" */
async function run(argv: string[], at: (line: string) => void = () => {}): Promise<string> {
  let said = "";
  let code = -1;
  const say = (text: string) => {
    said += text;
    at(text);
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: say, writeOut: say });
  addProxy(program, { out: say, err: say }, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(["proxy", ...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) code = 2;
    else if (error instanceof Usage || error instanceof Failed) {
      code = error instanceof Usage ? 2 : 1;
      said = error.message;
    } else throw error;
  }
  return `${code} ${said.trim()}`;
}

const TO = ["--listen", "0", "--target", "127.0.0.1:9"];

describe("what is refused", () => {
  it.each([
    [["--target", "x:1", "--link", "lan"], /^2 .*--listen <\[host:\]port>' not specified/],
    [["--listen", "70000", "--target", "x:1"], /^2 .*Expected \[HOST:\]PORT/],
    [["--listen", "a b:1:2", "--target", "x:1"], /^2 .*Expected \[HOST:\]PORT/],
    [TO, /^2 expected --link or --scenario$/],
    [[...TO, "--link", "wlan"], /^2 .*Expected one of lan,/],
    [[...TO, "--link", "lan", "--nat", "home"], /^2 .*Expected one of none, linux,/],
    [[...TO, "--link", "lan", "--split", "1"], /^2 --split: expected with --tcp$/],
    [[...TO, "--link", "lan", "--break", "reset@5"], /^2 --break: expected with --tcp$/],
    [[...TO, "--link", "lan", "--tcp", "--break", "die@5"], /^2 .*Expected reset@N, stall@N/],
    [[...TO, "--link", "lan", "--tcp", "--split", "0"], /^2 .*Expected a whole number, 1 to/],
    [[...TO, "--link", "lan", "--tcp", "--nat", "linux"], /^2 --nat: expected without --tcp$/],
    [[...TO, "--scenario", "./nowhere.yaml"], /^2 .*nowhere/],
    [["--listen", "0", "--target", "a b:1", "--link", "lan"], /^2 --target .*no such/],
    [
      ["--listen", "203.0.113.1:0", "--target", "127.0.0.1:9", "--link", "lan"],
      /^1 .*not this mach/,
    ],
  ])("%j", async (argv, said) => {
    expect(await run(argv)).toMatch(said);
  });

  it.each([
    [openUdpProxy, []],
    [openTcpProxy, ["--tcp"]],
  ])("a port in use: %o", async (open, more) => {
    const target = { address: "127.0.0.1", family: 4, port: 9 } as const;
    const taken = await open({ port: 0, target, seed: 1, link: link({}) });
    const argv = ["--listen", `${taken.port}`, "--target", "127.0.0.1:9", "--link", "lan", ...more];
    expect(await run(argv)).toBe(`1 --listen ${taken.port}: the port is in use`);
    await taken.close();
  });
});

describe("a run", () => {
  it("says where it listens, and at the end what it did; nothing came: not certified", async () => {
    const said = await run([...TO, "--link", "wifi-edge", "--seed", "5", "--seconds", "1"]);
    expect(said).toMatch(/^1 listens on udp \d+ for 127\.0\.0\.1:9, through wifi-edge; seed 5\n/);
    expect(said).toContain("came       0 frames up, 0 down");
    expect(said).toContain("certified  no");
    // A busy machine may have something to add.
    expect(said).toContain("not certified: nothing came through");
  });

  it("in JSON is two lines, and what is not emulated is said", async () => {
    const gateway = new Echo();
    const client = new Client();
    const target = `127.0.0.1:${gateway.place.port}`;
    const lines: string[] = [];
    const argv = ["--listen", "127.0.0.1:0", "--target", target, "--scenario", "gateway-restart"];
    const ended = run([...argv, "--seconds", "1", "--json"], (line) => lines.push(line));
    await until(() => lines.some((line) => line.includes('"listening"')));
    const listening = JSON.parse(lines.find((line) => line.startsWith("{"))!);
    client.say(beat(1, 1), listening.udp);
    await until(() => gateway.heard.length === 1);
    await ended;
    const report = JSON.parse(lines.findLast((line) => line.startsWith("{"))!);
    expect(report).toMatchObject({ msg: "report", scenario: "gateway-restart", clients: 1 });
    expect(report.up).toMatchObject({ received: 1, sent: 1 });
    expect(report.certified).toBe(report.faults.length === 0);
    expect(report.notEmulated.length).toBeGreaterThan(0);
    for (const each of report.notEmulated) {
      expect(lines).toContain(`not emulated: ${each}\n`);
    }
  });
});
