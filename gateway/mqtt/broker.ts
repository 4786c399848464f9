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

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import type { Aedes, AuthenticateError, Client } from "aedes";
import { isLoopback } from "../http/access.ts";
import type { Log } from "../log.ts";
import { watchPackets } from "./packets.ts";
import { type BrokerSettings, CLIENT_ID, type Login } from "./settings.ts";

export interface Broker {
  readonly port: number;
  readonly host: string;
  /** Clients connected, the gateway among them. */
  readonly clients: number;
  /** With this password a client is the gateway. */
  readonly secret: string;
  close(): Promise<void>;
}

export interface BrokerOptions extends BrokerSettings {
  /** Guests on this machine may send commands. */
  readonly commands: boolean;
  /** Home Assistant's prefix, where the gateway's devices are described. */
  readonly discovery: string | undefined;
  /** How many are enrolled: guests may subscribe to what is told of each. */
  readonly devices: () => number;
  readonly log: Log;
  readonly limits?: Partial<BrokerLimits>;
}

export interface BrokerLimits {
  readonly connections: number;
  /** Bytes of a packet; and of a client's first, when nobody knows yet who it is. */
  readonly packet: number;
  readonly firstPacket: number;
  /** Topics on which messages of guests are kept. */
  readonly retained: number;
  /** Topic filters of a guest, and more for each device: each costs 2.5 KB, when measured. */
  readonly filters: number;
  readonly filtersOfDevice: number;
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

const BOARD = /^nextbeat-([0-9a-f]{6})$/;
const COMMAND = /^nextbeat\/[0-9a-f]{6}\/command$/;
const NOT_AUTHORIZED = 5;

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
    authorizePublish: (client, { topic, retain, payload }, done) =>
      done(client === null ? null : rules.refuses(client, topic, retain, payload.length)),
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
    const most = () => (client.connected ? limits.packet : limits.firstPacket);
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

/** Who may do what. */
export class Rules {
  readonly #options: BrokerOptions;
  readonly #limits: BrokerLimits;
  readonly #own: Login;
  readonly #gateways = new WeakSet<Client>();
  readonly #retained = new Set<string>();
  /** Filters that a guest holds, or more: what it gave up is known when they are counted. */
  readonly #held = new WeakMap<Client, number>();

  constructor(options: BrokerOptions, limits: BrokerLimits, secret: string) {
    this.#options = options;
    this.#limits = limits;
    this.#own = { user: CLIENT_ID, password: secret };
  }

  /** Nobody but this process is called as it is. */
  knows(client: Client, given: Login): boolean {
    if (same(given, this.#own)) this.#gateways.add(client);
    if (this.#gateways.has(client)) return true;
    const { login, log } = this.#options;
    if (client.id === CLIENT_ID) return false;
    if (login === undefined || same(given, login)) return true;
    log.few("broker refused a login", { client: client.id, user: given.user });
    return false;
  }

  /** Why a client may not publish that; its connection ends then. */
  refuses(client: Client, topic: string, retain: boolean, length: number): Error | null {
    if (this.#gateways.has(client)) return null;
    const why = this.#refuses(client, topic, retain, length);
    if (why === undefined) return null;
    this.#options.log.few("broker refused a message", { client: client.id, topic, why });
    return new Error(why);
  }

  #refuses(client: Client, topic: string, retain: boolean, length: number): string | undefined {
    const { commands, discovery, login } = this.#options;
    const board = BOARD.exec(client.id)?.[1];
    if (board !== undefined) {
      return topic === `nextbeat/${board}/up` && !retain ? undefined : "not a beat of this board";
    }
    if (topic.startsWith("$")) return "the broker's own topics";
    if (COMMAND.test(topic) && commands && !retain) {
      const { remoteAddress = "" } = client.conn as Socket;
      return login || isLoopback(remoteAddress.replace("::ffff:", ""))
        ? undefined
        : "commands come from this machine alone, or want a login";
    }
    const described = discovery !== undefined && topic.startsWith(`${discovery}/device/nextbeat_`);
    if (/^nextbeat(\/|$)/.test(topic) || described) return "the gateway's topics";
    if (!retain) return undefined;
    if (length === 0) this.#retained.delete(topic);
    else if (this.#retained.size < this.#limits.retained) this.#retained.add(topic);
    return length === 0 || this.#retained.has(topic) ? undefined : "too many messages are kept";
  }

  mayRead(client: Client, filter: string): boolean {
    const board = BOARD.exec(client.id)?.[1];
    if (board !== undefined) return filter === `nextbeat/${board}/down`;
    if (this.#gateways.has(client)) return true;
    const { filters, filtersOfDevice } = this.#limits;
    const most = filters + filtersOfDevice * this.#options.devices();
    let held = this.#held.get(client) ?? 0;
    // To count them for each of thousands would take seconds.
    if (held >= most) held = subscriptionsOf(client);
    this.#held.set(client, Math.min(held + 1, most));
    return held < most;
  }
}

/** Takes as long for every wrong guess. */
function same(given: Login, wanted: Login): boolean {
  const [a, b] = [given, wanted].map(({ user, password }) =>
    createHash("sha256")
      .update(JSON.stringify([user, password]))
      .digest(),
  );
  return timingSafeEqual(a!, b!);
}

function subscriptionsOf(client: Client): number {
  return Object.keys((client as Client & { subscriptions: object }).subscriptions).length;
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
