/**
 * The two clocks of the process: a monotonic one for every decision, a wall clock for what people
 * read and for the one question that only it can answer, how long the gateway was away.
 *
 * The wall clock is never read twice for one instant: both are joined by an offset that is kept
 * until the wall clock steps, so the same monotonic instant gets the same ISO date from the store,
 * from an event and from a list. A board without a battery-backed clock starts in the past; a wall
 * clock before this program was built is therefore not trusted. NTP's own "synchronised" flag lost:
 * containers do not have it, and it does not outlive a lost network.
 */

import { readFileSync } from "node:fs";
import { type Boot, thisBoot } from "./kernel.ts";

export interface Clock {
  /** Milliseconds on the monotonic clock of this process. */
  now(): number;
  /** Unix milliseconds at a monotonic instant, a whole number. */
  wallAt(mono: number): number;
  /** Whether the wall clock may be used for more than display. */
  trusted(): boolean;
  /** Puts the monotonic clock forward by `ms`: the machine was suspended, and its clock stood. */
  skip?(ms: number): void;
  /** Which start of the machine this is; undefined where the system does not say. */
  boot?(): Boot | undefined;
}

/** A step of the wall clock; slower corrections are the slewing of NTP, and drift. */
const STEP_MIN_MS = 100;

/** No build of this program is older. */
const OLDEST_BUILD = Date.UTC(2026, 10, 1);

/**
 * When this program was built: Unix ms from `build.json`, which the build step writes beside the
 * compiled files.
 */
export function builtAt(folder = new URL("./", import.meta.url)): number {
  try {
    const { at } = JSON.parse(readFileSync(new URL("build.json", folder), "utf8")) as {
      at: number;
    };
    return Number.isFinite(at) ? Math.max(at, OLDEST_BUILD) : OLDEST_BUILD;
  } catch {
    return OLDEST_BUILD;
  }
}

export function systemClock(notBefore = builtAt()): Clock {
  let skipped = 0;
  // Read once: what has passed since, our own clock says, at no cost to a commit.
  const boot = thisBoot();
  const bootAt = performance.now();
  let offset = Date.now() - performance.now();
  return {
    now: () => performance.now() + skipped,
    skip(ms) {
      skipped += ms;
    },
    boot: () => boot && { ...boot, ms: boot.ms + performance.now() + skipped - bootAt },
    wallAt(mono) {
      const fresh = Date.now() - performance.now() - skipped;
      if (Math.abs(fresh - offset) > STEP_MIN_MS) offset = fresh;
      return Math.round(mono + offset);
    },
    trusted: () => Date.now() >= notBefore,
  };
}
