// Cases from other people's issue trackers (research, gateway.md 5b) in which the gateway itself is
// what cannot hear. Each is named as it stands there.

import { describe, expect, it } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { plainLink } from "../../sim/link.ts";
import { World } from "../../sim/world.ts";
import { Bench, steps } from "../gateway/gateway-bench.ts";
import { Board, P_HOUR, P_MINUTE } from "../gateway/gateway-rig.ts";

const MINUTE = intervalMs(P_MINUTE);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("5b 1: the gateway is stopped for 24 h", () => {
  it("and alarms nobody who speaks within one promise, each other once", () => {
    const bench = new Bench();
    const boards = Array.from({ length: 40 }, (_, n) => new Board(n + 1));
    bench.enrol(...boards);
    for (const board of boards) bench.meet(board);
    bench.pass(10_000);
    const before = bench.told.length;
    bench.now += DAY;
    bench.restart(DAY);
    const living = boards.filter((_, n) => n % 2 === 0);
    for (let minutes = 0; minutes < 24 * 60; minutes++) {
      bench.pass(MINUTE - 1_000);
      for (const board of living) bench.receive(board.beat());
    }
    const told = bench.told.slice(before);
    expect(told.filter(({ id }) => id % 2 === 1)).toEqual([]);
    const alarms = told.filter(({ to }) => to === "absent").map(({ id }) => id);
    expect(alarms.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => 2 * n + 2));
    expect(told).toHaveLength(40);
  });
});

describe("5b 3: 10 000 devices imported in bulk and never seen", () => {
  it("are unknown, each of them, and raise no alarm in a month, over a restart", () => {
    const bench = new Bench();
    for (let id = 1; id <= 10_000; id++) bench.enrol(new Board(id));
    expect(bench.pass(15 * DAY)).toEqual([]);
    bench.restart(HOUR);
    expect(bench.pass(15 * DAY)).toEqual([]);
    expect(bench.core.counts(bench.now)).toMatchObject({ unknown: 10_000 });
    expect([...bench.core.views(bench.now)].every(({ deadlineAt }) => deadlineAt === null)).toBe(
      true,
    );
  });
});

describe("5b 7: the uplink socket is left open by a dead device", () => {
  it("and it is silent by its beats, not by a socket", () => {
    const bench = new Bench();
    const board = new Board(7);
    bench.enrol(board);
    const overMqtt = { transport: "mqtt", address: "nextbeat/000007/up", port: 0 } as const;
    bench.meet(board, {}, overMqtt);
    bench.receive(board.beat(), overMqtt);
    // The broker is there all the time, and nobody says that the connection is not.
    const told = bench.pass(DAY);
    expect(steps(told)).toEqual(["present late promise-broken", "late absent promise-broken"]);
    expect(told[0]!.at).toBeLessThan(bench.now - DAY + 2 * MINUTE);
  });
});

describe("5b 13: the gateway is restarted while devices sleep", () => {
  it("and accepts their next beats without a HELLO", () => {
    const world = new World({ seed: 13, sha256 });
    const model = plainLink(20);
    const link = { name: "plain", about: "", up: model, down: model };
    const board = world.add({ name: "b1", id: 1, suite: 2, intervalMs: HOUR, reach: 2, link });
    const told: string[] = [];
    world.observe({ told: ({ from, to }) => void told.push(`${from} ${to}`) });
    world.startGateway();
    world.plug(board);
    world.run(HOUR / 2);
    const hellos = world.host.gateway!.counters.welcome;
    expect(hellos).toBe(1);
    for (let n = 1; n <= 5; n++) {
      world.crashGateway();
      world.run(world.now + 60_000);
      world.startGateway();
      const { seq, epoch } = world.view(board)!;
      world.run(world.now + HOUR);
      expect(world.view(board)).toMatchObject({ seq: seq + 1, epoch, status: "present" });
      expect(world.host.gateway!.counters).toMatchObject({ welcome: 0, fresh: 1 });
    }
    expect(told).toEqual(["unknown present"]);
  });
});

describe("5b 15: the gateway's own uplink dies", () => {
  it("it is deaf, nobody is alarmed, and the time is nobody's", () => {
    const bench = new Bench();
    const boards = Array.from({ length: 10 }, (_, n) => new Board(n + 1));
    bench.enrol(...boards);
    for (const board of boards) bench.meet(board);
    const before = bench.told.length;
    const fromAt = bench.now + 5_000;
    bench.pass(5_000);
    bench.obey(bench.core.requests.deaf("network", null, fromAt, null));
    bench.pass(6 * HOUR);
    bench.obey(bench.core.requests.deaf("network", null, fromAt, bench.now));
    const endAt = bench.now;
    // They said HELLO once an hour in the end, and are back one after the other.
    for (const [n, board] of boards.entries()) {
      bench.pass((n === 0 ? 1 : 360) * 1_000);
      for (const back of boards.slice(0, n)) bench.receive(back.beat({ promise: P_HOUR }));
      bench.receive(board.beat({ promise: P_HOUR }));
    }
    expect(bench.told.slice(before)).toEqual([]);
    expect(bench.core.requests.deafMs(1, fromAt - HOUR, bench.now)).toBe(endAt - fromAt);
    expect(bench.core.requests.deafness.at(-1)).toMatchObject({ why: "network", toAt: endAt });
  });
});
