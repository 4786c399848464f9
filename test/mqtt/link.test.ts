// The connection to the broker, at one that answers as a test has it.

import { createServer, type Server, type Socket } from "node:net";
import {
  generate,
  type IConnectPacket,
  type ISubscribePacket,
  type Packet,
  parser,
} from "mqtt-packet";
import { afterEach, describe, expect, it } from "vitest";
import { MqttLink, type Subscription } from "../../gateway/mqtt/link.ts";
import { keptLog } from "../gateway/socket-rig.ts";
import { aedes } from "../peers/mosquitto.ts";
import { settings } from "./rig.ts";

type Answer = (packet: Packet, socket: Socket, protocolVersion: number) => void;

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A broker by hand; `packets` are those that came. */
async function hand(answer: Answer) {
  const packets: Packet[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    const parse = parser();
    let version = 4;
    socket.on("error", () => {});
    parse.on("packet", (packet: Packet) => {
      packets.push(packet);
      if (packet.cmd === "connect") version = (packet as IConnectPacket).protocolVersion ?? 4;
      answer(packet, socket, version);
    });
    socket.on("data", (bytes) => parse.parse(bytes));
  });
  server.listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { packets, url: `mqtt://127.0.0.1:${port}` };
}

const say = (socket: Socket, packet: object, protocolVersion = 4) =>
  socket.write(generate(packet as Packet, { protocolVersion }));

/** Lets in, and grants what is asked for but for these topics. */
const welcoming =
  (refused: readonly string[] = []): Answer =>
  (packet, socket, version) => {
    const done = version === 5 ? { reasonCode: 0 } : { returnCode: 0 };
    if (packet.cmd === "connect") say(socket, { cmd: "connack", ...done }, version);
    if (packet.cmd !== "subscribe") return;
    const { subscriptions, messageId } = packet as ISubscribePacket;
    const granted = subscriptions.map(({ topic }) => (refused.includes(topic) ? 128 : 0));
    say(socket, { cmd: "suback", messageId, granted }, version);
  };

interface Events {
  readonly up: number;
  readonly lost: number[];
  readonly messages: string[];
  readonly lines: string[];
}

const WANTED: Subscription[] = [{ topic: "a/+", needed: true }, { topic: "b" }];

async function open(url: string, more = {}, random = () => 1) {
  const events = { up: 0, lost: [] as number[], messages: [] as string[], lines: [] as string[] };
  const link = await MqttLink.open({
    ...{ settings: settings(url, more), subscriptions: WANTED, random },
    ...{ now: () => performance.now(), log: keptLog(events.lines) },
    onMessage: (topic, payload, kept) => events.messages.push(`${topic} ${payload} ${kept}`),
    onUp: () => void events.up++,
    onLost: (since) => events.lost.push(since),
  });
  ends.push(() => link.close());
  return { link, events: events as Events };
}

async function wait(wanted: () => boolean): Promise<void> {
  while (!wanted()) await new Promise((wake) => setTimeout(wake, 10));
}

const connects = (packets: Packet[]) => packets.filter(({ cmd }) => cmd === "connect");

describe("the connection", () => {
  it("has a will, no session, and is up when what is needed is granted", async () => {
    const { packets, url } = await hand(welcoming(["b"]));
    const { link, events } = await open(url, { user: "u", password: "p" });
    await wait(() => link.up);
    expect(packets[0]).toMatchObject({
      ...{ cmd: "connect", clientId: "nextbeat-gateway", clean: true, username: "u" },
      will: { topic: "nextbeat/gateway/status", qos: 0, retain: true },
    });
    expect(events.up).toBe(1);
    expect(events.lines.join("\n")).toContain('"broker refuses a topic","topic":"b"');
  });

  it("is none where what is needed is refused, and says which topic", async () => {
    const { url } = await hand(welcoming(["a/+"]));
    const { link } = await open(url);
    await wait(() => link.why !== "not connected yet");
    expect([link.up, link.why]).toEqual([false, "the broker does not let us subscribe to a/+"]);
  });

  it("goes on in MQTT 3.1.1 at once where 5 is not spoken, and stays with it", async () => {
    const broker = await aedes();
    await broker.start();
    ends.push(() => broker.end());
    const { link, events } = await open(`mqtt://127.0.0.1:${broker.port}`);
    await wait(() => link.up);
    expect(link.version).toBe("3.1.1");
    expect(events.lines.filter((line) => line.includes("broker lost"))).toEqual([]);
  });

  it("tries the other version where a broker hangs up without a word", async () => {
    const versions: number[] = [];
    const { url } = await hand((packet, socket, version) => {
      if (packet.cmd === "connect") versions.push(version);
      if (version === 5) socket.destroy();
      else welcoming()(packet, socket, version);
    });
    const { link } = await open(url);
    await wait(() => link.up);
    expect(versions).toEqual([5, 4]);
  });

  it("keeps to the version that was asked for", async () => {
    const { packets, url } = await hand((_, socket) => void socket.destroy());
    await open(url, { version: 4 });
    await wait(() => connects(packets).length === 2);
    expect(connects(packets)).toMatchObject([{ protocolVersion: 4 }, { protocolVersion: 4 }]);
  });

  it("says once why it is refused, and waits twice as long each time, jittered", async () => {
    const at: number[] = [];
    const { url } = await hand((packet, socket) => {
      if (packet.cmd !== "connect") return;
      at.push(performance.now());
      say(socket, { cmd: "connack", returnCode: 5 });
    });
    const { link, events } = await open(url, { version: 4, user: "u" });
    await wait(() => at.length === 4);
    const gaps = at.slice(1).map((end, n) => end - at[n]!);
    for (const [n, gap] of gaps.entries()) {
      expect(gap, `gap ${n}`).toBeGreaterThan(500 * 2 ** n - 20);
      expect(gap, `gap ${n}`).toBeLessThan(500 * 2 ** n + 400);
    }
    expect(link.why).toBe('the broker refuses the login of "u"');
    expect(events.lines.filter((line) => line.includes("broker lost"))).toHaveLength(1);
    expect(events.lost).toEqual([]);
  });

  it("says so where another client takes its name", async () => {
    const { url } = await hand((packet, socket, version) => {
      welcoming()(packet, socket, version);
      if (packet.cmd !== "subscribe") return;
      say(socket, { cmd: "disconnect", reasonCode: 142 }, version);
      socket.end();
    });
    const { link, events } = await open(url);
    await wait(() => events.lost.length === 1);
    expect([events.up, link.why]).toEqual([1, "another client took the name nextbeat-gateway"]);
  });

  it("is lost when nothing comes back, since what was heard last", async () => {
    const { packets, url } = await hand(welcoming());
    const { link, events } = await open(url);
    await wait(() => link.up);
    const upAt = performance.now();
    await wait(() => events.lost.length === 1);
    expect(Math.abs(events.lost[0]! - upAt)).toBeLessThan(200);
    expect(performance.now() - upAt).toBeLessThan(10_000);
    const echoes = packets.filter((one) => "topic" in one && one.topic === "nextbeat/gateway/echo");
    expect(echoes.length).toBeGreaterThan(1);
  });

  it("cuts off a broker that sends more than it may, and drops what a slow one does not take", async () => {
    const { url } = await hand((packet, socket, version) => {
      welcoming()(packet, socket, version);
      if (packet.cmd === "subscribe") socket.pause();
    });
    const { link } = await open(url);
    await wait(() => link.up);
    const payload = Buffer.alloc(60_000);
    for (let n = 0; n < 200; n++) link.publish("a/b", payload, false);
    expect(link.dropped).toBeGreaterThan(100);
    expect(link.backlog).toBeLessThan(1024 * 1024 + 200_000);
    const talker = await hand((packet, socket, version) => {
      welcoming()(packet, socket, version);
      if (packet.cmd === "subscribe") socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0]));
    });
    const other = await open(talker.url);
    await wait(() => other.link.why?.includes("a packet of") === true);
    expect(other.link.why).toContain("expected at most 65536");
  });
});
