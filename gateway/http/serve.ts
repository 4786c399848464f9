/** The HTTP server: what it bears at once, and for how long. */

import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";

/** HTTP connections at once, idle ones included: each costs memory, 17 KB when measured. */
const CONNECTIONS_MAX = 1_024;
/** A request that is not complete after so many ms is cut off. */
const REQUEST_MS = 20_000;

/** Resolves when it listens. @param port 0 takes a free one */
export function serveHttp(app: Hono, port: number, host: string): Promise<Server> {
  const http = createAdaptorServer({ fetch: app.fetch }) as Server;
  http.maxConnections = CONNECTIONS_MAX;
  http.headersTimeout = http.requestTimeout = REQUEST_MS;
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen({ port, host }, () => {
      http.off("error", reject);
      resolve(http);
    });
  });
}

export function portOf(http: Server): number {
  const address = http.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
