// The one sender that a core works on, whoever's it is (roster.ts). A class, so that V8 gives it
// one shape for good, and every number a fraction at first, so that it keeps each of them as a
// double: an object that was copied together had a dictionary for its fields, and took four times
// as long.

import type { Sender } from "../device/state.ts";
import type { TagKey } from "../device/tag.ts";
import { textOf, wordOf } from "./pack.ts";

/** A tag that is laid out as words, and a string only for whoever reads it. */
export class LazyTag {
  high = 0;
  low = 0;
  /** Bytes that it has: 0, 2 or 8. */
  bytes = 0;
  private known: string | undefined = "";

  lay(high: number, low: number, bytes: number): void {
    this.high = high;
    this.low = low;
    this.bytes = bytes;
    this.known = bytes === 0 ? "" : undefined;
  }

  set(text: string): void {
    this.known = text;
    this.bytes = text.length;
    if (text === "") return;
    this.high = wordOf(text, 0);
    this.low = wordOf(text, 4);
  }

  text(): string {
    this.known ??= textOf(this.high, this.low).slice(0, this.bytes);
    return this.known;
  }
}

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
  ownMin = FRACTION;
  ownMax = FRACTION;
  reserve = FRACTION;
  makeUps = FRACTION;
  ladder = FRACTION;
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
  life = Number.POSITIVE_INFINITY;
  mapped = FRACTION;
  spread = FRACTION;
  climbAt = FRACTION;
  rested = FRACTION;
  madeUp = 0;
  failed = 0;
  rungs = 0;
  told = 0;
  step = 0;
  climbed = 0;
  load = "";
  each = "";
  cmd = 0;
  todo = 0;
  result = "";
  payload = "";
  nonce = "";
  frame = "";
  extra = "";
  /** The two tags, as words until somebody asks for their text. */
  readonly inFlight = new LazyTag();
  readonly acknowledged = new LazyTag();
  key: TagKey;
  random: () => number;
  private readonly originOf: () => string;

  constructor(key: TagKey, random: () => number, originOf: () => string) {
    this.key = key;
    this.random = random;
    this.originOf = originOf;
  }

  get tag(): string {
    return this.inFlight.text();
  }

  set tag(text: string) {
    this.inFlight.set(text);
  }

  get ackTag(): string {
    return this.acknowledged.text();
  }

  set ackTag(text: string) {
    this.acknowledged.set(text);
  }

  /** Read once a HELLO: not worth a string to lay out at each change of board. */
  get origin(): string {
    return this.originOf();
  }
}
