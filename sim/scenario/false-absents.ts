// How often boards that live are told absent, if each beat is lost with the same probability and
// nothing else goes wrong: what theory says, for runs to be held against.
//
// A beat is *lost* (q) if none of its tries arrives, *unheard* (u) if one does and no ACK comes
// back, else acknowledged (a = 1 - q - u). All that a sender does follows from k, the beats in a row
// without an ACK when it seals one: the gap behind that beat is b(k) = 1 1 2 4 8 8 ... intervals
// (rule 18), each times U(0.9, 1), and its promise is worth that gap. So k is a Markov chain: 0 after
// an ACK, else k + 1; from the fourth on HELLO follows (rule 12), after which a beat leaves at once,
// with k = 0. With p(k) its stationary law and t(k) the mean time to the next beat, there are
//
//   sum p(k) [ a F(k, acknowledged) + u F(k, unheard) ] / sum p(k) t(k)
//
// false absents in a unit of time, where F is the probability that every beat is lost that falls due
// before the deadline D, two promises and the grace later: E[q^N], N beats being due before D. Where
// ACKs always come (u = 0) that is
//
//   q^K / (0.95 interval (1 + q + q^2 + 2 q^3 + 4 q^4 ...)),
//
// beats a day times q^K (1 - q) but for the back-off. K is not below 2, since two promises are longer
// than two gaps. Lost ACKs alone make nobody absent, however many: what is sent arrives. But with
// k = 1, after one of them, the gap behind the next beat is already a double one, and K can be 1.
//
// Two things are left out, each of which only makes beats earlier than said here: HELLO is tried
// more than once in the long gaps of a back-off, and tries take some time.

import { intervalCode } from "../../device/interval.ts";
import { backoff, promiseMs, RTO_MAX, UNACKED_PATIENT } from "../../device/schedule.ts";
import { graceOf } from "../../gateway/detector.ts";
import { creditedMs } from "../../gateway/limits.ts";
import type { Group } from "./types.ts";

const DAY_MS = 86_400_000;
/** First tries go out every U(0.9, 1) gaps (rule 14). */
const LEAST = 0.9;
const MEAN = 0.95;
/** Beats in one epoch without an ACK (rule 12); the chain is cut off there. */
const STATES = 16;
/** Less than this is not followed further. */
const NEVER = 1e-12;

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
  graceMs: number,
  rto: number,
  { lost, unheard }: BeatOdds,
): number {
  const acked = 1 - lost - unheard;
  const { intervalMs } = group;
  let [weight, time, absent] = [1, 0, 0];
  for (let k = 0; k < STATES; k++) {
    const gap = backoff(k) * intervalMs;
    const patient = k < UNACKED_PATIENT;
    const walk = new Walk(deadline(group, graceMs, rto, k), intervalMs, lost, acked);
    absent += weight * acked * walk.due([patient ? gap : intervalMs], 0, 1);
    absent += weight * unheard * walk.unacked([], k, 1);
    // From the fourth beat without an ACK on, a HELLO that is answered ends the gap.
    const on = (1 - acked) * (patient ? 1 : 1 - acked);
    time += weight * MEAN * (acked * (patient ? gap : intervalMs) + on * gap);
    weight *= on;
  }
  return (DAY_MS * absent) / time;
}

/** From a beat's arrival until its board is told absent, unless another arrives. */
function deadline({ config, intervalMs, suite }: Group, graceMs: number, rto: number, k: number) {
  const { rtoMax = RTO_MAX, clockError = 0.01, wakeMs = 0 } = config;
  const timing = { rto, rtoMax, clockError, wakeMs, unacked: k };
  const promise = creditedMs(intervalCode(promiseMs(timing, backoff(k) * intervalMs)), suite);
  return 2 * promise + graceOf(promise, graceMs);
}

/** The beats behind one that was accepted, until the deadline. */
class Walk {
  private readonly deadline: number;
  private readonly interval: number;
  private readonly lost: number;
  private readonly acked: number;

  constructor(deadline: number, interval: number, lost: number, acked: number) {
    this.deadline = deadline;
    this.interval = interval;
    this.lost = lost;
    this.acked = acked;
  }

  /**
   * P(all beats from here on are lost that are due before the deadline).
   * @param gaps up to the next beat, which is sealed with `k`
   * @param before P(the beat before it is due before the deadline)
   */
  due(gaps: readonly number[], k: number, before: number): number {
    const now = below(this.deadline, gaps);
    const none = before - now;
    return now < NEVER ? none : none + this.lost * this.unacked(gaps, k, now);
  }

  /** The same behind a beat that was sealed with `k` and has had no ACK. */
  unacked(gaps: readonly number[], k: number, before: number): number {
    const { acked, interval } = this;
    const next = this.due([...gaps, backoff(k) * interval], k + 1, before);
    if (k < UNACKED_PATIENT) return next;
    return acked * this.due([...gaps, 0], 0, before) + (1 - acked) * next;
  }
}

/**
 * P(the sum of the gaps, each times U(0.9, 1), is below x): the part of a cube that lies below a
 * plane, by inclusion and exclusion of its corners.
 */
function below(x: number, gaps: readonly number[]): number {
  const some = gaps.filter((gap) => gap > 0);
  const total = some.reduce((sum, gap) => sum + gap, 0);
  if (x >= total) return 1;
  if (x <= LEAST * total) return 0;
  const widths = some.map((gap) => (1 - LEAST) * gap);
  const volume = (room: number, from: number, sign: number): number => {
    if (room <= 0) return 0;
    let sum = sign * room ** widths.length;
    for (let i = from; i < widths.length; i++) sum += volume(room - widths[i]!, i + 1, -sign);
    return sum;
  };
  return widths.reduce(
    (part, width, i) => part / (width * (i + 1)),
    volume(x - LEAST * total, 0, 1),
  );
}
