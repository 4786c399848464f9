// How a sender gets an epoch: HELLO up, WELCOME down (protocol rules 11 and 12).
//
// An exchange is one HELLO, sent at most three times in five seconds, and known by its nonce. It
// runs beside beats, not instead of them: a sender that still has an epoch keeps it, and its
// promises, until a WELCOME gives a better one. The nonce is a tag under the device's own key of
// what no earlier boot had (salt of the bundle, boot counter, measured noise) and a counter, so it
// needs no random generator: those of the boards we know repeat from boot.

import { HELLO_GAP_MAX, HELLO_MS, TRIES_MAX } from "./schedule.ts";
import type { Sender } from "./state.ts";
import { computeTag, equalTags, tagBytes } from "./tag.ts";
import { DOWN, encodeHello, getU32, HELLO, tagInput, UP, u32, WELCOME } from "./wire.ts";

function openHello(s: Sender, now: number): void {
  s.hellos++;
  // 0x7f is no `P` of a tag input (protocol section 4), so a nonce is never a tag of a frame. What
  // follows the tag fills the nonce where tags have two bytes (suite 0).
  const count = u32(s.hellos);
  const nonce = (computeTag(s.key, "\x7f" + s.origin + count) + count + s.origin).substr(0, 8);
  const body = encodeHello(s.id, s.epoch, nonce, s.reach);
  s.hello = body + computeTag(s.key, tagInput(UP, HELLO, 0, 0, body, ""));
  s.helloTries = 0;
  s.helloRetryAt = now;
  s.helloEnd = now + HELLO_MS;
  s.helloAt = now + s.helloGap * (1 - s.random() / 10);
  s.helloGap = Math.min(s.helloGap * 2, Math.max(HELLO_GAP_MAX, s.own));
}

/** The HELLO due now, "" if none; opens an exchange if one is wanted and its time has come. */
export function pollHello(s: Sender, wanted: boolean, now: number): string {
  if (now >= s.helloEnd) s.hello = "";
  if (!s.hello && wanted && now >= s.helloAt) openHello(s, now);
  return s.helloTries < TRIES_MAX && now >= s.helloRetryAt ? s.hello : "";
}

/** WELCOMED if the frame answers the exchange now open with an epoch above ours, else 0. */
export function acceptWelcome(s: Sender, frame: string, now: number): number {
  const epoch = getU32(frame, 1);
  const body = frame.substr(0, 11);
  if (
    !s.hello ||
    frame.length !== 11 + tagBytes(s.key.suite) ||
    epoch <= s.epoch ||
    !equalTags(
      computeTag(s.key, tagInput(DOWN, WELCOME, 0, 0, body, s.hello.substr(8, 8))),
      frame.substr(11),
    )
  )
    return 0;
  s.epoch = epoch;
  s.dirty = s.ready = 1;
  s.seq = s.limit = s.acked = s.unacked = 0;
  s.hello = s.frame = s.ackTag = "";
  s.helloGap = s.own;
  s.beatAt = now;
  return 3;
}
