/**
 * Who may do what at the embedded broker (broker.ts): kept apart from the library that asks, so
 * that each rule is read, and tried, by itself.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import type { Client } from "aedes";
import { isLoopback } from "../http/access.ts";
import type { Log } from "../log.ts";
import { type BrokerSettings, CLIENT_ID, type Login } from "./settings.ts";

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
  /** Bytes of a packet; and of a client's first, in which it says who it is. */
  readonly packet: number;
  readonly firstPacket: number;
  /** Topics on which messages of guests are kept. */
  readonly retained: number;
  /** Topic filters of a guest, and more for each device: each costs 2.5 KB, when measured. */
  readonly filters: number;
  readonly filtersOfDevice: number;
}

const BOARD = /^nextbeat-([0-9a-f]{6})$/;
const COMMAND = /^nextbeat\/[0-9a-f]{6}\/command$/;

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

  /**
   * Home Assistant takes away the description of a device that its user deletes there, and must not
   * lose its connection for that (mqtt/entity.py, async_remove_discovery_payload).
   */
  ignores(client: Client, topic: string, length: number): boolean {
    return length === 0 && this.#describes(topic) && !this.#gateways.has(client);
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
    const { commands, login } = this.#options;
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
    if (/^nextbeat(\/|$)/.test(topic) || this.#describes(topic)) return "the gateway's topics";
    if (!retain) return undefined;
    if (length === 0) this.#retained.delete(topic);
    else if (this.#retained.size < this.#limits.retained) this.#retained.add(topic);
    return length === 0 || this.#retained.has(topic) ? undefined : "too many messages are kept";
  }

  #describes(topic: string): boolean {
    const { discovery } = this.#options;
    return discovery !== undefined && topic.startsWith(`${discovery}/device/nextbeat_`);
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
