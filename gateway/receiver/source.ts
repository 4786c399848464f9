/**
 * What the core knows about a source: whether it is the same one, and the one byte by which its
 * device can tell.
 *
 * `mapped` lets a device behind a NAT see that its binding changed without an address in the frame:
 * one byte is enough to notice (255 changes of 256), and a keyed one tells a listener nothing. The
 * secret is kept over restarts, so that a restart does not look like a change. What lost: the
 * address itself, 19 bytes with IPv6.
 */

import type { Source } from "../facts.ts";

/** `===` would look into both to learn what they are, and miss the cache for it. */
export function sameSource(a: Source, b: Source): boolean {
  if (Object.is(a, b)) return true;
  return a.port === b.port && a.address === b.address && a.transport === b.transport;
}

/**
 * The function from a source to its `mapped`: 0 over MQTT, where the broker stands between.
 * @param secret of the gateway; what is derived from it here serves nothing else
 */
export function makeMapped(
  secret: string,
  sha256: (message: string) => string,
): (source: Source) => number {
  const key = sha256(`nextbeat mapped\n${secret}`);
  return (source) =>
    source.transport === "mqtt"
      ? 0
      : sha256(`${key}${source.address}\n${source.port}`).charCodeAt(0);
}
