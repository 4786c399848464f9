// How a sender gets an epoch: HELLO up, WELCOME down (protocol rules 11 and 12).
//
// An exchange is one HELLO, sent at most three times in five seconds, and known by its nonce. A
// sender that still has an epoch keeps it, and its promises, until a WELCOME gives a better one; a
// beat that falls due meanwhile waits for the end of the exchange, which its promise has counted.
// The nonce is a tag under the device's own key of what no earlier boot had (salt of the bundle,
// boot counter, measured noise) and the time since boot: it needs no random generator, since those
// of the boards we know repeat from boot.

import { HELLO_GAP_MAX } from "./schedule.ts";
import type { Sender } from "./state.ts";
import { computeTag, equalTags } from "./tag.ts";
import { DOWN, encodeHello, getU32, HELLO, tagInput, UP, u32 } from "./wire.ts";

/** A gap of U(0.9, 1.0) of what was meant (rule 14): never longer, so that promises hold. */
export function jittered(s: Sender, gap: number): number {
  return gap * (1 - s.random() / 10);
}

/** Opens an exchange: the HELLO to send. */
export function openHello(s: Sender, now: number): string {
  // 0x7f is no `P` of a tag input (protocol section 4), so a nonce is never a tag of a frame. What
  // follows the tag fills the nonce where tags have two bytes (suite 0).
  const at = u32(now);
  s.nonce = (computeTag(s.key, "\x7f" + s.origin + at) + at + s.origin).substr(0, 8);
  const body = encodeHello(s.id, s.epoch, s.nonce, s.reach);
  s.frame = body + computeTag(s.key, tagInput(UP, HELLO, 0, 0, body, ""));
  s.tries = 0;
  s.retryAt = now;
  s.helloAt = now + jittered(s, s.helloGap);
  s.helloGap = Math.min(s.helloGap * 2, Math.max(HELLO_GAP_MAX, s.own));
  return s.frame;
}

/** Whether the tag behind `body` verifies as that of a frame down. */
export function verifies(
  s: Sender,
  frame: string,
  end: number,
  epoch: number,
  seq: number,
  bound: string,
): boolean {
  const body = frame.substr(0, end);
  return equalTags(
    computeTag(s.key, tagInput(DOWN, (frame.charCodeAt(0) >> 3) & 7, epoch, seq, body, bound)),
    frame.substr(end),
  );
}

/** A WELCOME of the exchange now open, with an epoch above ours, ends it: 3, else 0. */
export function takeWelcome(s: Sender, frame: string, end: number, now: number): number {
  const epoch = getU32(frame, 1);
  if (!s.nonce || end !== 11 || epoch <= s.epoch || !verifies(s, frame, end, 0, 0, s.nonce))
    return 0;
  s.epoch = epoch;
  s.seq = s.limit = s.acked = s.unacked = 0;
  s.dirty = s.ready = 1;
  s.nonce = s.frame = s.tag = s.ackTag = "";
  s.helloGap = s.own;
  s.beatAt = now;
  return 3;
}
