// How often boards that live are told absent, if each beat is lost with the same probability and
// nothing else goes wrong: what theory says, for runs to be held against.
//
// A beat is *lost* (q) if none of its tries arrives, *unheard* (u) if one does and no ACK comes
// back, else acknowledged (a = 1 - q - u). All that a sender does follows from k, the beats in a
// row without an ACK when it seals one: the gap behind that beat is b(k) = 1 1 2 4 8 8 ...
// intervals (rule 18), each times U(0.9, 1), and its promise is worth that gap. So k is a Markov
// chain: 0 after an ACK, and then the gap is one interval again; else k + 1. Behind the fourth beat
// HELLO is tried, and again at growing distances (rule 12); when it is answered, a beat follows at
// once with k = 0. With p(k) the chain's stationary law and t(k) the mean time to the next beat,
// there are
//
//   sum p(k) [ a F(k, acknowledged) + u F(k, unheard) ] / sum p(k) t(k)
//
// false absents in a unit of time, where F is the probability that every beat is lost that falls
// due before the deadline, behind K chances to speak (gateway/detector/chances.ts). Where ACKs
// always come (u = 0) and q is small that is
//
//   q^K (1 - q) / (0.95 interval),
//
// a beat that arrives, and K behind it that do not. K is the number of misses that the gateway is
// told to wait for; a detector that learns it chooses K as its false alarms allow, and the line
// drawn for it is that of K = 2, where it starts. Lost ACKs alone make nobody absent, however many:
// what is sent arrives.
//
// The instants of HELLO exchanges are taken at their means, and the time that tries take is left
// out. Where losses come in bursts, beats behind a lost one fare better than it did: its time-out
// was doubled (rule 13), so their tries outlast the burst. Runs then stay below this, by a fifth to
// a third at wifi-edge.

import { intervalCode } from "../../device/interval.ts";
import { backoff, HELLO_MS, promiseMs, RTO_MAX, UNACKED_PATIENT } from "../../device/schedule.ts";
import { chanceFrom } from "../../gateway/detector/chances.ts";
import { graceOf, triesMs } from "../../gateway/detector/rhythm.ts";
import { creditedMs } from "../../gateway/limits.ts";
import type { GatewaySpec, Group } from "./types.ts";

const DAY_MS = 86_400_000;
/** First tries go out every U(0.9, 1) gaps (rule 14). */
const LEAST = 0.9;
const MEAN = 0.95;
/** Beats in one epoch without an ACK (rule 12); the chain is cut off there. */
const STATES = 16;
/** Cells of an interval. */
const CELLS = 20;
/** What a detector waits for that knows nothing; one that learns, stays below what this gives. */
const MISSES = 2;

/** The parts of beats of which no try arrives, and of which one does, and no ACK comes back. */
export interface BeatOdds {
  readonly lost: number;
  readonly unheard: number;
}

/**
 * False absents of one board a day.
 * @param rto the boards' retransmission time-out, ms: it is part of what they promise
 */
export function falseAbsentsPerDay(
  group: Group,
  gateway: GatewaySpec,
  rto: number,
  { lost, unheard }: BeatOdds,
): number {
  const acked = 1 - lost - unheard;
  const { intervalMs } = group;
  const deadlines = Array.from({ length: STATES }, (_, k) => deadline(group, gateway, rto, k));
  const all = new AllLost(Math.max(...deadlines), intervalMs, lost, acked);
  let [weight, time, absent] = [1, 0, 0];
  for (const [k, left] of deadlines.entries()) {
    absent += weight * (acked * all.behind(intervalMs, 0, left) + unheard * all.unacked(k, left));
    time += weight * acked * MEAN * intervalMs;
    weight *= 1 - acked;
    for (const ms of exchanges(k, intervalMs)) {
      time += weight * acked * ms;
      weight *= 1 - acked;
    }
    time += weight * MEAN * backoff(k) * intervalMs;
  }
  return (DAY_MS * absent) / time;
}

/**
 * From a beat's arrival until its board is told absent, unless another arrives: behind so many
 * chances to speak as the detector waits for, and never before its promise is broken.
 */
function deadline(group: Group, { graceMs, misses }: GatewaySpec, rto: number, k: number): number {
  const { config, intervalMs, suite } = group;
  const { rtoMax = RTO_MAX, clockError = 0.01, wakeMs = 0, makeUps = 0 } = config;
  const timing = { rto, rtoMax, clockError, wakeMs, unacked: k, makeUps };
  const promise = creditedMs(intervalCode(promiseMs(timing, backoff(k) * intervalMs)), suite);
  const grace = k > 1 ? graceOf(promise, graceMs) : graceMs;
  const least = misses || MISSES;
  const { x } = chanceFrom(0, k, intervalMs, least, least);
  const first = k > 1 ? promise : intervalMs;
  return Math.max(promise, first + (x - 1) * intervalMs + triesMs(x, intervalMs)) + grace;
}

/** When HELLO is tried behind a beat that was sealed with `k`, until the next one; mean times. */
function exchanges(k: number, interval: number): number[] {
  const times: number[] = [];
  let beat = 0;
  for (let n = UNACKED_PATIENT; n < k; n++) beat += MEAN * backoff(n) * interval;
  const end = beat + MEAN * backoff(k) * interval;
  for (let [at, gap] = [0, interval]; k >= UNACKED_PATIENT && at < end; gap *= 2) {
    if (at >= beat) times.push(at - beat);
    at += HELLO_MS + MEAN * gap;
  }
  return times;
}

/**
 * P(all beats are lost that are due before the deadline), by the time that is left to it, from the
 * shortest on: that of a beat follows from that of the next one, a gap nearer to the deadline. It
 * is 1 where none is left, and kept as its integral from there, cell by cell.
 */
class AllLost {
  private readonly cell: number;
  private readonly interval: number;
  private readonly acked: number;
  /** By k, from the last to the first. */
  private readonly exchanges: readonly number[][];
  /** By k of the beat that is due: integrals up to the end of each cell. */
  private readonly sums: readonly Float64Array[];

  constructor(most: number, interval: number, lost: number, acked: number) {
    this.cell = interval / CELLS;
    this.interval = interval;
    this.acked = acked;
    const ks = Array.from({ length: STATES }, (_, k) => k);
    this.exchanges = ks.map((k) => exchanges(k, interval).reverse());
    const cells = Math.ceil(most / this.cell) + 1;
    this.sums = ks.map(() => new Float64Array(cells + 1));
    for (let n = 0; n < cells; n++) {
      for (const [k, sum] of this.sums.entries()) {
        const due = lost * this.unacked(k, (n + 0.5) * this.cell);
        sum[n + 1] = sum[n]! + due * this.cell;
      }
    }
  }

  /** Behind a beat that was sealed with `k` and has had no ACK, `left` before the deadline. */
  unacked(k: number, left: number): number {
    const { cell, interval, acked } = this;
    let value = this.behind(backoff(k) * interval, Math.min(k + 1, STATES - 1), left);
    for (const ms of this.exchanges[k]!) {
      const at = left - ms;
      const welcomed = (this.integral(0, at + cell / 2) - this.integral(0, at - cell / 2)) / cell;
      value = acked * welcomed + (1 - acked) * value;
    }
    return value;
  }

  /** Before a gap, behind which a beat is sealed with `k`. */
  behind(gap: number, k: number, left: number): number {
    const width = (1 - LEAST) * gap;
    return (this.integral(k, left - LEAST * gap) - this.integral(k, left - gap)) / width;
  }

  private integral(k: number, left: number): number {
    if (left <= 0) return left;
    const sum = this.sums[k]!;
    const n = Math.floor(left / this.cell);
    return sum[n]! + (sum[n + 1]! - sum[n]!) * (left / this.cell - n);
  }
}
