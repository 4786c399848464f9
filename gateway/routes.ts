/**
 * Which route hears of which incident: by site, by label and by cause, as the configuration has it.
 *
 * A route is matched against the devices of an incident, not against the incident: a person asks
 * for "the farm" and for "critical", which are words on devices. What lost: a tree of routes in
 * which the first match ends the search (Alertmanager): two people then cannot both be told without
 * one knowing of the other's route.
 */

import type { Incident } from "./affairs.ts";
import type { Cause } from "./facts.ts";
import type { Subject } from "./subject.ts";

/** The shortest `repeatMs`. */
export const REPEAT_MIN_MS = 60_000;

/** Instants come back from the store a little off; a repeat is not shorter than `REPEAT_MIN_MS`. */
const SLACK_MS = 1_000;

/** A place where notices go, as the core knows it; how they get there the shell knows. */
export interface Route {
  readonly name: string;
  /** Only of devices at one of these sites; none: of all. */
  readonly sites: readonly string[];
  /** Only of devices with one of these labels; none: of all. */
  readonly labels: readonly string[];
  /** Only of these causes; none: of all. */
  readonly causes: readonly Cause[];
  /** Whether it is told that an incident closed. */
  readonly recovery: boolean;
  /** Told again after so many ms while an incident is open; Infinity: not. */
  readonly repeatMs: number;
  /**
   * An opening waits for so many ms: what joins meanwhile is named in it, and where the incident
   * closes meanwhile nobody is told of either.
   */
  readonly waitMs: number;
}

/**
 * Whether a route wants to hear of an incident.
 * @param subjects its devices; where there are none it concerns everybody
 */
export function wants(route: Route, { cause }: Incident, subjects: readonly Subject[]): boolean {
  const { sites, labels, causes } = route;
  if (causes.length > 0 && !causes.includes(cause)) return false;
  if (subjects.length === 0) return true;
  return subjects.some(
    (subject) =>
      (sites.length === 0 || sites.includes(subject.site)) &&
      (labels.length === 0 || subject.labels.some((label) => labels.includes(label))),
  );
}

/** When the next of these routes is to be told again: whole repeats after the opening. */
export function remindAt(incident: Incident, routes: readonly Route[]): number {
  const { openedAt, closedAt, ackedAt, remindedAt } = incident;
  if (closedAt !== null || ackedAt !== null) return Infinity;
  const since = Math.max(openedAt, remindedAt ?? openedAt) - openedAt + SLACK_MS;
  return routes.reduce(
    (at, { repeatMs }) => Math.min(at, openedAt + repeatMs * (Math.floor(since / repeatMs) + 1)),
    Infinity,
  );
}
