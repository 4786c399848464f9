/**
 * The published description of the API: every route stands in it and nothing else, and what really
 * comes back is what it says, field by field.
 */

import type { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { systemClock } from "../../gateway/clock.ts";
import * as answers from "../../gateway/http/answers.ts";
import { openApi } from "../../gateway/http/openapi.ts";
import { OPERATIONS } from "../../gateway/http/operations.ts";
import { Tokens } from "../../gateway/http/tokens.ts";
import { createLog } from "../../gateway/log.ts";
import { startGateway } from "../../gateway/server.ts";
import { memoryStore } from "../../gateway/store/memory.ts";
import { ask, bench, HOST } from "./rig.ts";

type Json = Record<string, unknown>;
const document = openApi();
const paths = document["paths"] as Record<string, Record<string, Json>>;

/** Every object in a document, with the way to it. */
function* parts(value: unknown, way: string): Generator<[string, Json]> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield [way, value as Json];
  for (const [name, part] of Object.entries(value)) yield* parts(part, `${way}/${name}`);
}

describe("the document", () => {
  it("is OpenAPI 3.1, served where it should be", async () => {
    const { app } = await bench();
    const served = await ask(app, "GET", "/openapi.json");
    expect(served.status).toBe(200);
    expect(served.body).toEqual(JSON.parse(JSON.stringify(document)));
    expect(document["openapi"]).toBe("3.1.0");
    expect(document["info"]).toMatchObject({
      title: expect.any(String),
      version: expect.any(String),
    });
  });

  it("names every route of the app, and no other", async () => {
    const { app } = await bench();
    const listed = new Set(OPERATIONS.map(({ method, path }) => `${method} ${path}`));
    const routed = new Set<string>();
    for (const { method, path } of (app as Hono).routes) {
      if (method === "ALL" || path.includes("*")) continue;
      routed.add(`${method.toLowerCase()} ${path.replace(/\/$/, "").replace(/:(\w+)/g, "{$1}")}`);
    }
    expect([...listed].sort()).toEqual([...routed].sort());
    expect(Object.values(paths).flatMap(Object.keys)).toHaveLength(listed.size);
  });

  it("has references that lead somewhere, ids that are unique, and every parameter of a path", () => {
    const ids = new Set<unknown>();
    for (const [way, part] of parts(document, "#")) {
      expect(part, way).not.toHaveProperty("$schema");
      const target = part["$ref"];
      if (typeof target !== "string") continue;
      const steps = target.split("/").slice(1);
      const found = steps.reduce<unknown>((at, step) => (at as Json | undefined)?.[step], document);
      expect(found, `${way}: ${target}`).toBeDefined();
    }
    for (const [path, methods] of Object.entries(paths)) {
      for (const operation of Object.values(methods)) {
        expect(ids.has(operation["operationId"])).toBe(false);
        ids.add(operation["operationId"]);
        const given = ((operation["parameters"] ?? []) as Json[]).filter((p) => p["in"] === "path");
        expect(given.map((p) => `{${p["name"]}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
        expect(Object.keys(operation["responses"] as Json).some((code) => code < "300")).toBe(true);
      }
    }
  });

  it("does not forbid fields that may come", () => {
    for (const [way, part] of parts(document["components"], "#")) {
      expect(part["additionalProperties"], way).not.toBe(false);
    }
  });
});

describe("what comes back", () => {
  it("is what the document says", async () => {
    const { app } = await bench();
    const get = async (schema: z.ZodType, path: string) => {
      const { status, body } = await ask(app, "GET", `/api/v1/${path}`);
      expect(status, path).toBe(200);
      expect(schema.safeParse(body).error, path).toBeUndefined();
      return body as Json;
    };
    const post = async (schema: z.ZodType, path: string, body: object, method = "POST") => {
      const answer = await ask(app, method, `/api/v1/${path}`, body);
      expect(answer.status, path).toBeLessThan(300);
      expect(schema.safeParse(answer.body).error, path).toBeUndefined();
    };
    await post(answers.NewDevice, "devices", { name: "shed-07", site: "farm", labels: ["a"] });
    await post(answers.Device, "devices/shed-07", { labels: ["b"] }, "PATCH");
    await post(answers.Command, "devices/shed-07/commands", { payload: "on", ttl: "1h" });
    await post(answers.Quiet, "quiet/sites/farm", { kind: "maintenance", for: "1h" }, "PUT");
    const devices = await get(answers.DevicePage, "devices");
    expect(devices["items"]).toHaveLength(1);
    await get(answers.Device, "devices/shed-07");
    await get(answers.Key, "devices/shed-07/key");
    await get(answers.History, "devices/shed-07/history?hours=2");
    await get(answers.Explanation, "devices/shed-07/explain");
    await get(answers.CommandPage, "devices/shed-07/commands");
    await get(answers.Command, "devices/shed-07/commands/1");
    await get(answers.ChangePage, "changes");
    await get(answers.IncidentPage, "incidents");
    await get(answers.RoutePage, "routes");
    const quiet = await get(answers.QuietPage, "quiet");
    expect(quiet["items"]).toHaveLength(1);
    const wrong = await ask(app, "GET", "/api/v1/devices/nobody");
    expect(answers.Problem.safeParse(wrong.body).error).toBeUndefined();
  });

  it("the gateway tells of itself as it is said", async () => {
    const clock = systemClock();
    const gateway = await startGateway({
      clock,
      store: (given) => memoryStore(given),
      udpPort: 0,
      udpHosts: ["127.0.0.1"],
      httpPort: 0,
      httpHost: "127.0.0.1",
      log: createLog(() => {}),
      onFatal: (error) => {
        throw error;
      },
    });
    const told = await (await fetch(`http://127.0.0.1:${gateway.httpPort}/api/v1/gateway`)).json();
    await gateway.stop();
    expect(answers.About.safeParse(told).error).toBeUndefined();
  });

  it("each operation takes the scope that is written there", async () => {
    const entries = [{ scope: "read" as const, token: "a-token-that-reads" }];
    const { app } = await bench({ tokens: new Tokens(entries, "secret") });
    const reads = { authorization: "Bearer a-token-that-reads" };
    for (const { method, path, scope } of OPERATIONS) {
      const where = path.replace(/\{\w+\}/g, "1");
      // Not read: one of them never ends.
      const status = async (headers: object) => {
        const answer = await app.request(where, {
          method: method.toUpperCase(),
          headers: { ...HOST, ...headers },
        });
        await answer.body?.cancel();
        return answer.status;
      };
      expect((await status({})) === 401, `${method} ${path}`).toBe(scope !== "none");
      expect((await status(reads)) === 403, `${method} ${path}`).toBe(scope === "write");
    }
  });
});
