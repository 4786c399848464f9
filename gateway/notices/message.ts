/**
 * A notice as it leaves: with an id that is the same at every attempt, and its instants in the
 * reader's time.
 *
 * The id is a digest over what the store keeps of the notice and over the store's secret: so it is
 * the same after a crash, another for each route, and another where a restored backup gives a
 * number out again. What lost: the number alone, which a receiver of two gateways, or of one that
 * was restored, takes for a notice that it has had.
 */

import { createHash } from "node:crypto";
import type { Notice } from "../affairs.ts";
import type { NoticeData } from "../outbox/body.ts";

export interface Message {
  /** The idempotency key: at most 64 letters, digits, `-` and `_`. */
  readonly id: string;
  /** `incident.opened`, `incident.closed`, `incident.reminder`, `gateway.test`. */
  readonly type: string;
  readonly kind: Notice["kind"] | "test";
  /** ISO 8601, UTC: when it was made. */
  readonly timestamp: string;
  readonly title: string;
  readonly text: string;
  /** For programs: what the notice says as JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  /** How long ago it was made, in ms. */
  readonly ageMs: number;
}

export interface MessageOptions {
  readonly secret: string;
  readonly now: number;
  readonly wallAt: (at: number) => number;
  /** IANA's name of the reader's zone; undefined: this machine's. */
  readonly timeZone?: string | undefined;
}

export function messageOf(notice: Notice, options: MessageOptions): Message {
  const { kind, text: said, body, madeAt } = notice;
  const data = JSON.parse(body) as NoticeData;
  const timestamp = data.at ?? new Date(options.wallAt(madeAt)).toISOString();
  const leftOut = data.leftOut
    ? ` Incidents that this route was not told of, since too many notices waited: ${data.leftOut}.`
    : "";
  const text = inWords(said, timestamp, options.timeZone) + leftOut;
  return {
    id: idOf(notice, options.secret),
    type: `incident.${kind}`,
    kind,
    timestamp,
    title: data.title,
    text,
    data: { ...data, text },
    ageMs: Math.max(0, options.now - madeAt),
  };
}

/** A message that says that it is a test. */
export function testMessage(route: string, { now, wallAt, secret }: MessageOptions): Message {
  const timestamp = new Date(wallAt(now)).toISOString();
  const text = `This is a test of the route ${route}. Nothing happened to any device.`;
  const title = "TEST of nextbeat";
  return {
    id: digest([secret, "test", route, `${now}`, timestamp]),
    ...{ type: "gateway.test", kind: "test", timestamp, title, text, ageMs: 0 },
    data: { route, title, text, test: true },
  };
}

function idOf({ n, incident, kind, route, body }: Notice, secret: string): string {
  return digest([secret, `${n}`, `${incident}`, kind, route, body]);
}

function digest(parts: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(parts), "utf8").digest("base64url");
  return `nb_${hash.slice(0, 32)}`;
}

/** `<t:UNIX>` as a clock on the wall shows it; with its day where that is not the notice's. */
function inWords(text: string, timestamp: string, timeZone: string | undefined): string {
  const day = new Intl.DateTimeFormat("en-GB", { timeZone, day: "numeric", month: "short" });
  const time = new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "medium" });
  const today = day.format(Date.parse(timestamp));
  return text.replace(/<t:(\d{1,12})>/g, (_, unix: string) => {
    const at = Number(unix) * 1_000;
    const on = day.format(at);
    return on === today ? time.format(at) : `${on} ${time.format(at)}`;
  });
}
