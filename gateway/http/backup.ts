/** The whole store as a file: the keys of all boards are in it, so it takes the write scope. */

import { Hono } from "hono";
import type { Store } from "../store/store.ts";
import { only } from "./problem.ts";

export function backup(store: Pick<Store, "backup">): Hono {
  const routes = new Hono();
  routes.get("/", (c) =>
    c.body(ReadableStream.from(store.backup()) as ReadableStream<Uint8Array>, 200, {
      "content-type": "application/octet-stream",
      "content-disposition": 'attachment; filename="nextbeat.backup"',
      "cache-control": "no-store",
    }),
  );
  routes.all("/", only("GET"));
  return routes;
}
