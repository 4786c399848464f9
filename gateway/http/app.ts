/**
 * Everything that the gateway answers over HTTP, on one Hono app: `app.request()` tests it without
 * a port. Its paths and fields are promises to other people's scripts; they may grow, never change.
 */

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Clock } from "../clock.ts";
import type { Gateway } from "../gateway.ts";
import type { Registry } from "../registry.ts";
import type { Store } from "../store/store.ts";
import { access } from "./access.ts";
import { backup } from "./backup.ts";
import { commands } from "./commands.ts";
import { devices } from "./devices.ts";
import { explain } from "./explain.ts";
import type { Feed } from "./feed.ts";
import { history } from "./history.ts";
import { type IncidentOptions, incidents, noticeRoutes, quiets } from "./incidents.ts";
import { LOGIN, logIn, loginPage } from "./login.ts";
import { openApi } from "./openapi.ts";
import { pages, WEB } from "./pages.ts";
import { changeJson } from "./present.ts";
import { only, problem, problemOf } from "./problem.ts";
import { readChangeQuery, readCursor, readEventQuery } from "./schema.ts";
import type { Tokens } from "./tokens.ts";

export interface AppOptions {
  readonly core: Gateway;
  readonly registry: Registry;
  readonly store: Store;
  readonly clock: Clock;
  readonly feed: Feed;
  /** What `/api/v1/gateway` tells of the gateway itself, as JSON. */
  readonly facts: () => object;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  /** Resolves when no beat waits: what the API does comes after it. */
  readonly quiet: () => Promise<void>;
  /** Why the gateway is not ready; undefined = it is. */
  readonly unready: () => string | undefined;
  /** Undefined: none needed, and the listening address is a loopback one. */
  readonly tokens?: Tokens | undefined;
  /** An error of our own, answered with 500. */
  readonly onMistake: (error: unknown) => void;
  readonly web?: URL;
  /** Lets effects happen; resolves when they are durable. */
  readonly apply: IncidentOptions["apply"];
  readonly notices: IncidentOptions["notices"];
}

export const BODY_MAX = 65_536;

/**
 * The referrer stays at home, and is not left out altogether: a page without one posts its forms
 * with `Origin: null`, and so could not log in.
 */
const SAFE_HEADERS = {
  "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'self'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

export function createApp(options: AppOptions): Hono {
  const { registry, clock, tokens } = options;
  const app = new Hono();
  guard(app, options);
  health(app, options);
  app.use("/api/*", async (_c, next) => {
    await options.quiet();
    await next();
  });
  app.route("/api/v1/devices", devices(registry, clock));
  app.route("/api/v1/devices", commands(options));
  app.route("/api/v1/devices", history(options));
  app.route("/api/v1/devices", explain(options));
  app.route("/api/v1/backup", backup(options.store));
  app.route("/api/v1/incidents", incidents(options));
  app.route("/api/v1/quiet", quiets(options));
  app.route("/api/v1/routes", noticeRoutes(options));
  happenings(app, options);
  if (tokens !== undefined) {
    app.get(LOGIN, () => loginPage(200));
    app.post(LOGIN, (c) => logIn(c, tokens));
  }
  const document = openApi();
  app.get("/openapi.json", (c) => c.json(document));
  app.get("*", pages(options.web ?? WEB));
  app.notFound((c) => problem(404, `there is nothing at ${c.req.path}`));
  return app;
}

/** Around every route: errors, headers, access, and the size of what comes in. */
function guard(app: Hono, { tokens, clock, onMistake }: AppOptions): void {
  app.onError((error) => problemOf(error, onMistake));
  app.use(async (c, next) => {
    await next();
    // HEAD is answered as GET, without what nobody will read: an event stream would stay open.
    if (c.req.method === "HEAD") await c.res.body?.cancel();
    for (const [name, value] of Object.entries(SAFE_HEADERS)) c.res.headers.set(name, value);
  });
  app.use(access(tokens, clock));
  const tooLong = () => problem(413, `the body has more than ${BODY_MAX} bytes`);
  app.use(bodyLimit({ maxSize: BODY_MAX, onError: tooLong }));
}

function health(app: Hono, options: AppOptions): void {
  app.get("/livez", (c) => c.text("ok\n"));
  app.get("/readyz", (c) => {
    const why = options.unready();
    return why === undefined ? c.text("ok\n") : problem(503, why);
  });
  app.get("/metrics", async (c) => {
    const type = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
    return c.body(await options.metrics(), 200, type);
  });
}

/** The gateway itself, and what changed: in pages, and as a stream. */
function happenings(app: Hono, { store, feed, facts }: AppOptions): void {
  app.get("/api/v1/gateway", (c) => c.json(facts()));
  app.get("/api/v1/changes", async (c) => {
    const { after, limit } = readChangeQuery(c.req.query());
    const found = await store.changes(after, limit);
    const last = found.at(-1)?.cursor;
    const next = found.length === limit && last !== undefined && last < feed.cursor ? last : null;
    return c.json({ items: found.map(changeJson), next });
  });
  app.get("/api/v1/events", (c) => {
    const resumed = c.req.header("last-event-id");
    const { after } = readEventQuery(c.req.query());
    const stream = feed.stream(resumed === undefined ? after : readCursor(resumed));
    if (stream === undefined) return problem(503, "too many event streams are open, or it stops");
    return c.body(stream, 200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
  });
  for (const path of ["/api/v1/gateway", "/api/v1/changes", "/api/v1/events"]) {
    app.all(path, only("GET"));
  }
}
