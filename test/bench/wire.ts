/**
 * Bytes on the wire, IPv4 headers and all: a beat that is acknowledged, and the whole wake of a
 * board that sleeps in between, beside what other protocols pay to know that a peer is there.
 *
 * Everything is captured on loopback from real programs: this gateway, Mosquitto, libcoap. Frames
 * are those of the protocol, sealed by a test's board; MQTT's packets those of the `mqtt` package.
 * An exchange is what goes over the wire from one request to the next, an interval later, TCP's own
 * acks with it; the first ones are left out. A wake is a connection from its first packet to its
 * last. What a link needs to be joined (Wi-Fi, DHCP, ARP) is the same for all, and not in here.
 * What TCP acks alone and what rides along is the kernel's choice; a modem's may differ by a
 * packet. Linux's TCP has timestamps, 12 bytes a packet, which lwIP on an ESP32 leaves out.
 *
 * What is not installed is told, and left out. Usage: node dist/test/bench/wire.js [--exchanges 8]
 */

import { setTimeout as pause } from "node:timers/promises";
import { connect, type IClientOptions } from "mqtt";
import { STATUS_TOPIC } from "../../gateway/mqtt/settings.ts";
import type { RunningGateway } from "../../gateway/server.ts";
import { Board } from "../gateway/gateway-rig.ts";
import { BoardSocket, startHere } from "../gateway/socket-rig.ts";
import { closeClients, MqttBoard, Reader, settings } from "../mqtt/rig.ts";
import { Capture, type Packet } from "./capture.ts";
import { readFlags } from "./flags.ts";
import { table } from "./table.ts";
import { coapPings, startMosquitto, stopPeers } from "./wire-peers.ts";

const INTERVAL_MS = 1_000;
/** Requests before those that are counted: a connection that has just begun is unlike later. */
const SETTLES = 2;
/** And behind them: the last one may be a goodbye. */
const ENDS = 2;
/** DTLS: a record that is no part of a handshake. */
const RECORD = 23;

const { exchanges } = readFlags({ exchanges: 8 });
const rounds = SETTLES + exchanges + ENDS;

/** Something to be measured: it plays, and then its packets are those of its servers' ports. */
interface Subject {
  readonly name: string;
  readonly port: number;
  /** What a wake is; on a port of its own, or read from the packets of the other. */
  readonly wake: string;
  readonly wakePort?: number;
  readonly wakeOf?: (flow: readonly Packet[], exchange: Sum) => Sum;
  play(): Promise<unknown>;
}

interface Sum {
  readonly packets: number;
  readonly up: number;
  readonly down: number;
}

function sum(packets: readonly Packet[], of = 1): Sum {
  const bytes = (up: boolean) =>
    packets.reduce((total, each) => total + (each.up === up ? each.bytes : 0), 0) / of;
  return { packets: packets.length / of, up: bytes(true), down: bytes(false) };
}

/** From request to request: those are the packets up whose size is the most frequent. */
function exchangeOf(flow: readonly Packet[]): Sum | undefined {
  const counts = new Map<number, number>();
  for (const { up, payload } of flow) {
    if (up && payload > 0) counts.set(payload, (counts.get(payload) ?? 0) + 1);
  }
  const [usual] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  const requests = [...flow.keys()].filter((n) => flow[n]!.up && flow[n]!.payload === usual);
  const [from, to] = [requests[SETTLES], requests[SETTLES + exchanges]];
  return from === undefined || to === undefined ? undefined : sum(flow.slice(from, to), exchanges);
}

const gateways: RunningGateway[] = [];
const each = async (work: () => unknown) => {
  for (let n = 0; n < rounds; n++) {
    await work();
    await pause(INTERVAL_MS);
  }
};

async function overUdp(suite: number, name: string): Promise<Subject> {
  const gateway = await startHere(new Map());
  gateways.push(gateway);
  const board = new Board(0x2b0 + suite, suite);
  await gateway.registry.add(board.enrolment);
  return {
    name: `nextbeat, UDP, ${name}`,
    port: gateway.udpPort,
    wake: "the same",
    wakeOf: (_, exchange) => exchange,
    async play() {
      const socket = await BoardSocket.open();
      await socket.hello(board, gateway.udpPort);
      await each(() => socket.beat(board, gateway.udpPort));
      socket.close();
    },
  };
}

const TOPIC = "nextbeat/0002bd/up";
let clients = 0;

/** A client whose name is as long as a board's, so that only the protocol differs. */
function likeABoard(): IClientOptions {
  return { protocolVersion: 4, clientId: `nextbeat-00000${++clients}` };
}

/**
 * A keep-alive of MQTT's own; a wake delivers as much as a beat does, and knows that it arrived.
 */
function mqttPings(name: string, port: number, wakePort: number, ca?: string): Subject {
  const open = (to: number, more: IClientOptions): Promise<ReturnType<typeof connect>> => {
    const url = `${ca ? "mqtts" : "mqtt"}://127.0.0.1:${to}`;
    const client = connect(url, { ...likeABoard(), ...(ca && { ca }), ...more });
    return new Promise((done) => client.once("connect", () => done(client)));
  };
  return {
    name,
    port,
    wake: `${ca ? "handshake, " : ""}connect, publish at QoS 1, disconnect`,
    wakePort,
    async play() {
      const awake = await open(port, { keepalive: INTERVAL_MS / 1_000 });
      const sleeper = await open(wakePort, { keepalive: 0 });
      await sleeper.publishAsync(TOPIC, Buffer.alloc(16), { qos: 1 });
      await sleeper.endAsync();
      await pause(rounds * INTERVAL_MS);
      await awake.endAsync();
    },
  };
}

async function overMqtt(gatewayPort: number, port: number, wakePort: number): Promise<Subject> {
  const url = (to: number) => `mqtt://127.0.0.1:${to}`;
  const gateway = await startHere(new Map(), { mqtt: settings(url(gatewayPort)) });
  gateways.push(gateway);
  const [awake, sleeper] = [new Board(0x2bd, 1), new Board(0x2be, 1)];
  for (const { enrolment } of [awake, sleeper]) await gateway.registry.add(enrolment);
  await (await Reader.open(url(gatewayPort), STATUS_TOPIC)).sees(STATUS_TOPIC, "online");
  return {
    name: "nextbeat, MQTT",
    port,
    wake: "connect, subscribe, beat, ack, disconnect",
    wakePort,
    async play() {
      const met = await MqttBoard.open(sleeper, url(gatewayPort));
      await met.hello();
      await met.beat();
      await met.client.endAsync();
      const woken = await MqttBoard.open(sleeper, url(wakePort));
      await woken.beat();
      await woken.client.endAsync();
      const board = await MqttBoard.open(awake, url(port));
      await board.hello();
      await each(() => board.beat());
    },
  };
}

async function coap(kind: "plain" | "dtls", name: string): Promise<Subject | undefined> {
  const pings = await coapPings(kind, rounds);
  if (!pings) return undefined;
  const handshake = (flow: readonly Packet[]) => flow.findIndex(({ first }) => first === RECORD);
  const before = (flow: readonly Packet[], exchange: Sum) => {
    const { packets, up, down } = sum(flow.slice(0, handshake(flow)));
    return {
      packets: packets + exchange.packets,
      up: up + exchange.up,
      down: down + exchange.down,
    };
  };
  return {
    name,
    port: pings.port,
    wake: kind === "plain" ? "the same" : "handshake, ping",
    wakeOf: kind === "plain" ? (_, exchange) => exchange : before,
    play: pings.done,
  };
}

async function subjects(): Promise<Subject[]> {
  const found = [await overUdp(1, "hmac-sha256-64"), await overUdp(2, "chaskey12-64")];
  const broker = await startMosquitto(5, 2);
  if (broker) {
    const [own, port, wakePort, pings, wakes] = broker.plain as [
      number,
      number,
      number,
      number,
      number,
    ];
    found.push(await overMqtt(own, port, wakePort), mqttPings("MQTT PINGREQ", pings, wakes));
    const [tls, tlsWakes] = broker.tls;
    if (broker.ca) found.push(mqttPings("MQTT PINGREQ, TLS 1.3", tls!, tlsWakes!, broker.ca));
    else console.log("no openssl: MQTT over TLS is left out");
  } else console.log("no mosquitto: MQTT is left out");
  for (const [kind, name] of [
    ["plain", "CoAP ping"],
    ["dtls", "CoAP ping, DTLS 1.2 with a shared key"],
  ] as const) {
    const subject = await coap(kind, name);
    if (subject) found.push(subject);
    else console.log(`no libcoap client and server for it: ${name} is left out`);
  }
  return found;
}

function row(subject: Subject, packetsOf: (port: number) => Packet[]): string[] {
  const flow = packetsOf(subject.port);
  const exchange = exchangeOf(flow);
  if (!exchange) throw new Error(`${subject.name}: not enough exchanges were captured`);
  const { wakePort } = subject;
  const wake = wakePort ? sum(packetsOf(wakePort)) : subject.wakeOf!(flow, exchange);
  const digits = (bytes: number) => `${Math.round(bytes * 10) / 10}`;
  const { up, down, packets } = exchange;
  const figures = [up, down, up + down, packets, wake.up + wake.down, wake.packets].map(digits);
  return [subject.name, ...figures, subject.wake];
}

async function measure(): Promise<void> {
  const all = await subjects();
  const ports = all.flatMap(({ port, wakePort = port }) => [port, wakePort]);
  const capture = await Capture.start(ports);
  if (!capture) {
    console.log("tcpdump is not there, or may not capture (root may): nothing is measured");
    return;
  }
  console.log(`${exchanges} exchanges a second apart, on loopback; bytes of IPv4 packets`);
  await Promise.all(all.map((subject) => subject.play()));
  // The last packets of TCP follow the ends of its connections.
  await pause(200);
  const packetsOf = await capture.end();
  const heads = ["", "up", "down", "bytes", "packets", "a wake: bytes", "packets", "which is"];
  const rows = all.map((subject) => row(subject, packetsOf));
  console.log(table(heads, rows));
}

try {
  await measure();
} finally {
  await closeClients();
  for (const gateway of gateways) await gateway.stop();
  await stopPeers();
}
