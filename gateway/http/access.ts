/**
 * Who gets through. On loopback everybody on this machine does, so what is kept out is the web: a
 * page that had its name rebound to 127.0.0.1 (its Host header betrays it), and a foreign page that
 * posts here (its Origin does). On any other address, and wherever a token file was given, a token
 * is needed for all but the two health checks, and one address can ask only so often (rate.ts). On
 * loopback there is no limit: whoever runs programs on this machine can do worse.
 *
 * An allow-list of client addresses lost: it looks like protection, and a proxy in front makes all
 * of them one.
 */

import { isIPv4, isIPv6 } from "node:net";
import type { HttpBindings } from "@hono/node-server";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import type { Clock } from "../clock.ts";
import { COOKIE, LOGIN, LOGIN_FILES, loginPage } from "./login.ts";
import { problem } from "./problem.ts";
import { BURST, PER_SECOND, Rate, WRONG_BURST, WRONG_PER_SECOND } from "./rate.ts";
import type { Scope, Tokens } from "./tokens.ts";

const HEALTH = new Set(["/livez", "/readyz"]);

/** Whether a host to listen on is this machine's alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** @param tokens undefined = none needed; the listening address is then a loopback one */
export function access(tokens: Tokens | undefined, clock: Pick<Clock, "now">): MiddlewareHandler {
  const requests = new Rate(BURST, PER_SECOND, clock);
  const wrong = new Rate(WRONG_BURST, WRONG_PER_SECOND, clock);
  return async (c, next) => {
    if (!HEALTH.has(c.req.path)) {
      const refusal =
        tokens === undefined
          ? refuseForeign(c)
          : (requests.take(addressOf(c)) ?? refuseUnknown(c, tokens));
      if (refusal?.status === 401 && guessed(c)) return wrong.take(addressOf(c)) ?? refusal;
      if (refusal !== undefined) return refusal;
    }
    await next();
    // A login that failed is a wrong token as well.
    if (c.res.status === 401) c.res = wrong.take(addressOf(c)) ?? c.res;
    return undefined;
  };
}

/** Whether a token came with it; a page that is opened for the first time brings none. */
function guessed(c: Context): boolean {
  return c.req.header("authorization") !== undefined || getCookie(c, COOKIE) !== undefined;
}

/** "" where there is no socket, as in tests. */
function addressOf(c: Context): string {
  return (c.env as Partial<HttpBindings> | undefined)?.incoming?.socket.remoteAddress ?? "";
}

/** Reading a key is a write, and so is a backup: whoever has it can speak for the board. */
function scopeOf(c: Context): Scope {
  const reads = c.req.method === "GET" || c.req.method === "HEAD";
  return reads && !/\/(key|backup)$/.test(c.req.path) ? "read" : "write";
}

function refuseForeign(c: Context): Response | undefined {
  const host = c.req.header("host") ?? "";
  const name = hostName(host);
  if (name === undefined || !(isLoopback(name) || name.endsWith(".localhost"))) {
    return problem(
      421,
      `Host: given ${JSON.stringify(host)}, expected localhost, 127.0.0.1 or [::1]`,
    );
  }
  return scopeOf(c) === "write" ? refuseOrigin(c) : undefined;
}

function refuseUnknown(c: Context, tokens: Tokens): Response | undefined {
  if (c.req.path === LOGIN) return c.req.method === "POST" ? refuseOrigin(c) : undefined;
  if (LOGIN_FILES.has(c.req.path) && c.req.method === "GET") return undefined;
  const bearer = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  const cookie = getCookie(c, COOKIE);
  const scope = bearer
    ? tokens.scope(bearer)
    : cookie === undefined
      ? undefined
      : tokens.cookieScope(cookie);
  if (scope === undefined) {
    if (c.req.path === "/" && !bearer) return loginPage(401);
    const headers = { "www-authenticate": "Bearer" };
    const given = bearer ? "a token that is not known" : "no token";
    return problem(401, `given ${given}, expected "Authorization: Bearer TOKEN"`, headers);
  }
  const needed = scopeOf(c);
  if (needed === "write" && scope === "read") {
    return problem(403, "given a token with scope read, expected one with scope write");
  }
  return needed === "write" && !bearer ? refuseOrigin(c) : undefined;
}

/** A browser names the page behind every write; a program names none. */
function refuseOrigin(c: Context): Response | undefined {
  const origin = c.req.header("origin");
  const site = c.req.header("sec-fetch-site");
  const own =
    origin === undefined
      ? site === undefined || site === "same-origin" || site === "none"
      : originHost(origin) === c.req.header("host");
  if (own) return undefined;
  const given = JSON.stringify(origin ?? site);
  return problem(403, `Origin: given ${given}, expected a page of this gateway, or none`);
}

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

function hostName(host: string): string | undefined {
  const bracketed = /^\[([0-9a-f:.]+)\](:\d+)?$/i.exec(host)?.[1];
  if (bracketed !== undefined) return isIPv6(bracketed) ? bracketed : undefined;
  return /^([a-z0-9.-]+)(:\d+)?$/i.exec(host)?.[1]?.toLowerCase();
}
