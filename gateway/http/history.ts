/**
 * `GET /api/v1/devices/:id/history[?hours=24]`: what a device did, up to now.
 *
 * Up to 48 hours by the minute, beyond that up to 2160 (90 days) by the hour; a device's hours
 * begin at a minute of its own. `heard` and `missed` are null where nobody knows: before its first
 * beat, while no gateway ran, and for the hour that a crash may forget. `deafMs` is the part of a
 * step in which we could not hear; `status` that at its end. `uptime` holds for this window, the
 * last day, week and 90 days: `share` is up by up and down, null where neither was known; deaf
 * time, time after it left, maintenance and what is not known stand beside it, and count neither
 * way. `vitals` is what the board told of battery, signal and round trip, once an hour.
 */

import { type Context, Hono } from "hono";
import type { Clock } from "../clock.ts";
import { idText } from "../enrolment.ts";
import type { Status } from "../facts.ts";
import type { Gateway } from "../gateway.ts";
import { ALL_PARTS, BY_HOUR_HOURS, BY_MINUTE_HOURS, HOUR_MS } from "../history/code.ts";
import {
  hoursOf,
  minutesOf,
  type Piece,
  samplesOf,
  uptimeOf,
  type Window,
} from "../history/read.ts";
import { type Registry, RegistryError } from "../registry.ts";
import type { Store, WallChange } from "../store/store.ts";
import type { HistoryJson } from "./answers.ts";
import { changeJson } from "./present.ts";
import { only } from "./problem.ts";
import { readHistoryQuery } from "./schema.ts";

export interface HistorySources {
  readonly registry: Registry;
  readonly core: Gateway;
  readonly store: Store;
  readonly clock: Clock;
}

const CHANGES_SHOWN = 1_000;

export function history(sources: HistorySources): Hono {
  const routes = new Hono();
  routes.get("/:id/history", async (c: Context) => {
    const { id } = sources.registry.find(c.req.param("id") ?? "");
    const { hours } = readHistoryQuery(c.req.query());
    return c.json(await historyJson(sources, id, hours));
  });
  routes.all("/:id/history", only("GET"));
  return routes;
}

/** All that is known of a device up to now; instants are unix ms. */
export async function windowOf(
  { core, store, clock }: Omit<HistorySources, "registry">,
  id: number,
  hours: number,
): Promise<Window> {
  const { now, pieces } = await piecesOf(core, store, clock, id);
  const to = clock.wallAt(now);
  return {
    id,
    pieces,
    from: to - hours * HOUR_MS,
    to,
    deafMs: (from, until) => core.requests.deafMs(id, from - to + now, until - to + now),
  };
}

/** The parts of the disk, and over them those in memory, at one and the same moment. */
async function piecesOf(
  core: Gateway,
  store: Store,
  clock: Clock,
  id: number,
): Promise<{ now: number; pieces: Piece[] }> {
  for (;;) {
    const [before] = core.requests.historyOf(id, clock.now());
    // What left memory a moment ago is on the disk when this resolves.
    await store.commit([]);
    const stored = await store.history(id, ...ALL_PARTS);
    if (core.enrolment(id) === undefined) {
      throw new RegistryError("unknown", `${idText(id)} was removed meanwhile`);
    }
    const now = clock.now();
    const live = core.requests.historyOf(id, now);
    // It happens once an hour that a part leaves in between; then all is read again.
    if (live[0]?.part === before?.part) return { now, pieces: [...stored, ...live] };
  }
}

async function historyJson(
  sources: HistorySources,
  id: number,
  hours: number,
): Promise<HistoryJson> {
  const window = await windowOf(sources, id, hours);
  const byMinute = hours <= BY_MINUTE_HOURS;
  const newest = await sources.store.changesOf(id, Number.MAX_SAFE_INTEGER, CHANGES_SHOWN);
  const changes = newest.reverse();
  const stepMs = byMinute ? 60_000 : HOUR_MS;
  const statusAt = statuses(changes, sources.registry.view(id).status);
  const steps = byMinute ? minutesOf(window) : hoursOf(window);
  const uptime = (length: number) => uptimeOf({ ...window, from: window.to - length * HOUR_MS });
  return {
    id: idText(id),
    from: iso(window.from),
    to: iso(window.to),
    stepMs,
    items: steps.map(({ at, ...step }) => ({
      at: iso(at),
      ...step,
      status: statusAt(Math.min(window.to, at + stepMs)),
    })),
    uptime: {
      window: uptimeOf(window),
      day: uptime(24),
      week: uptime(7 * 24),
      quarter: uptime(BY_HOUR_HOURS),
    },
    vitals: samplesOf(window).map(({ at, ...sample }) => ({ at: iso(at), ...sample })),
    changes: changes.filter(({ at }) => at >= window.from).map(changeJson),
  };
}

/** The status at an instant, asked for in order. @param now where no change is known */
function statuses(changes: readonly WallChange[], now: Status): (at: number) => Status {
  let next = 0;
  return (at) => {
    while (next < changes.length && changes[next]!.at <= at) next++;
    return changes[next - 1]?.to ?? changes[0]?.from ?? now;
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
