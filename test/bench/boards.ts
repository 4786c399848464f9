/**
 * Boards as the benches need them: a key, an epoch in force, and frames sealed by hand.
 *
 * No sender core here: a generator of load must cost less than what it measures, and a flood is
 * made of frames that no honest board sends. Keys follow from the id alone, so that two processes,
 * or two runs, agree on them without a file.
 */

import { decodeDown } from "../../device/decode.ts";
import { computeTag, equalTags, makeTagKey, type TagKey } from "../../device/tag.ts";
import {
  ACK,
  DOWN,
  encodeHeartbeat,
  encodeHello,
  HEARTBEAT,
  HELLO,
  tagInput,
  UP,
} from "../../device/wire.ts";
import { idText } from "../../gateway/enrolment.ts";
import type { Enrolment } from "../../gateway/facts.ts";
import { KEY_BYTES } from "../../gateway/limits.ts";
import { sha256 } from "../../gateway/sha256.ts";

/** The promise that silent boards have made: 3 days, longer than any bench. */
export const P_LONG = 214;

/** The epoch that a store written by `seedStore` has in force for every board. */
export const EPOCH = 7;

export function enrolmentOf(id: number, suite: number): Enrolment {
  const hash = sha256(`bench ${suite} ${id}`);
  // A copy: a slice would keep the whole hash in memory, which a store's strings do not.
  const key = Buffer.from(hash, "latin1").toString("latin1", 0, KEY_BYTES);
  return { id, name: `board-${idText(id)}`, site: "bench", labels: [], suite, key };
}

export function tagKeyOf(id: number, suite: number): TagKey {
  return makeTagKey(suite, enrolmentOf(id, suite).key, sha256);
}

/** A beat with its tag. `seq` is the whole number. */
export function sealBeat(
  key: TagKey,
  id: number,
  epoch: number,
  seq: number,
  promise: number,
  ext = "",
): string {
  const body = encodeHeartbeat(id, seq, promise, 0xf0, 0, ext);
  return body + computeTag(key, tagInput(UP, HEARTBEAT, epoch, seq, body, ""));
}

/** A HELLO with its tag. `nonce` of 8 bytes. */
export function sealHello(key: TagKey, id: number, epoch: number, nonce: string): string {
  const body = encodeHello(id, epoch, nonce, 0);
  return body + computeTag(key, tagInput(UP, HELLO, 0, 0, body, ""));
}

/** Whether `reply` is the ACK of this very beat, sealed by whoever has the key. */
export function acknowledges(
  key: TagKey,
  reply: string,
  epoch: number,
  seq: number,
  beat: string,
): boolean {
  const ack = decodeDown(reply, 8);
  if (typeof ack === "string" || ack.type !== ACK || ack.seq16 !== (seq & 0xffff)) return false;
  const input = tagInput(DOWN, ACK, epoch, seq, ack.body, beat.slice(-8));
  return equalTags(ack.tag, computeTag(key, input));
}
