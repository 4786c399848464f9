/**
 * The embedded MQTT broker, for homes that have none (`--broker`): aedes, with limits, and with a
 * rule for each kind of client.
 *
 *   gateway   this process, known by a secret drawn at each start: everything
 *   board     its name is `nextbeat-<id>`: its own up and down topic, and no other
 *   guest     anybody else, such as Home Assistant: reads all; writes what is not the gateway's
 *
 * The protocol trusts no broker, so frames need none of this; but presence is the gateway's word,
 * and nobody else may say it. One login may be asked of everybody, boards and guests; without it
 * commands are taken from guests on this machine alone. What lost: a login for each, which whoever
 * needs them has in Mosquitto.
 *
 * Nothing is kept for who is away (sessions are clean) and nothing over a restart.
 */

import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import type { Aedes, AuthenticateError, Client } from "aedes";
import { watchPackets } from "./packets.ts";
import { type BrokerLimits, type BrokerOptions, Rules } from "./rules.ts";
import type { BrokerSettings } from "./settings.ts";

export interface Broker {
  readonly port: number;
  readonly host: string;
  /** Clients connected, the gateway among them. */
  readonly clients: number;
  /** With this password a client is the gateway. */
  readonly secret: string;
  close(): Promise<void>;
}

const LIMITS: BrokerLimits = {
  ...{ connections: 10_000, packet: 64 * 1024, firstPacket: 1024, retained: 1_000 },
  // Home Assistant's own are some 80, and two for each device that it shows.
  ...{ filters: 256, filtersOfDevice: 4 },
};
/** Whoever does not say who it is, or does not read what it is sent, for so long, is cut off. */
const CONNECT_MAX_MS = 10_000;
const DRAIN_MAX_MS = 10_000;
/** Boards set no keep-alive (protocol, section 7): the kernel finds connections that are dead. */
const PROBE_MS = 60_000;

/**
 * What a client was sent, by number: whatever comes with a lower one is taken for a duplicate and
 * dropped, though messages that are kept, or have a QoS, are overtaken by others within the broker
 * (moscajs/aedes#955, #994). Without it, who subscribes twice to a topic gets it twice, as MQTT
 * allows.
 */
const FORGETFUL = new Proxy({}, { get: () => 0, set: () => true, deleteProperty: () => true });

const NOT_AUTHORIZED = 5;
/** What is published there reaches nobody, not even who reads `#`. */
const NOWHERE = "$nextbeat/nowhere";

/** Resolves when it listens. Rejects like `listen`, with `option` naming the flag. */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const limits = { ...LIMITS, ...options.limits };
  const { Aedes } = await import("aedes");
  const secret = randomBytes(24).toString("base64url");
  const rules = new Rules(options, limits, secret);
  const aedes = await Aedes.createBroker({
    concurrency: 0,
    connectTimeout: CONNECT_MAX_MS,
    drainTimeout: DRAIN_MAX_MS,
    maxTopicLevels: 16,
    preConnect(client, packet, done) {
      packet.clean = true;
      Object.assign(client, { duplicates: FORGETFUL });
      done(null, true);
    },
    authenticate: (client, user, password, done) =>
      rules.knows(client, { user: user ?? "", password: password?.toString() ?? "" })
        ? done(null, true)
        : done(refusal(), null),
    authorizePublish(client, packet, done) {
      const { topic, retain, payload } = packet;
      const ignored = client !== null && rules.ignores(client, topic, payload.length);
      if (ignored) Object.assign(packet, { topic: NOWHERE, retain: false });
      const free = client === null || ignored;
      done(free ? null : rules.refuses(client, topic, retain, payload.length));
    },
    authorizeSubscribe: (client, wanted, done) =>
      done(null, rules.mayRead(client, wanted.topic) ? wanted : null),
  });
  const clients = new Map<Socket, Client>();
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_MS });
  server.maxConnections = limits.connections;
  server.on("drop", () => options.log.few("broker is full", { connections: limits.connections }));
  server.on("connection", (socket) => {
    const client = aedes.handle(socket);
    clients.set(socket, client);
    socket.once("close", () => clients.delete(socket));
    // Who sends more at once with its first packet is not connected yet, and may do so (3.1.4).
    const most = (before: number) => (before > 0 ? limits.packet : limits.firstPacket);
    watchPackets(socket, most, (length) => {
      options.log.few("broker cut a client off", { client: client.id, packet: length });
      socket.destroy();
    });
  });
  await listen(server, options).catch((error) => {
    // Its heartbeat alone would keep this process alive.
    aedes.close();
    throw error;
  });
  const { port } = server.address() as { port: number };
  return {
    ...{ port, host: options.host, secret },
    get clients() {
      // The library's own count goes astray where one client takes the name of another that ends.
      return [...clients.values()].filter(({ connected }) => connected).length;
    },
    close: () => close(aedes, server, clients.keys()),
  };
}

/** Where this process finds a broker that listens on `host`. */
export function brokerAddress({ host, port }: Pick<Broker, "host" | "port">): URL {
  const own = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return new URL(`mqtt://${own.includes(":") ? `[${own}]` : own}:${port}`);
}

function refusal(): AuthenticateError {
  return Object.assign(new Error("not authorized"), { returnCode: NOT_AUTHORIZED as never });
}

function listen(server: Server, { host, port }: BrokerSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(Object.assign(error, { option: "--broker" })));
    server.listen(port, host, () => resolve());
  });
}

async function close(aedes: Aedes, server: Server, sockets: Iterable<Socket>): Promise<void> {
  const closed = new Promise((done) => server.close(done));
  await new Promise<void>((done) => aedes.close(done));
  for (const socket of sockets) socket.destroy();
  await closed;
}
