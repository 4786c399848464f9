/**
 * How often one address may ask. A token bucket each (RFC 2697 without colours): so much at once,
 * so much a second from then on. Whoever guesses tokens gets a smaller one of its own, since a
 * guess costs us a hash and tells him nothing; it is charged for wrong tokens only, so that nobody
 * can lock out who has the right one.
 *
 * An IPv6 host owns 2^64 addresses, so it is its network that counts. The table is bounded: the
 * address that was quiet for longest goes first, and by then its bucket is full again. One bucket
 * for everybody lost: a single stuck script would stop all others.
 */

import { isIPv6 } from "node:net";
import type { Clock } from "../clock.ts";
import { problem } from "./problem.ts";

/** Requests of one address: at once, and a second. A dashboard opens with about twenty. */
export const BURST = 2_000;
export const PER_SECOND = 200;
/** Wrong tokens of one address: at once, and a second. */
export const WRONG_BURST = 10;
export const WRONG_PER_SECOND = 1 / 6;
/** Addresses remembered. */
export const ADDRESSES_MAX = 4_096;

interface Bucket {
  left: number;
  at: number;
}

export class Rate {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #clock: Pick<Clock, "now">;
  readonly #buckets = new Map<string, Bucket>();

  constructor(burst: number, perSecond: number, clock: Pick<Clock, "now">) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** @returns the refusal, if this was one too many */
  take(address: string): Response | undefined {
    const now = this.#clock.now();
    const owner = ownerOf(address);
    const { left, at } = this.#buckets.get(owner) ?? { left: this.#burst, at: now };
    const has = Math.min(this.#burst, left + ((now - at) / 1000) * this.#perSecond);
    // Put in anew, so that the map stays in the order of use.
    this.#buckets.delete(owner);
    this.#buckets.set(owner, { left: has < 1 ? has : has - 1, at: now });
    if (this.#buckets.size > ADDRESSES_MAX) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    if (has >= 1) return undefined;
    const seconds = Math.ceil((1 - has) / this.#perSecond);
    const headers = { "retry-after": String(seconds) };
    return problem(429, `too many requests of ${address}; expected none for ${seconds} s`, headers);
  }
}

/** The first four groups of an IPv6 address; any other as it is. */
export function ownerOf(address: string): string {
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head.split(":").filter(Boolean);
  if (tail !== undefined) {
    const rest = tail.split(":").filter(Boolean);
    while (groups.length + rest.length < 8) groups.push("0");
    groups.push(...rest);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
