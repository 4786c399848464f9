/**
 * The other ends of a broker: a board that says over MQTT what a test wants it to, and a reader
 * that sees everything, as Home Assistant or a person with a command line would.
 */

import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { idText } from "../../gateway/enrolment.ts";
import type { MqttSettings } from "../../gateway/mqtt/settings.ts";
import { type Board, nonceOf } from "../gateway/gateway-rig.ts";

export interface Said {
  readonly topic: string;
  readonly text: string;
  /** Kept by the broker from before we asked. */
  readonly kept: boolean;
}

const clients = new Set<MqttClient>();

/** For afterEach. */
export async function closeClients(): Promise<void> {
  await Promise.all([...clients].map((client) => client.endAsync(true)));
  clients.clear();
}

/** A client that comes back within moments; resolves when it is connected. */
export async function client(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const made = connect(url, { reconnectPeriod: 50, protocolVersion: 4, ...options });
  clients.add(made);
  made.on("error", () => {});
  await new Promise<void>((done, fail) => {
    made.once("connect", () => done());
    if (options.reconnectPeriod === 0) made.once("error", fail);
  });
  return made;
}

/** Resolves when the broker has cut a client off. */
export function closed(made: MqttClient): Promise<void> {
  return new Promise((done) => made.once("close", () => done()));
}

export function settings(url: string, more: Partial<MqttSettings> = {}): MqttSettings {
  return { url: new URL(url), commands: false, discovery: "homeassistant", ...more };
}

/** Reads `filter`, and keeps what it reads. */
export class Reader {
  readonly client: MqttClient;
  readonly said: Said[] = [];
  /** The newest message of each topic that is not empty. */
  readonly now = new Map<string, string>();
  #wake: (() => void)[] = [];

  private constructor(made: MqttClient) {
    this.client = made;
    made.on("message", (topic, payload, { retain }) => {
      const text = payload.toString();
      this.said.push({ topic, text, kept: retain });
      if (text === "") this.now.delete(topic);
      else this.now.set(topic, text);
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  static async open(url: string, filter = "#", options: IClientOptions = {}): Promise<Reader> {
    const reader = new Reader(await client(url, options));
    await reader.client.subscribeAsync(filter, { qos: 0 });
    return reader;
  }

  /** Waits for what `wanted` gives, asked at once and after each message. */
  async until<T>(wanted: (reader: this) => T | undefined | false): Promise<T> {
    for (;;) {
      const found = wanted(this);
      if (found !== undefined && found !== false) return found;
      await new Promise<void>((wake) => this.#wake.push(wake));
    }
  }

  /** Waits until the newest message of a topic is, or contains, this. */
  async sees(topic: string, text: string): Promise<void> {
    await this.until(({ now }) => now.get(topic)?.includes(text));
  }
}

/** A board's connection. */
export class MqttBoard {
  readonly received: string[] = [];
  readonly client: MqttClient;
  readonly board: Board;
  readonly #up: string;
  #wake: (() => void)[] = [];

  private constructor(board: Board, made: MqttClient) {
    this.board = board;
    this.client = made;
    this.#up = `nextbeat/${idText(board.id)}/up`;
    made.on("message", (_topic, payload) => {
      this.received.push(payload.toString("latin1"));
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  static async open(board: Board, url: string, more: IClientOptions = {}): Promise<MqttBoard> {
    const id = idText(board.id);
    const clientId = `nextbeat-${id}`;
    const made = new MqttBoard(board, await client(url, { clientId, keepalive: 0, ...more }));
    await made.client.subscribeAsync(`nextbeat/${id}/down`, { qos: 0 });
    return made;
  }

  send(frame: string, topic = this.#up, retain = false): void {
    this.client.publish(topic, Buffer.from(frame, "latin1"), { retain });
  }

  async next<T>(wanted: (frame: string) => T | undefined): Promise<T> {
    for (;;) {
      for (const [at, frame] of this.received.entries()) {
        const found = wanted(frame);
        if (found === undefined) continue;
        this.received.splice(at, 1);
        return found;
      }
      await new Promise<void>((wake) => this.#wake.push(wake));
    }
  }

  /** HELLO until there is a WELCOME; the board takes its epoch. */
  async hello(): Promise<void> {
    const nonce = nonceOf(this.board.id * 1_000 + this.board.seq);
    this.send(this.board.hello(nonce));
    const { epoch } = await this.next((frame) => this.board.welcomeOf(frame, nonce));
    this.board.epoch = epoch;
    this.board.seq = 0;
  }

  /** The next beat, acknowledged. */
  async beat(promise?: number): Promise<void> {
    const frame = this.board.beat(promise === undefined ? {} : { promise });
    this.send(frame);
    await this.next((answer) => this.board.ackOf(answer, frame));
  }
}
