// One beat: how it is made, and what its ACK changes (protocol rules 10, 13 to 15, 18 and 19).
//
// All that a promise rests on is fixed when the beat is sealed: the gap behind it, its time-out. An
// ACK changes what the next one will rest on. The alternative, a pace that counts at once, would
// have to take back what has been promised.

import { u8, u16 } from "./bytes.ts";
import { byteOf, EXT_SPREAD } from "./extensions.ts";
import { jittered, seal } from "./hello.ts";
import { clamp, intervalCode, intervalMs } from "./interval.ts";
import { TELLS } from "./ladder.ts";
import {
  BACKOFF_MAX,
  backoff,
  MAKE_UP_MS,
  MAKES,
  makeUpsIn,
  paceStep,
  promiseMs,
  RTO_MIN,
  UNACKED_AFTER_BOOT,
  UNACKED_MAX,
  UNACKED_PATIENT,
} from "./schedule.ts";
import { LOADED, type Sender } from "./state.ts";
import { sealHeartbeat, tagBytes } from "./tag.ts";
import { APP, ownNow } from "./vitals.ts";
import { EXTENDED, encodeHeartbeat, HEARTBEAT, LEAVING } from "./wire.ts";

declare const WITH_SUITE: 0 | 1 | 2 | undefined;
declare const WITH_BINDING: boolean | undefined;
const BINDS = typeof WITH_BINDING === "undefined" || WITH_BINDING;

/** Extension 9 of two bytes, extension 14 of one (protocol section 6). */
const EXT_ACKED_HEAD = "\x92";
const EXT_RECOVERY_HEAD = "\xe1";

/** All that the next beat carries beside its fixed part. */
function extensions(s: Sender): string {
  let ext = s.extra;
  if (APP) ext += s.each + s.load;
  if (s.heard < 0xffff) ext += EXT_ACKED_HEAD + u16(s.heard);
  if (TELLS && s.rungs) ext += EXT_RECOVERY_HEAD + u8(s.rungs);
  if (APP || TELLS) s.told = s.rungs | (s.load ? LOADED : 0);
  return ext;
}

/** Rule 12, over power cuts. Who reserves one by one keeps the count itself (sleep.ts). */
export function unackedMax(s: Sender): number {
  return s.ackTag || s.reserve < 2 ? UNACKED_MAX : UNACKED_AFTER_BOOT;
}

/** The next beat: `frame`, `tag`, and when the one behind it falls due. */
export function sealBeat(s: Sender, now: number): void {
  s.waitMax = s.gap;
  const interval = BINDS ? Math.min(s.interval, s.life) : s.interval;
  s.gap = Math.min(interval * backoff(s.unacked), Math.max(BACKOFF_MAX * s.own, interval));
  // Rule 12: a boot does not go on from a reservation without an ACK.
  if (++s.seq > s.limit || s.unacked === UNACKED_PATIENT) {
    s.limit += s.reserve;
    s.acked = 0;
    s.dirty = 1;
  }
  const promise = s.leaving ? LEAVING : intervalCode(promiseMs(s, s.gap));
  const ext = extensions(s);
  if (typeof WITH_SUITE === "undefined") {
    s.frame = sealHeartbeat(s.key, s.id, s.epoch, s.seq, promise, s.vitals, s.reach, ext);
    s.tag = s.frame.substr(8 + ext.length);
  } else {
    s.frame = encodeHeartbeat(s.id, s.seq, promise, s.vitals, s.reach, ext);
    s.tag = seal(s, HEARTBEAT, s.epoch, s.seq, s.frame);
    s.frame += s.tag;
  }
  s.heard = (s.heard << 1) & 0xffff;
  if (MAKES) s.madeUp = 0;
  s.unacked++;
  s.beatAt = now + jittered(s, s.gap);
}

/**
 * The tries of the beat in flight are over: whether it is sent again later (rule 13). Not where a
 * HELLO comes instead (rule 12), nor where the next beat is near.
 */
export function waitsForMakeUp(s: Sender): boolean {
  const most = s.unacked > UNACKED_PATIENT ? 0 : makeUpsIn(Math.min(s.gap, s.waitMax), s.makeUps);
  if (s.madeUp >= most) return false;
  s.madeUp++;
  s.tries = 0;
  s.retryAt = s.sentAt + jittered(s, MAKE_UP_MS * s.madeUp);
  return true;
}

/** The beat in flight was acknowledged, by this ACK. */
export function cleared(s: Sender, ack: string, now: number): void {
  // RFC 6298 section 2 with G = 0. Karn: only a beat sent once gives a sample, else the doubled
  // time-out stays.
  if (s.tries === 1 && !s.nonce && !(MAKES && s.madeUp)) {
    const rtt = now - s.sentAt;
    s.rttvar += (s.srtt ? Math.abs(s.srtt - rtt) - s.rttvar : rtt * 2) / 4;
    s.srtt += s.srtt ? (rtt - s.srtt) / 8 : rtt;
    s.rto = clamp(s.srtt + 4 * s.rttvar, RTO_MIN, s.rtoMax);
  }
  // The gap behind this beat is promised already: a new pace begins with the next one.
  const own = APP ? ownNow(s) : s.own;
  const ownCode = APP && own !== s.own ? intervalCode(own) : s.ownCode;
  s.code = paceStep(s.code, ack.charCodeAt(3), ownCode, s.paceMin, s.paceMax);
  s.interval = s.code === ownCode ? own : intervalMs(s.code);
  s.mapped = ack.charCodeAt(4);
  if (TELLS && ack.charCodeAt(0) & EXTENDED)
    s.spread = byteOf(ack, 6, ack.length - tagBytes(s.key.suite), EXT_SPREAD) || s.spread;
  // But it may have been stretched, and the gap of a beat that was heard is long enough.
  if (s.unacked >= UNACKED_PATIENT) {
    const interval = BINDS ? Math.min(s.interval, s.life) : s.interval;
    s.beatAt = Math.min(s.beatAt, now + jittered(s, interval));
  }
  if (s.leaving) s.beatAt = Infinity;
  s.ackSeq = s.seq;
  s.ackTag = s.tag;
  if (APP && s.told & LOADED) s.load = "";
  if (TELLS) s.rungs &= ~s.told;
  s.tag = s.frame = s.nonce = s.extra = "";
  s.helloAt = now;
  s.helloGap = s.own;
  s.heard |= 1;
  s.unacked = s.failed = 0;
  s.climbed = 0;
  s.step = 0;
  s.ready = 1;
  if (!s.acked) s.acked = s.dirty = 1;
}
