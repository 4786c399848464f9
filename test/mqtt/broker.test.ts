// What the embedded broker lets whom do: boards, guests, and whoever says too much.

import { connect as connectTcp, type Socket } from "node:net";
import { generate, type IConnectPacket, type ISubscribePacket } from "mqtt-packet";
import { afterEach, describe, expect, it } from "vitest";
import { idText } from "../../gateway/enrolment.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { api, closeBrokers, start } from "./broker-rig.ts";
import { client, closed, Reader } from "./rig.ts";

const STATUS = "nextbeat/gateway/status";

afterEach(closeBrokers);

const CONNECT_SAME = generate({
  ...{ cmd: "connect", protocolId: "MQTT", protocolVersion: 4 },
  ...{ clean: true, clientId: "same", keepalive: 0 },
} as IConnectPacket);
const SUBSCRIBE = generate({
  ...{ cmd: "subscribe", messageId: 1 },
  subscriptions: [{ topic: "a/b", qos: 0 }],
} as ISubscribePacket);

async function strangerAt(gateway: RunningGateway): Promise<Socket> {
  const socket = connectTcp(gateway.brokerPort!, "127.0.0.1");
  await new Promise((done) => socket.once("connect", done));
  return socket;
}

describe("the embedded broker", () => {
  const forbidden: [string, string, string, boolean][] = [
    ["a guest", "presence", "nextbeat/000001/presence", false],
    ["a guest", "the gateway's status", STATUS, true],
    ["a guest", "a beat", "nextbeat/000001/up", false],
    ["a guest", "a description", "homeassistant/device/nextbeat_000001/config", true],
    ["a guest", "$SYS", "$SYS/x", false],
    ["nextbeat-000002", "another's beat", "nextbeat/000001/up", false],
    ["nextbeat-000002", "an answer", "nextbeat/000002/down", false],
    ["nextbeat-000002", "a beat that is kept", "nextbeat/000002/up", true],
    ["nextbeat-000002", "what it likes", "house/lamp", false],
  ];
  it.each(forbidden)("cuts off %s that publishes %s", async (who, _, topic, retain) => {
    const { url } = await start();
    const reader = await Reader.open(url, topic.startsWith("$") ? "$SYS/x" : topic);
    await new Promise((done) => setImmediate(done));
    const own = await client(url, { clientId: who, reconnectPeriod: 0 });
    const gone = closed(own);
    own.publish(topic, "forged", { retain });
    await gone;
    const late = await Reader.open(url, topic);
    await late.client.publishAsync("house/mark", "", { qos: 1 });
    expect([...reader.said, ...late.said].filter(({ text }) => text === "forged")).toEqual([]);
  });

  it("ignores a guest that takes a description away, as Home Assistant does for its user", async () => {
    const { gateway, url } = await start();
    await gateway.registry.add(new Board(1).enrolment);
    const topic = "homeassistant/device/nextbeat_000001/config";
    const reader = await Reader.open(url);
    await reader.sees(topic, "board-1");
    const guest = await client(url, { reconnectPeriod: 0 });
    for (const at of [topic, "house/mark"])
      await guest.publishAsync(at, "", { qos: 1, retain: true });
    await reader.until(({ said }) => said.some((one) => one.topic === "house/mark"));
    expect(reader.said.filter(({ text }) => text === "")).toHaveLength(1);
    await (await Reader.open(url, topic)).sees(topic, "board-1");
    expect(guest.connected).toBe(true);
  });

  it("lets a board read its own answers and no other topic", async () => {
    const { url } = await start();
    const board = await client(url, { clientId: "nextbeat-000002" });
    for (const topic of ["nextbeat/000001/down", "nextbeat/+/down", "#"]) {
      await expect(board.subscribeAsync(topic)).rejects.toThrow(/Subscribe error/);
    }
    await expect(board.subscribeAsync("nextbeat/000002/down")).resolves.toBeDefined();
  });

  it("lets nobody else be the gateway, which stays connected", async () => {
    const { gateway, url } = await start();
    const reader = await Reader.open(url, STATUS);
    await reader.sees(STATUS, "online");
    for (const login of [{}, { username: "nextbeat-gateway", password: "guess" }]) {
      await expect(
        client(url, { clientId: "nextbeat-gateway", reconnectPeriod: 0, ...login }).then(
          () => "connected",
          () => "refused",
        ),
      ).resolves.toBe("refused");
    }
    expect(reader.now.get(STATUS)).toBe("online");
    expect((await api(gateway, "/api/v1/gateway"))["mqtt"]).toMatchObject({ connected: true });
  });

  it("carries messages of others, and keeps so many of them and no more", async () => {
    const { url } = await start();
    const reader = await Reader.open(url, "house/#");
    const guest = await client(url, { reconnectPeriod: 0 });
    await guest.publishAsync("house/lamp", "on", { retain: true, qos: 1 });
    await reader.sees("house/lamp", "on");
    const gone = closed(guest);
    for (let n = 0; n < 1_000; n++) guest.publish(`house/${n}`, "x", { retain: true });
    await gone;
    await (await Reader.open(url, "house/#")).until(({ now }) => now.size === 1_000);
  });

  it("lets a guest have so many subscriptions and no more, and new ones for old ones", async () => {
    const { url } = await start();
    const guest = await client(url);
    const topics = Array.from({ length: 257 }, (_, n) => `house/${n}`);
    await expect(guest.subscribeAsync(topics)).rejects.toThrow(/Subscribe error/);
    await guest.unsubscribeAsync(topics[0]!);
    await expect(guest.subscribeAsync(topics[256]!)).resolves.toBeDefined();
    await expect(guest.subscribeAsync(topics[0]!)).rejects.toThrow(/Subscribe error/);
  });

  // Home Assistant's MQTT client (mqtt/client.py) holds a filter for each topic of each entity.
  it("lets a guest read what is told of each device besides, be they hundreds", async () => {
    const { gateway, url } = await start();
    const ids = Array.from({ length: 200 }, (_, n) => n + 1);
    for (const id of ids) await gateway.registry.add(new Board(id).enrolment);
    const guest = await client(url);
    const own = Array.from({ length: 76 }, (_, n) => `homeassistant/${n}/+/config`);
    const told = ids.map((id) => `nextbeat/${idText(id)}/presence`);
    await expect(guest.subscribeAsync([...own, ...told])).resolves.toBeDefined();
    const rest = Array.from({ length: 256 + 4 * 200 - 276 + 1 }, (_, n) => `house/${n}`);
    await expect(guest.subscribeAsync(rest)).rejects.toThrow(/Subscribe error/);
    await guest.unsubscribeAsync(told);
    await expect(guest.subscribeAsync(rest.at(-1)!)).resolves.toBeDefined();
  });

  it("cuts off who says too much, before and after it is known", async () => {
    const { gateway, url, lines } = await start();
    const stranger = connectTcp(gateway.brokerPort!, "127.0.0.1");
    stranger.on("error", () => {});
    stranger.write(Buffer.from([0x10, 0x81, 0x08]));
    await new Promise((done) => stranger.once("close", done));
    const guest = await client(url, { reconnectPeriod: 0 });
    const gone = closed(guest);
    guest.publish("house/film", Buffer.alloc(70_000));
    await gone;
    const cut = lines.filter((line) => line.includes("cut a client off"));
    expect(cut.map((line) => JSON.parse(line).packet)).toEqual([1_025, expect.any(Number)]);
  });

  it("lets a client say much with its CONNECT, or right after it", async () => {
    const { gateway, lines } = await start();
    const payload = Buffer.from("x".repeat(4_000));
    const publish = { topic: "house/film", payload, qos: 1, messageId: 1, dup: false } as const;
    const socket = await strangerAt(gateway);
    let said = Buffer.alloc(0);
    const answered = new Promise<void>((done) => {
      socket.once("close", done).on("data", (bytes) => {
        said = Buffer.concat([said, bytes]);
        if (said.length === 8) done();
      });
    });
    const much = generate({ cmd: "publish", retain: false, ...publish });
    socket.write(Buffer.concat([CONNECT_SAME, much]));
    await answered;
    socket.destroy();
    expect(said.toString("hex")).toBe("2002000040020001");
    expect(lines.filter((line) => line.includes("cut a client off"))).toEqual([]);
  });

  it("counts who is there, also where one takes the name of another that ends", async () => {
    const { gateway, url } = await start();
    await (await Reader.open(url, STATUS)).sees(STATUS, "online");
    for (let n = 0; n < 20; n++) {
      const [first, second] = await Promise.all([1, 2].map(() => strangerAt(gateway)));
      first!.write(Buffer.concat([CONNECT_SAME, SUBSCRIBE]));
      await new Promise((answered) => first!.once("data", answered));
      second!.write(CONNECT_SAME);
      first!.write(Buffer.from([0xf0, 0]));
      await new Promise((answered) => second!.once("data", answered));
      const gone = new Promise((done) => second!.once("close", done));
      second!.end();
      await gone;
    }
    expect((await api(gateway, "/api/v1/gateway"))["mqtt"]).toMatchObject({
      broker: { clients: 2 },
    });
  });

  it("is told of: its port, its clients, in the API and in the metrics", async () => {
    const { gateway, url, lines } = await start();
    await (await Reader.open(url, STATUS)).sees(STATUS, "online");
    expect((await api(gateway, "/api/v1/gateway"))["mqtt"]).toMatchObject({
      ...{ connected: true, why: null, version: "3.1.1", commands: false },
      broker: { host: "127.0.0.1", port: gateway.brokerPort, clients: 2 },
    });
    const metrics = await (await fetch(`http://127.0.0.1:${gateway.httpPort}/metrics`)).text();
    expect(metrics).toMatch(/^nextbeat_mqtt_connected 1$/m);
    expect(metrics).toMatch(/^nextbeat_mqtt_dropped_total\{why="topic"\} 0$/m);
    const listening = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === "listening");
    expect(listening.broker).toBe(gateway.brokerPort);
  });
});
