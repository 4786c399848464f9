/**
 * A command through the running gateway: over HTTP in, over UDP to a board that listens and back,
 * in the event stream, in the metrics, and in the store at the next start.
 */

import { afterEach, expect, it } from "vitest";
import type { RunningGateway } from "../../gateway/server.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { BoardSocket, startHere } from "../gateway/socket-rig.ts";

const gateways: RunningGateway[] = [];
const sockets: BoardSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
});

const isNudge = (frame: string) => (((frame.charCodeAt(0) >> 3) & 7) === 7 ? frame : undefined);

async function started(disk: MemoryDisk) {
  const gateway = await startHere(disk);
  gateways.push(gateway);
  const url = `http://127.0.0.1:${gateway.httpPort}`;
  return { gateway, url, port: gateway.udpPort };
}

/** The `event: command` data of a stream, as they come. */
async function* commandsIn(response: Response): AsyncGenerator<Record<string, unknown>> {
  let text = "";
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    const events = text.split("\n\n");
    text = events.pop()!;
    for (const event of events) {
      const data = /^event: command\ndata: (.*)$/.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data) as Record<string, unknown>;
    }
  }
}

it("fetches a board that listens, delivers, tells the outcome, and keeps it", async () => {
  const disk: MemoryDisk = new Map();
  const { gateway, url, port } = await started(disk);
  const board = new Board(0x2bd, 1);
  await gateway.registry.add({ ...board.enrolment, name: "shed" });
  const socket = await BoardSocket.open();
  sockets.push(socket);
  await socket.hello(board, port);
  await socket.beat(board, port);

  const over = new AbortController();
  const events = commandsIn(await fetch(`${url}/api/v1/events`, { signal: over.signal }));
  const sent = await fetch(`${url}/api/v1/devices/shed/commands`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ payload: "led on" }),
  });
  expect(sent.status).toBe(201);
  const { forecastAt } = (await sent.json()) as { forecastAt: string };
  expect(Math.abs(Date.parse(forecastAt) - Date.now())).toBeLessThan(10_000);

  await socket.next(isNudge);
  const beat = await socket.beat(board, port);
  const command = await socket.next((frame) => board.commandOf(frame, beat));
  expect(command).toMatchObject({ cmd: 1, payload: "led on", more: true });
  socket.send(board.result(board.seq, command.cmd, 0, "is on"), port);
  const closing = await socket.next((frame) => board.ackOf(frame, beat));
  expect(closing).toMatchObject({ more: false });
  expect(closing.state & 15).toBe(0);

  const states: unknown[] = [];
  for await (const { id, state, result } of events) {
    expect(id).toBe("0002bd");
    states.push(state);
    if (state !== "done") continue;
    expect(result).toBe("is on");
    break;
  }
  expect(states).toEqual(["queued", "offered", "done"]);
  over.abort();

  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('nextbeat_commands{state="done"} 1');
  expect(metrics).toContain('nextbeat_commands{state="queued"} 0');
  expect(metrics).toContain("nextbeat_command_wait_seconds_count 1");
  expect(metrics).toContain('nextbeat_beats_total{transport="udp",result="result"} 1');

  await gateways.pop()!.stop();
  const next = await started(disk);
  const { items } = (await (await fetch(`${next.url}/api/v1/devices/shed/commands`)).json()) as {
    items: unknown[];
  };
  expect(items).toMatchObject([{ n: 1, cmd: 1, state: "done", code: 0, result: "is on" }]);
});
