/**
 * The connection to the MQTT broker: one that is there, or is being sought, for as long as the
 * gateway runs.
 *
 * A new client is made for each attempt, and our own rule says when: half to all of a wait that
 * doubles up to half a minute. The library's own reconnecting lost: it waits as long each time, so
 * all that lost the same broker come back in the same second; and it goes on with the version of
 * MQTT that was just refused.
 *
 * Whether we would hear a beat is proven end to end: where nothing came in for `ECHO_MS` we publish
 * to ourselves. A broker that is gone without a word (power, a dead switch) is thus known in
 * seconds, and so is one that no longer hands out what it takes. From the last thing heard on,
 * devices over MQTT could not be (ears.ts). What lost: the ping of MQTT, which proves the socket
 * alone and whose answer is noticed after one and a half keep-alives.
 */

import type { IClientOptions, MqttClient } from "mqtt";
import type { Log } from "../log.ts";
import { OLD_VERSION, TAKEN_OVER, whyNot } from "./errors.ts";
import { watchPackets } from "./packets.ts";
import { CLIENT_ID, connectOptions, type MqttSettings, STATUS_TOPIC } from "./settings.ts";

const ECHO_TOPIC = "nextbeat/gateway/echo";
/** Waits between attempts, ms. */
const WAIT_FIRST_MS = 1_000;
const WAIT_MAX_MS = 30_000;
/** Something must come in so often, ms; after so many times without, nothing does. */
const ECHO_MS = 2_000;
const MISSES = 3;
/** Longest packet taken, and bytes that wait for a slow broker. */
const PACKET_MAX = 64 * 1024;
const BACKLOG_MAX = 1024 * 1024;
/** A broker that does not take our farewell gets none. */
const FAREWELL_MS = 500;

export interface Subscription {
  readonly topic: string;
  /** Without it the connection is of no use. */
  readonly needed?: boolean;
  /** Not what we published ourselves, where the broker can tell (MQTT 5). */
  readonly foreign?: boolean;
}

export interface LinkOptions {
  readonly settings: MqttSettings;
  readonly subscriptions: readonly Subscription[];
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly log: Log;
  readonly random?: () => number;
  readonly onMessage: (topic: string, payload: Buffer, retained: boolean) => void;
  /** Connected, and subscribed to what is needed. */
  readonly onUp: () => void;
  /** No longer, nothing having been heard since `since`. */
  readonly onLost: (since: number) => void;
}

type Connect = (options: IClientOptions) => MqttClient;

export class MqttLink {
  /** Messages that a slow broker did not take. */
  dropped = 0;
  /** Why there is no connection, in words. */
  why: string | undefined = "not connected yet";
  readonly #options: LinkOptions;
  readonly #connect: Connect;
  #client: MqttClient | undefined;
  #version: 4 | 5;
  #up = false;
  #tries = 0;
  #retry: NodeJS.Timeout | undefined;
  readonly #ticks: NodeJS.Timeout;
  #upAt = 0;
  #heardAt = 0;
  #misses = 0;
  #closed = false;
  /** What was logged last of failures. */
  #said: string | undefined;

  private constructor(options: LinkOptions, connect: Connect) {
    this.#options = options;
    this.#connect = connect;
    this.#version = options.settings.version ?? 5;
    this.#ticks = setInterval(() => this.#tick(), ECHO_MS);
  }

  /** Begins to seek the broker. The library takes 0.4 s and 30 MB to load: only who asks pays. */
  static async open(options: LinkOptions): Promise<MqttLink> {
    const { connect } = await import("mqtt");
    const link = new MqttLink(options, connect);
    link.#attempt();
    return link;
  }

  /** Beats over MQTT are heard. */
  get up(): boolean {
    return this.#up;
  }

  /** Of the connection that is there. */
  get version(): string | null {
    if (!this.#up) return null;
    return this.#version === 5 ? "5" : "3.1.1";
  }

  /** Bytes that wait for the broker. */
  get backlog(): number {
    return this.#client?.stream?.writableLength ?? 0;
  }

  /** Publishes with QoS 0: without a connection into the void, and a slow broker's are counted. */
  publish(topic: string, payload: Buffer | string, retain: boolean): void {
    if (!this.#client?.connected) return;
    if (this.backlog > BACKLOG_MAX) this.dropped++;
    else this.#client.publish(topic, payload, { qos: 0, retain });
  }

  unsubscribe(topics: string[]): void {
    if (this.#client?.connected) this.#client.unsubscribe(topics, () => {});
  }

  /** Says farewell itself: the will is for those who cannot. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ticks);
    clearTimeout(this.#retry);
    const client = this.#client;
    if (client?.connected) {
      await new Promise<void>((done) => {
        const cut = setTimeout(done, FAREWELL_MS);
        const gone = (): void => {
          clearTimeout(cut);
          done();
        };
        const end = () => client.end(false, gone);
        client.publish(STATUS_TOPIC, "offline", { qos: 0, retain: true }, end);
      });
    }
    client?.end(true);
  }

  #attempt(): void {
    const version = this.#version;
    const client = this.#connect(connectOptions(this.#options.settings, version, PACKET_MAX));
    this.#client = client;
    let answered = false;
    let why: string | undefined;
    const onError = (error: Error): void => {
      why ??= whyNot(error, this.#options.settings);
      answered ||= "code" in error;
    };
    watchPackets(
      client.stream,
      () => PACKET_MAX,
      (length) => {
        why ??= `the broker sent a packet of ${length} bytes; expected at most ${PACKET_MAX}`;
        client.end(true);
      },
    );
    client.on("connect", () => {
      answered = true;
      this.#subscribe(client, onError);
    });
    client.on("message", (topic, payload, { retain }) => this.#message(topic, payload, retain));
    client.on("disconnect", ({ reasonCode }) => {
      if (reasonCode === TAKEN_OVER) why ??= `another client took the name ${CLIENT_ID}`;
    });
    client.on("error", onError);
    client.once("close", () => {
      if (this.#client !== client) return;
      // A broker that knows only another version says so, or hangs up.
      const free = this.#options.settings.version === undefined;
      if (free && (!answered || why === OLD_VERSION)) this.#version = version === 5 ? 4 : 5;
      this.#lost(why ?? "the connection was closed", why === OLD_VERSION);
    });
  }

  #subscribe(client: MqttClient, onError: (error: Error) => void): void {
    const asked = this.#options.subscriptions;
    const topics = Object.fromEntries(
      asked.map(({ topic, foreign = false }) => [topic, { qos: 0 as const, nl: foreign }]),
    );
    topics[ECHO_TOPIC] = { qos: 0, nl: false };
    client.subscribe(topics, (error, _granted, packet) => {
      if (this.#client !== client || this.#closed) return;
      const codes = (packet?.granted ?? []) as number[];
      const refused = Object.keys(topics).filter((_, i) => (codes[i] ?? 0) >= 128);
      const needed = [ECHO_TOPIC, ...asked.filter((one) => one.needed).map(({ topic }) => topic)];
      const lacking = refused.find((topic) => needed.includes(topic));
      if (lacking !== undefined) {
        onError(new Error(`the broker does not let us subscribe to ${lacking}`));
        client.end(true);
      } else if (error !== null && refused.length === 0) {
        onError(error);
        client.end(true);
      } else {
        this.#found(refused);
      }
    });
  }

  #found(refused: readonly string[]): void {
    this.#up = true;
    this.#misses = 0;
    this.#upAt = this.#heardAt = this.#options.now();
    this.why = undefined;
    this.#said = undefined;
    this.#options.log.few("broker connected", { version: this.version });
    for (const topic of refused) this.#options.log.few("broker refuses a topic", { topic });
    this.#options.onUp();
  }

  #message(topic: string, payload: Buffer, retained: boolean): void {
    this.#heardAt = this.#options.now();
    this.#misses = 0;
    if (topic !== ECHO_TOPIC && !this.#closed) this.#options.onMessage(topic, payload, retained);
  }

  /** Ticks that come late because the process stood count once, and the socket is read between. */
  #tick(): void {
    const client = this.#client;
    if (!this.#up || client === undefined) return;
    if (++this.#misses > MISSES) {
      client.emit("error", new Error("nothing comes back from the broker"));
      client.end(true);
      client.stream.destroy();
    } else if (this.#options.now() - this.#heardAt >= ECHO_MS / 2) {
      this.publish(ECHO_TOPIC, "", false);
    }
  }

  #lost(why: string, again: boolean): void {
    const { log, now, onLost, random = Math.random } = this.#options;
    const was = this.#up;
    // Two gateways at one broker would else take each other's place each second.
    if (was && now() - this.#upAt > WAIT_MAX_MS) this.#tries = 0;
    this.#up = false;
    this.#client = undefined;
    if (this.#closed) return;
    this.why = why;
    if (!again && why !== this.#said) log.few("broker lost", { why });
    if (!again) this.#said = why;
    if (was) onLost(this.#heardAt);
    const wait = Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 10);
    const waitMs = again && this.#version === 4 ? 0 : wait * (1 - random() / 2);
    this.#retry = setTimeout(() => this.#attempt(), waitMs);
  }
}
