// What a board is besides its program: a clock that is wrong, a battery that empties, and a radio
// that must join before it can say anything. It goes from stage to stage, and the board asks it at
// each wake-up whether it may speak:
//
//   off > waits (the spread after a power-on) > joins > up > asleep (reach class deep) > joins ...
//
// A join that fails (no access point, or none in time) sends a sleeper back to sleep, for longer
// each time; any other board stays awake and joins when the access point is back. Boards without
// one are on mains, always joined, and keep perfect or steadily wrong time: a million of those
// should not carry what only scenarios ask for.

import type { BoardClock } from "./clock.ts";
import { type Quantile, quantile } from "./exact.ts";
import type { Power } from "./power.ts";
import { draw, purposeOf } from "./random.ts";

const JOIN = purposeOf("join");
const BACK_OFF = purposeOf("join again");
/** A board whose voltage broke down tries again after so long, doubling up to the second. */
const RECOVER_MS = 10_000;
const RECOVER_MAX_MS = 3_600_000;
/** What a sleeper's program keeps to: joining, awake beyond that, gaps between failed joins. */
const JOIN_MAX_MS = 10_000;
const AWAKE_MAX_MS = 20_000;
const GAPS_MAX = 8;
/** After a power-on somebody may want to talk to it before it sleeps. */
const CONSOLE_MS = 10_000;
/** What a measured wake weighs in what the next one is expected to take. */
const LEAD_WEIGHT = 1 / 4;

/** What a body needs of a clock: see BoardClock. */
export type Clock = Pick<BoardClock, "local" | "world" | "asleep" | "step" | "setPpm">;

/** A board's own settings. */
export interface Habits {
  readonly seed: number;
  /** Whose luck it has. */
  readonly id: number;
  readonly intervalMs: number;
  /** Reach class. */
  readonly reach: number;
}

type Stage = "off" | "waits" | "joins" | "up" | "asleep";

/** Instants in ms, of the world where nothing else is said. */
export class Body {
  readonly clock: Clock;
  /** undefined: on mains, and joined at once. */
  readonly power: Power | undefined;
  /** Of its surroundings, degrees C. */
  readonly degrees: number;
  stage: Stage = "off";
  /** Its power went because its voltage broke down. */
  brownedOut = false;
  /** Its program has begun, and has yet to be laid out: see sleeper.ts. */
  newborn = false;
  /** On its own clock: when its program began; when it sleeps whatever it waits for. */
  bornAt = 0;
  sleepAt = Number.POSITIVE_INFINITY;
  /** Somebody presses its button: it leaves, or has an alert, as soon as it is awake. */
  leaves = false;
  alerts = false;
  /** When it waited or joined enough; when it left off or asleep, and gives up joining. */
  private until = 0;
  private roseAt = 0;
  private failsAt = 0;
  private consoleAt = 0;
  /** When its timer wakes it, on its own clock. */
  private wakesAt = 0;
  /** What waking and joining takes, as measured, ms. */
  private leadMs = 0;
  private readonly habits: Habits;
  private joins = 0;
  private failed = 0;
  private brownOuts = 0;

  constructor(habits: Habits, clock: Clock, power: Power | undefined, degrees: number) {
    this.habits = habits;
    this.clock = clock;
    this.power = power;
    this.degrees = degrees;
  }

  get asleep(): boolean {
    return this.stage === "asleep";
  }

  /** When its stage is over; of "up" the sender knows. */
  get due(): number {
    return this.stage === "asleep" ? this.clock.world(this.wakesAt) : this.until;
  }

  /** Power came on. @param waitMs until it joins */
  boot(now: number, waitMs: number): void {
    this.brownedOut = false;
    this.failed = 0;
    this.consoleAt = now + CONSOLE_MS;
    this.begin(now);
    if (waitMs > 0) {
      this.stage = "waits";
      this.until = now + waitMs;
      this.power?.enter("boot", now);
    } else this.join(now, this.power?.board.attachMs, this.power?.board.bootMs);
  }

  /** Out of deep sleep: its program begins anew. */
  rise(now: number): void {
    this.begin(now);
    this.newborn = true;
    this.join(now, this.power?.board.joinMs, this.power?.board.bootMs);
  }

  /** Its connection was lost, or it gave it up: it joins again. */
  rejoin(now: number): void {
    if (this.power && (this.stage === "up" || this.stage === "joins")) {
      this.join(now, this.power.board.joinAgainMs, 0);
    }
  }

  /**
   * Goes on, if it is time.
   * @param online whether there is an access point
   * @returns whether it is up
   */
  goOn(now: number, online: boolean): boolean {
    if (this.stage !== "up" && now >= this.until) this.step(now, online);
    return this.stage === "up";
  }

  private step(now: number, online: boolean): void {
    if (this.stage === "waits") {
      const { power } = this;
      this.join(now, power?.board.attachMs, 0);
      if (now < this.until) return;
    }
    if (this.stage !== "joins") return;
    const { reach } = this.habits;
    if (reach !== 2 || (online && now < this.failsAt)) {
      this.stage = "up";
      this.failed = 0;
      this.leadMs += (now - this.roseAt - this.leadMs) * (this.leadMs ? LEAD_WEIGHT : 1);
    } else if (now < this.failsAt) this.until = this.failsAt;
    else this.sleep(this.clock.local(now) + this.nextGap(), now);
  }

  /** When it must sleep, since its program began, ms: an open window apart. */
  get awakeMaxMs(): number {
    return AWAKE_MAX_MS + this.joinMaxMs;
  }

  /** Whether somebody may still want to talk to it: then it is not to sleep before `sleepAt`. */
  staysUp(now: number): boolean {
    if (now >= this.consoleAt) return false;
    this.sleepAt = this.clock.local(this.consoleAt);
    return true;
  }

  /** Sleeps until `wakeAt` on its own clock, less what it takes to be on the network. */
  sleepUntil(wakeAt: number, now: number): void {
    this.sleep(Math.max(this.clock.local(now), wakeAt - this.leadMs), now);
  }

  /** Its button is pressed: it need not wait for its timer. */
  press(now: number): void {
    this.wakesAt = Math.min(this.wakesAt, this.clock.local(now));
  }

  /** Its voltage breaks down under the load of now? Returns after how long it is back; 0: no. */
  brownsOut(now: number): number {
    if (!this.power?.brownsOut(now, this.degrees)) {
      this.brownOuts = 0;
      return 0;
    }
    this.brownedOut = true;
    return Math.min(RECOVER_MS * 2 ** this.brownOuts++, RECOVER_MAX_MS);
  }

  /** Its power goes. */
  off(now: number): void {
    this.stage = "off";
    this.newborn = false;
    this.power?.enter("off", now);
  }

  private begin(now: number): void {
    this.clock.asleep(false, now);
    this.roseAt = now;
    if (this.habits.reach === 2) this.bornAt = this.clock.local(now);
    this.sleepAt = Number.POSITIVE_INFINITY;
  }

  private get joinMaxMs(): number {
    return this.power?.board.joinMaxMs ?? JOIN_MAX_MS;
  }

  private join(now: number, durations: readonly Quantile[] | undefined, bootMs = 0): void {
    const luck = draw(this.habits.seed, this.habits.id, JOIN, this.joins++);
    const ms = durations ? quantile(durations, luck) : 0;
    this.stage = "joins";
    this.failsAt = now + bootMs + this.joinMaxMs;
    this.until = Math.min(now + bootMs + ms, this.failsAt);
    this.power?.enter("join", now);
  }

  /** From one failed join to the next, ms: as beats back off (rule 18). */
  private nextGap(): number {
    const { seed, id, intervalMs } = this.habits;
    const gaps = Math.min(GAPS_MAX, 2 ** this.failed++);
    return intervalMs * gaps * (1 - draw(seed, id, BACK_OFF, this.joins) / 10);
  }

  private sleep(wakeAt: number, now: number): void {
    this.clock.asleep(true, now);
    this.stage = "asleep";
    this.wakesAt = wakeAt;
    this.power?.enter("deep", now);
  }
}
