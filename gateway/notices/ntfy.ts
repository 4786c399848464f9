/**
 * ntfy: a push message on a phone, from ntfy.sh or from a server of one's own.
 *
 * It is published as JSON, since a header cannot carry a name that is not ASCII. `sequence_id` is
 * the id of the notice: a server of version 2.16 or later shows one that came twice once; an older
 * one ignores it, and shows it twice.
 */

import { span } from "../durations.ts";
import type { Message } from "./message.ts";
import { type Outcome, post, type Target } from "./request.ts";

export interface Ntfy extends Omit<Target, "url"> {
  /** The server, without the topic. */
  readonly url: URL;
  readonly topic: string;
  readonly token?: string | undefined;
  /** 1 to 5, of what is bad; what is good comes with 3. */
  readonly priority: number;
  /** What a tap opens. */
  readonly click?: string | undefined;
}

export const PRIORITY_DEFAULT = 4;
const NORMAL = 3;
/** ntfy makes an attachment of what is longer than 4 096 bytes; a character takes 3 at most. */
const TEXT_MAX = 1_300;
/** What is this old when it arrives says so, in ms. */
const LATE_MS = 120_000;

/** ntfy shows these tags as pictures. */
const TAGS: Readonly<Record<Message["kind"], string>> = {
  opened: "rotating_light",
  reminder: "hourglass_flowing_sand",
  closed: "white_check_mark",
  test: "test_tube",
};

/** Server and topic of `https://ntfy.sh/topic`; undefined where there is no topic. */
export function readTopic(url: URL): Pick<Ntfy, "url" | "topic"> | undefined {
  const [, base = "", topic = ""] = /^(.*\/)([A-Za-z0-9_-]{1,64})\/?$/.exec(url.pathname) ?? [];
  return topic === "" ? undefined : { url: new URL(base, url), topic };
}

export function sendNtfy(
  { topic, token, priority, click, ...target }: Ntfy,
  { id, kind, title, text, ageMs }: Message,
  stop: AbortSignal,
): Promise<Outcome> {
  const bad = kind === "opened" || kind === "reminder";
  const late = ageMs >= LATE_MS ? `(This is ${span(ageMs)} old.) ` : "";
  const body = JSON.stringify({
    topic,
    title,
    message: (late + text).slice(0, TEXT_MAX),
    tags: [TAGS[kind]],
    priority: bad ? priority : Math.min(priority, NORMAL),
    sequence_id: id,
    ...(click !== undefined && { click }),
  });
  const headers = {
    "content-type": "application/json",
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return post(target, headers, body, stop);
}
