/**
 * All that the gateway has with a broker, put together: the embedded one where it is wanted, the
 * connection, the beats, presence for others, commands, and what is told of all that.
 */

import { Counter, Gauge, type Registry } from "prom-client";
import type { Clock } from "../clock.ts";
import type { Change, Effects, Fact, Source } from "../facts.ts";
import type { Gateway } from "../gateway.ts";
import type { Log } from "../log.ts";
import { MqttTransport, UP_TOPICS } from "../mqtt.ts";
import type { Transport } from "../udp.ts";
import { type Broker, brokerAddress, openBroker } from "./broker.ts";
import { COMMAND_TOPICS, type MqttCommandOptions, takeCommand } from "./commands.ts";
import { publisherTopics } from "./kept.ts";
import { MqttLink } from "./link.ts";
import { Publisher } from "./publisher.ts";
import { type BrokerSettings, CLIENT_ID, type MqttSettings } from "./settings.ts";

export interface MqttSideOptions {
  readonly settings: MqttSettings;
  readonly broker: BrokerSettings | undefined;
  readonly core: Gateway;
  readonly clock: Clock;
  readonly log: Log;
  readonly onFrame: (frame: string, from: Source) => void;
  readonly onRefused: () => void;
  /** Beats over MQTT can be heard, or could not since `since`. */
  readonly onHearing: (up: boolean, since?: number) => void;
  readonly apply: (effects: Effects) => Promise<void>;
  /** Resolves when no beat waits. */
  readonly quiet: () => Promise<void>;
}

/** Rejects where the embedded broker cannot listen; a broker elsewhere is sought until it comes. */
export async function openMqtt(options: MqttSideOptions): Promise<MqttSide> {
  const { broker, settings, core, log } = options;
  const devices = () => core.size;
  const own = broker && (await openBroker({ ...broker, ...settings, devices, log }));
  const side = new MqttSide(options, own);
  await side.open();
  return side;
}

export class MqttSide {
  readonly #options: MqttSideOptions;
  readonly #broker: Broker | undefined;
  readonly #settings: MqttSettings;
  #link!: MqttLink;
  #transport!: MqttTransport;
  #publisher!: Publisher;

  constructor(options: MqttSideOptions, broker: Broker | undefined) {
    const { settings } = options;
    this.#options = options;
    this.#broker = broker;
    this.#settings = broker
      ? { ...settings, url: brokerAddress(broker), user: CLIENT_ID, password: broker.secret }
      : settings;
  }

  async open(): Promise<void> {
    const { core, clock, log, onHearing, quiet } = this.#options;
    const { discovery, commands } = this.#settings;
    const subscriptions = [UP_TOPICS, ...publisherTopics(discovery)];
    if (commands) subscriptions.push(COMMAND_TOPICS);
    onHearing(false);
    // What comes before this is done, comes after it: a connection takes a turn at least.
    this.#link = await MqttLink.open({
      ...{ settings: this.#settings, subscriptions, log, now: () => clock.now() },
      onMessage: (...message) => this.#takes(...message),
      onUp: () => {
        onHearing(true);
        this.#publisher.up();
      },
      onLost: (since) => onHearing(false, since),
    });
    const link = this.#link;
    this.#transport = new MqttTransport({ ...this.#options, link });
    this.#publisher = new Publisher({ core, clock, link, discovery, quiet });
  }

  get transport(): Transport {
    return this.#transport;
  }

  /** Where the embedded broker listens; undefined: there is none. */
  get port(): number | undefined {
    return this.#broker?.port;
  }

  durable(facts: readonly Fact[]): void {
    this.#publisher.durable(facts);
  }

  changed(changes: readonly Change[]): void {
    this.#publisher.changed(changes);
  }

  heard(id: number): void {
    this.#publisher.heard(id);
  }

  /** For `/api/v1/gateway`. */
  facts(): object {
    const { url, user = null, commands, discovery = null } = this.#settings;
    const { up, why = null, version } = this.#link;
    const broker = this.#broker;
    return {
      url: url.href,
      ...(broker === undefined && { user }),
      connected: up,
      why,
      version,
      commands,
      discovery,
      broker: broker ? { host: broker.host, port: broker.port, clients: broker.clients } : null,
    };
  }

  meter(registers: Registry[]): void {
    const link = this.#link;
    const { dropped } = this.#transport;
    new Gauge({
      name: "nextbeat_mqtt_connected",
      help: "1: connected to the broker and subscribed; 0: not",
      registers,
      collect() {
        this.set(link.up ? 1 : 0);
      },
    });
    new Counter({
      name: "nextbeat_mqtt_dropped_total",
      help: "Messages dropped: kept by the broker, of another id, or not taken by a slow broker",
      labelNames: ["why"],
      registers,
      collect() {
        this.reset();
        this.inc({ why: "retained" }, dropped.retained);
        this.inc({ why: "topic" }, dropped.topic);
        this.inc({ why: "backlog" }, link.dropped);
      },
    });
  }

  async close(): Promise<void> {
    this.#publisher.stop();
    await this.#link.close();
    await this.#broker?.close();
  }

  #takes(topic: string, payload: Buffer, retained: boolean): void {
    if (this.#transport.takes(topic, payload, retained)) return;
    if (this.#publisher.takes(topic, payload, retained)) return;
    if (this.#settings.commands) {
      const options: MqttCommandOptions = { ...this.#options, link: this.#link };
      takeCommand(topic, payload, retained, options);
    }
  }
}
