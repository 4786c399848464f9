/**
 * Both ends of a proxy on loopback: boards that say what a test gives them, and a gateway that
 * answers each beat with an ACK of its seq and remembers from which port it came. Tags are not
 * real: a proxy reads ids and seqs, and nothing else.
 */

import type { Socket } from "node:dgram";
import { encodeAck, encodeHeartbeat } from "../../device/wire.ts";
import { type LinkModel, plainLink } from "../../sim/link.ts";
import { bindUdp, closeUdp } from "../../sim/live/datagrams.ts";
import { openUdpProxy, type UdpProxy, type UdpProxyOptions } from "../../sim/live/proxy-udp.ts";
import type { LinkPreset } from "../../sim/presets.ts";

const TAG = "\0\0\0\0\0\0\0\0";

export function link(model: Partial<LinkModel>, delayMs = 1): LinkPreset {
  const both = { ...plainLink(delayMs), ...model };
  return { name: "test", about: "", up: both, down: both };
}

export function beat(id: number, seq: number): string {
  return encodeHeartbeat(id, seq, 100, 0xf0, 0, "") + TAG;
}

/** Resolves once `reached`, which is asked every few milliseconds. */
export async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Of every proxy that a test does not give one of its own. */
export const SEED = 23;
const proxies: UdpProxy[] = [];
const opened: Socket[] = [];

/** IPv6 is not everywhere. */
export function families(): (4 | 6)[] {
  try {
    bindUdp(6, 0, "::1").close();
    return [4, 6];
  } catch {
    return [4];
  }
}

/** A proxy on the gateway's own address, closed by `closeEnds`. */
export async function proxyTo(
  { place }: Echo,
  more: Partial<UdpProxyOptions> = {},
): Promise<UdpProxy> {
  const options = { port: 0, host: place.address, target: place, seed: SEED, link: link({}) };
  const proxy = await openUdpProxy({ ...options, ...more });
  proxies.push(proxy);
  return proxy;
}

function open(family: 4 | 6): Socket {
  const socket = bindUdp(family, 0, family === 4 ? "127.0.0.1" : "::1");
  opened.push(socket);
  return socket;
}

/** For afterEach. */
export async function closeEnds(): Promise<void> {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  await Promise.all(opened.splice(0).map(closeUdp));
}

/** A gateway: who spoke from which port, in order. */
export class Echo {
  readonly heard: { readonly frame: string; readonly port: number }[] = [];
  readonly place: { readonly address: string; readonly family: 4 | 6; readonly port: number };
  readonly #socket: Socket;

  constructor(family: 4 | 6 = 4) {
    this.#socket = open(family);
    const { address, port } = this.#socket.address();
    this.place = { address, family, port };
    this.#socket.on("message", (message, from) => {
      const frame = message.toString("latin1");
      this.heard.push({ frame, port: from.port });
      const seq = message.length < 6 ? 0 : message.readUInt16BE(4);
      this.say(encodeAck(seq, 0, 0, 0, 0, "") + TAG, from.port);
    });
  }

  say(frame: string, port: number): void {
    this.#socket.send(Buffer.from(frame, "latin1"), port, this.place.address);
  }

  get ports(): Set<number> {
    return new Set(this.heard.map(({ port }) => port));
  }
}

/** A client of the proxy; several boards may speak through it. */
export class Client {
  readonly received: string[] = [];
  readonly #socket: Socket;
  readonly #address: string;

  constructor(family: 4 | 6 = 4) {
    this.#socket = open(family);
    this.#address = this.#socket.address().address;
    this.#socket.on("message", (message) => this.received.push(message.toString("latin1")));
  }

  say(frame: string, port: number): void {
    this.#socket.send(Buffer.from(frame, "latin1"), port, this.#address);
  }
}
