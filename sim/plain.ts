// A body for a board that sleeps deeply and was given none: on mains, joined at once, with the
// clock of its kind. A board that sleeps cannot do without one, since each of its wakes is a boot.

import type { BoardKind } from "./board-kind.ts";
import { Body, type Clock } from "./body.ts";

const ROOM_DEGREES = 20;

/** A clock that is off by the same share for ever, asleep or not. */
class SteadyClock implements Clock {
  private offsetMs: number;
  private rate: number;

  constructor({ clockMs = 0, clockPpm = 0 }: BoardKind) {
    this.offsetMs = clockMs;
    this.rate = 1 + clockPpm / 1e6;
  }

  local(world: number): number {
    return this.offsetMs + world * this.rate;
  }

  world(local: number): number {
    return Math.ceil(((local - this.offsetMs) / this.rate) * 1_000) / 1_000;
  }

  asleep(): void {
    // It has one oscillator.
  }

  step(byMs: number): void {
    this.offsetMs += byMs;
  }

  setPpm(ppm: number, now: number): void {
    const local = this.local(now);
    this.rate = 1 + ppm / 1e6;
    this.offsetMs = local - now * this.rate;
  }
}

/** @param id whose luck it has */
export function plainBody(kind: BoardKind, seed: number, id: number): Body {
  const habits = { seed, id, intervalMs: kind.intervalMs, reach: kind.reach ?? 0 };
  return new Body(habits, new SteadyClock(kind), undefined, ROOM_DEGREES);
}
