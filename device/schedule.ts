// When a board speaks, and what it may promise about it: pure arithmetic on a sender's numbers.
//
// A promise is an upper bound of the *arrival* of the next beat (protocol section 2), so it is
// computed from the worst case, never from the mean: the longest gap, the clock at its slowest,
// every try used, each at the latest instant that its time-out allows. Jitter only ever shortens a
// gap (U(0.9, 1.0), protocol rule 14), hence a jittered beat cannot break a promise. The
// alternative, promising the mean and leaving the rest to the gateway's grace, makes each gateway
// guess at each board's retries.

// ---- Specification constants: protocol.md, the rule stands behind each ----

/** Sends of one beat or HELLO in all (rules 12 and 13). */
export const TRIES_MAX = 3;
/** Retransmission time-out in ms: lower bound, upper bound, before any sample (rule 13). */
export const RTO_MIN = 80;
export const RTO_MAX = 3000;
export const RTO_FIRST = 250;
/** The gap never grows beyond this many times the configured interval (rule 18). */
export const BACKOFF_MAX = 8;
/** Beats in a row without an ACK before gaps double (rule 18). */
export const UNACKED_PATIENT = 3;
/** Beats in one epoch without an ACK, then HELLO only (rule 12). */
export const UNACKED_MAX = 16;
/** A HELLO exchange is over after this many ms (rule 12). */
export const HELLO_MS = 5000;
/** Unanswered HELLO exchanges are spaced at most this many ms apart (rule 12). */
export const HELLO_GAP_MAX = 3600000;
/** `pace` moves the interval by at most this many codes a beat: a factor of 4 (rule 15). */
export const PACE_STEP = 20;
/** The window after an ACK with MORE, in ms: silence that ends it, and its whole (rule 15). */
export const WINDOW_QUIET_MS = 2000;
export const WINDOW_MS = 15000;
/** A NUDGE is obeyed at most once in this many ms (rule 17). */
export const NUDGE_MS = 5000;

// ---- Implementation constants ----

/**
 * Sequence numbers reserved by one mark on flash. 32 beats a mark and 232 marks a file make 7 424
 * beats for each rewrite of the file: see board.ts for the arithmetic of wear.
 */
export const RESERVE = 32;

/** What `promiseMs` needs to know of a sender. All durations in ms. */
export interface Timing {
  rto: number;
  rtoMax: number;
  triesMax: number;
  /** Relative error of the board's clock over a gap, e.g. 0.01. */
  clockError: number;
  /** Waking, and joining the network, before a beat can leave. */
  wakeMs: number;
}

/** The factor on the interval for a beat that follows `unacked` beats without an ACK (rule 18). */
export function backoff(unacked: number, backoffMax: number): number {
  // The promise of a beat covers the gap behind it, and nobody knows yet whether this beat will be
  // the third one lost: so the third already promises the double.
  return unacked < UNACKED_PATIENT - 1
    ? 1
    : Math.min(1 << Math.min(unacked + 2 - UNACKED_PATIENT, 8), backoffMax);
}

/**
 * How long after a beat's arrival the next one may arrive at the latest, given the gap between
 * their first tries (rule 14). Assumes the worst: all tries of this beat time out unheard by us,
 * each doubling the time-out under which the next one starts.
 */
export function promiseMs(t: Timing, gap: number): number {
  let rto = t.rto;
  let span = 0;
  for (let i = 1; i < 2 * t.triesMax - 1; i++) {
    rto = Math.min(rto * 2, t.rtoMax);
    if (i >= t.triesMax) span += rto * 1.25;
  }
  // Where the gap is shorter than the span of tries, the next beat is the next try.
  return gap * (1 + t.clockError) + t.wakeMs + Math.min(span, gap * (t.triesMax - 1)) + t.rto;
}

/**
 * The interval code after one ACK that asks for `pace`: a step of at most PACE_STEP from `code`
 * towards it, within `min..max`; 0 and 255 ask for the board's `own` (rule 15).
 */
export function paceStep(
  code: number,
  pace: number,
  own: number,
  min: number,
  max: number,
): number {
  const target = pace === 0 || pace === 255 ? own : Math.max(min, Math.min(max, pace));
  return code + Math.max(-PACE_STEP, Math.min(PACE_STEP, target - code));
}
