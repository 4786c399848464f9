// When a board speaks, and what it may promise about it: pure arithmetic on a sender's numbers.
//
// A promise is an upper bound of the *arrival* of the next beat (protocol section 2), so it is
// computed from the worst case, never from the mean: the longest gap, the clock at its slowest,
// every try used, each at the latest instant that its time-out allows. Jitter only ever shortens a
// gap (U(0.9, 1.0), protocol rule 14), hence a jittered beat cannot break a promise. The
// alternative, promising the mean and leaving the rest to the gateway's grace, makes each gateway
// guess at each board's retries.

import { clamp } from "./interval.ts";

/** Make-ups are for boards that sleep: build.ts cuts them where none does. */
declare const WITH_SLEEP: boolean | undefined;
export const MAKES = typeof WITH_SLEEP === "undefined" || WITH_SLEEP;

// ---- Specification constants: protocol.md, the rule stands behind each ----

/** Sends of one beat or HELLO in all (rules 12 and 13). */
export const TRIES_MAX = 3;
/** Retransmission time-out in ms: lower bound, upper bound, before any sample (rule 13). */
export const RTO_MIN = 80;
export const RTO_MAX = 3000;
export const RTO_FIRST = 250;
/** The gap never grows beyond this many times the configured interval (rule 18). */
export const BACKOFF_MAX = 8;
/** Beats in a row without an ACK before gaps double, and HELLO is thought of (rules 12, 18). */
export const UNACKED_PATIENT = 3;
/** Beats in one epoch without an ACK, then HELLO only (rule 12). */
export const UNACKED_MAX = 16;
/**
 * The same where none was acknowledged since boot: before it, UNACKED_PATIENT of which flash knows
 * nothing may have been spent (`sealBeat`).
 */
export const UNACKED_AFTER_BOOT = UNACKED_MAX - UNACKED_PATIENT;
/** A HELLO exchange is over after this many ms (rule 12). */
export const HELLO_MS = 5000;
/** Unanswered HELLO exchanges are spaced at most this many ms apart (rule 12). */
export const HELLO_GAP_MAX = 3600000;
/** `pace` moves the interval by at most this many codes a beat: a factor of 4 (rule 15). */
export const PACE_STEP = 20;
/** The window after an ACK with MORE, in ms: silence that ends it, and its whole (rule 15). */
export const WINDOW_QUIET_MS = 2000;
export const WINDOW_MS = 15000;
/** A beat's first make-up is so long after its first try, the second twice as long after that. */
export const MAKE_UP_MS = 60000;
export const MAKE_UPS_MAX = 2;
/** A NUDGE is obeyed at most once in this many ms (rule 17). */
export const NUDGE_MS = 5000;

// ---- Implementation constants ----

/** Time-out of a HELLO's tries at most, jitter not counted: three tries and an answer in 5 s. */
export const HELLO_RTO_MAX = 1500;
/** Sequence numbers that one mark on flash reserves: see board.ts for the arithmetic of wear. */
export const RESERVE = 32;
/**
 * A device whose seq is as high as this says HELLO (section 2): further reservations would not fit
 * into 32 bits. A round number is a short one on the board, and nobody gets there.
 */
export const SEQ_MAX = 4e9;
/** Interval codes between which the gateway may pace a board by default: 1 s and 1 h. */
export const PACE_MIN = 34;
export const PACE_MAX = 152;

/** The factor on the interval behind a beat after `unacked` ones without an ACK (rule 18). */
export function backoff(unacked: number): number {
  // 1 1 2 4 8 8 ...: the promise of a beat covers the gap behind it, and nobody knows yet whether
  // this beat will be the third one lost. So the third already promises the double.
  return Math.min(BACKOFF_MAX, (1 << unacked) >> 1) || 1;
}

/**
 * How many of `most` make-ups a beat has whose gap is this long: the last of them, 60 s or 180 s
 * after the first try, comes when no more than two thirds of the gap are over. Later ones would do
 * what the next beat does anyway, for the price of another wake (rule 13).
 */
export function makeUpsIn(gap: number, most: number): number {
  return Math.min(most, gap < 1.5 * MAKE_UP_MS ? 0 : gap < 4.5 * MAKE_UP_MS ? 1 : MAKE_UPS_MAX);
}

/** What `promiseMs` needs to know of a sender. Durations in ms. */
export interface Timing {
  rto: number;
  rtoMax: number;
  /** Relative error of the board's clock over a gap, e.g. 0.01. */
  clockError: number;
  /** Waking, and joining the network, before a beat can leave. */
  wakeMs: number;
  /** Beats in a row without an ACK, this one not counted. */
  unacked: number;
  /** Make-ups of a beat at most. */
  makeUps: number;
}

/**
 * How long after a beat's arrival the next one may arrive at the latest, given the gap between
 * their first tries (rule 14). The worst case: the three tries of this beat time out unheard by us,
 * each doubling the time-out; the next one needs two waits of 8 and 16 times today's, jittered by
 * 1.25, 30 in all; and the network is slower by a whole time-out. No wait of the next one is longer
 * than the gap before it (`sent` sees to that): where the gap is shorter than the tries, the next
 * beat is the next try. One HELLO exchange may come first (rule 12). With make-ups it may be the
 * last of them that arrives, each a wake of its own, by when the time-outs are at their bound.
 */
export function promiseMs(s: Timing, gap: number): number {
  return (
    gap * (1 + s.clockError) +
    s.wakeMs +
    s.rto +
    (MAKES && makeUpsIn(gap, s.makeUps)
      ? makeUpsMs(s, makeUpsIn(gap, s.makeUps))
      : Math.min(30 * s.rto, 2.5 * s.rtoMax, 2 * gap)) +
    (s.unacked < UNACKED_PATIENT ? 0 : HELLO_MS)
  );
}

/** What a beat takes more than its first try, if it is the last of its make-ups that arrives. */
function makeUpsMs(s: Timing, makeUps: number): number {
  // 60 or 180 s behind the first try.
  const behind = (MAKE_UP_MS * makeUps * (makeUps + 1)) / 2;
  return behind * (1 + s.clockError) + makeUps * s.wakeMs + 2.5 * s.rtoMax;
}

/**
 * The interval code after one ACK that asks for `pace`: a step of at most PACE_STEP from `code`
 * towards it, within `min..max`, which a board's `own` may widen, so that asked to slow down it
 * never hurries; 0 and 255 ask for `own` (rule 15).
 */
export function paceStep(
  code: number,
  pace: number,
  own: number,
  min: number,
  max: number,
): number {
  return clamp(
    pace && pace < 255 ? clamp(pace, Math.min(min, own), Math.max(max, own)) : own,
    code - PACE_STEP,
    code + PACE_STEP,
  );
}
