// Boards of a fleet at a real MQTT broker: a client each, as in life, with the client id that the
// protocol names (section 7), a clean session and no keep-alive, since presence is the gateway's
// word. One that loses its connection comes back by itself; what it says meanwhile is lost.
//
// What lost: one client for all of them. A broker sees, limits and drops connections, which is what
// a fleet over MQTT is there to try.

import { connect, type MqttClient } from "mqtt";
import type { Source } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";

/** Within what time a client is back, ms: each has its own, so that they do not come as one. */
const BACK_MIN_MS = 1_000;
const BACK_SPREAD_MS = 4_000;
const CONNECT_MS = 10_000;

export interface Broker {
  /** mqtt://HOST[:PORT] or mqtts://, with a user's name if it wants one. */
  readonly url: string;
  readonly password: string | undefined;
}

export class Clients<M extends { readonly board: Board }> {
  /** Connections that broke or did not come about, and frames that found none. */
  failures = 0;
  /** Why the last connection failed. */
  problem: string | undefined;
  private readonly broker: Broker;
  private readonly receive: (member: M, source: Source, frame: string) => void;
  private readonly all = new Map<M, MqttClient>();

  /** @param receive is called with each frame of the gateway, and the address that it went to */
  constructor(broker: Broker, receive: (member: M, source: Source, frame: string) => void) {
    this.broker = broker;
    this.receive = receive;
  }

  get count(): number {
    return this.all.size;
  }

  share(): void {
    // Nothing is shared: see above.
  }

  /** What lets a frame go, when its time has come; undefined: there is no connection. */
  take(member: M, frame: string): (() => void) | undefined {
    const client = this.all.get(member) ?? this.open(member);
    const topic = `nextbeat/${hex(member.board.id)}/up`;
    // A first frame waits in the client until it is connected; a later one is the sender's to try.
    return () => {
      if (client.connected || client.reconnecting === false) {
        client.publish(topic, Buffer.from(frame, "latin1"));
      } else this.failures++;
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.all.values()].map((client) => client.endAsync(true)));
  }

  private open(member: M): MqttClient {
    const { broker } = this;
    const { id } = member.board;
    const down = `nextbeat/${hex(id)}/down`;
    const client = connect(broker.url, {
      clientId: `nextbeat-${hex(id)}`,
      clean: true,
      keepalive: 0,
      connectTimeout: CONNECT_MS,
      reconnectPeriod: BACK_MIN_MS + ((id * 7_919) % BACK_SPREAD_MS),
      ...(broker.password !== undefined && { password: broker.password }),
    });
    this.all.set(member, client);
    client.on("connect", () => client.subscribe(down));
    client.on("error", (error) => {
      this.failures++;
      this.problem = `${broker.url}: ${"code" in error ? error.code : error.message}`;
    });
    client.on("message", (_topic, payload, { retain }) => {
      if (!retain) this.receive(member, member.board.path.source, payload.toString("latin1"));
    });
    return client;
  }
}

function hex(id: number): string {
  return id.toString(16).padStart(6, "0");
}
