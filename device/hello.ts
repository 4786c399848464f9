// How a sender gets an epoch: HELLO up, WELCOME down (protocol rules 11 and 12).
//
// An exchange is one HELLO, sent at most three times in five seconds, and known by its nonce. A
// sender that still has an epoch keeps it, and its promises, until a WELCOME gives a better one; a
// beat that falls due meanwhile waits for the end of the exchange, which its promise has counted,
// and then comes before the next exchange. The nonce is a tag under the device's own key of what no
// earlier boot had (salt of the bundle, boot counter, measured noise) and the time since boot,
// which on a board has microseconds and so measures how long joining took: it needs no random
// generator, since those of the boards we know repeat from boot.

import { u32 } from "./bytes.ts";
import { HELLO_GAP_MAX, HELLO_MS } from "./schedule.ts";
import type { Sender } from "./state.ts";
import { computeTag, sealTag, tagBytes } from "./tag.ts";
import { encodeHello, HELLO, tagHead } from "./wire.ts";

declare const WITH_SUITE: 0 | 1 | 2 | undefined;
declare const WITH_COMMANDS: boolean | undefined;

/** No `P` of a tag input (protocol section 4), so a nonce is never a tag of a frame. */
const P_NONCE = 0x7f;

/** A gap of U(0.9, 1.0) of what was meant (rule 14): never longer, so that promises hold. */
export function jittered(s: Sender, gap: number): number {
  return gap * (1 - s.random() / 10);
}

/** The tag of a frame. `p`: direction << 7 | type; `rest`: body, and down what it is bound to. */
export function seal(s: Sender, p: number, epoch: number, seq: number, rest: string): string {
  return typeof WITH_SUITE === "undefined"
    ? sealTag(s.key, p, epoch, seq, rest, "")
    : computeTag(s.key, tagHead(p, epoch, seq) + rest);
}

/** Opens an exchange: `frame` is the HELLO to send. */
export function openHello(s: Sender, now: number): void {
  s.nonce = seal(s, P_NONCE, now, 0, s.origin + now);
  // A nonce has 8 bytes also where a tag has 2.
  if (tagBytes(s.key.suite) < 8) s.nonce = (s.nonce + u32(now) + s.origin).substr(0, 8);
  s.frame = encodeHello(s.id, s.epoch, s.nonce, s.reach);
  s.frame += seal(s, HELLO, 0, 0, s.frame);
  s.helloAt = now + HELLO_MS + jittered(s, s.helloGap);
  s.helloGap = Math.min(s.helloGap * 2, Math.max(HELLO_GAP_MAX, s.own));
}

/** The WELCOME of the exchange now open brought an epoch above ours: it is over. */
export function welcomed(s: Sender, epoch: number, now: number): void {
  s.epoch = epoch;
  s.seq = s.limit = s.acked = s.unacked = s.failed = 0;
  // One by one, so that the build drops what a board without a ladder never reads.
  s.climbed = 0;
  s.step = 0;
  s.dirty = s.ready = 1;
  s.nonce = s.frame = s.tag = s.ackTag = "";
  s.helloGap = s.own;
  s.beatAt = s.helloAt = now;
  if (typeof WITH_COMMANDS === "undefined" || WITH_COMMANDS) s.cmd = s.todo = 0;
}
