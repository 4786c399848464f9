// The fleet on real sockets of loopback, against the real gateway in this process, and the commands
// around it. Real time passes, so boards beat a few times a second; every wait ends with what it
// waits for.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { DeviceJson } from "../gateway/http/present.ts";
import type { RunningGateway } from "../gateway/server.ts";
import type { BoardOptions } from "../sim/board-kind.ts";
import { followChanges, readChange } from "../sim/events.ts";
import { readKeys } from "../sim/keys.ts";
import { plainLink } from "../sim/link.ts";
import { Links, LOST } from "../sim/links.ts";
import { main } from "../sim/main.ts";
import { type LinkPreset, linkPreset } from "../sim/presets.ts";
import { randomBytes } from "../sim/random.ts";
import { type Member, SocketFleet } from "../sim/sockets.ts";
import { percentile, summarise } from "../sim/summary.ts";
import { startHere } from "./socket-rig.ts";

const SEED = 77;
const fleets: SocketFleet[] = [];
const gateways: RunningGateway[] = [];

afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.close()));
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
});

async function startGateway(): Promise<RunningGateway> {
  const gateway = await startHere(new Map());
  gateways.push(gateway);
  return gateway;
}

const lossy = (loss: number): LinkPreset => {
  const model = { ...plainLink(2), jitterMs: 3, lossGood: loss };
  return { name: "lossy", about: "", up: model, down: model };
};

/** A fleet of `count` boards, enrolled at the gateway. */
async function startFleet(
  gateway: RunningGateway,
  count: number,
  link: LinkPreset,
  more: { socketsMax?: number; intervalMs?: number } = {},
): Promise<SocketFleet> {
  const boards: BoardOptions[] = [];
  for (let id = 1; id <= count; id++) {
    const name = `b${id}`;
    const suite = 1 + (id % 2);
    const key = randomBytes(SEED, id, "key", 16);
    await gateway.registry.add({ id, name, suite, key });
    boards.push({ id, name, suite, key, link, intervalMs: more.intervalMs ?? 250 });
  }
  const fleet = new SocketFleet({
    address: "127.0.0.1",
    family: 4,
    port: gateway.udpPort,
    seed: SEED,
    boards,
    spreadMs: 5,
    ...(more.socketsMax === undefined ? {} : { socketsMax: more.socketsMax }),
  });
  fleets.push(fleet);
  await fleet.open();
  return fleet;
}

/** Resolves once `reached`, which is asked every few milliseconds. */
async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const everyone = (fleet: SocketFleet, acked: number) => () =>
  fleet.members.every((member) => member.acked >= acked);

test("lossy boards get through on sockets of their own, and no timer rings early", async () => {
  const gateway = await startGateway();
  const fleet = await startFleet(gateway, 20, lossy(0.1));
  await until(everyone(fleet, 4));
  const summary = summarise(fleet);
  expect(summary).toMatchObject({ boards: 20, heard: 20, failures: 0 });
  expect(summary.roundTripMs!.p50).toBeGreaterThanOrEqual(4);
  expect(fleet.alarms.lateness.least).toBeGreaterThanOrEqual(0);
  expect(gateway.core.counts(0).present + gateway.core.counts(0).late).toBe(20);
});

test("boards that share sockets each get their own answers, by their own links", async () => {
  const gateway = await startGateway();
  const fleet = await startFleet(gateway, 12, lossy(0), { socketsMax: 2 });
  await until(everyone(fleet, 3));
  expect(fleet.sockets).toBe(2);
  expect(fleet.members.map(({ acked, beats }) => beats - acked <= 1)).not.toContain(false);
  for (const { acked, board } of fleet.members) {
    // Each has had its WELCOME and its ACKs by its own link.
    expect(fleet.links.counts(board.path.down).submitted).toBeGreaterThanOrEqual(acked + 1);
  }
});

test("a frame's luck is that of its occasion, whatever the clock", async () => {
  const gateway = await startGateway();
  const fleet = await startFleet(gateway, 6, lossy(0.3));
  const { links } = fleet;
  const seen: { link: number; bytes: string; high: number; low: number; lost: boolean }[] = [];
  const submit = links.submit.bind(links);
  links.submit = (link, bytes, now, high, low) => {
    const at = submit(link, bytes, now, high, low);
    seen.push({ link, bytes, high, low, lost: at === LOST });
    return at;
  };
  await until(everyone(fleet, 5));
  await fleet.close();
  const again = new Links(SEED);
  for (const { board } of fleet.members) {
    again.add(board.kind.link.up, board.id, "up");
    again.add(board.kind.link.down, board.id, "down");
  }
  const lost = seen.reverse().map(({ link, bytes, high, low }, n) => {
    return again.submit(link, bytes, n * 60_000, high, low) === LOST;
  });
  expect(lost).toContain(true);
  expect(lost).toEqual(seen.map((each) => each.lost));
});

test("a board that is unplugged is found, and the others are not doubted", async () => {
  const gateway = await startGateway();
  const fleet = await startFleet(gateway, 5, lossy(0), { intervalMs: 200 });
  const url = new URL(`http://127.0.0.1:${gateway.httpPort}/`);
  const stream = new AbortController();
  const told: string[] = [];
  const following = followChanges(url, stream.signal, ({ id, to }) => told.push(`${id} ${to}`));
  await until(everyone(fleet, 2));
  fleet.unplug(fleet.members[2] as Member);
  await until(() => told.includes("000003 absent"));
  fleet.plug(fleet.members[2] as Member);
  await until(() => told.at(-1) === "000003 present");
  expect(told.filter((change) => change.endsWith("absent"))).toEqual(["000003 absent"]);
  await fleet.leave(5_000);
  await until(() => gateway.core.counts(0).left === 5);
  stream.abort();
  await following;
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

test("a change is read from the event stream, anything else is not", () => {
  const change = { cursor: 3, id: "000001", tseq: 1, to: "late" };
  expect(readChange(`id: 3\nevent: change\ndata: ${JSON.stringify(change)}`)).toEqual(change);
  expect(readChange('event: beats\ndata: {"items":[]}')).toBeUndefined();
  expect(readChange(": nothing")).toBeUndefined();
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
});
