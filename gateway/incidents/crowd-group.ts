/**
 * The numbers of devices that have something in common: how many are here, late, lately gone, how
 * often one of them is to be heard, and when one was. Kept as each device changes, so that asking
 * costs nothing.
 */

import type { Shared } from "./paths.ts";

/**
 * So many beats fell due and none was heard: by chance in one case of twenty, or fewer; and of the
 * fleet, which is large, and where somebody is always late, in one of 22 000.
 */
export const QUIET_BEATS = 3;
export const FLEET_QUIET_BEATS = 10;
/** Whoever became absent this long before, or a promise, is counted as silent with the others. */
const SPELL_MS = 60_000;
/** Beats in 11 days: rates are whole numbers, so that adding and taking away leaves no crumbs. */
const RATE_MS = 1e9;

/** Devices with something in common. */
export class Group implements Shared {
  readonly kind: "site" | "address" | "broker" | "fleet";
  /** What breaks when it falls silent, as incidents name it. */
  readonly scope: string;
  readonly address: string;
  devices = 0;
  /** Present or late, and of them late. */
  here = 0;
  late = 0;
  /** Of those here: beats that fall due in RATE_MS. */
  rate = 0;
  /** Absent lately, and since when the last of them. */
  gone = 0;
  goneAt = -Infinity;
  /** When anybody of it was heard last, and since when we listen for it. */
  heardAt = -Infinity;
  readonly sinceAt: number;
  /** Who became late since then. */
  missed = 0;
  /** Since when most of it is silent; Infinity: it is not. */
  crowdAt = Infinity;
  /** The newest incident of this scope, and of one device of it alone; 0: none. */
  incident = 0;
  lone = 0;

  constructor(kind: Group["kind"], name: string, now: number) {
    this.kind = kind;
    this.scope = kind === "site" || kind === "address" ? `${kind}:${name}` : kind;
    this.address = name;
    this.sinceAt = now;
  }

  /** One of it is heard. */
  heard(now: number): void {
    this.heardAt = now;
    this.missed = 0;
  }

  /** Silent ones, for a device that promised `promiseMs`. */
  silent(at: number, promiseMs: number): number {
    return this.late + this.#recent(at, promiseMs);
  }

  /** Those of whom something is to be heard, or was until lately. */
  expected(at: number, promiseMs: number): number {
    return this.here + this.#recent(at, promiseMs);
  }

  /** For how long nobody was heard, while we could have, in ms. */
  quietMs(at: number): number {
    return at - Math.max(this.heardAt, this.sinceAt);
  }

  /** Beats that fell due since anybody was heard. */
  dueBeats(at: number): number {
    return (this.rate * this.quietMs(at)) / RATE_MS;
  }

  #recent(at: number, promiseMs: number): number {
    return at - this.goneAt > spellMs(promiseMs) ? 0 : this.gone;
  }
}

/** How long before an absence others are absent together with it. */
export function spellMs(promiseMs: number): number {
  return Math.max(SPELL_MS, promiseMs);
}

/** Beats that a device which promises this is to be heard in RATE_MS. */
export function rateOf(promiseMs: number): number {
  return promiseMs === 0 ? 0 : Math.round(RATE_MS / promiseMs);
}

/** Whether `group`, or what it is beside the narrower `part` of it, is silent. */
export function isSilent(
  group: Group,
  part: Group | undefined,
  at: number,
  promiseMs: number,
): boolean {
  const silent = group.silent(at, promiseMs) - (part?.silent(at, promiseMs) ?? 0);
  if (silent < 2) return false;
  const expected = group.expected(at, promiseMs) - (part?.expected(at, promiseMs) ?? 0);
  if (silent * 2 > expected) return true;
  if (group.missed - (part?.missed ?? 0) < 2) return false;
  const share = part === undefined ? 1 : 1 - part.rate / Math.max(1, group.rate);
  const enough = group.kind === "fleet" ? FLEET_QUIET_BEATS : QUIET_BEATS;
  return group.dueBeats(at) * share >= enough;
}
