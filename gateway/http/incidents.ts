/**
 * Incidents, who is not told of them, and the routes by which people are told, over HTTP.
 *
 *   GET    /api/v1/incidents[?open=&site=&after=&limit=]   in the order of their numbers
 *   GET    /api/v1/incidents/:n
 *   POST   /api/v1/incidents/:n/ack
 *   GET    /api/v1/quiet
 *   PUT    /api/v1/quiet/devices/:id   {kind: "mute" | "maintenance", for?: "2h"}
 *   DELETE /api/v1/quiet/devices/:id   and both with sites/:site
 *   GET    /api/v1/routes
 *   POST   /api/v1/routes/:name/test
 *
 * A quiet is put at the address of what it is about, so that asking twice is asking once. What
 * lost: a list of silences with numbers of their own, of which a device may have three.
 */

import { type Context, Hono } from "hono";
import type { Incident, Quiet } from "../affairs.ts";
import type { Clock } from "../clock.ts";
import { idText } from "../enrolment.ts";
import type { Effects } from "../facts.ts";
import type { Gateway } from "../gateway.ts";
import type { RouteState } from "../notices/desk.ts";
import type { Outcome } from "../notices/request.ts";
import { deviceTarget, siteTarget } from "../quiets.ts";
import { type Registry, RegistryError } from "../registry.ts";
import type { IncidentJson, QuietJson } from "./answers.ts";
import { only, problem } from "./problem.ts";
import { BadInput, readIncidentNumber, readIncidentQuery, readQuiet } from "./schema.ts";

export interface IncidentOptions {
  readonly core: Gateway;
  readonly registry: Registry;
  readonly clock: Clock;
  /** Lets effects happen; resolves when they are durable. */
  readonly apply: (effects: Effects) => Promise<void>;
  readonly notices: {
    readonly routes: readonly RouteState[];
    test(route: string): Promise<Outcome> | undefined;
  };
}

export function incidents({ core, clock, apply }: IncidentOptions): Hono {
  const { requests } = core;
  const routes = new Hono();
  const found = (c: Context): Incident => {
    const n = readIncidentNumber(c.req.param("n"));
    const incident = requests.incident(n);
    if (incident === undefined) throw new UnknownIncident(`there is no incident ${n}`);
    return incident;
  };
  routes.onError((error) => {
    if (error instanceof UnknownIncident) return problem(404, error.message);
    throw error;
  });
  routes.get("/", (c) => {
    const { open, site, after, limit } = readIncidentQuery(c.req.query());
    const concerns = ({ scope, members }: Incident): boolean =>
      scope === siteTarget(site!) || members.some((id) => core.enrolment(id)?.site === site);
    const all = requests
      .incidents()
      .filter(
        (each) =>
          each.n > after &&
          (open === undefined || open === (each.closedAt === null)) &&
          (site === undefined || concerns(each)),
      );
    const items = all.slice(0, limit).map((each) => incidentJson(each, clock));
    return c.json({ items, next: all.length > limit ? items.at(-1)!.n : null });
  });
  routes.get("/:n", (c) => c.json(incidentJson(found(c), clock)));
  routes.post("/:n/ack", async (c) => {
    const { n, closedAt } = found(c);
    if (closedAt !== null) return problem(409, `incident ${n} is closed; expected an open one`);
    await apply(requests.acknowledge(n, clock.now()));
    return c.json(incidentJson(found(c), clock));
  });
  routes.all("/", only("GET"));
  routes.all("/:n", only("GET"));
  routes.all("/:n/ack", only("POST"));
  return routes;
}

export function quiets({ core, registry, clock, apply }: IncidentOptions): Hono {
  const { requests } = core;
  const routes = new Hono();
  const json = (quiet: Quiet) => quietJson(quiet, clock);
  const targets = {
    "/devices/:id": (c: Context) => deviceTarget(registry.find(c.req.param("id") ?? "").id),
    "/sites/:site": (c: Context) => siteTarget(siteNamed(registry, c.req.param("site") ?? "")),
  };
  routes.get("/", (c) => c.json({ items: requests.quiets.map(json), next: null }));
  for (const [path, targetOf] of Object.entries(targets)) {
    routes.put(path, async (c) => {
      const { kind, for: forMs } = readQuiet(await bodyOf(c));
      const now = clock.now();
      const untilAt = forMs === undefined ? null : now + forMs;
      const target = targetOf(c);
      await apply(made(() => requests.quiet(target, kind, untilAt, now)));
      return c.json(json({ target, kind, fromAt: now, untilAt }));
    });
    routes.delete(path, async (c) => {
      await apply(requests.unquiet(targetOf(c), clock.now()));
      return c.body(null, 204);
    });
    routes.all(path, only("PUT", "DELETE"));
  }
  routes.all("/", only("GET"));
  return routes;
}

export function noticeRoutes({ notices }: IncidentOptions): Hono {
  const routes = new Hono();
  routes.get("/", (c) => c.json({ items: notices.routes, next: null }));
  routes.post("/:name/test", async (c) => {
    const name = c.req.param("name");
    const sent = notices.test(name);
    if (sent === undefined) return problem(404, `there is no route ${JSON.stringify(name)}`);
    const { result, why } = await sent;
    if (result === "delivered") return c.json({ route: name, result });
    return problem(502, `the test over ${name} failed: ${why ?? result}`);
  });
  routes.all("/", only("GET"));
  routes.all("/:name/test", only("POST"));
  return routes;
}

/** A site has no record of its own: it is there where a device is. */
function siteNamed(registry: Registry, site: string): string {
  if (registry.page({ site }, 0, 1).views.length > 0) return site;
  throw new RegistryError("unknown", `no device has the site ${JSON.stringify(site)}`);
}

class UnknownIncident extends Error {}

/** The core's refusals as the caller's mistakes. */
function made(call: () => Effects): Effects {
  try {
    return call();
  } catch (error) {
    throw error instanceof RangeError ? new BadInput(error.message) : error;
  }
}

/** Nothing, or JSON. */
async function bodyOf(c: Context): Promise<unknown> {
  const text = await c.req.text();
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    throw new BadInput("body: given something else, expected a JSON object");
  }
}

export function incidentJson(incident: Incident, clock: Clock): IncidentJson {
  const iso = (at: number | null) =>
    at === null ? null : new Date(clock.wallAt(at)).toISOString();
  const { n, cause, scope, openedAt, joined, away, members, told = [] } = incident;
  return {
    ...{ n, cause, scope },
    openedAt: iso(openedAt)!,
    closedAt: iso(incident.closedAt),
    ackedAt: iso(incident.ackedAt),
    remindedAt: iso(incident.remindedAt),
    members: members.map(idText),
    ...{ joined, away, told },
    hushed: incident.hushed ?? null,
  };
}

function quietJson({ target, kind, fromAt, untilAt }: Quiet, clock: Clock): QuietJson {
  const iso = (at: number) => new Date(clock.wallAt(at)).toISOString();
  return { target, kind, fromAt: iso(fromAt), untilAt: untilAt === null ? null : iso(untilAt) };
}
