/**
 * Beats over UDP: one socket for IPv4 and one for IPv6, on the same port.
 *
 * A dual-stack socket lost: it would show an IPv4 board as `::ffff:192.168.1.5`, and on a machine
 * without IPv6 there would be none at all. A datagram goes through without a promise, a name
 * look-up or a turn of the loop: what is received is answered in the same turn (rule 5), at about 8
 * us a datagram for the sockets themselves.
 *
 * The kernel keeps what arrives while this process is busy: its default buffer holds a few hundred
 * datagrams, ours ten thousand. Linux cuts the wish down to net.core.rmem_max without a word, so
 * the size that was got is told.
 */

import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from "node:dgram";
import { isIPv4, isIPv6 } from "node:net";
import { FRAME_MAX } from "../device/wire.ts";
import type { Source } from "./facts.ts";

/** A way by which frames come and go. One file each; the composition knows no more than this. */
export interface Transport {
  readonly name: Source["transport"];
  /** Sends now, or counts a failure. Never throws for what an address may look like. */
  send(to: Source, frame: string): void;
  close(): Promise<void>;
}

export interface UdpTransport extends Transport {
  /** The port in use, the same for both families. */
  readonly port: number;
  /** Listening addresses. */
  readonly addresses: readonly string[];
  /** Bytes that the kernel keeps for us, the smaller of the two sockets. */
  readonly receiveBuffer: number;
  /** Why there is no IPv6, where it was wanted and is not there. */
  readonly withoutIpv6: string | undefined;
}

export interface UdpOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** At most one address of each family. Default: all addresses of both. */
  readonly hosts?: readonly string[];
  /** Called for each datagram, in the turn that received it. */
  readonly onFrame: (frame: string, from: Source) => void;
  /** Called for each that nobody could answer. */
  readonly onRefused?: () => void;
  /** A datagram could not be sent, or a socket failed. */
  readonly onFailure?: (error: Error) => void;
}

export const RECEIVE_BUFFER = 4 * 1024 * 1024;
const FREE_PORT_TRIES = 16;
const NO_IPV6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL", "EPROTONOSUPPORT"]);

/**
 * Rejects where IPv4 (or the one family asked for) cannot be bound; without IPv6 it goes on with
 * IPv4.
 */
export async function openUdp(options: UdpOptions): Promise<UdpTransport> {
  const { hosts = ["0.0.0.0", "::"] } = options;
  const v4Host = hosts.find(isIPv4);
  const v6Host = hosts.find(isIPv6);
  for (let tries = 1; ; tries++) {
    const v4 = v4Host === undefined ? undefined : await bind("udp4", v4Host, options.port);
    const port = v4?.address().port ?? options.port;
    try {
      const v6 = v6Host === undefined ? undefined : await bind("udp6", v6Host, port);
      return serve(options, v4, v6, undefined);
    } catch (error) {
      const code = String((error as NodeJS.ErrnoException).code);
      if (v4 !== undefined && NO_IPV6.has(code)) return serve(options, v4, undefined, code);
      v4?.close();
      if (code !== "EADDRINUSE" || options.port !== 0 || tries === FREE_PORT_TRIES) throw error;
    }
  }
}

function serve(
  { onFrame, onRefused = () => {}, onFailure = () => {} }: UdpOptions,
  v4: Socket | undefined,
  v6: Socket | undefined,
  withoutIpv6: string | undefined,
): UdpTransport {
  const sockets = [v4, v6].filter((socket) => socket !== undefined);
  const onMessage = (message: Buffer, from: RemoteInfo): void => {
    // Nobody can be answered at port 0, and the socket would throw; only a forged datagram comes
    // from there. It was read all the same: who counts what is read must know of it.
    if (from.port === 0) {
      onRefused();
      return;
    }
    // One byte beyond the longest frame is enough to be too long.
    const frame = message.toString("latin1", 0, FRAME_MAX + 1);
    onFrame(frame, { transport: "udp", address: from.address, port: from.port });
  };
  const onSent = (error: Error | null): void => {
    if (error) onFailure(error);
  };
  for (const socket of sockets) socket.on("message", onMessage).on("error", onFailure);
  return {
    name: "udp",
    port: sockets[0]!.address().port,
    addresses: sockets.map((socket) => socket.address().address),
    receiveBuffer: Math.min(...sockets.map((socket) => socket.getRecvBufferSize())),
    withoutIpv6,
    send(to, frame) {
      const socket = to.address.includes(":") ? v6 : v4;
      socket?.send(Buffer.from(frame, "latin1"), to.port, to.address, onSent);
    },
    async close() {
      await Promise.all(sockets.map((socket) => new Promise<void>((done) => socket.close(done))));
    },
  };
}

/**
 * Addresses here are always numbers, so nothing is looked up. Node's own look-up answers a number
 * only in the next tick, and costs 0.2 us more a datagram (measured).
 */
const lookup: NonNullable<SocketOptions["lookup"]> = (host, _options, found) =>
  found(null, host, host.includes(":") ? 6 : 4);

function bind(type: "udp4" | "udp6", address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type, ipv6Only: type === "udp6", lookup });
    const onError = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once("error", onError);
    socket.bind({ address, port }, () => {
      socket.off("error", onError);
      widen(socket);
      resolve(socket);
    });
  });
}

/** Some systems refuse a wish above their limit instead of cutting it down. */
function widen(socket: Socket): void {
  for (let size = RECEIVE_BUFFER; size > socket.getRecvBufferSize(); size /= 2) {
    try {
      socket.setRecvBufferSize(size);
      return;
    } catch {}
  }
}
