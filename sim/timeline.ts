// Virtual time: what happens next happens, one event after the other, until an instant is reached.
//
// Whole microseconds in the queue, milliseconds everywhere else. A rolling hash over every event
// (instant, kind, source, and what the events mix in) makes two runs comparable; a bound on events,
// in all and at one instant, makes a livelock an error and not a hang.

import { Agenda } from "./agenda.ts";
import { mix } from "./hash.ts";

/** The kind of a script's events: the first to happen at an instant. */
export const SCRIPT = 0;
/** A source of events that is no board. */
const NOBODY = 0;
/**
 * Events at one instant that are no livelock, whatever the world; and for each that takes part.
 * Thousands of frames wait for a gateway that was asleep for a day.
 */
const INSTANT_MAX = 100_000;
const INSTANT_EACH = 100;

export class Timeline {
  /** The present instant, ms. */
  now = 0;
  /** Rolling hash over all events so far, 32 bits. */
  hash = 0;
  /** Entries taken from the queue. */
  events = 0;
  /** How many take part: more of them may do more at one instant. */
  parties = 0;
  readonly agenda = new Agenda();
  private readonly eventsMax: number;
  private readonly scripts = new Map<number, () => void>();
  private scripted = 0;
  private instant = 0;

  constructor(eventsMax: number) {
    this.eventsMax = eventsMax;
  }

  /** Does something at an instant that is yet to come, ms. */
  at(instant: number, act: () => void): void {
    const script = this.scripted++;
    this.scripts.set(script, act);
    this.agenda.push(us(instant), SCRIPT, NOBODY, script >>> 0);
  }

  /**
   * Lets everything happen that happens until `instant`, which then is now; or, if `enough` says so
   * after some event, until then. Returns whether it did.
   * @param happen what an event of another kind than a script's does; `at` in us
   */
  run(
    instant: number,
    happen: (kind: number, at: number, payload: number) => void,
    enough: (() => boolean) | undefined,
  ): boolean {
    const end = us(instant);
    const { agenda } = this;
    while (agenda.nextAt <= end) {
      agenda.pop();
      const { at, kind, payload } = agenda;
      this.count(at, kind);
      if (kind === SCRIPT) this.play(payload);
      else happen(kind, at, payload);
      if (enough?.()) return true;
    }
    this.now = instant;
    return false;
  }

  private count(at: number, kind: number): void {
    const { source } = this.agenda;
    const now = at / 1_000;
    this.instant = now === this.now ? this.instant + 1 : 0;
    this.now = now;
    this.events++;
    const most = INSTANT_MAX + INSTANT_EACH * this.parties;
    if (this.events > this.eventsMax || this.instant > most) {
      throw new Error(`no end of events at ${now} ms, the last of kind ${kind} from ${source}`);
    }
    this.hash = mix(mix(this.hash, at), kind * 0x2000000 + source);
  }

  private play(script: number): void {
    const act = this.scripts.get(script)!;
    this.scripts.delete(script);
    act();
  }
}

/** An instant in whole microseconds. */
export function us(ms: number): number {
  return Math.round(ms * 1_000);
}

/** An arrival in whole microseconds, ms, and at least one after it was sent. */
export function wholeUs(at: number, now: number): number {
  return Math.max(Math.ceil(at * 1_000), Math.round(now * 1_000) + 1) / 1_000;
}
