// What a board is besides its program: a clock that is wrong, a battery that empties, and a radio
// that must join before it can say anything. A board of reach class deep sleeps as soon as its
// sender no longer listens, keeps the sender as a board keeps it in the memory of its clock, and
// when a beat falls due wakes and joins first; the promise must have counted that (`wakeMs`).
//
// Boards without one are on mains, always joined, and keep perfect or steadily wrong time: a
// million of those should not carry what only scenarios ask for.

import { listening } from "../device/sender.ts";
import type { Sender } from "../device/state.ts";
import type { BoardClock } from "./clock.ts";
import { type Quantile, quantile } from "./exact.ts";
import type { Power } from "./power.ts";
import { draw, purposeOf } from "./random.ts";

const JOIN = purposeOf("join");
/** A board whose voltage broke down tries again after so long, doubling up to the second. */
const RECOVER_MS = 10_000;
const RECOVER_MAX_MS = 3_600_000;

export class Body {
  readonly clock: BoardClock;
  /** undefined: on mains, and joined at once. */
  readonly power: Power | undefined;
  /** Of its surroundings, degrees C. */
  readonly degrees: number;
  /** In deep sleep: it hears nothing, and joins anew when it wakes. */
  asleep = false;
  /** Its power went because its voltage broke down. */
  brownedOut = false;
  /** The radio has joined from this instant on. */
  radioAt = 0;
  /** The window of a board that sleeps ends by itself then, on its own clock. */
  sleepAt = Number.POSITIVE_INFINITY;
  private readonly seed: number;
  private readonly id: number;
  private joins = 0;
  private brownOuts = 0;

  /** @param id whose luck it has */
  constructor(
    seed: number,
    id: number,
    clock: BoardClock,
    power: Power | undefined,
    degrees: number,
  ) {
    this.seed = seed;
    this.id = id;
    this.clock = clock;
    this.power = power;
    this.degrees = degrees;
  }

  /** Power came on. */
  boot(now: number): void {
    this.asleep = false;
    this.brownedOut = false;
    this.sleepAt = Number.POSITIVE_INFINITY;
    this.clock.asleep(false, now);
    if (this.power) this.join(now, this.power.board.attachMs, this.power.board.bootMs);
  }

  /** Out of deep sleep. */
  rise(now: number): void {
    const { power } = this;
    this.asleep = false;
    this.clock.asleep(false, now);
    if (power) this.join(now, power.board.joinMs, power.board.bootMs);
  }

  /** The radio had lost its access point, which is back: it joins again. */
  rejoin(now: number): void {
    const { power } = this;
    if (power && !this.asleep) this.join(now, power.board.joinAgainMs, 0);
  }

  /** Nothing is due for its sender, at `local` on its clock: it sleeps, unless it still listens. */
  rest(s: Sender, local: number, now: number): void {
    const { reach } = s;
    this.sleepAt = Number.POSITIVE_INFINITY;
    if (reach === 0) return;
    if (listening(s, local)) {
      if (s.frame === "") this.sleepAt = Math.min(s.windowAt, s.windowEnd);
      return;
    }
    if (reach === 2 && this.power) {
      this.asleep = true;
      this.clock.asleep(true, now);
    }
    this.power?.enter(reach === 2 ? "deep" : "light", now);
  }

  /** Whether its voltage breaks down under the load of now. Returns after how long it is back. */
  brownsOut(now: number): number {
    if (!this.power?.brownsOut(now, this.degrees)) {
      this.brownOuts = 0;
      return 0;
    }
    this.brownedOut = true;
    return Math.min(RECOVER_MS * 2 ** this.brownOuts++, RECOVER_MAX_MS);
  }

  private join(now: number, durations: readonly Quantile[], bootMs: number): void {
    const luck = draw(this.seed, this.id, JOIN, this.joins++);
    this.radioAt = now + bootMs + quantile(durations, luck);
    this.power?.enter("join", now);
  }
}
