/**
 * Every command there is, found by walking the helps: each explains itself, refuses what it does
 * not know with 2 and one line, and prints JSON where it prints results. A new command without a
 * row here fails.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { RunningGateway } from "../../gateway/server.ts";
import { main as simulate } from "../../sim/main.ts";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import { BoardSocket, clearUp, startHere, temporaryFolder } from "../gateway/socket-rig.ts";
import { run, type Said } from "./rig.ts";

const running: RunningGateway[] = [];
const sockets: BoardSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
  clearUp();
});

/** The command line whole: the simulator's half of it has another door. */
async function nextbeat(...argv: string[]): Promise<Said> {
  if (argv[0] !== "sim") return run(...argv);
  let [out, err] = ["", ""];
  const streams = {
    out(text: string): void {
      out += text;
    },
    err(text: string): void {
      err += text;
    },
  };
  return { code: await simulate(argv.slice(1), streams), out, err };
}

/** Commands of a help, in all its groups, without `help` itself. */
function commandsOf(help: string): string[] {
  const sections = help.split(/^(?=[A-Z][^:\n]*:\n)/m).slice(1);
  const lists = sections.filter((text) => !/^(Options|Arguments|First steps):/.test(text));
  const names = [...lists.join("").matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name]) => name!);
  return names.filter((name) => name !== "help");
}

/** All that are no parents, as words. */
async function leaves(...path: string[]): Promise<string[][]> {
  const { out } = await nextbeat(...path, "--help");
  const below = commandsOf(out);
  if (below.length === 0) return [path];
  return (await Promise.all(below.map((name) => leaves(...path, name)))).flat();
}

/** They print no results, but a log, a story, or a document that is JSON or YAML itself. */
const WITHOUT = /^(gateway|sim (demo|transcript|schema|shrink))$/;
/** They run until they are stopped, or want a board; tested with what they do. */
const ELSEWHERE = /^(watch|flash|sim (fleet|proxy|swarm))$/;

describe("each command", () => {
  it("says how it is used, and refuses an option that it does not have", async () => {
    const all = await leaves();
    expect(all.length).toBeGreaterThan(35);
    for (const path of all) {
      const words = path.join(" ");
      const { code, out, err } = await nextbeat(...path, "--help");
      expect([code, err], words).toEqual([0, ""]);
      expect(out).toMatch(new RegExp(`^Usage: nextbeat ${words}\\b`));
      expect(out.split("\n")[2], `${words}: a sentence`).toMatch(/^\S.{10,}/);
      // Durations as people write them, not as milliseconds.
      const options = out.split(/\n {2}(?=-)/).filter((option) => /<(duration|time)>/.test(option));
      for (const option of options) expect(option, words).not.toMatch(/\(default:\s+\d+\)/);
      if (!WITHOUT.test(words)) expect(out, words).toMatch(/^ {2}--json\s/m);
      const wrong = await nextbeat(...path, "--no-such-option");
      expect(wrong, words).toMatchObject({ code: 2, out: "" });
      expect(wrong.err, words).toMatch(/^error: [^\n]+\n$/);
    }
  });

  it("without a name, or with one that there is not, ends with 2", async () => {
    for (const argv of [["nothing"], ["device", "nothing"], ["sim", "nothing"]]) {
      const { code, out, err } = await nextbeat(...argv);
      expect([code, out, err.split("\n").length], argv.join(" ")).toEqual([2, "", 2]);
    }
    for (const argv of [[], ["device"], ["service"], ["notices"]]) {
      expect((await nextbeat(...argv)).code, argv.join(" ")).toBe(2);
    }
  });
});

describe("--json", () => {
  it("of each command that prints results is JSON, with exit code 0", async () => {
    const gateway = await startHere(new Map());
    running.push(gateway);
    const board = new Board(0x2bd, 2, { name: "shed", site: "farm" });
    const socket = await BoardSocket.open();
    sockets.push(socket);
    await gateway.registry.add(board.enrolment);
    await socket.hello(board, gateway.udpPort);
    await socket.beat(board, gateway.udpPort, P_HOUR);
    const folder = temporaryFolder();
    const file = (name: string) => join(folder, name);
    const url = ["--url", `http://127.0.0.1:${gateway.httpPort}`];
    const to = ["--gateway", "127.0.0.1", "--board", "linux"];
    writeFileSync(file("calm.yaml"), "run: 2m\nfleet: [{group: a, count: 2, interval: 10s}]\n");
    const rows: readonly (readonly [command: string, ...more: string[]])[] = [
      ["device add", "other", "--site", "farm", ...url],
      ["device ls", ...url],
      ["device show", "shed", ...url],
      ["device set", "other", "--label", "wet", ...url],
      ["device rekey", "other", ...url],
      ["device export", ...url],
      ["device export", "--keys", "-o", file("fleet.json"), ...url],
      ["device import", file("fleet.json"), "--skip-existing", ...url],
      ["device bundle", "shed", ...to, "-o", file("shed.js"), ...url],
      ["send", "shed", "on", ...url],
      ["send", "--site", "farm", "off", ...url],
      ["commands", "shed", ...url],
      ["mute", "shed", "--for", "1h", ...url],
      ["maintenance", "--site", "farm", ...url],
      ["unmute", "shed", ...url],
      ["incidents", ...url],
      ["explain", "shed", ...url],
      ["history", "shed", ...url],
      ["notices ls", ...url],
      ["backup", file("backup"), ...url],
      ["restore", file("backup"), "--data", file("restored")],
      ["service install", "--root", file("root")],
      ["service uninstall", "--root", file("root")],
      ["device rm", "other", ...url],
      ["sim run", file("calm.yaml")],
      ["sim presets"],
      ["sim scenarios"],
    ];
    for (const [command, ...more] of rows) {
      const { code, out, err } = await nextbeat(...command.split(" "), ...more, "--json");
      expect([code, err], `${command}: ${err}`).toEqual([0, ""]);
      expect(() => JSON.parse(out), `${command}: ${out}`).not.toThrow();
    }
    const one = await nextbeat("sim", "run", file("calm.yaml"), "--json");
    writeFileSync(file("run.json"), one.out);
    const same = await nextbeat("sim", "compare", file("run.json"), file("run.json"), "--json");
    expect([same.code, JSON.parse(same.out)[0].figures[0].verdict]).toEqual([0, "same"]);
    // What is asked for is not there, or something is wrong with this machine: 1.
    for (const argv of [["ack", "7"], ["notices", "test", "nobody"], ["doctor"]]) {
      const said = await nextbeat(...argv, ...url, "--json");
      if (argv[0] === "doctor") expect(() => JSON.parse(said.out)).not.toThrow();
      else expect([said.code, said.out, said.err.split("\n").length]).toEqual([1, "", 2]);
    }
    const tried = new Set([...rows.map(([command]) => command), "ack", "notices test"]);
    tried.add("doctor").add("sim compare");
    const all = (await leaves()).map((path) => path.join(" "));
    const missed = all.filter((name) => !tried.has(name) && !WITHOUT.test(name));
    expect(missed.filter((name) => !ELSEWHERE.test(name))).toEqual([]);
  });
});
