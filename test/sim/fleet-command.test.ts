// `nextbeat sim fleet` against the real gateway in this process, and the other commands of the
// simulator: what they print, what they refuse.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { DeviceJson } from "../../gateway/http/answers.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { readKeys } from "../../sim/keys.ts";
import { main } from "../../sim/main.ts";
import { linkPreset } from "../../sim/presets.ts";
import { startHere } from "../gateway/socket-rig.ts";

const gateways: RunningGateway[] = [];

afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
});

async function startGateway(): Promise<RunningGateway> {
  const gateway = await startHere(new Map());
  gateways.push(gateway);
  return gateway;
}

const SCENARIO = `
run: 1h
fleet:
  - {group: a, count: 3, only: [1, 3], interval: 250ms}
  - {group: b, suite: hmac, interval: 250ms}
`;

test("`sim fleet --scenario` enrols its boards under their ids", async () => {
  const gateway = await startGateway();
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-test-"));
  const file = join(folder, "test.yaml");
  writeFileSync(file, `${SCENARIO}expect: [{metric: deaths, max: 0}]\n`);
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(
    [
      ...["fleet", "--gateway", `127.0.0.1:${gateway.udpPort}`, "--scenario", file, "--json"],
      ...["--url", `http://127.0.0.1:${gateway.httpPort}`, "--seed", "5", "--seconds", "1"],
    ],
    { out: (text) => void out.push(text), err: (text) => void err.push(text) },
  );
  rmSync(folder, { recursive: true });
  expect(JSON.parse(out.join(""))).toMatchObject({ link: "test", seed: 5, boards: 3, heard: 3 });
  expect(err).toContain("not emulated: fleet: expectations are judged in virtual time\n");
  expect(code).toBe(0);
});

test("`sim fleet` enrols its boards, runs, reports, and takes them out again", async () => {
  const gateway = await startGateway();
  const out: string[] = [];
  const flags = ["--link", "lan", "--interval", "300ms", "--seconds", "1", "--json"];
  const code = await main(
    [
      ...["fleet", "--gateway", `127.0.0.1:${gateway.udpPort}`, "--devices", "10", ...flags],
      ...["--url", `http://127.0.0.1:${gateway.httpPort}`, "--seed", "5"],
    ],
    { out: (text) => void out.push(text), err: () => {} },
  );
  expect(code).toBe(0);
  expect(JSON.parse(out.join(""))).toMatchObject({ link: "lan", seed: 5, boards: 10, heard: 10 });
  const list = await fetch(`http://127.0.0.1:${gateway.httpPort}/api/v1/devices`);
  expect(((await list.json()) as { items: DeviceJson[] }).items).toEqual([]);
});

test("`sim fleet --mqtt` tells why no broker took it", async () => {
  const gateway = await startGateway();
  const err: string[] = [];
  const code = await main(
    [
      ...["fleet", "--mqtt", `mqtt://127.0.0.1:1`, "--devices", "1", "--json"],
      ...["--url", `http://127.0.0.1:${gateway.httpPort}`, "--link", "lan", "--seconds", "2"],
    ],
    { out: () => {}, err: (text) => void err.push(text) },
  );
  expect(code).toBe(1);
  expect(err.at(-1)).toMatch(
    /^error: 1 of 1 boards were never acknowledged; mqtt:\/\/127\S+: ECONNREFUSED/,
  );
});

test("`sim fleet --mqtt` speaks as clients of a broker, each under its own name", async () => {
  const mqtt = { url: new URL("mqtt://127.0.0.1"), commands: false, discovery: undefined };
  const broker = { host: "127.0.0.1", port: 0 };
  const gateway = await startHere(new Map(), { mqtt, broker });
  gateways.push(gateway);
  const out: string[] = [];
  const flags = ["--link", "wifi-good", "--interval", "300ms", "--seconds", "2", "--json"];
  const code = await main(
    [
      ...["fleet", "--mqtt", `mqtt://127.0.0.1:${gateway.brokerPort}`, "--devices", "10", ...flags],
      ...["--url", `http://127.0.0.1:${gateway.httpPort}`, "--seed", "5"],
    ],
    { out: (text) => void out.push(text), err: () => {} },
  );
  expect(code).toBe(0);
  const told = JSON.parse(out.join("")) as { boards: number; heard: number; sockets: number };
  expect(told).toMatchObject({ boards: 10, heard: 10, sockets: 10 });
});

test("bad usage is one line and exit code 2, a gateway that is not there exit code 1", async () => {
  const run = async (...argv: string[]) => {
    let said = "";
    const say = (text: string) => {
      said += text;
    };
    const code = await main(argv, { out: say, err: say });
    expect(said.trim().split("\n")).toHaveLength(1);
    return `${code} ${said.trim()}`;
  };
  const fleet = ["fleet", "--gateway", "127.0.0.1:1", "--link", "lan"];
  expect(await run("fly")).toMatch(/^2 error: unknown command 'fly'/);
  expect(await run(...fleet)).toMatch(/^2 error: expected --devices and --link, or --scenario/);
  expect(await run(...fleet, "--devices", "0")).toMatch(/^2 .*Expected a whole number, 1 to/);
  expect(await run(...fleet, "--devices", "2", "--interval", "soon")).toMatch(/^2 .*such as 90s/);
  expect(await run("fleet", "--gateway", "a b", "--devices", "1", "--link", "lan")).toMatch(/^2 /);
  expect(await run(...fleet.slice(0, 3), "--devices", "1", "--link", "wlan")).toMatch(/^2 .*geo/);
  expect(await run("demo", "--seconds", "3")).toMatch(/^2 .*20 to/);
  const mqtt = (url: string) => run("fleet", "--mqtt", url, "--devices", "1", "--link", "lan");
  expect(await mqtt("http://localhost")).toMatch(/^2 .*Expected mqtt:/);
  expect(await mqtt("mqtt://me:secret@localhost")).toMatch(/^2 .*--mqtt-password-file/);
  expect(await run("fleet", "--devices", "1", "--link", "lan")).toMatch(
    /^2 .*--gateway, or --mqtt/,
  );
  expect(await run("transcript", "/nowhere")).toMatch(/^2 .*there is no such file/);
  expect(await run(...fleet, "--devices", "1", "--keys", "/nowhere")).toMatch(/^2 error: --keys/);
  expect(await run(...fleet, "--devices", "1", "--url", "http://127.0.0.1:9")).toMatch(/^1 error/);
});

test("`sim presets` prints what the models are", async () => {
  let said = "";
  const say = (text: string) => {
    said += text;
  };
  expect(await main(["presets", "--json"], { out: say, err: say })).toBe(0);
  const { links } = JSON.parse(said) as { links: { name: string; loss: number }[] };
  expect(links).toHaveLength(9);
  expect(links.find(({ name }) => name === "wifi-edge")?.loss).toBeCloseTo(0.315, 6);
  said = "";
  expect(await main(["presets"], { out: say, err: say })).toBe(0);
  expect(said).toContain("wifi-congested  6.7 %");
  expect(linkPreset("wifi")).toBeUndefined();
});

test("identities come from JSON and CSV, and what is wrong with one is said", () => {
  const folder = mkdtempSync(join(tmpdir(), "nextbeat-test-"));
  const file = join(folder, "keys");
  const key = "00".repeat(16);
  const read = (text: string, count = 1) => {
    writeFileSync(file, text);
    return readKeys(file, count);
  };
  const board = { id: 0x2bd, name: "a", suite: 2, key: "\0".repeat(16) };
  expect(read(JSON.stringify({ id: "0002bd", name: "a", suite: 2, key }))).toEqual([board]);
  expect(read(`id,key,name,suite\n0002bd,${key},a,2\n`)).toEqual([board]);
  expect(() => read("[]")).toThrow("has 0 boards, --devices asks for 1");
  expect(() => read("[{")).toThrow("no JSON");
  expect(() => read(JSON.stringify([{ id: "x", key }]))).toThrow("board 1: id x");
  expect(() => read(JSON.stringify([{ id: "1", key: "00" }]))).toThrow("not 32 hex digits");
  expect(() => read(JSON.stringify([{ id: "1", suite: 3, key }]))).toThrow("suite 3");
  rmSync(folder, { recursive: true });
});
