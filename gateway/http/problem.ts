/**
 * Errors as `application/problem+json` (RFC 9457): a status, a title, and one line that says what
 * was given, where, and what was expected. The same line goes to a person at the command line, so
 * it is written for people.
 */

import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { RegistryError } from "../registry.ts";
import { BadInput } from "./schema.ts";

const TITLES: Record<number, string> = {
  400: "Bad request",
  401: "Not authorised",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  413: "Too large",
  415: "Unsupported media type",
  421: "Misdirected request",
  429: "Too many requests",
  500: "Internal error",
  502: "Bad gateway",
  503: "Unavailable",
};

const REGISTRY_STATUS = { taken: 409, unknown: 404, full: 409, bad: 400 } as const;

export function problem(
  status: number,
  detail: string,
  headers: Record<string, string> = {},
): Response {
  const body = { type: "about:blank", title: TITLES[status] ?? "Error", status, detail };
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

/** What any error thrown in a route becomes. Only our own mistakes are logged. */
export function problemOf(error: unknown, onMistake: (error: unknown) => void): Response {
  if (error instanceof BadInput) return problem(400, error.message);
  if (error instanceof RegistryError) return problem(REGISTRY_STATUS[error.kind], error.message);
  if (error instanceof HTTPException) return problem(error.status, error.message);
  onMistake(error);
  return problem(500, "the gateway failed to answer; its log says why");
}

/** For the paths of a route with any other method. */
export function only(...methods: string[]): (c: Context) => Response {
  const allow = methods.join(", ");
  return (c) => problem(405, `${c.req.method} is not possible here; ${allow} is`, { allow });
}
