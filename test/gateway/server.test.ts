/**
 * The gateway's shell on real sockets of loopback: a beat comes in, an ack goes out, and no crash
 * loses what was told.
 */

import { afterEach, describe, expect, it } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import type { DeviceJson } from "../../gateway/http/answers.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { memoryStore } from "../../gateway/store/memory.ts";
import type { Store } from "../../gateway/store/store.ts";
import { openUdp } from "../../gateway/udp.ts";
import { Board, nonceOf } from "./gateway-rig.ts";
import { BoardSocket, clearUp, keptLog, startHere } from "./socket-rig.ts";

const running: RunningGateway[] = [];
const sockets: BoardSocket[] = [];

async function here(...given: Parameters<typeof startHere>): Promise<RunningGateway> {
  const gateway = await startHere(...given);
  running.push(gateway);
  return gateway;
}

async function socketOn(host?: string): Promise<BoardSocket> {
  const socket = await BoardSocket.open(host);
  sockets.push(socket);
  return socket;
}

async function enrolled(gateway: RunningGateway, board: Board): Promise<Board> {
  await gateway.registry.add(board.enrolment);
  return board;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
  clearUp();
});

const withIpv6 = await BoardSocket.open("::1").then(
  (socket) => {
    socket.close();
    return true;
  },
  () => false,
);
if (!withIpv6) console.warn("no IPv6 on this machine: its tests are skipped");

describe("beats over UDP", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "[::1]"],
  ])("are answered on %s, under suites 1 and 2", async (host, shown) => {
    if (host === "::1" && !withIpv6) return;
    const gateway = await here(new Map(), { udpHosts: withIpv6 ? ["127.0.0.1", "::1"] : [host] });
    const socket = await socketOn(host);
    for (const suite of [1, 2]) {
      const board = await enrolled(gateway, new Board(0xa0 + suite, suite));
      await socket.hello(board, gateway.udpPort);
      await socket.beat(board, gateway.udpPort);
      const second = await socket.beat(board, gateway.udpPort);
      // Rule 3: a duplicate is acknowledged again.
      socket.send(second, gateway.udpPort);
      await socket.next((answer) => board.ackOf(answer, second));
      const url = `http://127.0.0.1:${gateway.httpPort}/api/v1/devices/0000a${suite}`;
      const device = (await (await fetch(url)).json()) as DeviceJson;
      expect(device).toMatchObject({
        status: "present",
        cause: "first-beat",
        tseq: 1,
        transport: "udp",
        address: `${shown}:${socket.port}`,
        seq: 2,
      });
      expect(Date.parse(device.dueAt!) - Date.parse(device.seenAt!)).toBeCloseTo(
        device.promiseMs!,
        -1,
      );
    }
    expect(gateway.core.counters).toMatchObject({ fresh: 4, duplicate: 2, welcome: 2, acks: 6 });
  });

  it("of strangers, and 20 000 pieces of noise, are not answered and change nothing", async () => {
    const gateway = await here(new Map());
    const socket = await socketOn();
    const board = await enrolled(gateway, new Board(7));
    await socket.hello(board, gateway.udpPort);
    const beat = await socket.beat(board, gateway.udpPort);
    const before = gateway.registry.view(7);
    socket.send(new Board(8).hello(nonceOf(1)), gateway.udpPort);
    let state = 7227;
    const random = () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state / 2_147_483_648;
    };
    for (let n = 0; n < 20_000; n++) {
      const bytes = Array.from({ length: Math.floor(random() * 64) }, () =>
        Math.floor(random() * 256),
      );
      const noise = String.fromCharCode(...bytes);
      const at = Math.floor(random() * beat.length);
      const bent = beat.slice(0, at) + noise.slice(0, 4) + beat.slice(at + 1);
      socket.send(n % 2 ? noise : bent === beat ? noise : bent, gateway.udpPort);
      if (n % 64 === 63) await new Promise(setImmediate);
    }
    await socket.beat(board, gateway.udpPort);
    expect(socket.received).toEqual([]);
    expect(gateway.registry.view(7)).toMatchObject({
      seq: 2,
      epoch: before.epoch,
      tseq: before.tseq,
      port: before.port,
    });
    expect(gateway.core.counters.acks).toBe(2);
    expect(gateway.core.hints.size).toBeLessThanOrEqual(256);
  });

  it("that wait in the kernel are read before anything expires", async () => {
    const gateway = await here(new Map());
    const socket = await socketOn();
    const boards = [];
    for (let id = 1; id <= 150; id++) {
      const board = await enrolled(gateway, new Board(id));
      await socket.hello(board, gateway.udpPort);
      boards.push(board);
    }
    const promise = intervalCode(700);
    for (const board of boards) await socket.beat(board, gateway.udpPort, promise);
    for (const board of boards) socket.send(board.beat({ promise: 150 }), gateway.udpPort);
    const deadline = Math.max(
      ...boards.map((board) => gateway.registry.view(board.id).deadlineAt!),
    );
    while (performance.now() < deadline + 100);
    for (const board of boards) {
      await socket.next((frame) => (frame.charCodeAt(2) === 2 ? board : undefined));
    }
    expect(gateway.core.counters).toMatchObject({ fresh: 300, changes: 150 });
    for (const board of boards) {
      expect(gateway.registry.view(board.id)).toMatchObject({ status: "present", tseq: 1, seq: 2 });
    }
  });
});

describe("a running gateway", () => {
  it("calls a silent board late and absent, and tells both", async () => {
    const lines: string[] = [];
    const gateway = await here(new Map(), { log: keptLog(lines) });
    const socket = await socketOn();
    const board = await enrolled(gateway, new Board(3));
    await socket.hello(board, gateway.udpPort);
    const url = `http://127.0.0.1:${gateway.httpPort}/api/v1/events?after=0`;
    const stream = await fetch(url);
    await socket.beat(board, gateway.udpPort, 1);
    let text = "";
    for await (const piece of stream.body!) {
      text += Buffer.from(piece).toString();
      if (text.includes('"to":"absent"')) break;
    }
    const told = [...text.matchAll(/^id: (\d+)\nevent: change\ndata: (.*)$/gm)];
    expect(told.map((change) => change[1])).toEqual(["1", "2", "3"]);
    expect(told.map((change) => JSON.parse(change[2]!))).toMatchObject([
      { cursor: 1, id: "000003", tseq: 1, from: "unknown", to: "present", cause: "first-beat" },
      { cursor: 2, id: "000003", tseq: 2, from: "present", to: "late", cause: "promise-broken" },
      { cursor: 3, id: "000003", tseq: 3, from: "late", to: "absent", cause: "promise-broken" },
    ]);
    expect(lines.filter((line) => line.includes('"change"'))).toHaveLength(3);
    const metrics = await (await fetch(`http://127.0.0.1:${gateway.httpPort}/metrics`)).text();
    expect(metrics).toContain('nextbeat_devices{status="absent"} 1');
    expect(metrics).toContain('nextbeat_beats_total{transport="udp",result="fresh"} 1');
    expect(metrics).toContain("nextbeat_acks_total 1");
    expect(metrics).toContain("nextbeat_verdict_lateness_seconds_count 2");
  });

  it("stops without losing the beats of the last second, and starts where it was", async () => {
    const disk: MemoryDisk = new Map();
    const first = await here(disk);
    const socket = await socketOn();
    const board = await enrolled(first, new Board(5));
    await socket.hello(board, first.udpPort);
    await socket.beat(board, first.udpPort);
    const last = await socket.beat(board, first.udpPort);
    await first.stop();
    const second = await here(disk);
    expect(second.registry.view(5)).toMatchObject({ seq: 2, epoch: board.epoch, tseq: 1 });
    socket.send(last, second.udpPort);
    await socket.next((answer) => board.ackOf(answer, last));
    await socket.beat(board, second.udpPort);
    expect(second.core.counters).toMatchObject({ fresh: 1, duplicate: 1, changes: 0 });
  });

  it("tells nothing that its store could not keep", async () => {
    const failures: Error[] = [];
    let full = false;
    const failing = (store: Store): Store => {
      const commit = store.commit.bind(store);
      const fails = () => Promise.reject(new Error("disk full"));
      store.commit = (facts) => (full && facts.length > 0 ? fails() : commit(facts));
      return store;
    };
    const gateway = await here(new Map(), {
      store: (options) => failing(memoryStore(options)),
      onFatal: (error) => void failures.push(error),
    });
    const socket = await socketOn();
    const board = await enrolled(gateway, new Board(5));
    full = true;
    socket.send(board.hello(nonceOf(1)), gateway.udpPort);
    const response = await fetch(`http://127.0.0.1:${gateway.httpPort}/api/v1/devices`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"name":"x"}',
    });
    expect(response.status).toBe(500);
    expect(failures.length).toBeGreaterThan(0);
    expect(socket.received).toEqual([]);
  });

  it("says which port is taken", async () => {
    const gateway = await here(new Map());
    await expect(here(new Map(), { udpPort: gateway.udpPort })).rejects.toMatchObject({
      code: "EADDRINUSE",
      port: gateway.udpPort,
    });
    await expect(here(new Map(), { httpPort: gateway.httpPort })).rejects.toMatchObject({
      code: "EADDRINUSE",
      syscall: "listen",
    });
  });

  it("takes one port for both families", async () => {
    const udp = await openUdp({ port: 0, onFrame() {} });
    expect(udp.port).toBeGreaterThan(0);
    expect(udp.addresses).toEqual(udp.withoutIpv6 ? ["0.0.0.0"] : ["0.0.0.0", "::"]);
    expect(udp.receiveBuffer).toBeGreaterThanOrEqual(212_992);
    await udp.close();
  });
});
