/**
 * The registry over HTTP: list, add, show, amend, rekey, remove, and the key. An `:id` is six hex
 * digits or a name.
 */

import { type Context, Hono } from "hono";
import type { Clock } from "../clock.ts";
import { idText } from "../enrolment.ts";
import type { Registry } from "../registry.ts";
import { deviceJson } from "./present.ts";
import { only, problem } from "./problem.ts";
import { BadInput, readDeviceQuery, readNewDevice, readNewKey, readNewWords } from "./schema.ts";

export function devices(registry: Registry, clock: Clock): Hono {
  const routes = new Hono();
  const found = (c: Context) => registry.find(c.req.param("id") ?? "");
  const shown = (id: number) => deviceJson(registry.view(id), clock);
  const keyText = (key: string) => Buffer.from(key, "latin1").toString("hex");

  routes.get("/", (c) => {
    const { limit, after, ...filter } = readDeviceQuery(c.req.query());
    const { views, next } = registry.page(filter, after, limit);
    const items = views.map((view) => deviceJson(view, clock));
    return c.json({ items, next: next === undefined ? null : idText(next) });
  });

  routes.post("/", async (c) => {
    const given = await readJson(c);
    if (given instanceof Response) return given;
    const { id, key } = await registry.add(readNewDevice(given));
    const location = `/api/v1/devices/${idText(id)}`;
    return c.json({ ...shown(id), key: keyText(key) }, 201, { location });
  });

  routes.get("/:id", (c) => c.json(shown(found(c).id)));

  routes.patch("/:id", async (c) => {
    const given = await readJson(c);
    if (given instanceof Response) return given;
    const words = readNewWords(given);
    const { id } = await registry.amend(found(c).id, words);
    return c.json(shown(id));
  });

  routes.delete("/:id", async (c) => {
    await registry.remove(found(c).id);
    return c.body(null, 204);
  });

  routes.get("/:id/key", (c) => {
    const { id, suite, key } = found(c);
    c.header("cache-control", "no-store");
    return c.json({ id: idText(id), suite, key: keyText(key) });
  });

  routes.post("/:id/rekey", async (c) => {
    const given = await readJson(c);
    if (given instanceof Response) return given;
    const { id, key } = await registry.rekey(found(c).id, readNewKey(given));
    return c.json({ ...shown(id), key: keyText(key) });
  });

  routes.all("/", only("GET", "POST"));
  routes.all("/:id", only("GET", "PATCH", "DELETE"));
  routes.all("/:id/key", only("GET"));
  routes.all("/:id/rekey", only("POST"));
  return routes;
}

/** A form of a foreign page cannot send this type without asking first. */
async function readJson(c: Context): Promise<unknown> {
  const type = c.req.header("content-type") ?? "none";
  if (!/^application\/json\b/i.test(type)) {
    return problem(415, `Content-Type: given ${type}, expected application/json`);
  }
  try {
    return await c.req.json();
  } catch {
    throw new BadInput("body: given something else, expected a JSON object");
  }
}
