/** What goes out when changes are durable: to the streams, the counters and the log. */

import type { Clock } from "./clock.ts";
import { idText } from "./enrolment.ts";
import type { Change, Fact } from "./facts.ts";
import type { Gateway } from "./gateway.ts";
import { Feed } from "./http/feed.ts";
import { deviceJson, payloadJson } from "./http/present.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Loaded, Store } from "./store/store.ts";

export function feedOf(core: Gateway, store: Store, { cursor }: Loaded, clock: Clock): Feed {
  return new Feed({
    cursor,
    stored: (after, limit) => store.changes(after, limit),
    device(id) {
      const view = core.view(id, clock.now());
      return view && deviceJson(view, clock);
    },
  });
}

export interface Audience {
  readonly core: Gateway;
  readonly clock: Clock;
  readonly feed: Feed;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * What boards' own programs said, as `event: payload`. Like beats it has no cursor; the newest of a
 * device stands in its facts.
 */
export function sayPayloads(
  facts: readonly Fact[],
  { clock, feed }: Pick<Audience, "clock" | "feed">,
): void {
  if (feed.streams === 0) return;
  for (const fact of facts) {
    if (fact.kind !== "payload") continue;
    const at = new Date(clock.wallAt(fact.at)).toISOString();
    feed.say("payload", { id: idText(fact.id), at, ...payloadJson(fact.payload) });
  }
}

/** @param changes durable ones, in order */
export function announce(
  changes: readonly Change[],
  { core, clock, feed, metrics, log }: Audience,
): void {
  const now = clock.now();
  feed.publish(changes.map((change) => ({ ...change, at: clock.wallAt(change.at) })));
  for (const change of changes) {
    metrics.changed(change, now);
    const { id, from, to, cause } = change;
    log.few("change", { id: idText(id), name: core.view(id, now)?.name, from, to, cause });
  }
}
