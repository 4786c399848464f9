/** The HTTP interface without sockets: an app on a store in memory, and changes by the number. */

import type { Hono } from "hono";
import { systemClock } from "../../gateway/clock.ts";
import type { Effects } from "../../gateway/facts.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { type AppOptions, createApp } from "../../gateway/http/app.ts";
import { Feed } from "../../gateway/http/feed.ts";
import { Registry } from "../../gateway/registry.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { memoryStore } from "../../gateway/store/memory.ts";
import type { WallChange } from "../../gateway/store/store.ts";

export const HOST = { host: "127.0.0.1:8227" };
export const KEY = "000102030405060708090a0b0c0d0eff";

/** A gateway without sockets, and its app. */
export async function bench(
  more: Partial<AppOptions> = {},
): Promise<{ app: Hono; feed: Feed; registry: Registry }> {
  const clock = systemClock(0);
  const store = memoryStore({ clock });
  const loaded = await store.open();
  const core = new Gateway(
    { ...loaded, sha256, unixSeconds: () => 0 },
    loaded.devices,
    clock.now(),
  );
  async function apply(effects: Effects): Promise<void> {
    registry.learn(effects.commit);
    await store.commit(effects.commit);
    core.committed(effects.ticket, 0);
  }
  const registry: Registry = new Registry({ core, store, clock, apply });
  const stored = (after: number, limit: number) => store.changes(after, limit);
  const feed = new Feed({ cursor: 0, stored, device: () => undefined });
  const app = createApp({
    core,
    registry,
    store,
    clock,
    feed,
    apply,
    notices: { routes: [], test: () => undefined },
    quiet: () => Promise.resolve(),
    facts: () => ({ version: "test" }),
    metrics: () => Promise.resolve("nextbeat 1\n"),
    unready: () => undefined,
    onMistake: (error) => {
      throw error;
    },
    ...more,
  });
  return { app, feed, registry };
}

export interface Answer {
  status: number;
  body: unknown;
  headers: Headers;
}

export async function ask(
  app: Hono,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await app.request(path, {
    method,
    headers: {
      ...HOST,
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    body: json ? JSON.parse(text) : text,
    headers: response.headers,
  };
}

export function changeOf(cursor: number): WallChange {
  return {
    cursor,
    id: 1,
    tseq: cursor,
    at: Date.UTC(2027, 0, 1),
    from: cursor % 2 ? "absent" : "present",
    to: cursor % 2 ? "present" : "absent",
    cause: cursor % 2 ? "returned" : "promise-broken",
    incident: null,
  };
}

export function slices(last: number): (after: number, limit: number) => Promise<WallChange[]> {
  return (after, limit) =>
    Promise.resolve(
      Array.from({ length: Math.max(0, Math.min(limit, last - after)) }, (_, at) =>
        changeOf(after + 1 + at),
      ),
    );
}

export const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);
