/**
 * What went over loopback, packet by packet, as the kernel saw it: tcpdump reads it, so acks,
 * handshakes and goodbyes of TCP are counted and not reckoned. Sizes are those of whole IPv4
 * packets, headers with them; what Ethernet or Wi-Fi put around each is the link's affair.
 *
 * A packet belongs to the client of a server's port. The end of what was captured is a datagram of
 * our own, since nobody else knows when the last packet has come through the kernel's buffers.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

export interface Packet {
  /** Towards the server. */
  readonly up: boolean;
  /** Of the IPv4 packet. */
  readonly bytes: number;
  /** Of what TCP or UDP carries; and its first byte, -1 where it carries nothing. */
  readonly payload: number;
  readonly first: number;
}

const FILE_HEAD = 24;
const RECORD_HEAD = 16;
const ETHERNET = 14;
const UDP = 17;
/** Enough for all headers. */
const SNAP = 128;

export class Capture {
  readonly #tcpdump: ChildProcess;
  readonly #marker: Socket;
  #bytes = Buffer.alloc(0);

  /** What goes to and from these ports. Undefined where tcpdump is not there, or may not. */
  static async start(ports: readonly number[]): Promise<Capture | undefined> {
    const marker = createSocket("udp4");
    marker.bind(0, "127.0.0.1");
    await once(marker, "listening");
    const filter = [...ports, marker.address().port].map((port) => `port ${port}`).join(" or ");
    const flags = ["-i", "lo", "-n", "-U", "-s", `${SNAP}`, "-w", "-", `ip and (${filter})`];
    const tcpdump = spawn("tcpdump", flags, { stdio: ["ignore", "pipe", "ignore"] });
    const capture = new Capture(tcpdump, marker);
    // The head of the file is written when it listens.
    const begun = once(tcpdump.stdout!, "data").then(() => true);
    const ended = new Promise<false>((resolve) => {
      tcpdump.once("error", () => resolve(false));
      tcpdump.once("close", () => resolve(false));
    });
    if (await Promise.race([begun, ended])) return capture;
    marker.close();
    return undefined;
  }

  private constructor(tcpdump: ChildProcess, marker: Socket) {
    this.#tcpdump = tcpdump;
    this.#marker = marker;
    tcpdump.stdout!.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
  }

  /** Ends it. @returns all packets, by the port of the server */
  async end(): Promise<(port: number) => Packet[]> {
    const { port } = this.#marker.address();
    this.#marker.send("end", port, "127.0.0.1");
    while (this.#of(port).length === 0) await once(this.#tcpdump.stdout!, "data");
    this.#marker.close();
    this.#tcpdump.kill();
    return (of) => this.#of(of);
  }

  #of(port: number): Packet[] {
    const bytes = this.#bytes;
    const found: Packet[] = [];
    for (let at = FILE_HEAD; at + RECORD_HEAD <= bytes.length; ) {
      const length = bytes.readUInt32LE(at + 8);
      const end = at + RECORD_HEAD + length;
      if (end > bytes.length) break;
      const read = packetOf(bytes.subarray(at + RECORD_HEAD + ETHERNET, end), port);
      if (read) found.push(read);
      at = end;
    }
    return found;
  }
}

/** An IPv4 packet, if one of its ends is this port. */
function packetOf(ip: Buffer, port: number): Packet | undefined {
  const head = (ip[0]! & 15) * 4;
  const [from, to] = [ip.readUInt16BE(head), ip.readUInt16BE(head + 2)];
  if (from !== port && to !== port) return undefined;
  const bytes = ip.readUInt16BE(2);
  const carried = ip[9] === UDP ? 8 : (ip[head + 12]! >> 4) * 4;
  const payload = bytes - head - carried;
  return { up: to === port, bytes, payload, first: payload > 0 ? ip[head + carried]! : -1 };
}
