// Presence is told by beats and never by connections: one that stays open proves nothing, and one
// that ends, or begins anew, says nothing.

import { afterEach, expect, it } from "vitest";
import { intervalCode } from "../../device/interval.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import { startHere } from "../gateway/socket-rig.ts";
import { closeClients, MqttBoard, Reader, settings } from "./rig.ts";

let gateway: RunningGateway;

afterEach(async () => {
  await closeClients();
  await gateway.stop();
});

/** A gateway at its own broker with one board, and a reader of what is told of it. */
async function start() {
  const mqtt = settings("mqtt://127.0.0.1", { version: 4 });
  gateway = await startHere(new Map(), { mqtt, broker: { host: "127.0.0.1", port: 0 } });
  const board = new Board(1);
  await gateway.registry.add(board.enrolment);
  const url = `mqtt://127.0.0.1:${gateway.brokerPort}`;
  const reader = await Reader.open(url);
  await reader.sees("nextbeat/gateway/status", "online");
  const socket = await MqttBoard.open(board, url);
  await socket.hello();
  return { board, url, reader, socket };
}

const changes = ({ said }: Reader) =>
  said.filter(({ topic }) => topic.endsWith("/change")).map(({ text }) => JSON.parse(text).to);

it("a board that is dead behind an open connection is absent by its promise", async () => {
  const { reader, socket } = await start();
  await socket.beat(intervalCode(500));
  await reader.sees("nextbeat/000001/availability", "online");
  await reader.sees("nextbeat/000001/presence", '"absent"');
  await reader.sees("nextbeat/000001/availability", "offline");
  expect(changes(reader)).toEqual(["present", "late", "absent"]);
  expect(socket.client.connected).toBe(true);
});

it("a connection that ends within the promise is no change, nor is one that takes its place", async () => {
  const { board, url, reader, socket } = await start();
  await socket.beat(P_HOUR);
  await reader.sees("nextbeat/000001/availability", "online");
  const second = await MqttBoard.open(board, url);
  await second.beat(P_HOUR);
  await socket.client.endAsync(true);
  await second.client.endAsync(true);
  const third = await MqttBoard.open(board, url);
  await third.beat(P_HOUR);
  expect(gateway.core.view(1, 0)).toMatchObject({ status: "present", tseq: 1, seq: 3 });
  expect(changes(reader)).toEqual(["present"]);
});
