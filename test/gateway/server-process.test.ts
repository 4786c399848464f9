/** The gateway as a process: kill -9 loses nothing that was told, SIGTERM nothing at all. */

import { request } from "node:http";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import type { DeviceJson } from "../../gateway/http/answers.ts";
import { Board } from "./gateway-rig.ts";
import { BoardSocket, buildGateway, clearUp, startChild, temporaryFolder } from "./socket-rig.ts";

const sockets: BoardSocket[] = [];

async function socketOn(): Promise<BoardSocket> {
  const socket = await BoardSocket.open();
  sockets.push(socket);
  return socket;
}

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
  clearUp();
});

describe("a gateway in a process of its own", () => {
  beforeAll(buildGateway);

  it("keeps epochs and long promises over kill -9, and refuses no board after it", async () => {
    const data = temporaryFolder();
    const first = await startChild(data);
    const socket = await socketOn();
    const boards = [];
    for (let id = 1; id <= 20; id++) boards.push(await post(first.url, new Board(id)));
    for (const board of boards) {
      await socket.hello(board, first.udpPort);
      await socket.beat(board, first.udpPort, intervalCode(3_600_000));
    }
    first.process.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");

    const second = await startChild(data);
    const kept = await list(second.url);
    expect(kept.map((device) => [device.epoch, device.seq, device.status])).toEqual(
      boards.map((board) => [board.epoch, 1, "present"]),
    );
    for (const board of boards) await socket.beat(board, second.udpPort);
    const board = boards[0]!;
    const before = board.epoch;
    await socket.hello(board, second.udpPort);
    expect(board.epoch).toBeGreaterThan(before);
    second.process.kill("SIGTERM");
    expect(await second.ended).toBe(0);

    const third = await startChild(data);
    expect((await list(third.url)).map((device) => device.seq)).toEqual(boards.map(() => 2));
  });

  it("ends within 2 s of SIGTERM with 0, though a stream and a request are open", async () => {
    const child = await startChild(temporaryFolder());
    const stream = await fetch(`${child.url}/api/v1/events`);
    expect(stream.status).toBe(200);
    const { hostname, port } = new URL(child.url);
    const half = request({ hostname, port, path: "/api/v1/devices", method: "POST" });
    half.on("error", () => {});
    half.setHeader("content-length", 10);
    half.write("{");
    const begun = performance.now();
    child.process.kill("SIGTERM");
    expect(await child.ended).toBe(0);
    expect(performance.now() - begun).toBeLessThan(2_000);
    half.destroy();
    await stream.body?.cancel().catch(() => {});
  });
});

async function post(url: string, board: Board): Promise<Board> {
  const { name, suite, key } = board.enrolment;
  const response = await fetch(`${url}/api/v1/devices`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      name,
      suite,
      id: board.id.toString(16),
      key: Buffer.from(key, "latin1").toString("hex"),
    }),
  });
  expect(response.status).toBe(201);
  return board;
}

async function list(url: string): Promise<DeviceJson[]> {
  const { items } = (await (await fetch(`${url}/api/v1/devices`)).json()) as {
    items: DeviceJson[];
  };
  return items;
}
