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
// of protocol.md, section 5. Commands (rule 16) stand in commands.ts, fed from `handle`.

import { cleared, sealBeat, unackedMax, waitsForMakeUp } from "./beat.ts";
import { getU16, getU32, u16 } from "./bytes.ts";
import { askedBy, BEGIN, ordered } from "./commands.ts";
import { wellFormedExtensions } from "./extensions.ts";
import { openHello, seal, welcomed } from "./hello.ts";
import { MAKE_UP } from "./ladder.ts";
import {
  HELLO_MS,
  HELLO_RTO_MAX,
  MAKES,
  NUDGE_MS,
  SEQ_MAX,
  TRIES_MAX,
  UNACKED_PATIENT,
  WINDOW_MS,
  WINDOW_QUIET_MS,
} from "./schedule.ts";
import type { Sender } from "./state.ts";
import { tagBytes, verifyTag } from "./tag.ts";
import { ACK, COMMAND, DOWN, EXTENDED, FRAME_MAX, MORE, NUDGE, VERSION, WELCOME } from "./wire.ts";

/** Byte 0 of the frames down, X and MORE not set. */
const FIRST_ACK = (VERSION << 6) | (ACK << 3);
const FIRST_WELCOME = (VERSION << 6) | (WELCOME << 3);
const FIRST_COMMAND = (VERSION << 6) | (COMMAND << 3);
const FIRST_NUDGE = (VERSION << 6) | (NUDGE << 3);

/**
 * Build.ts may say that a board never sleeps: then its bundle needs no window. And that it reads no
 * extensions: then those of an ACK are bytes that its tag covers, well-formed or not. And that it
 * takes no commands.
 */
declare const WITH_WINDOW: boolean | undefined;
declare const WITH_EXTENSIONS: boolean | undefined;
declare const WITH_COMMANDS: boolean | undefined;
declare const WITH_SUITE: 0 | 1 | 2 | undefined;
const SLEEPS = typeof WITH_WINDOW === "undefined" || WITH_WINDOW;
const READS = typeof WITH_EXTENSIONS === "undefined" || WITH_EXTENSIONS;
const OBEYS = typeof WITH_COMMANDS === "undefined" || WITH_COMMANDS;

/**
 * The frame due now, "" if none. If `dirty` is 1, with a frame or without, first make (epoch,
 * limit, acked) durable and set it to 0 (rule 10); then send the frame, then call `sent`. Ask again
 * until it gives "", then obey `wakeAt`.
 */
export function poll(s: Sender, now: number): string {
  if (s.unacked >= unackedMax(s) || s.seq >= SEQ_MAX) s.ready = 0;
  let due = s.ready && !s.nonce && now >= s.beatAt;
  let frame = "";
  // Where the interval is shorter than the span of tries, the next beat is the next try.
  if (s.frame && !due && now >= s.retryAt) {
    if (s.tries) s.rto = Math.min(s.rto * 2, s.rtoMax);
    if (s.tries < TRIES_MAX && !(s.nonce && now >= s.sentAt + HELLO_MS)) frame = s.frame;
    else {
      s.failed++;
      if (!MAKES || s.nonce || !waitsForMakeUp(s)) s.frame = s.nonce = "";
    }
  }
  // Rule 12: HELLO without an epoch, or once a further beat has ended without an ACK.
  const lost = !s.ready || s.unacked > UNACKED_PATIENT;
  const hello = lost && now >= s.helloAt;
  if (due || (hello && !s.frame)) {
    if (hello) openHello(s, now);
    else sealBeat(s, now);
    frame = s.frame;
    s.tries = 0;
    s.retryAt = s.sentAt = now;
  }
  s.wakeAt = Math.min(
    s.ready && !s.nonce ? s.beatAt : Infinity,
    s.frame ? s.retryAt : lost ? s.helloAt : Infinity,
  );
  return frame;
}

/** The frame that `poll` returned has gone to the socket: its retransmission time runs from now. */
export function sent(s: Sender, now: number): void {
  if (!s.tries) {
    s.sentAt = now;
    if (MAKES && s.madeUp && !s.nonce) s.rungs |= MAKE_UP;
  }
  s.tries++;
  const rto = s.nonce ? Math.min(s.rto, HELLO_RTO_MAX) : s.rto;
  s.retryAt =
    s.nonce && s.tries === TRIES_MAX
      ? s.sentAt + HELLO_MS
      : now + Math.min(rto * (1 + s.random() / 4), s.waitMax);
}

/** What came of a frame; 0 is nothing. */
export const CLEARED = 1;
export const REPEATED = 2;
export const WELCOMED = 3;
export const NUDGED = 4;
export const ORDERED = 5;

/** Whether an ACK's bytes from 6 to `end`, where its tag begins, are what byte 0 says. */
function ackLength(b0: number, frame: string, end: number): boolean {
  return b0 & EXTENDED
    ? frame.length <= FRAME_MAX && (READS ? wellFormedExtensions(frame, 6, end) : end > 6)
    : end === 6;
}

/** Whether the tag of a frame down, which stands behind its first `end` bytes, verifies. */
function verifies(
  s: Sender,
  b0: number,
  frame: string,
  end: number,
  epoch: number,
  seq: number,
  bound: string,
): boolean {
  const p = (DOWN << 7) | ((b0 >> 3) & 7);
  if (typeof WITH_SUITE === "undefined") return verifyTag(s.key, p, epoch, seq, frame, end, bound);
  const tag = seal(s, p, epoch, seq, frame.substr(0, end) + bound);
  // equalTags without a copy: the frame is as long as its tag says.
  let at = tagBytes(s.key.suite);
  let difference = 0;
  while (at--) difference |= tag.charCodeAt(at) ^ frame.charCodeAt(end + at);
  return !difference;
}

/** An ACK came: with MORE it opens the window, unless it is old; without it ends it (rule 15). */
function turnWindow(s: Sender, more: number, again: boolean, now: number): void {
  if (!more) s.windowAt = 0;
  else if (!again) {
    s.windowAt = now + WINDOW_QUIET_MS;
    s.windowEnd = now + WINDOW_MS;
  }
}

/** What of a seq stands in a frame: on the board its two bytes, in Node a number. */
function travels(seq: number): string | number {
  return typeof WITH_SUITE === "undefined" ? seq & 65535 : u16(seq);
}

/**
 * A COMMAND that asks for `asked` and verifies, its tag behind `end` bytes. A new one is worth two
 * more seconds of listening, and none is worth more than the window's whole (rule 15).
 */
function take(s: Sender, frame: string, end: number, asked: number, now: number): number {
  ordered(s, asked, getU16(frame, 3), frame.substr(5, end - 5));
  if (SLEEPS) {
    if (!(frame.charCodeAt(0) & MORE)) s.windowAt = 0;
    else if (asked === BEGIN) s.windowAt = now + WINDOW_QUIET_MS;
  }
  s.wakeAt = now;
  return ORDERED;
}

/** A frame that was wanted and verifies: what comes of it. `again`: an ACK seen before. */
function obey(s: Sender, frame: string, b0: number, again: boolean, now: number): number {
  let result = again ? REPEATED : CLEARED;
  if (b0 === FIRST_WELCOME) {
    result = WELCOMED;
    welcomed(s, getU32(frame, 1), now);
  } else if (b0 === FIRST_NUDGE) {
    result = NUDGED;
    s.nudgeAt = now + NUDGE_MS;
    s.beatAt = now;
  } else {
    if (!again) cleared(s, frame, now);
    if (SLEEPS) turnWindow(s, b0 & MORE, again, now);
  }
  s.wakeAt = now;
  return result;
}

/**
 * A frame came from the gateway's address. Returns 0 if it was ignored, else what came of it. What
 * is malformed, not ours, or does not verify changes nothing (rule 11). Call `poll` after it.
 */
export function handle(s: Sender, frame: string, now: number): number {
  const b0 = frame.charCodeAt(0);
  const end = frame.length - tagBytes(s.key.suite);
  const acks = (b0 & 0xf9) === FIRST_ACK && ackLength(b0, frame, end);
  const low = typeof WITH_SUITE === "undefined" ? getU16(frame, 1) : frame.substr(1, 2);
  let epoch = s.epoch;
  let seq = s.seq;
  let result = 0;
  // What must the tag be bound to? None is computed unless such a frame is wanted now.
  let bound = "";
  if (b0 === FIRST_WELCOME) {
    if (end === 11 && getU32(frame, 1) > epoch) bound = s.nonce;
    epoch = seq = 0;
  } else if (low === travels(seq)) {
    if (acks) bound = s.tag;
    // Rule 17: for the last acknowledged beat, awake, never while one is in flight; suite 0 has
    // none.
    if (b0 === FIRST_NUDGE && end === 3 && !s.tag && !s.reach && !s.leaving && now >= s.nudgeAt)
      bound = s.key.suite ? s.ackTag : "";
  }
  const again = SLEEPS && !bound && acks && low === travels(s.ackSeq);
  if (again) {
    bound = s.ackTag;
    seq = s.ackSeq;
  }
  // Rule 16. Class 0 listens always, the others while their window is open.
  let asked = 0;
  if (OBEYS && (b0 & 0xfd) === FIRST_COMMAND && end > 4 && low === travels(s.ackSeq)) {
    const open = !SLEEPS || !s.reach || now < Math.min(s.windowAt, s.windowEnd);
    if (open && frame.length <= FRAME_MAX && s.key.suite) asked = askedBy(s, getU16(frame, 3));
    if (asked) {
      bound = s.ackTag;
      seq = s.ackSeq;
    }
  }
  if (bound) {
    const genuine = verifies(s, b0, frame, end, epoch, seq, bound);
    if (genuine)
      result = OBEYS && asked ? take(s, frame, end, asked, now) : obey(s, frame, b0, again, now);
  }
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
  // A beat that waits for a make-up is not listened for.
  const asks = s.frame !== "" && !(MAKES && s.madeUp && !s.tries);
  return !s.reach || asks || now < Math.min(s.windowAt, s.windowEnd);
}
