// Where a board's charge goes. The books hold nothing but time: whole microseconds in each state.
// Charge is current times time and is worked out when somebody asks, in whole nC, so years of a
// hundred mA stay exact where a running sum of femtocoulombs leaves 2^53 after nine coulombs, and
// the books balance by construction: the states' times add up to the run.
//
// A board need not be told what physics does by itself. Out of "off" and "deep" it boots first; a
// frame keeps the transmitter or receiver busy for its time on air; a modem stays connected for a
// while after its last frame. These times are taken out of what comes next, whatever state that is,
// and only loss of power ends them. A deep sleep that is longer than the board's timer can hold is
// a chain of sleeps, with a short wake between each two of them.

import { type Battery, selfNA, usableShare, voltsAt } from "./battery.ts";
import { type BoardPower, POWER_STATES, type PowerState } from "./board-power.ts";

/** What is asked of one `deepSleep`: 35 min; its C int of microseconds ends at 35 min 47 s. */
const SLEEP_MAX_US = 2_100e6;

const NC_PER_MAH = 3.6e9;
const US_PER_DAY = 86_400e6;
const ROOM_DEGREES = 20;
const EXTERNAL_POWER = 14;

/** Places of the first four in the books. */
const [BOOT, TX, RX, TAIL] = [0, 1, 2, 3];

const rests = (state: PowerState): boolean => state === "off" || state === "deep";

/** `nA` for `us` microseconds, in whole nC (rounded down once); exact below 2500 Ah. */
function chargeNC(nA: number, us: number): number {
  const seconds = Math.floor(us / 1e6);
  return nA * seconds + Math.floor((nA * (us - seconds * 1e6)) / 1e6);
}

const microseconds = (ms: number): number => Math.round(ms * 1000);

/** One board's books and its battery. Instants are ms and never fall. */
export class Power {
  readonly board: BoardPower;
  /** undefined: mains, which never end. */
  readonly battery: Battery | undefined;
  state: PowerState = "off";
  private readonly since: number;
  /** Whole us in each of POWER_STATES so far. */
  private readonly spent = POWER_STATES.map(() => 0);
  /** Whole us of the first four that still come before the state that was entered. */
  private readonly owed = [0, 0, 0, 0];
  private settled: number;
  /** Since when it is in deep sleep, us. */
  private deepAt = 0;
  /** What `drained` is where the battery is full. */
  private fullNC = 0;

  constructor(board: BoardPower, battery: Battery | undefined, now: number) {
    this.board = board;
    this.battery = battery;
    this.since = this.settled = microseconds(now);
  }

  /** From now on the board is in `state`: it may be the one that it is in. */
  enter(state: PowerState, now: number): void {
    this.settle(now);
    if (state === "deep" && this.state !== "deep") this.deepAt = this.settled;
    if (state === "off") this.owed.fill(0);
    else if (rests(this.state) && !rests(state)) this.owed[BOOT] = microseconds(this.board.bootMs);
    this.state = state;
  }

  /**
   * A frame of `bytes` (as the core made it) leaves or reaches the radio.
   * @param now when; by default the last instant that was given
   */
  frame(direction: "up" | "down", bytes: number, now?: number): void {
    if (now !== undefined) this.settle(now);
    const { air, tailMs } = this.board;
    const us = Math.round(air.frameUs + air.byteUs * (bytes + air.overheadBytes));
    this.owed[direction === "up" ? TX : RX]! += us;
    this.owed[TAIL] = microseconds(tailMs);
  }

  /** Time in a state so far, ms. */
  timeOf(state: PowerState, now: number): number {
    this.settle(now);
    return this.spent[POWER_STATES.indexOf(state)]! / 1000;
  }

  /** Charge that a state took so far (until the last call with an instant), mAh. */
  chargeOf(state: PowerState): number {
    return this.nC(POWER_STATES.indexOf(state)) / NC_PER_MAH;
  }

  /** Charge that the board took so far (until the last call with an instant), whole nC. */
  get totalNC(): number {
    let sum = 0;
    for (let i = 0; i < POWER_STATES.length; i++) sum += this.nC(i);
    return sum;
  }

  /** The same in mAh. */
  get total(): number {
    return this.totalNC / NC_PER_MAH;
  }

  /** Share of a new battery's charge that is left, 0..1; 1 on mains. */
  left(now: number): number {
    this.settle(now);
    return this.share;
  }

  /** Whether nothing is left (at the last call with an instant). */
  get empty(): boolean {
    return this.share === 0;
  }

  /** The battery now holds `share` (0..1) of a new one's charge. */
  refill(share: number, now: number): void {
    this.settle(now);
    this.fullNC = this.drained - (1 - share) * this.capacity;
  }

  /**
   * Whether the voltage is below the board's minimum: with the radio on, under its peak; asleep or
   * off, under what it takes then. So a weak battery lets a board boot and fells it as it sends.
   */
  brownsOut(now: number, degrees = ROOM_DEGREES): boolean {
    if (!this.battery) return false;
    const left = this.left(now);
    const radio = !(rests(this.state) || this.state === "light");
    const nA = radio ? this.board.peakNA : this.loadNA;
    return left === 0 || voltsAt(this.battery, left, degrees, nA) < this.board.brownOutV;
  }

  /** Battery of the vitals byte: 0..10 tenths, 14 on mains. The board's gauge is a perfect one. */
  vitals(now: number): number {
    return this.battery ? Math.round(this.left(now) * 10) : EXTERNAL_POWER;
  }

  /** Voltage of the battery under the state's mean current; 0 on mains. */
  millivolt(now: number, degrees = ROOM_DEGREES): number {
    if (!this.battery) return 0;
    const volts = voltsAt(this.battery, this.left(now), degrees, this.loadNA);
    return Math.max(0, Math.round(volts * 1000));
  }

  /** Days that a new battery lasts at the mean rate so far; Infinity on mains. */
  days(now: number, degrees = ROOM_DEGREES): number {
    this.settle(now);
    if (!this.battery || this.drained === 0) return Number.POSITIVE_INFINITY;
    const days = (this.settled - this.since) / US_PER_DAY;
    return (this.usable(degrees) * this.capacity * days) / this.drained;
  }

  /** Share of a new battery's charge that the board gets before its radio's peak fells it. */
  usable(degrees = ROOM_DEGREES): number {
    const { battery, board } = this;
    return battery ? usableShare(battery, degrees, board.peakNA, board.brownOutV) : 1;
  }

  private get loadNA(): number {
    return this.board.nA[this.state];
  }

  private nC(index: number): number {
    return chargeNC(this.board.nA[POWER_STATES[index]!], this.spent[index]!);
  }

  private get capacity(): number {
    return this.battery ? this.battery.mAh * NC_PER_MAH : Number.POSITIVE_INFINITY;
  }

  /** nC that the board took and that went by itself. */
  private get drained(): number {
    const itself = this.battery ? chargeNC(selfNA(this.battery), this.settled - this.since) : 0;
    return this.totalNC + itself;
  }

  private get share(): number {
    if (!this.battery) return 1;
    return Math.min(1, Math.max(0, 1 - (this.drained - this.fullNC) / this.capacity));
  }

  /** Writes the time since the last call into the books. */
  private settle(now: number): void {
    let us = microseconds(now) - this.settled;
    if (us <= 0) return;
    const from = this.settled - this.deepAt;
    this.settled += us;
    for (const place of [BOOT, TX, RX]) us -= this.pay(place, us);
    if (this.state === "deep") {
      const awake = Math.min(us, this.links(this.settled - this.deepAt) - this.links(from));
      this.spent[BOOT]! += awake;
      us -= awake;
    }
    // The radio's tail passes while the board is awake as well; only sleep is dearer for it.
    if (this.state === "light" || this.state === "deep") us -= this.pay(TAIL, us);
    else this.owed[TAIL] = Math.max(0, this.owed[TAIL]! - us);
    this.spent[POWER_STATES.indexOf(this.state)]! += us;
  }

  /** Time of the wakes that interrupt the first so many us of a deep sleep. */
  private links(us: number): number {
    const linkUs = microseconds(this.board.linkMs);
    const nth = Math.floor(us / SLEEP_MAX_US);
    return nth > 0 ? (nth - 1) * linkUs + Math.min(linkUs, us - nth * SLEEP_MAX_US) : 0;
  }

  private pay(place: number, us: number): number {
    const part = Math.min(this.owed[place]!, us);
    this.owed[place]! -= part;
    this.spent[place]! += part;
    return part;
  }
}
