/**
 * `GET /api/v1/devices/:id/explain[?at=&zone=]`: why the device has its status, or had at a moment.
 *
 * `at`: ISO 8601, or a duration back from now, `-2h`; absent: now. `zone`: the IANA time zone in
 * which sentences name instants; absent: UTC. The answer is the explanation of explain.ts, all
 * other instants as ISO 8601 in UTC.
 */

import { Hono } from "hono";
import { type Deaf, type Evidence, mapInstants } from "../affairs.ts";
import { idText } from "../enrolment.ts";
import { explainThen } from "../explain/past.ts";
import type { Tell } from "../explain/words.ts";
import { type Explanation, explainNow, type Present } from "../explain.ts";
import type { Enrolment } from "../facts.ts";
import { HOUR_MS } from "../history/code.ts";
import { minutesOf } from "../history/read.ts";
import { deviceTarget, siteTarget } from "../quiets.ts";
import type { WallChange } from "../store/store.ts";
import type { ExplainJson } from "./answers.ts";
import { type HistorySources, windowOf } from "./history.ts";
import { only } from "./problem.ts";
import { BadInput, readExplainQuery } from "./schema.ts";

/** Changes looked through for a moment, newest first, and how many at a time. */
const LOOK_MAX = 100_000;
const LOOK = 500;

export function explain(sources: HistorySources): Hono {
  const routes = new Hono();
  routes.get("/:id/explain", async (c) => {
    const device = sources.registry.find(c.req.param("id"));
    const { at, zone } = readExplainQuery(c.req.query());
    const now = Math.round(sources.clock.wallAt(sources.clock.now()));
    const tell = teller(zone, now);
    if (at === undefined) return c.json(json(device, await present(sources, device, tell)));
    const moment = typeof at === "number" ? at : now - at.agoMs;
    if (moment > now) throw new BadInput(`at: given ${iso(moment)}, expected no future instant`);
    return c.json(json(device, await past(sources, device, moment, now, tell)));
  });
  routes.all("/:id/explain", only("GET"));
  return routes;
}

async function present(
  { core, store, clock, registry }: HistorySources,
  { id, site }: Enrolment,
  tell: Tell,
): Promise<Explanation> {
  const [change] = await store.changesOf(id, Number.MAX_SAFE_INTEGER, 1);
  const evidence = (change && (await store.evidence(change.cursor))) ?? {};
  const mono = clock.now();
  const wall = <Thing extends object>(thing: Thing) => mapInstants(thing, (at) => clock.wallAt(at));
  const view = wall(registry.view(id));
  const doubts = core.requests.doubts(id);
  const incident = core.requests.incident(change?.incident ?? 0);
  const targets = [deviceTarget(id), siteTarget(site)];
  const quiet = core.requests.quiets.find(({ target }) => targets.includes(target));
  const it: Present = {
    now: clock.wallAt(mono),
    view,
    change,
    evidence,
    doubts: { ...wall(doubts), evidence: wall(doubts.evidence) },
    incident: incident && wall(incident),
    deaf: deafIn(core.requests.deafness.map(wall), view.transport, view.seenAt ?? 0, Infinity),
    neighbours: core.requests.neighbours(id),
    hints: [...core.hints.values()]
      .filter((hint) => hint.id === id)
      .map((hint) => ({ ...hint, at: clock.wallAt(hint.at) })),
    quiet: quiet && wall(quiet),
  };
  return explainNow(it, tell);
}

async function past(
  sources: HistorySources,
  { id, name }: Enrolment,
  at: number,
  now: number,
  tell: Tell,
): Promise<Explanation> {
  const { core, store, clock, registry } = sources;
  const { before, after } = await around(sources, id, at);
  const evidenceOf = async (change: WallChange | undefined): Promise<Evidence> =>
    (change && (await store.evidence(change.cursor))) ?? {};
  const window = await windowOf(sources, id, 0);
  const { status, transport } = registry.view(id);
  const wall = (deaf: Deaf) => mapInstants(deaf, (instant) => clock.wallAt(instant));
  const it = {
    ...{ name, at, now, status, before, after },
    evidence: await evidenceOf(before),
    evidenceAfter: await evidenceOf(after),
    minutes: minutesOf({ ...window, from: at - HOUR_MS + 60_000, to: at }),
    deaf: deafIn(core.requests.deafness.map(wall), transport, at, at),
  };
  return explainThen(it, tell);
}

/** The last change up to `at`, and the one after it. */
async function around(
  { store }: HistorySources,
  id: number,
  at: number,
): Promise<{ before: WallChange | undefined; after: WallChange | undefined }> {
  let after: WallChange | undefined;
  for (let seen = 0; seen < LOOK_MAX; ) {
    const page = await store.changesOf(id, after?.tseq ?? Number.MAX_SAFE_INTEGER, LOOK);
    for (const change of page) {
      if (change.at <= at) return { before: change, after };
      after = change;
    }
    seen += page.length;
    if (page.length < LOOK) break;
  }
  return { before: undefined, after };
}

/** Those that touch an interval; a step of a clock is no deafness. */
function deafIn(deaf: readonly Deaf[], transport: string | null, from: number, to: number): Deaf[] {
  return deaf.filter(
    (each) =>
      each.why !== "clock" &&
      (each.transport === null || each.transport === transport) &&
      each.fromAt <= to &&
      (each.toAt ?? Infinity) >= from,
  );
}

function json({ id, name }: Enrolment, explanation: Explanation): ExplainJson {
  const { at, since, evidence, next, ...same } = explanation;
  const told = Object.entries(evidence).map(([name, value]) => [
    name,
    name.endsWith("At") && typeof value === "number" ? iso(value) : value,
  ]);
  return {
    id: idText(id),
    name,
    at: iso(at),
    since: since === null ? null : iso(since),
    ...same,
    evidence: Object.fromEntries(told),
    next: next.map((step) => ({ ...step, at: iso(step.at) })),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** Instants as in the reader's zone; the date where it is not that of `now`. */
export function teller(zone: string | undefined, now: number): Tell {
  const format = new Intl.DateTimeFormat("sv", {
    dateStyle: "short",
    timeStyle: "medium",
    timeZone: zone ?? "UTC",
  });
  const today = format.format(now).slice(0, 10);
  const mark = zone === undefined ? " UTC" : "";
  return (at) => {
    const [date, time] = format.format(at).split(" ");
    return `at ${date === today ? "" : `${date} `}${time}${mark}`;
  };
}
