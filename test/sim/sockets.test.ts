// The fleet on real sockets of loopback, against the real gateway in this process. Real time
// passes, so boards beat a few times a second; every wait ends with what it waits for.

import { afterEach, expect, test } from "vitest";
import { follow } from "../../gateway/cli/stream.ts";
import type { ChangeJson } from "../../gateway/http/answers.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import type { BoardOptions } from "../../sim/board-kind.ts";
import { plainLink } from "../../sim/link.ts";
import { Links, LOST } from "../../sim/links.ts";
import type { LinkPreset } from "../../sim/presets.ts";
import { randomBytes } from "../../sim/random.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import { type Member, SocketFleet } from "../../sim/sockets.ts";
import { percentile, summarise } from "../../sim/summary.ts";
import { startHere } from "../gateway/socket-rig.ts";

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
  const following = follow(url, undefined, undefined, stream.signal, ({ event, data }) => {
    const { id, to } = data as ChangeJson;
    if (event === "change") told.push(`${id} ${to}`);
  });
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

const SCENARIO = `
run: 1h
fleet:
  - {group: a, count: 3, only: [1, 3], interval: 250ms, link: {loss: 10%, delay: 2ms..5ms}}
  - {group: b, interval: 250ms, link: lan, nat: linux, suite: hmac}
faults:
  - {at: 300ms, where: a-1, do: power, for: 300ms}
  - {at: 300ms, where: a-3, do: powercut, step: after-store, for: 300ms}
  - {at: 400ms, where: b, do: nat, change: rebind}
  - {at: 400ms, where: b, do: clone}
`;

test("a scenario's boards live as it says: power goes and comes, addresses change", async () => {
  const gateway = await startGateway();
  const scenario = parseScenario(SCENARIO, "test.yaml");
  const ids = { "a-1": 1, "a-3": 3, "b-1": 0x10001 };
  for (const [name, id] of Object.entries(ids)) {
    const suite = name === "b-1" ? 1 : 2;
    await gateway.registry.add({ id, name, suite, key: randomBytes(SEED, id, "key", 16) });
  }
  const { udpPort: port } = gateway;
  const place = { address: "127.0.0.1", family: 4, port } as const;
  const fleet = new SocketFleet({ ...place, seed: SEED, boards: [], spreadMs: 0, scenario });
  fleets.push(fleet);
  await fleet.open();
  const [first, third, behind] = fleet.members as [Member, Member, Member];
  expect(fleet.members.map(({ board }) => `${board.name} ${board.id}`)).toEqual(
    Object.entries(ids).map(([name, id]) => `${name} ${id}`),
  );
  await until(everyone(fleet, 1));
  const before = behind.board.path.source;
  await until(() => !first.board.on);
  await until(() => !third.board.on);
  await until(() => first.board.on && third.board.on);
  await until(() => behind.board.path.source !== before);
  expect(fleet.members.map(({ board }) => board.name)).toEqual([...Object.keys(ids), "b-1-twin"]);
  const acked = fleet.members.map((member) => member.acked);
  // A board and its twin clash, and drive each other out of their epochs again and again.
  await until(() => [first, third].every((member, n) => member.acked > acked[n]! + 1));
});

test("the hundredth parts of a few numbers", () => {
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
});
