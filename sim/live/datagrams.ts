// UDP sockets as both live modes need them: bound in the call, so that the first frame of a client
// that is new goes through at once; sending without a look-up, since addresses here are numbers;
// and how many of them there may be, and how many datagrams the kernel dropped on them.

import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { lookup as resolveName } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { SocketAddress } from "node:net";
import { Failed, reason, Usage } from "../../gateway/cli/errors.ts";

export interface Place {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

/** Linux cuts the wish down to net.core.rmem_max without a word. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;
/** Until a port is found that is free in both families. */
const FREE_PORT_TRIES = 16;
/** Where the system does not say, what the oldest give. */
const FILES_DEFAULT = 256;

const lookup: NonNullable<SocketOptions["lookup"]> = (host, _options, found) =>
  found(null, host, host.includes(":") ? 6 : 4);

/**
 * A bound socket. Later errors are the caller's to hear.
 * @param port 0 takes a free one
 * @param address undefined: all addresses of the family
 * @throws what `bind` said
 */
export function bindUdp(family: 4 | 6, port = 0, address?: string): Socket {
  const socket = createSocket({
    type: family === 4 ? "udp4" : "udp6",
    ipv6Only: family === 6,
    lookup,
  });
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure = error;
  };
  socket.once("error", fail);
  socket.bind({ port, exclusive: true, ...(address === undefined ? {} : { address }) });
  if (failure === undefined) {
    socket.off("error", fail);
    return socket;
  }
  socket.close();
  throw failure;
}

/**
 * Sockets for clients on one port: on the address given, or on all addresses of both families, of
 * IPv4 alone where there is no IPv6.
 * @throws what `bind` said
 */
export function listen(port: number, host?: string): Socket[] {
  if (host !== undefined) return [bindUdp(host.includes(":") ? 6 : 4, port, host)];
  for (let tries = 1; ; tries++) {
    const v4 = bindUdp(4, port);
    try {
      return [v4, bindUdp(6, v4.address().port)];
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE") return [v4];
      v4.close();
      if (port !== 0 || tries === FREE_PORT_TRIES) throw error;
    }
  }
}

/** Lets the kernel keep more for a socket while we are busy. */
export function widen(socket: Socket): void {
  for (let size = RECEIVE_BUFFER; size > socket.getRecvBufferSize(); size /= 2) {
    try {
      socket.setRecvBufferSize(size);
      return;
    } catch {}
  }
}

export function closeUdp(socket: Socket): Promise<void> {
  return new Promise((done) => socket.close(() => done()));
}

/** Files, and so sockets, that this process may have open at once. */
export function filesMax(): number {
  const report = process.report?.getReport() as
    | { readonly userLimits?: { readonly open_files?: { readonly soft: unknown } } }
    | undefined;
  const soft = report?.userLimits?.open_files?.soft;
  if (soft === "unlimited") return Number.MAX_SAFE_INTEGER;
  return typeof soft === "number" ? soft : FILES_DEFAULT;
}

/** @throws Usage that begins with `option` */
export async function resolvePlace(option: string, host: string, port: number): Promise<Place> {
  try {
    const found = await resolveName(host);
    const family = found.family === 6 ? 6 : 4;
    // As the kernel will write it, so that two of them can be compared.
    const { address } = new SocketAddress({ address: found.address, family: `ipv${family}` });
    return { address, family, port };
  } catch {
    throw new Usage(`${option} ${host}: no such host`);
  }
}

/** A socket for clients that cannot be had, in words. */
export function cannotListen(option: string, port: number, error: unknown): Failed {
  const { code } = error as NodeJS.ErrnoException;
  const words: Record<string, string> = {
    EADDRINUSE: "the port is in use",
    EADDRNOTAVAIL: "the address is not this machine's",
    EACCES: "ports below 1024 need more rights",
  };
  return new Failed(`${option} ${port}: ${words[code ?? ""] ?? reason(error)}`);
}

/** Datagrams that the kernel dropped on sockets of ours, because we did not read them in time. */
export function kernelDrops(ports: ReadonlySet<number>): number {
  let drops = 0;
  for (const table of ["/proc/net/udp", "/proc/net/udp6"]) {
    let text = "";
    try {
      text = readFileSync(table, "latin1");
    } catch {
      // Not Linux: nobody says.
    }
    for (const line of text.split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      const port = Number.parseInt(fields[1]?.split(":")[1] ?? "", 16);
      if (ports.has(port)) drops += Number(fields[12]);
    }
  }
  return drops;
}
