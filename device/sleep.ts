// What a sender takes with it into deep sleep, after which a board boots and has nothing but its
// flash.
//
// `doze` makes a byte string of what must survive beside (epoch, limit, acked), and `rouse` puts it
// back after the boot, as if the sender had woken exactly at its old `wakeAt`: what counts instants
// counts them from the new clock's 0. What would change at each wake and is measured anew anyway
// (vitals but the alert, temperature) stays out, and the estimate of round trips is one time-out,
// let go only when it is off by a factor: so the string stays the same while all goes well, and a
// shell that writes it when it changed writes seldom.
//
//    0  flags    1  unacked    2  heard 16          4  limit 16, 0 where nothing is unacked
//    6  code of the pace, 0 none     7  time-out 16, ms        9  gap 32, ms     13  waitMax 32
//   17  beatAt 32    21  helloAt 32    25  helloGap 32         29  failed 16     31  since a rung
//   32  age of the last rung 16, s     34  row of the ladder   35  rungs    36  told
//   37  make-ups begun                 38  retryAt 32
//   42  length of `extra`    43  length of `load`, then both, then the frame in flight, then a tag
//
// The tag is one of the device's own, under its key and epoch: what is damaged, or of another
// device, is ignored as a whole. So is what allows beats and is of another beat than the last one
// reserved: a string that a power cut left behind cannot hide that beats were unheard (rule 12).
// What lost: a string of names and values, three times as long, which would be taken in part.

import { getU16, getU32, u8, u16, u32 } from "./bytes.ts";
import { seal } from "./hello.ts";
import { clamp, intervalCode, intervalMs } from "./interval.ts";
import { LOADED, type Sender } from "./state.ts";
import { tagBytes } from "./tag.ts";
import { ALERT, BATTERY_LOW, ownNow } from "./vitals.ts";

/** No `P` of a tag input (protocol section 4), and not that of a nonce. */
const P_KEPT = 0x7e;
const HEAD = 44;
const U16_MAX = 0xffff;
const U32_MAX = 0xffffffff;

const READY = 1;
const ALARMED = 2;
const LOW = 4;
const LEAVES = 8;
const GONE = 16;
const CARRIES = 32;

/** From `from` until `at`, as 4 bytes: 0 where that has been. */
function until(at: number, from: number): string {
  return u32(clamp(at - from, 0, U32_MAX));
}

/** The time-out to keep: the last one, unless the estimate is above it or far below. */
function timeOut(s: Sender): number {
  const kept = s.rested;
  if (s.rto <= kept && s.rto > kept / 4) return kept;
  // Twice the last one at least, so that it does not creep up in small steps.
  return Math.ceil(s.rto > kept ? Math.min(Math.max(s.rto, 2 * kept), s.rtoMax) : s.rto);
}

/** Rule 12: an epoch of which no beat was ever acknowledged is not used in a later wake. */
function proven(s: Sender): boolean {
  return s.ready > 0 && s.seq > s.unacked;
}

/**
 * Whether the beat in flight is sent again after the sleep: then it stays in flight. Its number
 * must be the last one reserved, from which a boot goes on.
 */
function waits(s: Sender): boolean {
  return proven(s) && s.frame !== "" && s.madeUp > 0 && !s.tries && s.seq === s.limit;
}

function flags(s: Sender): number {
  return (
    (proven(s) ? READY : 0) |
    (s.vitals & ALERT ? ALARMED : 0) |
    (s.vitals >> 4 <= BATTERY_LOW ? LOW : 0) |
    (s.leaving ? LEAVES : 0) |
    (s.beatAt === Infinity ? GONE : 0) |
    (s.told & LOADED ? CARRIES : 0)
  );
}

/**
 * What must survive a deep sleep that begins now, as a byte string. An exchange still open is given
 * up, but for a beat that waits for a make-up.
 */
export function doze(s: Sender, now: number): string {
  // Where its time ran out, what is overdue is due at once.
  const wakeAt = Math.max(now, s.wakeAt);
  const again = waits(s);
  const paced = s.code !== intervalCode(ownNow(s));
  const told = again ? s.told : 0;
  const text =
    u8((flags(s) & ~CARRIES) | (told & LOADED ? CARRIES : 0)) +
    u8(s.unacked) +
    u16(s.heard) +
    u16(s.unacked ? s.limit : 0) +
    u8(paced ? s.code : 0) +
    u16(Math.min(timeOut(s), U16_MAX)) +
    u32(Math.min(s.gap, U32_MAX)) +
    u32(again ? Math.min(s.waitMax, U32_MAX) : 0) +
    until(s.beatAt, wakeAt) +
    until(s.helloAt, wakeAt) +
    u32(Math.min(s.helloGap, U32_MAX)) +
    u16(Math.min(s.failed, U16_MAX)) +
    u8(Math.min(s.failed - s.climbed, 255)) +
    u16(s.failed ? clamp((wakeAt - s.climbAt) / 1000, 0, U16_MAX) : 0) +
    u8(s.step) +
    u8(s.rungs) +
    u8(told) +
    u8(again ? s.madeUp : 0) +
    (again ? until(s.retryAt, wakeAt) : u32(0)) +
    u8(s.extra.length) +
    u8(s.load.length) +
    s.extra +
    s.load +
    (again ? s.frame : "");
  return text + seal(s, P_KEPT, s.epoch, s.limit, text);
}

/** The beat that waits for a make-up, and what it tells. `at`: where its frame begins in `text`. */
function takeFrame(s: Sender, text: string, at: number): void {
  s.frame = text.substr(at);
  s.tag = text.substr(text.length - tagBytes(s.key.suite));
  s.told = text.charCodeAt(36) | (text.charCodeAt(0) & CARRIES ? LOADED : 0);
  s.madeUp = text.charCodeAt(37);
  s.retryAt = getU32(text, 38);
  s.waitMax = getU32(text, 13);
}

/** What the application and the gateway had made of the interval. */
function takeInterval(s: Sender, said: number, code: number): void {
  if (said & ALARMED) s.vitals |= ALERT;
  if (said & LOW) s.vitals = (s.vitals & 15) | (BATTERY_LOW << 4);
  s.interval = code ? intervalMs(code) : ownNow(s);
  s.code = code || intervalCode(s.interval);
}

function take(s: Sender, text: string): void {
  const said = text.charCodeAt(0);
  const extraAt = HEAD + text.charCodeAt(42);
  const loadAt = extraAt + text.charCodeAt(43);
  takeInterval(s, said, text.charCodeAt(6));
  s.ready = s.epoch && said & READY;
  s.leaving = said & LEAVES ? 1 : 0;
  s.unacked = text.charCodeAt(1);
  s.heard = getU16(text, 2);
  s.rto = s.rested = getU16(text, 7);
  s.gap = getU32(text, 9);
  s.beatAt = said & GONE ? Infinity : getU32(text, 17);
  s.helloAt = getU32(text, 21);
  s.helloGap = getU32(text, 25);
  s.failed = getU16(text, 29);
  s.climbed = s.failed - text.charCodeAt(31);
  s.climbAt = -1000 * getU16(text, 32);
  s.step = text.charCodeAt(34);
  s.rungs |= text.charCodeAt(35);
  s.extra = text.substr(HEAD, extraAt - HEAD);
  s.load = text.substr(extraAt, loadAt - extraAt);
  if (text.charCodeAt(37)) takeFrame(s, text, loadAt);
  s.wakeAt = 0;
}

/**
 * After a boot, before the first `poll`: puts back what `doze` gave. The clock must be at 0 when
 * the sleep was to end. Returns 1, or 0 where `kept` was ignored as a whole.
 */
export function rouse(s: Sender, kept: string): number {
  const end = kept.length - tagBytes(s.key.suite);
  const text = kept.substr(0, end);
  if (end < HEAD || seal(s, P_KEPT, s.epoch, s.limit, text) !== kept.substr(end)) return 0;
  const used = text.charCodeAt(1) ? getU16(text, 4) === (s.limit & U16_MAX) : s.acked;
  if (!used && text.charCodeAt(0) & READY) return 0;
  take(s, text);
  return 1;
}
