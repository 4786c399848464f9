// Beats, presence and commands over MQTT, at the embedded broker.

import { afterEach, describe, expect, it } from "vitest";
import { EXT_PAYLOAD, encodeExtension } from "../../device/extensions.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import type { MemoryDisk } from "../../gateway/store/memory.ts";
import { Board, P_HOUR } from "../gateway/gateway-rig.ts";
import { BoardSocket, keptLog, startHere } from "../gateway/socket-rig.ts";
import { available, problemsOf, shown } from "./homeassistant-rules.ts";
import { client, closeClients, closed, MqttBoard, Reader, settings } from "./rig.ts";

const broker = { host: "127.0.0.1", port: 0 };
const gateways: RunningGateway[] = [];
const STATUS = "nextbeat/gateway/status";
const LEAVING = 255;

afterEach(async () => {
  await closeClients();
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

async function start(commands = false, disk: MemoryDisk = new Map()) {
  const mqtt = { ...settings("mqtt://127.0.0.1"), commands, version: 4 as const };
  const lines: string[] = [];
  const gateway = await startHere(disk, { mqtt, broker, log: keptLog(lines) });
  gateways.push(gateway);
  return { gateway, disk, lines, url: `mqtt://127.0.0.1:${gateway.brokerPort}` };
}

async function enrol(gateway: RunningGateway, id: number): Promise<Board> {
  const board = new Board(id);
  await gateway.registry.add(board.enrolment);
  return board;
}

describe("beats (protocol, section 7)", () => {
  it("are heard over the broker, answered there, and of their own transport", async () => {
    const { gateway, url } = await start();
    const socket = await MqttBoard.open(await enrol(gateway, 0x2bd), url);
    await socket.hello();
    await socket.beat();
    const { status, transport, address } = gateway.core.view(0x2bd, 0)!;
    expect({ status, transport, address }).toEqual({
      ...{ status: "present", transport: "mqtt", address: "0002bd" },
    });
    expect(gateway.core.frames.mqtt).toMatchObject({ welcome: 1, fresh: 1 });
  });

  it("share their numbers with UDP: a device may switch, and is answered where it spoke", async () => {
    const { gateway, url } = await start();
    const board = await enrol(gateway, 1);
    const overMqtt = await MqttBoard.open(board, url);
    const overUdp = await BoardSocket.open();
    await overMqtt.hello();
    await overMqtt.beat();
    await overUdp.beat(board, gateway.udpPort);
    expect(gateway.core.view(1, 0)!.transport).toBe("udp");
    await overMqtt.beat();
    expect(gateway.core.view(1, 0)!.transport).toBe("mqtt");
    expect(board.seq).toBe(3);
    overUdp.close();
  });

  it("bring what the board's program says, which is told on and not kept", async () => {
    const { gateway, url } = await start();
    const socket = await MqttBoard.open(await enrol(gateway, 0x2bd), url);
    const reader = await Reader.open(url, "nextbeat/+/payload");
    await socket.hello();
    const beat = socket.board.beat({ ext: encodeExtension(EXT_PAYLOAD, "20.5") });
    socket.send(beat);
    await socket.next((answer) => socket.board.ackOf(answer, beat));
    await reader.sees("nextbeat/0002bd/payload", "20.5");
    const late = await Reader.open(url, "nextbeat/#");
    await late.until(({ now }) => now.has("nextbeat/0002bd/availability"));
    expect(late.now.has("nextbeat/0002bd/payload")).toBe(false);
  });

  it("ask for commands that wait, and get them", async () => {
    const { gateway, url } = await start();
    const socket = await MqttBoard.open(await enrol(gateway, 1), url);
    await socket.hello();
    await socket.beat();
    const sent = await fetch(
      `http://127.0.0.1:${gateway.httpPort}/api/v1/devices/000001/commands`,
      {
        method: "POST",
        body: JSON.stringify({ payload: "on" }),
      },
    );
    expect(sent.status).toBe(201);
    const frame = socket.board.beat();
    socket.send(frame);
    const { payload } = await socket.next((given) => socket.board.commandOf(given, frame));
    expect(payload).toBe("on");
  });
});

describe("presence", () => {
  it("is kept for whoever comes, told as it changes, and hangs on the gateway", async () => {
    const { gateway, url } = await start();
    const socket = await MqttBoard.open(await enrol(gateway, 0x2bd), url);
    const reader = await Reader.open(url);
    await reader.sees(STATUS, "online");
    await reader.sees("nextbeat/0002bd/availability", "offline");
    await socket.hello();
    await socket.beat(P_HOUR);
    await reader.sees("nextbeat/0002bd/availability", "online");
    await reader.sees("nextbeat/0002bd/presence", '"present"');
    expect(JSON.parse(reader.now.get("nextbeat/0002bd/presence")!)).toMatchObject({
      ...{ id: "0002bd", name: "board-701", status: "present", transport: "mqtt", tseq: 1 },
      ...{ battery: null, signal: null, alert: false, waiting: 0 },
    });
    await socket.beat(LEAVING);
    await reader.sees("nextbeat/0002bd/availability", "offline");
    await reader.sees("nextbeat/0002bd/change", '"to":"left"');
    const changes = reader.said.filter(({ topic }) => topic === "nextbeat/0002bd/change");
    expect(changes.map(({ text }) => JSON.parse(text).tseq)).toEqual([1, 2]);
    const late = await Reader.open(url, "nextbeat/#");
    await late.sees("nextbeat/0002bd/presence", '"left"');
    expect(late.now.has("nextbeat/0002bd/change")).toBe(false);
    expect(late.said.every(({ kept }) => kept)).toBe(true);
  });

  it("tells of beats between changes, each second at most", async () => {
    const { gateway, url } = await start();
    const socket = await MqttBoard.open(await enrol(gateway, 1), url);
    const reader = await Reader.open(url, "nextbeat/+/presence");
    await socket.hello();
    await socket.beat();
    await reader.sees("nextbeat/000001/presence", '"present"');
    const { seenAt: before } = JSON.parse(reader.now.get("nextbeat/000001/presence")!);
    for (let beats = 0; beats < 5; beats++) await socket.beat();
    const said = reader.said.length;
    await reader.until(
      ({ now }) => JSON.parse(now.get("nextbeat/000001/presence")!).seenAt > before,
    );
    expect(reader.said.length - said).toBeLessThan(3);
  });

  it("of a device that goes leaves nothing behind", async () => {
    const { gateway, url } = await start();
    await enrol(gateway, 1);
    await enrol(gateway, 2);
    const reader = await Reader.open(url);
    await reader.sees("homeassistant/device/nextbeat_000002/config", "board-2");
    await reader.sees(STATUS, "online");
    await gateway.registry.remove(1);
    const left = ({ now }: Reader) => [...now.keys()].filter((at) => /000001.(?!change)/.test(at));
    await reader.until((seen) => left(seen).length === 0);
    const late = await Reader.open(url);
    await late.sees("nextbeat/000002/availability", "offline");
    expect(left(late)).toEqual([]);
  });
});

describe("Home Assistant", () => {
  it("discovers devices with their words, and again when it is born", async () => {
    const { gateway, url } = await start();
    await enrol(gateway, 1);
    const reader = await Reader.open(url);
    const topic = "homeassistant/device/nextbeat_000001/config";
    await reader.sees(topic, '"name":"board-1"');
    await gateway.registry.amend(1, { name: "shed" });
    await reader.sees(topic, '"name":"shed"');
    const configs = () => reader.said.filter((one) => one.topic === topic).length;
    const before = configs();
    reader.client.publish("homeassistant/status", "online");
    await reader.until(() => configs() > before);
    for (const [at, text] of reader.now) {
      if (at.startsWith("homeassistant/device/")) expect(problemsOf(at, text), at).toEqual([]);
    }
    await reader.sees("homeassistant/device/nextbeat_gateway/config", "Running");
  });

  it("never shows a connection as unavailable while we run; a sleeper stays available", async () => {
    const { gateway, url } = await start();
    const board = await enrol(gateway, 1);
    const reader = await Reader.open(url);
    await reader.sees(STATUS, "online");
    await reader.until(() => available(reader, "000001", "connected"));
    expect([shown(reader, "000001"), available(reader, "000001", "battery")]).toEqual(["?", false]);
    const socket = await MqttBoard.open(board, url);
    await socket.hello();
    const beat = board.beat({ promise: P_HOUR, reach: 2 });
    socket.send(beat);
    await socket.next((frame) => board.ackOf(frame, beat));
    await reader.until(() => shown(reader, "000001") === "on");
    await reader.until(() => available(reader, "000001", "battery"));
    await socket.beat(LEAVING);
    await reader.until(() => shown(reader, "000001") === "off");
    await reader.until(() => !available(reader, "000001", "battery"));
  });
});

describe("commands over MQTT", () => {
  it("are queued byte for byte, and what came of them is told", async () => {
    const { gateway, url } = await start(true);
    const socket = await MqttBoard.open(await enrol(gateway, 1), url);
    const reader = await Reader.open(url, "nextbeat/+/result");
    await socket.hello();
    await socket.beat();
    reader.client.publish("nextbeat/000001/command", Buffer.from([0x6f, 0, 0xff]));
    const beat = await new Promise<string>((done) => {
      const ask = (): void => {
        if (gateway.core.requests.commandsOf(1, 0).length === 0) return void setTimeout(ask, 5);
        const frame = socket.board.beat();
        socket.send(frame);
        done(frame);
      };
      ask();
    });
    const command = await socket.next((given) => socket.board.commandOf(given, beat));
    expect(command.payload).toBe("o\0\xff");
    socket.send(socket.board.result(socket.board.seq, command.cmd, 0, "done!"));
    await reader.sees("nextbeat/000001/result", '"done"');
    expect(JSON.parse(reader.now.get("nextbeat/000001/result")!)).toMatchObject({
      ...{ n: 1, payloadHex: "6f00ff", state: "done", result: "done!" },
    });
    expect(reader.said).toHaveLength(1);
  });

  it("that are too long, or for nobody, are refused in words", async () => {
    const { gateway, url } = await start(true);
    await enrol(gateway, 1);
    const reader = await Reader.open(url, "nextbeat/+/result");
    reader.client.publish("nextbeat/000001/command", "x".repeat(244));
    reader.client.publish("nextbeat/000009/command", "x");
    await reader.sees("nextbeat/000001/result", "error");
    await reader.sees("nextbeat/000009/result", "expected an enrolled one");
  });

  it("are not for those who did not ask: the broker cuts off who sends one", async () => {
    const { gateway, url, lines } = await start(false);
    await enrol(gateway, 1);
    const guest = await client(url, { reconnectPeriod: 0 });
    guest.publish("nextbeat/000001/command", "on");
    await closed(guest);
    expect(gateway.core.requests.commandsOf(1, 0)).toEqual([]);
    expect(lines.join("\n")).toContain("broker refused a message");
  });
});
