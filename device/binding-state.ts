// What is known of the routers on the way (binding.ts), and what of it flash keeps.
//
// A result belongs to one network: at home the router forgets after two minutes, at the cottage the
// carrier does after five. So flash has the last four networks, five bytes each, written anew only
// when a search ends otherwise than the last one there. When the next check is due it does not
// have, for a board that was off does not know for how long: it looks again after a day. What lost:
// the state of a search half done, which a board in a loop of boots would go on writing.

import { intervalMs } from "./interval.ts";
import type { Sender } from "./state.ts";

/**
 * Interval codes of the lives worth trying: 9, 27, 55, 83, 118, 166, 235, 290, 333, 579, 1158 s.
 */
export const LIVES = "\x41\x51\x5b\x61\x66\x6b\x70\x73\x75\x7d\x87";
/** After a probe that taught nothing, doubled each time up to a day. */
export const VOID_MS = 600000;
export const DAY_MS = 86400000;
/** A result is looked at again after a day, doubled each time that it still holds. */
const RECHECK_MAX = 28 * DAY_MS;
/** Networks remembered, and the bytes of a key; behind it 1 + the index of the life that holds. */
const KNOWN = 4;
const KEY = 4;

/** What one board knows of the routers on its way. Instants and durations: ms, as the sender's. */
export interface Binding {
  /** The networks last used, the newest first: what flash keeps. `dirty`: it changed. */
  known: string;
  dirty: number;
  /** The network it is in: KEY bytes, "" = none yet. */
  key: string;
  /** How many of LIVES this board has a use for. */
  useful: number;
  /** Indices into LIVES: proven, -1 none; disproven; in use. */
  low: number;
  high: number;
  used: number;
  /** The one that is being tried, and its silences so far. */
  at: number;
  silent: number;
  /** 0 at rest, 1..3 warm-up, ASKED, CONTROL. */
  phase: number;
  /** The question and the answer to it, "" = not made yet; sends left, the next, and the end. */
  question: string;
  answer: string;
  left: number;
  sendAt: number;
  endAt: number;
  /** When a probe may begin; when the last one did; pauses before the next check, after a void. */
  nextAt: number;
  beganAt: number;
  gap: number;
  pause: number;
  /** Probes since `dayAt`. */
  probes: number;
  dayAt: number;
  /** The ACK seen last: tag of its beat, instant, `mapped`; -1: the socket was another one. */
  ackTag: string;
  ackAt: number;
  mapped: number;
  /** 1: the main flow has the router's long life. */
  warm: number;
}

/** The life at an index of LIVES, ms. */
export function lifeMs(index: number): number {
  return intervalMs(LIVES.charCodeAt(index));
}

/** The longest interval, jitter apart, that a life carries. */
export function carriedMs(index: number): number {
  return lifeMs(index) * 0.94 - 500;
}

/** Nothing known but what flash gave back; `known` "" where it gave nothing. */
export function createBinding(known: string): Binding {
  return {
    known: known,
    dirty: 0,
    key: "",
    useful: 0,
    low: -1,
    high: 0,
    used: -1,
    at: 0,
    silent: 0,
    phase: 0,
    question: "",
    answer: "",
    left: 0,
    sendAt: 0,
    endAt: 0,
    nextAt: 0,
    beganAt: -Infinity,
    gap: DAY_MS,
    pause: VOID_MS,
    probes: 0,
    dayAt: 0,
    ackTag: "",
    ackAt: 0,
    mapped: -1,
    warm: 0,
  };
}

/** Where the entry of a network begins in `known`, -1 = nowhere. */
function entryOf(b: Binding): number {
  let at = 0;
  while (at + KEY < b.known.length && b.known.substr(at, KEY) !== b.key) at += KEY + 1;
  return at + KEY < b.known.length ? at : -1;
}

/** The board has joined, or joined again: `key` names the network in 4 bytes. Also a new socket. */
export function joined(b: Binding, s: Sender, key: string, now: number): void {
  b.mapped = -1;
  b.warm = b.phase = 0;
  if (key !== b.key) {
    b.key = key;
    b.useful = 0;
    // The first that carries the board's own interval is the last that matters.
    if (s.own > carriedMs(0)) {
      b.useful = 1;
      while (b.useful < LIVES.length && carriedMs(b.useful - 1) < s.own) b.useful++;
    }
    const at = entryOf(b);
    b.low = b.used = at < 0 ? -1 : Math.min(b.known.charCodeAt(at + KEY), b.useful) - 1;
    b.high = at < 0 ? b.useful : b.low + 1;
    b.gap = DAY_MS;
    b.pause = VOID_MS;
    b.silent = 0;
    b.nextAt = at < 0 ? now : now + DAY_MS;
  }
}

/** The search is over: what holds is kept, and looked at again after `gap`. */
export function finished(b: Binding, now: number): void {
  const entry = b.key + String.fromCharCode(b.used + 1);
  const at = entryOf(b);
  if (at >= 0 && b.known.substr(at, KEY + 1) === entry) b.gap = Math.min(b.gap * 2, RECHECK_MAX);
  else {
    if (at >= 0) b.known = b.known.substr(0, at) + b.known.substr(at + KEY + 1);
    b.known = (entry + b.known).substr(0, KNOWN * (KEY + 1));
    b.gap = DAY_MS;
    b.dirty = 1;
  }
  b.nextAt = now + b.gap;
}
