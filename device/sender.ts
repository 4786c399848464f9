// The heartbeat state machine: one board's side of the protocol.
//
// The idea: a sender is one flat object of numbers and byte strings, and a few functions on it.
// The caller *asks* `poll` for the frame due now, makes (epoch, limit, acked) durable if `dirty`,
// hands the frame to the socket and says `sent`; it *feeds* `handle` with what arrives; it *obeys*
// `wakeAt`. No clock, timer, socket or callback lives here, so the same code runs on a board, in
// tests, and a million times in the simulator. The alternative, an object that owns its timers,
// needs a fake clock for every test and cannot be asked what it will do next.
//
// Why plain functions on a flat object (state.ts): on the interpreter a class of the same behaviour takes
// half as much memory again (measured on a 32-bit build: 776 JsVars against 492). Rules are those
// of protocol.md, section 5. Commands (rule 16) will stand in commands.ts, fed from `handle`.

import { EXT_ACKED, encodeExtension } from "./extensions.ts";
import { acceptWelcome, pollHello } from "./hello.ts";
import { intervalCode, intervalMs } from "./interval.ts";
import {
  backoff,
  NUDGE_MS,
  paceStep,
  promiseMs,
  RESERVE,
  TRIES_MAX,
  UNACKED_MAX,
  UNACKED_PATIENT,
  WINDOW_MS,
  WINDOW_QUIET_MS,
} from "./schedule.ts";
import type { Sender } from "./state.ts";
import { computeTag, equalTags, tagBytes } from "./tag.ts";
import {
  ACK,
  DOWN,
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

function sealBeat(s: Sender, now: number): void {
  const gap = s.interval * backoff(s.unacked, s.backoffMax);
  const unit = 1 - s.random() / 10;
  s.seq++;
  if (s.seq > s.limit) {
    s.limit = s.seq + RESERVE - 1;
    s.dirty = 1;
  }
  const body = encodeHeartbeat(
    s.id,
    s.seq,
    s.leaving ? LEAVING : intervalCode(promiseMs(s, gap)),
    s.vitals,
    s.reach,
    s.heard === 0xffff ? s.extra : s.extra + encodeExtension(EXT_ACKED, u16(s.heard)),
  );
  s.frame = body + computeTag(s.key, tagInput(UP, HEARTBEAT, s.epoch, s.seq, body, ""));
  s.heard = (s.heard << 1) & 0xffff;
  s.unacked++;
  s.tries = 0;
  s.retryAt = now;
  s.beatAt = now + gap * unit;
  s.earlyAt = now + s.interval * unit;
}

/** Sets `wakeAt` to the earliest instant at which `poll` has something to do. */
function schedule(s: Sender): void {
  let at = s.ready ? s.beatAt : Infinity;
  if (s.frame) at = Math.min(at, s.retryAt);
  if (s.hello) at = Math.min(at, s.helloTries < TRIES_MAX ? s.helloRetryAt : s.helloEnd);
  else if (!s.ready || (s.unacked > UNACKED_PATIENT && s.retryAt === Infinity))
    at = Math.min(at, s.helloAt);
  s.wakeAt = s.leaving < 2 ? at : Infinity;
}

/** The try of the beat in flight that is due now, "" if none. The last time-out ends the tries. */
function pollTry(s: Sender, now: number): string {
  if (!s.frame || now < s.retryAt) return "";
  if (s.tries) s.rto = Math.min(s.rto * 2, s.rtoMax);
  if (s.tries < s.triesMax) return s.frame;
  s.retryAt = Infinity;
  return "";
}

/**
 * The frame due now, "" if none. If `dirty` is 1, first make (epoch, limit, acked) durable and set
 * it to 0 (rule 10); then send the frame, then call `sent`. Ask again until it gives "", then obey
 * `wakeAt`.
 */
export function poll(s: Sender, now: number): string {
  let frame = "";
  if (s.leaving < 2) {
    if (s.unacked >= UNACKED_MAX || s.seq >= 0xffffffff) s.ready = 0;
    const due = s.ready && now >= s.beatAt;
    // Where the interval is shorter than the span of tries, the next beat is the next try.
    if (!due) frame = pollTry(s, now);
    s.sending = 0;
    if (!frame) {
      // Rule 12: HELLO without an epoch, or once a further beat has ended without an ACK.
      const lost = s.unacked > UNACKED_PATIENT && (due || s.retryAt === Infinity);
      frame = pollHello(s, !s.ready || lost, now);
      if (frame) s.sending = 1;
      else if (due) {
        sealBeat(s, now);
        frame = s.frame;
      }
    }
  }
  schedule(s);
  return frame;
}

/** The frame that `poll` returned has gone to the socket: its retransmission time runs from now. */
export function sent(s: Sender, now: number): void {
  const wait = s.rto * (1 + s.random() / 4);
  if (s.sending) {
    s.helloRetryAt = now + Math.min(wait * (1 << s.helloTries), s.rtoMax);
    s.helloTries++;
  } else {
    if (!s.tries) s.sentAt = now;
    s.tries++;
    s.retryAt = now + wait;
  }
  schedule(s);
}

/** Whether the frame's tag verifies as one of `type` bound to the beat with that seq and tag. */
function opens(s: Sender, frame: string, type: number, seq: number, bound: string): boolean {
  const end = frame.length - tagBytes(s.key.suite);
  const body = frame.substr(0, end);
  return equalTags(
    computeTag(s.key, tagInput(DOWN, type, s.epoch, seq, body, bound)),
    frame.substr(end),
  );
}

/** RFC 6298 section 2, with G = 0: a clean round trip of `rtt` ms. */
function sample(s: Sender, rtt: number): void {
  if (s.srtt) {
    s.rttvar += (Math.abs(s.srtt - rtt) - s.rttvar) / 4;
    s.srtt += (rtt - s.srtt) / 8;
  } else {
    s.srtt = rtt;
    s.rttvar = rtt / 2;
  }
  s.rto = Math.min(Math.max(s.srtt + 4 * s.rttvar, s.rtoMin), s.rtoMax);
}

function cleared(s: Sender, pace: number, now: number): void {
  // Karn: only a beat sent once gives a sample; else the doubled time-out stays.
  if (s.tries === 1) sample(s, now - s.sentAt);
  s.ackSeq = s.seq;
  s.ackTag = s.frame.substr(s.frame.length - tagBytes(s.key.suite));
  if (s.frame.charCodeAt(6) === LEAVING) s.leaving = 2;
  s.frame = s.extra = s.hello = "";
  s.helloAt = now;
  s.helloGap = s.own;
  s.heard |= 1;
  s.unacked = 0;
  s.ready = 1;
  if (!s.acked) s.acked = s.dirty = 1;
  s.beatAt = Math.min(s.beatAt, s.earlyAt);
  // The gap behind this beat is already promised: a new pace begins with the next one.
  const own = intervalCode(s.own);
  s.code = paceStep(s.code, pace, own, s.paceMin, s.paceMax);
  s.interval = s.code === own ? s.own : intervalMs(s.code);
}

/** Something for `handle` came of a frame. 0: ignored. */
export const CLEARED = 1;
export const REPEATED = 2;
export const WELCOMED = 3;
export const NUDGED = 4;

function takeAck(s: Sender, frame: string, now: number): number {
  const b0 = frame.charCodeAt(0);
  const low = getU16(frame, 1);
  const size = 6 + tagBytes(s.key.suite);
  if (b0 & 4 ? frame.length <= size : frame.length !== size) return 0;
  let result = 0;
  if (s.frame && low === (s.seq & 0xffff)) {
    if (opens(s, frame, ACK, s.seq, s.frame.substr(s.frame.length - size + 6))) {
      cleared(s, frame.charCodeAt(3), now);
      s.windowAt = s.windowEnd = 0;
      result = CLEARED;
    }
  } else if (s.ackTag && low === (s.ackSeq & 0xffff)) {
    if (opens(s, frame, ACK, s.ackSeq, s.ackTag)) result = REPEATED;
  }
  if (result && !(b0 & MORE)) s.windowAt = 0;
  else if (result === CLEARED) {
    s.windowAt = now + WINDOW_QUIET_MS;
    s.windowEnd = now + WINDOW_MS;
  }
  return result;
}

function takeNudge(s: Sender, frame: string, now: number): number {
  if (
    s.frame ||
    s.reach ||
    !s.ackTag ||
    now - s.nudgedAt < NUDGE_MS ||
    frame.length !== 3 + tagBytes(s.key.suite) ||
    getU16(frame, 1) !== (s.ackSeq & 0xffff) ||
    !opens(s, frame, NUDGE, s.ackSeq, s.ackTag)
  )
    return 0;
  s.nudgedAt = s.beatAt = now;
  return NUDGED;
}

/**
 * A frame came from the gateway's address. Returns 0 if it was ignored, else what came of it. What
 * is malformed, not ours, or does not verify changes nothing (rule 11).
 */
export function handle(s: Sender, frame: string, now: number): number {
  const b0 = frame.charCodeAt(0);
  let result = 0;
  if (frame.length <= FRAME_MAX) {
    if ((b0 & 0xf9) === ((VERSION << 6) | (ACK << 3))) result = takeAck(s, frame, now);
    else if (b0 === ((VERSION << 6) | (WELCOME << 3))) result = acceptWelcome(s, frame, now);
    else if (b0 === ((VERSION << 6) | (NUDGE << 3))) result = takeNudge(s, frame, now);
  }
  schedule(s);
  return result;
}

/** Says goodbye: the next beat, due at once, promises nothing; once acknowledged, all is quiet. */
export function leave(s: Sender, now: number): void {
  s.leaving = 1;
  s.beatAt = s.wakeAt = now;
}

/** Whether a frame may still come that this board wants: if not, it may close its radio. */
export function listening(s: Sender, now: number): boolean {
  return (
    !s.reach ||
    s.hello !== "" ||
    (s.frame !== "" && s.retryAt !== Infinity) ||
    (now < s.windowAt && now < s.windowEnd)
  );
}
