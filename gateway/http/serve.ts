/**
 * The HTTP server: what it bears at once, from all and from one address, and for how long.
 *
 * Who asks nothing needs no token for that, so it is connections that are counted, before a request
 * comes: else one machine holds them all, and the health checks find nobody. On loopback there is
 * no limit of one, as for requests (access.ts): everybody has one address there.
 */

import type { Server } from "node:http";
import type { Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";
import { isLoopback } from "./access.ts";
import { ownerOf } from "./rate.ts";

/** HTTP connections at once, idle ones included: each costs memory, 17 KB when measured. */
const CONNECTIONS_MAX = 1_024;
/** Of them, from one address; a proxy in front is one, too. */
const EACH_MAX = 256;
/** A request that is not complete after so many ms is cut off; that is looked for so often. */
const REQUEST_MS = 20_000;
const LOOK_MS = 5_000;

/** Resolves when it listens. @param port 0 takes a free one */
export function serveHttp(
  app: Hono,
  port: number,
  host: string,
  eachMax = isLoopback(host) ? CONNECTIONS_MAX : EACH_MAX,
): Promise<Server> {
  const serverOptions = { connectionsCheckingInterval: LOOK_MS };
  const http = createAdaptorServer({ fetch: app.fetch, serverOptions }) as Server;
  http.maxConnections = CONNECTIONS_MAX;
  http.headersTimeout = http.requestTimeout = REQUEST_MS;
  limitEach(http, eachMax);
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen({ port, host }, () => {
      http.off("error", reject);
      resolve(http);
    });
  });
}

/** Hangs up on whoever has `most` connections already. */
function limitEach(http: Server, most: number): void {
  const held = new Map<string, number>();
  http.on("connection", (socket: Socket) => {
    const owner = ownerOf(socket.remoteAddress ?? "");
    const before = held.get(owner) ?? 0;
    if (before >= most) {
      socket.destroy();
      return;
    }
    held.set(owner, before + 1);
    socket.once("close", () => {
      const left = held.get(owner)! - 1;
      if (left > 0) held.set(owner, left);
      else held.delete(owner);
    });
  });
}

export function portOf(http: Server): number {
  const address = http.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
