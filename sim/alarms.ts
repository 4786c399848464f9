// Alarms in real time that never ring before their time. Node's timers may fire up to a millisecond
// early (their clock is a whole one), which is enough for a frame to overtake its own link; so an
// alarm looks at the clock and sets itself again. How late each one rang is kept: a machine that is
// too slow for what it plays must be able to say so.

import { performance } from "node:perf_hooks";

/** The longest time that Node's timers can wait, ms. */
const TIMER_MAX = 2 ** 31 - 1;
const LATENESS_MAX = 100_000;

export interface Alarm {
  /** On the clock of `performance.now()`, ms. */
  readonly at: number;
  timer: NodeJS.Timeout;
}

export class Alarms {
  /** By how much alarms were late, ms. */
  readonly lateness: number[] = [];
  private readonly set = new Set<Alarm>();

  /** Does something at an instant, or as soon as it is over. */
  at(instant: number, act: () => void): Alarm {
    const alarm: Alarm = { at: instant, timer: this.wait(instant, () => ring()) };
    const ring = () => {
      const late = performance.now() - instant;
      if (late < 0) {
        alarm.timer = this.wait(instant, ring);
        return;
      }
      this.set.delete(alarm);
      if (this.lateness.length < LATENESS_MAX) this.lateness.push(late);
      act();
    };
    this.set.add(alarm);
    return alarm;
  }

  cancel(alarm: Alarm | undefined): void {
    if (!alarm) return;
    clearTimeout(alarm.timer);
    this.set.delete(alarm);
  }

  /** None of those set will ring. */
  close(): void {
    for (const { timer } of this.set) clearTimeout(timer);
    this.set.clear();
  }

  private wait(instant: number, ring: () => void): NodeJS.Timeout {
    return setTimeout(ring, Math.min(instant - performance.now(), TIMER_MAX));
  }
}
