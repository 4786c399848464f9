// The heartbeat state machine: one board's side of the protocol.
//
// The idea: a sender is one flat object of numbers and byte strings, and a few functions on it.
// The caller *asks* `poll` for the frame due now, makes (epoch, limit, acked) durable if `dirty`,
// hands the frame to the socket and says `sent`; it *feeds* `handle` with what arrives; it *obeys*
// `wakeAt`. No clock, timer, socket or callback lives here, so the same code runs on a board, in
// tests, and a million times in the simulator. The alternative, an object that owns its timers,
// needs a fake clock for every test and cannot be asked what it will do next.
//
// One exchange is open at a time, a beat's or a HELLO's: `frame`, `tries` and `retryAt` belong to
// it. A beat whose tries are over stays in flight (`tag`): a late ACK still counts. Why plain
// functions on a flat object (state.ts): on the interpreter a class of the same behaviour takes
// half as much memory again (measured on a 32-bit build: 776 JsVars against 492). Rules are those
// of protocol.md, section 5. Commands (rule 16) will stand in commands.ts, fed from `handle`.

import { jittered, openHello, takeWelcome, verifies } from "./hello.ts";
import { clamp, intervalCode, intervalMs } from "./interval.ts";
import {
  backoff,
  HELLO_MS,
  HELLO_RTO_MAX,
  NUDGE_MS,
  paceStep,
  promiseMs,
  RESERVE,
  RTO_MIN,
  TRIES_MAX,
  UNACKED_MAX,
  UNACKED_PATIENT,
  WINDOW_MS,
  WINDOW_QUIET_MS,
} from "./schedule.ts";
import type { Sender } from "./state.ts";
import { computeTag, tagBytes } from "./tag.ts";
import {
  ACK,
  EXTENDED,
  encodeHeartbeat,
  FRAME_MAX,
  getU16,
  HEARTBEAT,
  LEAVING,
  MORE,
  NUDGE,
  tagInput,
  UP,
  u16,
  VERSION,
  WELCOME,
} from "./wire.ts";

/** Extension 9 of two bytes (protocol section 6). */
const EXT_ACKED_HEAD = "\x92";

/** Build.ts may say that a board never sleeps: then its bundle needs no window. */
declare const WITH_SLEEP: boolean | undefined;
const SLEEPS = typeof WITH_SLEEP === "undefined" || WITH_SLEEP;

function sealBeat(s: Sender, now: number): string {
  const gap = s.interval * backoff(s.unacked);
  s.seq++;
  if (s.seq > s.limit) {
    s.limit += RESERVE;
    s.dirty = 1;
  }
  const body = encodeHeartbeat(
    s.id,
    s.seq,
    s.leaving ? LEAVING : intervalCode(promiseMs(s, gap)),
    s.vitals,
    s.reach,
    s.heard < 0xffff ? s.extra + EXT_ACKED_HEAD + u16(s.heard) : s.extra,
  );
  s.tag = computeTag(s.key, tagInput(UP, HEARTBEAT, s.epoch, s.seq, body, ""));
  s.frame = body + s.tag;
  s.heard = (s.heard << 1) & 0xffff;
  s.unacked++;
  s.tries = 0;
  s.retryAt = now;
  s.beatAt = now + jittered(s, gap);
  return s.frame;
}

/**
 * The frame due now, "" if none. If `dirty` is 1, first make (epoch, limit, acked) durable and set
 * it to 0 (rule 10); then send the frame, then call `sent`. Ask again until it gives "", then obey
 * `wakeAt`.
 */
export function poll(s: Sender, now: number): string {
  if (s.unacked >= UNACKED_MAX || s.seq >= 0xffffffff) s.ready = 0;
  const due = s.ready && !s.nonce && now >= s.beatAt;
  // Where the interval is shorter than the span of tries, the next beat is the next try.
  if (s.frame && !due && now >= s.retryAt) {
    if (s.tries) s.rto = Math.min(s.rto * 2, s.rtoMax);
    if (s.tries < TRIES_MAX) return s.frame;
    s.frame = s.nonce = "";
  }
  // Rule 12: HELLO without an epoch, or once a further beat has ended without an ACK.
  const lost = !s.ready || s.unacked > UNACKED_PATIENT;
  if (due || !s.frame) {
    if (lost && now >= s.helloAt) return openHello(s, now);
    if (due) return sealBeat(s, now);
  }
  s.wakeAt = Math.min(
    s.ready && !s.nonce ? s.beatAt : Infinity,
    s.frame ? s.retryAt : lost ? s.helloAt : Infinity,
  );
  return "";
}

/** The frame that `poll` returned has gone to the socket: its retransmission time runs from now. */
export function sent(s: Sender, now: number): void {
  const rto = s.nonce ? Math.min(s.rto, HELLO_RTO_MAX) : s.rto;
  if (!s.tries) s.sentAt = now;
  s.tries++;
  s.retryAt =
    s.nonce && s.tries === TRIES_MAX ? s.sentAt + HELLO_MS : now + rto * (1 + s.random() / 4);
}

/** The beat in flight was acknowledged. */
function cleared(s: Sender, pace: number, now: number): void {
  // RFC 6298 section 2 with G = 0. Karn: only a beat sent once gives a sample, else the doubled
  // time-out stays.
  if (s.tries === 1 && !s.nonce) {
    const rtt = now - s.sentAt;
    s.rttvar += (s.srtt ? Math.abs(s.srtt - rtt) - s.rttvar : rtt * 2) / 4;
    s.srtt += s.srtt ? (rtt - s.srtt) / 8 : rtt;
    s.rto = clamp(s.srtt + 4 * s.rttvar, RTO_MIN, s.rtoMax);
  }
  // The gap behind this beat may have been stretched; its own one is long enough now.
  if (s.unacked >= UNACKED_PATIENT) s.beatAt = Math.min(s.beatAt, now + jittered(s, s.interval));
  if (s.leaving) s.beatAt = Infinity;
  if (SLEEPS) s.ackSeq = s.seq;
  s.ackTag = s.tag;
  s.tag = s.frame = s.nonce = s.extra = "";
  s.helloAt = now;
  s.helloGap = s.own;
  s.heard |= 1;
  s.unacked = 0;
  s.ready = 1;
  if (!s.acked) s.acked = s.dirty = 1;
  // The gap behind this beat is promised already: a new pace begins with the next one.
  const own = intervalCode(s.own);
  const code = paceStep(intervalCode(s.interval), pace, own, s.paceMin, s.paceMax);
  s.interval = code === own ? s.own : intervalMs(code);
}

/** What came of a frame; 0 is nothing. */
export const CLEARED = 1;
export const REPEATED = 2;
export const WELCOMED = 3;
export const NUDGED = 4;

function takeAck(s: Sender, frame: string, end: number, low: number, now: number): number {
  if (s.tag && low === (s.seq & 0xffff)) {
    if (!verifies(s, frame, end, s.epoch, s.seq, s.tag)) return 0;
    cleared(s, frame.charCodeAt(3), now);
    if (SLEEPS) {
      s.windowAt = frame.charCodeAt(0) & MORE ? now + WINDOW_QUIET_MS : 0;
      s.windowEnd = now + WINDOW_MS;
    }
    return CLEARED;
  }
  // The last acknowledged beat's again: it can only end the window.
  if (!SLEEPS || !s.ackTag || low !== (s.ackSeq & 0xffff)) return 0;
  if (!verifies(s, frame, end, s.epoch, s.ackSeq, s.ackTag)) return 0;
  if (!(frame.charCodeAt(0) & MORE)) s.windowAt = 0;
  return REPEATED;
}

/**
 * A frame came from the gateway's address. Returns 0 if it was ignored, else what came of it. What
 * is malformed, not ours, or does not verify changes nothing (rule 11). Call `poll` after it.
 */
export function handle(s: Sender, frame: string, now: number): number {
  const b0 = frame.charCodeAt(0);
  const end = frame.length - tagBytes(s.key.suite);
  const low = getU16(frame, 1);
  let result = 0;
  if ((b0 & 0xf9) === ((VERSION << 6) | (ACK << 3))) {
    if (b0 & EXTENDED ? end > 6 && frame.length <= FRAME_MAX : end === 6)
      result = takeAck(s, frame, end, low, now);
  } else if (b0 === ((VERSION << 6) | (WELCOME << 3))) result = takeWelcome(s, frame, end, now);
  else if (
    // Rule 17: for the last acknowledged beat, awake, never while one is in flight.
    b0 === ((VERSION << 6) | (NUDGE << 3)) &&
    !s.tag &&
    !s.reach &&
    s.ackTag &&
    now >= s.nudgeAt &&
    end === 3 &&
    low === (s.seq & 0xffff) &&
    verifies(s, frame, end, s.epoch, s.seq, s.ackTag)
  ) {
    s.nudgeAt = now + NUDGE_MS;
    s.beatAt = now;
    result = NUDGED;
  }
  if (result) s.wakeAt = now;
  return result;
}

/** Says goodbye: the next beat, due at once, promises nothing; once acknowledged, all is quiet. */
export function leave(s: Sender, now: number): void {
  s.leaving = 1;
  s.tag = s.frame = s.nonce = "";
  s.beatAt = s.wakeAt = now;
}

/** Whether a frame may still come that this board wants: if not, it may close its radio. */
export function listening(s: Sender, now: number): boolean {
  return !s.reach || s.frame !== "" || now < Math.min(s.windowAt, s.windowEnd);
}
