// The one sender that a core works on, whoever's it is (roster.ts). A class, so that V8 gives it
// one shape for good, and every number a fraction at first, so that it keeps each of them as a
// double: an object that was copied together had a dictionary for its fields, and took four times
// as long.

import type { Sender } from "../device/state.ts";
import type { TagKey } from "../device/tag.ts";

/** Of no device: overwritten before anybody looks. */
const FRACTION = 0.5;

export class Desk implements Sender {
  id = FRACTION;
  own = FRACTION;
  reach = FRACTION;
  vitals = FRACTION;
  rto = FRACTION;
  rtoMax = FRACTION;
  clockError = FRACTION;
  wakeMs = FRACTION;
  paceMin = FRACTION;
  paceMax = FRACTION;
  epoch = FRACTION;
  limit = FRACTION;
  acked = FRACTION;
  dirty = FRACTION;
  ready = FRACTION;
  seq = FRACTION;
  tries = FRACTION;
  sentAt = FRACTION;
  retryAt = FRACTION;
  beatAt = FRACTION;
  helloAt = FRACTION;
  helloGap = FRACTION;
  interval = FRACTION;
  code = FRACTION;
  ownCode = FRACTION;
  gap = FRACTION;
  waitMax = FRACTION;
  unacked = FRACTION;
  heard = FRACTION;
  ackSeq = FRACTION;
  windowAt = FRACTION;
  windowEnd = FRACTION;
  nudgeAt = FRACTION;
  srtt = FRACTION;
  rttvar = FRACTION;
  leaving = FRACTION;
  wakeAt = FRACTION;
  tag = "";
  nonce = "";
  frame = "";
  extra = "";
  ackTag = "";
  key: TagKey;
  random: () => number;
  private readonly originOf: () => string;

  constructor(key: TagKey, random: () => number, originOf: () => string) {
    this.key = key;
    this.random = random;
    this.originOf = originOf;
  }

  /** Read once a HELLO: not worth a string to lay out at each change of board. */
  get origin(): string {
    return this.originOf();
  }
}
