/**
 * The real sender's speech without its bytes: when a board that lives is heard, and by which beat.
 *
 * A year of a board a minute is half a million beats, and a thousand of them are too many for
 * frames and tags. So here is only what decides about instants: rules 12 to 15, 18 and 19 as
 * device/sender.ts has them, with its own arithmetic (schedule.ts) and its own order of drawing
 * random numbers; test/gateway/detectors-board.test.ts holds the two against each other, beat by
 * beat. Paths take a constant time, short against any time-out.
 */

import { intervalCode } from "../../device/interval.ts";
import {
  BACKOFF_MAX,
  backoff,
  HELLO_GAP_MAX,
  HELLO_MS,
  HELLO_RTO_MAX,
  promiseMs,
  RTO_FIRST,
  RTO_MAX,
  RTO_MIN,
  TRIES_MAX,
  UNACKED_MAX,
  UNACKED_PATIENT,
} from "../../device/schedule.ts";

/** Whether a frame sent at `at` arrives, by its way. */
export interface Path {
  up(at: number): boolean;
  down(at: number): boolean;
  /** Whether a frame at `at` and its answer both arrive: nothing else is asked of them then. */
  clean(at: number): boolean;
}

/** One way of any path here, ms. */
export const DELAY_MS = 20;

const [NOW, BEAT_AT, HELLO_AT, HELLO_GAP, SRTT, RTTVAR, GAP, WAIT_MAX, AT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
];

export class Speaker {
  // Of the beat that was heard last.
  get at(): number {
    return this.#f[AT]!;
  }
  /** Its number minus that of the one heard before; 0: the first of an epoch. */
  step = 0;
  /** Extension 9, -1: none. */
  acked = -1;
  promise = 0;
  /** Frames sent so far, and the epoch. */
  frames = 0;
  epoch = 1;
  /** Before any sample, and for the arithmetic of promises. */
  rto = RTO_FIRST;
  readonly rtoMax = RTO_MAX;
  readonly clockError = 0.01;
  readonly wakeMs = 0;
  readonly makeUps = 0;
  unacked = 0;
  readonly #own: number;
  readonly #random: () => number;
  readonly #path: Path;
  /** Instants and durations: a typed array costs no allocation when a number changes. */
  readonly #f = new Float64Array(9);
  #ready = true;
  /** Its last beats were heard at once, its time-out is at the floor: so is its next promise. */
  #settled = false;
  #heardSeq = 0;
  #seq = 0;
  #heard = 0xffff;
  #arrived = false;

  constructor(own: number, random: () => number, path: Path) {
    this.#own = own;
    this.#random = random;
    this.#path = path;
    this.#f[GAP] = this.#f[WAIT_MAX] = own;
    this.#f[HELLO_GAP] = own;
  }

  /** Goes on until the next beat is heard. */
  next(): void {
    if (this.#settled && this.#path.clean(this.#f[BEAT_AT]!)) {
      this.#usual();
      return;
    }
    this.#arrived = false;
    while (!this.#arrived) {
      if (this.unacked >= UNACKED_MAX) this.#ready = false;
      const lost = !this.#ready || this.unacked > UNACKED_PATIENT;
      const hello = lost ? this.#f[HELLO_AT]! : Infinity;
      const beat = this.#ready ? this.#f[BEAT_AT]! : Infinity;
      this.#f[NOW] = Math.max(this.#f[NOW]!, Math.min(hello, beat));
      if (this.#f[NOW]! >= hello) this.#hello();
      else this.#beat();
    }
  }

  /** The next beat is like the one before: heard at once, and acknowledged. */
  #usual(): void {
    const sendAt = this.#f[BEAT_AT]!;
    this.#f[BEAT_AT] = sendAt + this.#jittered(this.#own);
    // The time-out is drawn as well, and not needed.
    this.#random();
    this.frames++;
    this.#f[AT] = sendAt + DELAY_MS;
    this.#f[NOW] = this.#f[HELLO_AT] = sendAt + 2 * DELAY_MS;
    this.#seq++;
    this.#heardSeq = this.#seq;
    this.step = 1;
    this.acked = -1;
  }

  #beat(): void {
    const ext = this.#heard < 0xffff ? this.#heard : -1;
    this.#seal();
    const promise = this.#coded;
    const waitMax = this.#f[WAIT_MAX]!;
    let sendAt = this.#f[NOW]!;
    let unheard = true;
    for (let tries = 1; ; tries++) {
      const retryAt = sendAt + Math.min(this.rto * (1 + this.#random() / 4), waitMax);
      this.frames++;
      if (this.#path.up(sendAt)) {
        if (unheard) {
          unheard = false;
          this.#hear(sendAt + DELAY_MS, promise, ext);
        }
        const ackAt = sendAt + 2 * DELAY_MS;
        if (this.#path.down(sendAt + DELAY_MS) && ackAt < this.#f[BEAT_AT]!) {
          this.#cleared(ackAt, tries === 1);
          return;
        }
      }
      if (this.#f[BEAT_AT]! <= retryAt) {
        this.#f[NOW] = this.#f[BEAT_AT]!;
        return;
      }
      this.#f[NOW] = retryAt;
      this.rto = Math.min(this.rto * 2, this.rtoMax);
      if (tries === TRIES_MAX) return;
      sendAt = retryAt;
    }
  }

  #seal(): void {
    this.#settled = false;
    this.#f[WAIT_MAX] = this.#f[GAP]!;
    this.#f[GAP] = Math.min(
      this.#own * backoff(this.unacked),
      Math.max(BACKOFF_MAX * this.#own, this.#own),
    );
    this.#seq++;
    this.#promise();
    this.#heard = (this.#heard << 1) & 0xffff;
    this.unacked++;
    this.#f[BEAT_AT] = this.#f[NOW]! + this.#jittered(this.#f[GAP]!);
  }

  // The same promise again and again: its code is a logarithm.
  #codedFor = -1;
  #coded = 0;

  #usualPromise(): number {
    const gap = this.#f[GAP]!;
    this.#f[GAP] = this.#own;
    this.#promise();
    this.#f[GAP] = gap;
    return this.#coded;
  }

  #promise(): void {
    const ms = promiseMs(this, this.#f[GAP]!);
    if (ms !== this.#codedFor) {
      this.#codedFor = ms;
      this.#coded = intervalCode(ms);
    }
  }

  #hear(at: number, promise: number, ext: number): void {
    this.#f[AT] = at;
    this.step = this.#heardSeq === 0 ? 0 : this.#seq - this.#heardSeq;
    this.#heardSeq = this.#seq;
    this.acked = ext;
    this.promise = promise;
    this.#arrived = true;
  }

  #cleared(now: number, clean: boolean): void {
    if (clean) {
      const rtt = now - this.#f[NOW]!;
      this.#f[RTTVAR]! +=
        (this.#f[SRTT]! ? Math.abs(this.#f[SRTT]! - rtt) - this.#f[RTTVAR]! : rtt * 2) / 4;
      this.#f[SRTT]! += this.#f[SRTT]! ? (rtt - this.#f[SRTT]!) / 8 : rtt;
      this.rto = Math.min(Math.max(this.#f[SRTT]! + 4 * this.#f[RTTVAR]!, RTO_MIN), this.rtoMax);
    }
    this.#f[NOW] = now;
    if (this.unacked >= UNACKED_PATIENT) {
      this.#f[BEAT_AT] = Math.min(this.#f[BEAT_AT]!, now + this.#jittered(this.#own));
    }
    this.#f[HELLO_AT] = now;
    this.#f[HELLO_GAP] = this.#own;
    this.#heard |= 1;
    this.unacked = 0;
    this.#ready = true;
    const { promise, acked, step } = this;
    const usual = clean && this.rto === RTO_MIN && acked === -1 && step === 1;
    this.#settled = usual && this.#heard === 0xffff && promise === this.#usualPromise();
  }

  #hello(): void {
    const sentAt = this.#f[NOW]!;
    this.#f[HELLO_AT] = sentAt + HELLO_MS + this.#jittered(this.#f[HELLO_GAP]!);
    this.#f[HELLO_GAP] = Math.min(this.#f[HELLO_GAP]! * 2, Math.max(HELLO_GAP_MAX, this.#own));
    let sendAt = sentAt;
    for (let tries = 1; ; tries++) {
      const rto = Math.min(this.rto, HELLO_RTO_MAX);
      const retryAt =
        tries === TRIES_MAX
          ? sentAt + HELLO_MS
          : sendAt + Math.min(rto * (1 + this.#random() / 4), this.#f[WAIT_MAX]!);
      this.frames++;
      if (this.#path.up(sendAt) && this.#path.down(sendAt + DELAY_MS)) {
        this.#f[NOW] = sendAt + 2 * DELAY_MS;
        this.epoch++;
        this.#seq = this.#heardSeq = this.unacked = 0;
        this.#ready = true;
        this.#f[HELLO_GAP] = this.#own;
        this.#f[BEAT_AT] = this.#f[HELLO_AT] = this.#f[NOW]!;
        return;
      }
      this.#f[NOW] = retryAt;
      this.rto = Math.min(this.rto * 2, this.rtoMax);
      if (tries === TRIES_MAX) return;
      sendAt = retryAt;
    }
  }

  #jittered(gap: number): number {
    return gap * (1 - this.#random() / 10);
  }
}
