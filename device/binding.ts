// How long does the NAT on the way keep a binding? A board that is to be reached between two beats
// must beat before the router forgets it, and no sooner: 25 s is safe nearly everywhere, and four
// times as often as most routers need.
//
// The idea (NATFIND, after RFC 5780): ask on a *second* socket to be answered after a while, PROBE,
// and see whether the answer comes in. Timers of routers are set by people, so the lives worth
// trying are few, each a little short of a cliff: 10, 30, 60, 90, 120, 180, 240, 300, 350, 600,
// 1200 s. A search by halves tells them apart in four probes, and those that would say nothing
// about this board's own interval are left out.
//
// What is certain and what is not:
// - An answer proves that the binding lived. A silence proves little: it counts once a beat of the
//   main socket was acknowledged after it, and the second time. If that beat fails too, nothing was
//   learned; ten minutes later it begins anew.
// - Routers give the long life only to a flow with traffic both ways for more than 2 s (conntrack).
//   So three warm-ups go before each probe; and the main flow is *warm* only after two beats so
//   close to each other that the short life, which may be 10 s, cannot have ended in between. A
//   beat that was lost, or a gap longer than the life, makes it cold: then the next two follow
//   after 3 s, which is what the long life costs.
// - `mapped` in an ACK that changed says that the last binding ended, or that the router began
//   anew, or that the socket is another: one cliff down at once, and up again only by a probe.
// - Each frame goes out three times, 200 ms apart: the gateway answers a copy not once more, and
//   one that gets through is enough. So an idle life is short by 0.4 s, and what is used of it is
//   shorter still. The sender's own jitter comes on top: 0.85 to 0.94 of what was proven.
//
// A board that spares its battery (vitals.ts) lets the binding go: it beats every `ownMax`, and is
// reached after a beat, as one whose router keeps nothing is.
//
// It is fed and asked like the sender: no clock, no socket. `ask` never holds up a beat; it moves
// one forward, to see whether a silence was the network's. What lost: trying on the main socket,
// where each failed trial is a time without commands; and growing by small steps, which takes
// fifty probes to get from 25 s to 20 min. A board that sleeps deeply is heard by no router between
// its beats: it never asks.

import {
  type Binding,
  carriedMs,
  DAY_MS,
  finished,
  LIVES,
  lifeMs,
  VOID_MS,
} from "./binding-state.ts";
import { seal } from "./hello.ts";
import { intervalMs } from "./interval.ts";
import { GATEWAY, REJOIN, SOCKET } from "./ladder.ts";
import type { Sender } from "./state.ts";
import { equalTags } from "./tag.ts";
import { sparing } from "./vitals.ts";
import { DOWN, encodeProbeDown, encodeProbeUp, PROBE } from "./wire.ts";

/** The interval while nothing is known, ms, and the life that it needs. */
const SAFE_MS = 25000;
const SAFE = 1;
/** The interval until the flow is warm: with all jitter it is older than the 2 s of conntrack. */
const COLD_MS = 3000;
const SETTLED_MS = 2500;
/** Warm-ups, each so long after the one before. Then the probe itself. */
const WARM_UPS = 3;
const WARM_MS = 1500;
const ASKED = WARM_UPS + 1;
const CONTROL = ASKED + 1;
/** Sends of a question, and their distance. */
const COPIES = 3;
const COPY_MS = 200;
/** An answer may be so much late; the beat that proves a silence has so long for its ACK. */
const LATE_MS = 5000;
const CONTROL_MS = 15000;
/** The gateway allows six questions a minute, and one probe is four. */
const SPACE_MS = 62000;
const PROBES_A_DAY = 6;
/** Rungs after which the socket is another, or the way (ladder.ts). */
const MOVED = SOCKET | REJOIN | GATEWAY;

/** A beat was acknowledged: what that says of the main flow. */
function acknowledged(b: Binding, s: Sender, now: number): void {
  const idle = now - b.ackAt;
  const most = lifeMs(b.warm ? (b.used < 0 ? SAFE : b.used) : 0);
  if (b.mapped >= 0 && b.mapped !== s.mapped) {
    if (b.warm && b.used >= 0 && idle < most) {
      b.used--;
      b.low = Math.min(b.low, b.used);
      b.nextAt = Math.min(b.nextAt, now + VOID_MS);
      b.gap = DAY_MS;
    }
    b.warm = 0;
  } else if (b.mapped < 0 || idle > most) b.warm = 0;
  else if (idle > SETTLED_MS) b.warm = 1;
  b.mapped = s.mapped;
  b.ackTag = s.ackTag;
  b.ackAt = now;
}

/** The longest interval that keeps the binding; Infinity: none does, or none is wanted. */
function kept(b: Binding, s: Sender): number {
  let most = SAFE_MS;
  if (s.reach > 1 || !b.high || sparing(s)) most = Infinity;
  else {
    if (b.used >= 0) most = carriedMs(b.used);
    else if (b.high === SAFE) most = carriedMs(0);
    // Who gets no answer does not hurry.
    if (s.failed) most = Math.min(most, SAFE_MS);
    else if (!b.warm) most = COLD_MS;
  }
  return most;
}

/** It ended without a lesson. */
function voided(b: Binding, now: number): void {
  b.phase = 0;
  b.nextAt = now + b.pause;
  b.pause = Math.min(b.pause * 2, DAY_MS);
}

/** The life at `at` holds, or does not. */
function judged(b: Binding, good: boolean, now: number): void {
  b.phase = b.silent = 0;
  b.pause = VOID_MS;
  b.nextAt = now;
  if (good) {
    b.low = b.at;
    b.used = Math.max(b.used, b.at);
  } else {
    b.high = b.at;
    if (b.used >= b.at) b.used = b.low;
  }
  if (b.high - b.low < 2) finished(b, now);
}

/** Warm-up or probe number `phase` comes next. */
function step(b: Binding, phase: number, now: number): void {
  b.phase = phase;
  b.question = "";
  b.left = COPIES;
  b.sendAt = Math.max(now, b.beganAt + WARM_MS * (phase - 1));
  b.endAt = b.sendAt + SAFE_MS;
}

/** Whether a probe may begin now; if so, which life it tries. */
function begins(b: Binding, s: Sender, now: number): boolean {
  if (now - b.dayAt >= DAY_MS) {
    b.dayAt = now;
    b.probes = 0;
  }
  // Warm-ups within this beat's gap, as far as possible: each question names the last beat.
  const free =
    !s.tag && !s.leaving && s.beatAt - now > WARM_MS * WARM_UPS && s.reach < 2 && b.useful;
  if (
    !free ||
    sparing(s) ||
    now < b.nextAt ||
    now < b.beganAt + SPACE_MS ||
    b.probes >= PROBES_A_DAY
  )
    return false;
  if (b.high - b.low < 2) {
    // A result looked at again: does it still hold, and does the next one by now?
    b.low = -1;
    b.high = Math.min(b.used < 0 ? b.useful : b.used + 2, b.useful);
  }
  b.at = b.low < b.used && b.used < b.high ? b.used : (b.low + b.high) >> 1;
  b.beganAt = now;
  return true;
}

/** The question of this phase, and the answer that it must get. */
function ready(b: Binding, s: Sender, now: number): void {
  const delay = b.phase === ASKED ? LIVES.charCodeAt(b.at) : b.phase;
  b.question = encodeProbeUp(s.id, s.ackSeq, delay, s.reach);
  b.question += seal(s, PROBE, s.epoch, s.ackSeq, b.question);
  b.answer = encodeProbeDown(s.ackSeq, delay);
  b.answer += seal(s, (DOWN << 7) | PROBE, s.epoch, s.ackSeq, b.answer + s.ackTag);
  b.endAt = now + intervalMs(delay) + LATE_MS;
  if (b.phase === ASKED) b.probes++;
}

/** No answer in time: of a warm-up it means nothing, of a probe it is looked into. */
function silent(b: Binding, s: Sender, now: number): void {
  if (b.phase === ASKED && b.question) {
    b.phase = CONTROL;
    b.endAt = now + CONTROL_MS;
    if (!s.tag) s.beatAt = s.wakeAt = now;
  } else voided(b, now);
}

/**
 * The frame that is due now on the second socket, "" if none; and `s.life`, which the next beat
 * obeys. Ask once before the first `poll` of the sender, and after each: it brings `s.wakeAt`
 * forward where it must.
 */
export function ask(b: Binding, s: Sender, now: number): string {
  let frame = "";
  let heard = false;
  if (s.rungs & MOVED) b.mapped = -1;
  if (s.leaving || sparing(s)) b.phase = 0;
  if (s.ackTag && s.ackTag !== b.ackTag) {
    heard = true;
    acknowledged(b, s, now);
  }
  if (b.phase === CONTROL) {
    if (heard && ++b.silent < 2) b.phase = 0;
    else if (heard) judged(b, false, now);
    else if (now >= b.endAt) voided(b, now);
  } else if (b.phase) {
    if (now >= b.endAt) silent(b, s, now);
    else if (b.left && now >= b.sendAt && !s.tag) {
      if (!b.question) ready(b, s, now);
      frame = b.question;
      b.left--;
      b.sendAt = now + COPY_MS;
    }
  }
  if (!b.phase && heard && begins(b, s, now)) step(b, 1, now);
  s.life = kept(b, s);
  if (b.phase)
    s.wakeAt = Math.min(s.wakeAt, b.left && !s.tag ? Math.min(b.sendAt, b.endAt) : b.endAt);
  return frame;
}

/** A frame came in on the second socket from the gateway's address. Then `ask`. */
export function answered(b: Binding, s: Sender, frame: string, now: number): void {
  if (b.phase && b.phase < CONTROL && b.question && equalTags(b.answer, frame)) {
    if (b.phase === ASKED) judged(b, true, now);
    else step(b, b.phase + 1, now);
    s.wakeAt = now;
  }
}
