// mqtt.ts alone, on a pretended `net` whose every event a test gives it.

import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { generate, type Packet, parser } from "mqtt-packet";
import { expect } from "vitest";

export const latin = (data: Buffer): string => data.toString("latin1");
export const CONNACK = (code: number) =>
  latin(generate({ cmd: "connack", returnCode: code, sessionPresent: false }));
export const SUBACK = (code: number) =>
  latin(generate({ cmd: "suback", messageId: 1, granted: [code] }));
export const DOWN = "nextbeat/00beef/down";
export const publish = (topic: string, payload: string, retain = false) =>
  latin(generate({ cmd: "publish", topic, payload, qos: 0, dup: false, retain }));

export class PretendStream {
  dSnd = "";
  left = "";
  /** Whether the network takes what is written. */
  takes = true;
  ended = false;
  readonly #listeners = new Map<string, (bytes: string) => void>();

  on(event: string, listener: (bytes: string) => void): void {
    this.#listeners.set(event, listener);
  }
  write(bytes: string): void {
    if (this.ended) throw new Error("This socket is closed");
    if (this.takes) this.left += bytes;
    else this.dSnd += bytes;
  }
  end(): void {
    this.ended = true;
  }
  /** Bytes come in. */
  hears(bytes: string): void {
    this.#listeners.get("data")!(bytes);
  }
  /** It is over, by itself or because it was ended. */
  closes(): void {
    this.ended = true;
    this.#listeners.get("close")!("");
  }
  /** What has left since it was asked last. */
  get packets(): Packet[] {
    const found: Packet[] = [];
    const oracle = parser({ protocolVersion: 4 });
    oracle.on("packet", (packet: Packet) => found.push(packet));
    oracle.parse(Buffer.from(this.left, "latin1"));
    this.left = "";
    return found;
  }
}

/** Commands of packets; of a PUBLISH its payload. */
export const told = (packets: readonly Packet[]): string[] =>
  packets.map((p) => (p.cmd === "publish" ? latin(p.payload as Buffer) : p.cmd));

interface Exported {
  transmitMqtt(frame: string, to: object, hear: (frame: string) => void): void;
  dropMqtt(): void;
}

let script = "";

/** For beforeAll. */
export async function makeScript(): Promise<void> {
  const made = await build({
    stdin: {
      contents: 'export { dropMqtt, transmitMqtt } from "./mqtt.ts";',
      resolveDir: fileURLToPath(new URL("../../device", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "exported",
    target: "es2015",
    external: ["net"],
    define: { WITH_SUITE: "1" },
    plugins: [
      {
        // The board itself, of which a connection needs this only.
        name: "board",
        setup(esbuild) {
          esbuild.onLoad({ filter: /board\.ts$/ }, () => ({
            contents: "export const config = NEXTBEAT, clock = getClock;",
          }));
        },
      },
    ],
  });
  script = made.outputFiles[0]!.text;
}

export class Rig {
  now = 5;
  dice = 0;
  /** What the next `connect` does: takes so many ms, and fails. */
  blocks = 0;
  fails = false;
  readonly config: { id: number; broker?: number; user?: string; password?: string };
  readonly streams: PretendStream[] = [];
  readonly heard: string[] = [];
  readonly knocks: number[] = [];
  readonly #exported: Exported;

  constructor(login: { user?: string; password?: string } = {}) {
    this.config = { id: 0xbeef, ...login };
    const connect = (to: { host: string; port: number }) => {
      expect(to).toMatchObject({ host: "10.0.0.1", port: 1883 });
      this.knocks.push(this.now);
      this.now += this.blocks;
      if (this.fails) throw new Error("Unable to create socket");
      const stream = new PretendStream();
      this.streams.push(stream);
      return stream;
    };
    const context = createContext({
      NEXTBEAT: this.config,
      require: () => ({ connect }),
      getClock: () => this.now,
      dice: () => this.dice,
    });
    runInContext(`Math.random = dice; ${script}; globalThis.api = exported;`, context);
    this.#exported = context["api"] as Exported;
  }

  send(frame: string): void {
    const to = { host: "10.0.0.1", port: 1883 };
    this.#exported.transmitMqtt(frame, to, (heard) => heard && this.heard.push(heard));
  }
  drop(): void {
    this.#exported.dropMqtt();
  }
  get stream(): PretendStream {
    return this.streams.at(-1)!;
  }
  /** Connected, subscribed, `frame` published. */
  up(frame = "first"): PretendStream {
    this.send(frame);
    this.stream.hears(CONNACK(0));
    this.stream.hears(SUBACK(0));
    this.stream.left = "";
    return this.stream;
  }
}
