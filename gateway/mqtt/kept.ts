/**
 * What the broker keeps for us: topics that we have it show us after each connect, to find what is
 * kept of devices that are no more.
 */

import type { Subscription } from "./link.ts";
import { STATUS_TOPIC } from "./settings.ts";

const KEPT = /^nextbeat\/([0-9a-f]{6})\/(?:presence|availability)$/;

export function keptTopics(discovery: string | undefined): string[] {
  const topics = ["nextbeat/+/presence", "nextbeat/+/availability"];
  return discovery === undefined ? topics : [...topics, `${discovery}/device/+/config`];
}

/** All that a publisher reads. */
export function publisherTopics(discovery: string | undefined): Subscription[] {
  return [
    { topic: STATUS_TOPIC },
    ...keptTopics(discovery).map((topic) => ({ topic, foreign: true })),
    ...(discovery === undefined ? [] : [{ topic: `${discovery}/status` }]),
  ];
}

/** The device that a kept message is of; null: of none, though the topic is ours. */
export function keptId(topic: string, discovery: string | undefined): number | null | undefined {
  const described = discovery !== undefined && topic.startsWith(`${discovery}/device/nextbeat_`);
  const id = (described ? /nextbeat_([0-9a-f]{6})\/config$/ : KEPT).exec(topic)?.[1];
  if (id === undefined) return described ? null : undefined;
  return Number.parseInt(id, 16);
}
