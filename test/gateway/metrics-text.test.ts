/**
 * All that /metrics says after traffic, read by a parser that forgives nothing, and held against
 * the names and labels that are promised. A scraper drops a whole page for one bad line, so one
 * bad line is a gateway without metrics. `promtool` looks as well, where it is installed.
 */

import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import type { RunningGateway } from "../../gateway/server.ts";
import { Board } from "./gateway-rig.ts";
import { readMetrics, unescaped } from "./metrics-reader.ts";
import { BoardSocket, startHere } from "./socket-rig.ts";

const P_SHORT = 20;
/** Names with their type and labels, as they are promised. */
const PROMISED: Record<string, readonly [type: string, ...labels: string[]]> = {
  nextbeat_devices: ["gauge", "status"],
  nextbeat_beats_total: ["counter", "result", "transport"],
  nextbeat_acks_total: ["counter"],
  nextbeat_ack_seconds: ["histogram"],
  nextbeat_changes_total: ["counter", "cause", "from", "to"],
  nextbeat_verdict_lateness_seconds: ["histogram"],
  nextbeat_commands: ["gauge", "state"],
  nextbeat_command_wait_seconds: ["histogram"],
  nextbeat_deaf_seconds_total: ["counter", "why"],
  nextbeat_store_commit_seconds: ["histogram"],
  nextbeat_loop_lag_seconds: ["gauge", "percentile"],
  nextbeat_build_info: ["gauge", "node", "version"],
};

const running: { gateway: RunningGateway; socket: BoardSocket }[] = [];
afterEach(async () => {
  for (const { gateway, socket } of running.splice(0)) {
    socket.close();
    await gateway.stop();
  }
});

/** Beats, a repeat, a stranger, a command and its answer, and a promise that breaks. */
async function traffic(): Promise<string> {
  const gateway = await startHere(new Map());
  const socket = await BoardSocket.open();
  running.push({ gateway, socket });
  const board = new Board(0x2bd, 2, { name: "shed", site: "" });
  await gateway.registry.add(board.enrolment);
  await socket.hello(board, gateway.udpPort);
  const first = await socket.beat(board, gateway.udpPort);
  socket.send(first, gateway.udpPort);
  await socket.next((frame) => board.ackOf(frame, first));
  socket.send(new Board(0x3bd, 2, {}).beat({}), gateway.udpPort);
  const url = `http://127.0.0.1:${gateway.httpPort}`;
  const asked = { method: "POST", headers: { "content-type": "application/json" } };
  const body = JSON.stringify({ payload: "on" });
  await fetch(`${url}/api/v1/devices/0002bd/commands`, { ...asked, body });
  const beat = await socket.beat(board, gateway.udpPort, P_SHORT);
  const { cmd } = await socket.next((frame) => board.commandOf(frame, beat));
  socket.send(board.result(board.seq, cmd, 0, "is on"), gateway.udpPort);
  const text = async () => (await fetch(`${url}/metrics`)).text();
  await expect
    .poll(text, { timeout: 20_000 })
    .toMatch(/changes_total\{from="late",to="absent",cause="[a-z-]+"\} 1/);
  return text();
}

describe("the text of /metrics", () => {
  it("is well formed, whole, and has the names and labels that are promised", async () => {
    const text = await traffic();
    const families = readMetrics(text);
    for (const [name, [type, ...labels]] of Object.entries(PROMISED)) {
      const family = families.get(name);
      expect(family?.type, name).toBe(type);
      expect(family!.samples.length, name).toBeGreaterThan(0);
      for (const sample of family!.samples) {
        const own = Object.keys(sample.labels).filter((label) => label !== "le");
        expect(own.sort(), name).toEqual(labels);
      }
    }
    const value = (name: string, labels: Record<string, string> = {}) =>
      families
        .get(name)!
        .samples.find((sample) => Object.entries(labels).every(([k, v]) => sample.labels[k] === v))
        ?.value;
    const udp = { transport: "udp" };
    expect(value("nextbeat_beats_total", { ...udp, result: "fresh" })).toBe(2);
    expect(value("nextbeat_beats_total", { ...udp, result: "duplicate" })).toBe(1);
    expect(value("nextbeat_devices", { status: "absent" })).toBe(1);
    expect(value("nextbeat_commands", { state: "done" })).toBe(1);
    expect(value("nextbeat_build_info")).toBe(1);
    for (const [name, { samples }] of families) {
      const counts = samples.filter((sample) => sample.name === `${name}_count`);
      const seen = /ack|commit|lateness|wait/.test(name) && counts.length > 0;
      if (seen) expect(counts[0]!.value, name).toBeGreaterThan(0);
    }
    const names = [...families.keys()].filter((name) => !/^(nextbeat|process)_/.test(name));
    expect(names).toEqual([]);
  });

  const promtool = spawnSync("promtool", ["--version"]).status === 0;
  if (!promtool) console.warn("no promtool on the PATH: it does not check the metrics");
  it.skipIf(!promtool)("has nothing that promtool complains of", async () => {
    const input = await traffic();
    const found = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
    expect([found.status, `${found.stdout}${found.stderr}`]).toEqual([0, ""]);
  });
});

describe("the parser itself", () => {
  const head = "# HELP a_total Words\n# TYPE a_total counter\n";
  const histogram = (lines: string) => `# HELP h Words\n# TYPE h histogram\n${lines}`;
  it.each([
    ["a sample before its type", "a_total 1\n", "before its TYPE"],
    ["a type without help", "# TYPE a_total counter\na_total 1\n", "before its HELP"],
    ["the same series twice", `${head}a_total{x="1"} 1\na_total{x="1"} 2\n`, "twice"],
    ["a type twice", `${head}a_total 1\n${head}`, "twice"],
    ["a label that is no name", `${head}a_total{0x="1"} 1\n`, "labels"],
    ["a quote that is not escaped", `${head}a_total{x="a"b"} 1\n`, "labels"],
    ["an escape that is none", `${head}a_total{x="a\\t"} 1\n`, "labels"],
    ["no number", `${head}a_total one\n`, "value"],
    ["a counter that fell below 0", `${head}a_total -1\n`, "counter"],
    ["no last line feed", `${head}a_total 1`, "line feed"],
    [
      "buckets that fall",
      histogram('h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n'),
      "fall",
    ],
    [
      "buckets out of order",
      histogram(
        'h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
      ),
      "order",
    ],
    ["no +Inf", histogram('h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n'), "+Inf"],
    ["another count", histogram('h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n'), "_count"],
    ["no sum", histogram('h_bucket{le="+Inf"} 1\nh_count 1\n'), "_sum"],
  ])("refuses %s", (_what, text, words) => {
    expect(() => readMetrics(text)).toThrow(words);
  });

  it("reads escapes", () => {
    expect(unescaped('a\\"b\\\\c\\nd')).toBe('a"b\\c\nd');
  });
});
