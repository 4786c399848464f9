/**
 * A notice as data, for programs: the JSON that stands in the notice and becomes `data` of a
 * webhook. It is made once and stored, so every attempt at delivery says the same, also after a
 * restart.
 *
 * It is bounded: devices are listed while they fit, and `joined` says how many there are. Standard
 * Webhooks asks for less than 20 KB; a character may take three bytes.
 */

import type { Incident, Notice } from "../affairs.ts";
import { idText } from "../enrolment.ts";
import type { Subject } from "../subject.ts";

/** Characters of the list of devices. */
const DEVICES_MAX = 5_000;

export interface NoticeHead {
  readonly n: number;
  readonly incident: Incident;
  readonly route: string;
  readonly title: string;
}

/** What the JSON of a notice says, before the shell adds the text. Instants are ISO 8601, UTC. */
export interface NoticeData {
  readonly notice: number;
  readonly route: string;
  readonly title: string;
  readonly incident: number;
  readonly cause: string;
  readonly scope: string;
  /** Null where the clock was not trusted. */
  readonly at: string | null;
  readonly openedAt: string | null;
  readonly closedAt: string | null;
  readonly openMs: number;
  readonly joined: number;
  readonly away: number;
  readonly devices: readonly DeviceData[];
  /** Incidents that this route was not told of, since its outbox was full. */
  readonly leftOut?: number;
}

export interface DeviceData {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  readonly seenAt: string | null;
  readonly dueAt: string | null;
  readonly battery: number | "external" | null;
  readonly signal: number | null;
}

interface Instants {
  readonly now: number;
  readonly unixSeconds: (at: number) => number;
}

/** @param before what this notice was until now */
export function noticeBody(
  { n, incident, route, title }: NoticeHead,
  subjects: readonly Subject[],
  { now, unixSeconds }: Instants,
  before: Notice,
): string {
  const { leftOut } = JSON.parse(before.body) as Partial<NoticeData>;
  const iso = (at: number | null) => {
    const unix = at === null ? 0 : unixSeconds(at);
    return unix > 0 ? new Date(unix * 1_000).toISOString() : null;
  };
  const { cause, scope, openedAt, closedAt, joined, away } = incident;
  const listed = subjects.map(({ id, name, site, seenAt, dueAt, battery, signal }) => ({
    ...{ id: idText(id), name, site, seenAt: iso(seenAt), dueAt: iso(dueAt), battery, signal },
  }));
  const data: NoticeData = {
    ...{ notice: n, route, title, incident: incident.n, cause, scope, at: iso(now) },
    ...{ openedAt: iso(openedAt), closedAt: iso(closedAt) },
    openMs: Math.round((closedAt ?? now) - openedAt),
    ...{ joined, away, devices: fitting(listed) },
    ...(leftOut !== undefined && { leftOut }),
  };
  return JSON.stringify(data);
}

/** `notice`, which says from now on that `dropped`, and what that one says it of, were left out. */
export function withLeftOut(notice: Notice, dropped: Notice): Notice {
  const data = JSON.parse(notice.body) as NoticeData;
  const { leftOut: before = 0 } = JSON.parse(dropped.body) as NoticeData;
  return {
    ...notice,
    body: JSON.stringify({ ...data, leftOut: (data.leftOut ?? 0) + before + 1 }),
  };
}

function fitting(devices: readonly DeviceData[]): DeviceData[] {
  let left = DEVICES_MAX;
  return devices.filter((device) => {
    left -= JSON.stringify(device).length;
    return left >= 0;
  });
}
