/**
 * `/openapi.json`: OpenAPI 3.1 of everything under `/api/v1` and of what stands beside it.
 *
 * It is made of the very schemas by which input is read (schema.ts) and answers are written
 * (answers.ts); a test holds its list of operations (operations.ts) against the routes of the
 * running app, and real answers against their schemas. A decorator on each route lost: thirty
 * routes would say what they do in three places, and none could be read without the document.
 */

import { z } from "zod";
import { VERSION } from "../about.ts";
import * as answers from "./answers.ts";
import { OPERATIONS, type Operation } from "./operations.ts";

const PARAMETERS: Readonly<Record<string, string>> = {
  id: "six hex digits, or the device's name",
  cmd: "the command's n",
  n: "the incident's n",
  site: "the site's name",
  name: "the route's name",
};
const PROBLEMS: Readonly<Record<number, string>> = {
  400: "the input is wrong",
  401: "a token is needed, or this one is not known",
  403: "the token's scope or the page's origin does not allow it",
  404: "there is no such thing",
  409: "it does not fit what is there",
  413: "the body is too long",
  415: "the body is no JSON",
  421: "the Host header is not ours",
  429: "too many requests of one address",
  502: "the other side failed",
  503: "not now",
};
const COMPONENTS = {
  ...{ Device: answers.Device, NewDevice: answers.NewDevice, Key: answers.Key },
  ...{ Change: answers.Change, Command: answers.Command, History: answers.History },
  ...{ Explanation: answers.Explanation, Incident: answers.Incident, Quiet: answers.Quiet },
  ...{ Route: answers.Route, Gateway: answers.About, Problem: answers.Problem },
};
const ADDRESS = "#/components/schemas/";

type Json = Record<string, unknown>;

/** What goes out: fields may be added, so a reader must not refuse them. */
const registry = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries(COMPONENTS)) registry.add(schema, { id });

function components(): Json {
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => ADDRESS + id });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, grown(schema)]));
}

/** Drops what belongs to a schema on its own, and what would forbid a field that comes later. */
function grown(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(grown);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([name, value]) =>
      name !== "$schema" && name !== "$id" && !(name === "additionalProperties" && value === false),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, grown(value)]));
}

/** A schema of an answer, by its name where it has one. */
function answered(schema: z.ZodType): unknown {
  const named = registry.get(schema);
  if (named) return { $ref: ADDRESS + named.id };
  const { items, next: after } = ((schema as z.ZodObject).shape ?? {}) as Record<string, z.ZodType>;
  if (!(items instanceof z.ZodArray)) return grown(z.toJSONSchema(schema));
  const next = grown(z.toJSONSchema(after!));
  const list = { type: "array", items: answered(items.element as z.ZodType) };
  return { type: "object", required: ["items", "next"], properties: { items: list, next } };
}

function read(schema: z.ZodType): Json {
  const { $schema: _, ...made } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return made;
}

function parameters({ path, query }: Operation): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: "path", required: true, description: PARAMETERS[name!] },
    schema: { type: "string" },
  }));
  const asked = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    ...{ name, in: "query", required: false },
    schema: read(schema as z.ZodType),
  }));
  return [...inPath, ...asked];
}

function responses({ path, query, body, scope, answers: of, problems = [] }: Operation): Json {
  const [status, what] = of;
  const type = typeof what === "string" ? what : "application/json";
  const schema = typeof what === "string" ? {} : what && { schema: answered(what) };
  const found: Json = {
    [status]: { description: "done", ...(what !== null && { content: { [type]: schema } }) },
  };
  const wrong = new Set([...problems, ...(scope === "none" ? [] : [401, 403, 421, 429])]);
  if (query || body || path.includes("{")) wrong.add(400);
  if (path.includes("{")) wrong.add(404);
  if (body) wrong.add(413);
  if (body) wrong.add(415);
  for (const code of [...wrong].sort()) {
    const content = { "application/problem+json": { schema: { $ref: `${ADDRESS}Problem` } } };
    found[code] = { description: PROBLEMS[code], content };
  }
  return found;
}

/** The document. */
export function openApi(): Json {
  const paths: Record<string, Json> = {};
  for (const each of OPERATIONS) {
    const { path, method, does, scope, body } = each;
    const words = path.match(/[a-z]\w*/gi)!.filter((word) => word !== "api" && word !== "v1");
    const asked = parameters(each);
    paths[path] ??= {};
    paths[path][method] = {
      operationId: [method, ...words].join("-"),
      summary: does,
      ...(asked.length > 0 && { parameters: asked }),
      ...(body && {
        requestBody: { required: true, content: { "application/json": { schema: read(body) } } },
      }),
      security: scope === "none" ? [] : [{ token: [scope] }, { cookie: [] }, {}],
      responses: responses(each),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "nextbeat gateway",
      version: VERSION,
      description:
        "On a loopback address no token is needed; elsewhere `Authorization: Bearer`. Errors are problem+json (RFC 9457).",
      license: { name: "MIT", identifier: "MIT" },
    },
    paths,
    components: {
      schemas: components(),
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "scopes read and write" },
        cookie: { type: "apiKey", in: "cookie", name: "nextbeat" },
      },
    },
  };
}
