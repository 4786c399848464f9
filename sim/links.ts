// What happens to a frame on a link: bytes go in with an instant, an arrival comes out. There is no
// socket, timer or clock, so the same link stands in virtual time and between real sockets (the
// shape of str0m's netem).
//
// A frame's luck is keyed by its occasion (occasion.ts), one Threefry call for loss and delay
// together; what a model does not ask for is not drawn. Whether the path is good or bad at an
// instant is looked up (fade.ts), and only if the frame's luck makes it matter. Where a socket's
// timer shifts a frame by d, a decision changes only if it was within d of a flip. Keyed by their
// number on the link, frames would change their luck with one sent or lost earlier.

import { isBad } from "./fade.ts";
import type { LinkModel, Netem } from "./link.ts";
import { type Plan, valueAt } from "./link-plan.ts";
import {
  ARRIVED,
  BAD,
  COPIES,
  CUT,
  DOWN,
  ENTITY,
  FAULTY,
  LinkTable,
  LOSSES,
  MODEL,
  NUMBER,
  PAIRED,
  SENT,
  SUBMITTED,
  WORDS,
} from "./link-table.ts";
import { purposeOf, threefryHigh, threefryLow } from "./random.ts";

/** What `submit` returns for a frame that does not arrive. */
export const LOST = -1;

/** What became of a frame. `fault`: lost to `setLoss`. */
export type Fate = "passed" | "loss" | "outage" | "cut" | "queue" | "mtu" | "pattern" | "fault";

/** What a draw is for: bits 24 to 30 of its counter, between the occasion and DOWN. */
const OCCASION = 0xffffff;
const ODDS = 1 << 24;
const FLIP = 2 << 24;
const AGAIN = 3 << 24;
const COPY = 4 << 24;
const EXTRA = 5 << 24;
const FAULT = 6 << 24;
const FADE = 7 << 24;
const OUTAGE = 8 << 24;
const NETEM = 9 << 24;

const WORD = 0x100000000;
/** Sets links apart from all else that is keyed by seed and entity. */
const LINKS = purposeOf("links");

/** All links of a run. Numbers, models, faults and counts of each: see LinkTable. */
export class Links extends LinkTable {
  /** Of the frame submitted last: its bytes, when a second copy arrives (-1: none), its fate. */
  frame = "";
  copyAt = LOST;
  fate: Fate = "passed";
  private readonly key: number;

  /** @param capacity links that there is room for; it grows by itself */
  constructor(seed: number, capacity = 16) {
    super(capacity);
    this.key = seed ^ LINKS;
  }

  /**
   * Hands over one frame.
   * @param now ms from the start of the run, not falling
   * @param high,low its occasion: 24 and 32 bits
   * @returns when it arrives (ms, not before `now`, a fraction is possible), or LOST
   */
  submit(link: number, bytes: string, now: number, high: number, low: number): number {
    const { ints, floats, key } = this;
    const at = link * WORDS;
    const bits = ints[at + MODEL]!;
    const plan = this.plans[bits & NUMBER]!;
    const entity = ints[at + ENTITY]!;
    const side = bits & DOWN;
    const occasion = (high & OCCASION) | side;
    this.frame = bytes;
    this.copyAt = LOST;
    this.fate = "passed";
    const wakes = plan.extra && this.asleep(at, plan.model.idleMs, now);
    ints[at + SENT] = now;
    ints[at + SUBMITTED]!++;

    let start = now;
    if (plan.special || (bits & (CUT | FAULTY)) !== 0) {
      start = this.special(link, plan, now, occasion, low);
      if (start === LOST) return LOST;
    }
    const loss = threefryHigh(key, entity, occasion, low) >>> 0;
    const place = threefryLow() >>> 0;
    if (loss < plan.lossMax) {
      const bad = plan.fade !== undefined && isBad(plan.fade, key, entity, FADE | side, now);
      if (loss < (bad ? plan.lossBad : plan.lossGood)) return this.lose(at, "loss");
    }
    if (plan.extra) start += this.extra(at, plan, wakes, occasion, low);
    if (place >= plan.ordinary) return this.odd(link, plan, start, occasion, low);
    const arrival = start + valueAt(plan.delay, place / plan.ordinary);
    const latest = floats[(at >> 1) + ARRIVED]!;
    if (arrival < latest) return latest;
    floats[(at >> 1) + ARRIVED] = arrival;
    return arrival;
  }

  /** What few links have: faults, cuts, queues, states of their own. @returns start, or LOST */
  private special(link: number, plan: Plan, now: number, occasion: number, low: number): number {
    const at = link * WORDS;
    const { key, ints } = this;
    const { model, outage } = plan;
    const entity = ints[at + ENTITY]!;
    const bits = ints[at + MODEL]!;
    // Chain and pattern tick behind a cut too: it changes nothing of what comes after it.
    const nth = (ints[at + SUBMITTED]! - 1) >>> 0;
    const dropped = model.netem !== undefined && this.netemDrops(at, model.netem, nth);
    if ((bits & CUT) !== 0 || isPartitioned(model, now)) return this.lose(at, "cut");
    const length = this.frame.length + model.overheadBytes;
    if (model.mtu > 0 && length > model.mtu) return this.lose(at, "mtu");
    let start = now;
    if (model.bitsPerSecond > 0) {
      const free = Math.max(now, this.freeAt[link]!);
      const bytesPerMs = model.bitsPerSecond / 8_000;
      if (model.queueBytes > 0 && (free - now) * bytesPerMs + length > model.queueBytes) {
        return this.lose(at, "queue");
      }
      start = this.freeAt[link] = free + length / bytesPerMs;
    }
    // What is lost from here on is lost in the air, and has taken its time in the queue.
    if ((bits & FAULTY) !== 0) {
      const luck = threefryHigh(key, entity, FAULT | occasion, low) >>> 0;
      if (luck < this.faults.get(link)! * WORD) return this.lose(at, "fault");
    }
    if (model.pattern) {
      const { per, steps } = model.pattern;
      const step = steps[(per === "frame" ? nth : Math.floor(now)) % steps.length]!;
      if (step < 0) return this.lose(at, "pattern");
      start += step;
    }
    if (outage && isBad(outage, key, entity, OUTAGE | (bits & DOWN), now)) {
      return this.lose(at, "outage");
    }
    return dropped ? this.lose(at, "loss") : start;
  }

  /** One tick of netem's chain: the frame is judged in the state before the transition. */
  private netemDrops(at: number, netem: Netem, nth: number): boolean {
    const { key, ints } = this;
    const bits = ints[at + MODEL]!;
    const bad = (bits & BAD) !== 0;
    const turn = threefryHigh(key, ints[at + ENTITY]!, NETEM | (bits & DOWN), nth) >>> 0;
    if (turn < (bad ? netem.r : netem.p) * WORD) ints[at + MODEL] = bits ^ BAD;
    return threefryLow() >>> 0 < (bad ? netem.lossBad : netem.lossGood) * WORD;
  }

  /** Whether the path's radio has heard nothing for so long, in either direction. */
  private asleep(at: number, idleMs: number, now: number): boolean {
    if (idleMs === 0) return false;
    const bits = this.ints[at + MODEL]!;
    const other = (bits & DOWN) === 0 ? at + WORDS : at - WORDS;
    return (
      this.silence(at, now) >= idleMs &&
      ((bits & PAIRED) === 0 || this.silence(other, now) >= idleMs)
    );
  }

  /** Time since the last frame; it is kept modulo 2^32 ms, so right for up to 49 days. */
  private silence(at: number, now: number): number {
    if (this.ints[at + SUBMITTED] === 0) return Number.POSITIVE_INFINITY;
    return (now - this.ints[at + SENT]!) >>> 0;
  }

  /** Jitter, and what a radio that slept takes to wake. */
  private extra(at: number, plan: Plan, wakes: boolean, occasion: number, low: number): number {
    const { jitterMs } = plan.model;
    if (!wakes && jitterMs === 0) return 0;
    const jitter = threefryHigh(this.key, this.ints[at + ENTITY]!, EXTRA | occasion, low) >>> 0;
    const delay = (jitter / WORD) * jitterMs;
    return wakes ? delay + valueAt(plan.wake, (threefryLow() >>> 0) / WORD) : delay;
  }

  /**
   * A frame that is doubled, held back or corrupted: at least one of them, so each is drawn given
   * that those before it did not happen. @returns its arrival
   */
  private odd(link: number, plan: Plan, start: number, occasion: number, low: number): number {
    const at = link * WORDS;
    const { key, ints, floats } = this;
    const { duplicate, reorder, reorderMs, corrupt } = plan.model;
    const entity = ints[at + ENTITY]!;
    const lucky = (threefryHigh(key, entity, ODDS | occasion, low) >>> 0) / WORD;
    const doubled = lucky * (1 - plan.ordinary / WORD) < duplicate;
    const some = doubled ? 1 : 1 - (1 - reorder) * (1 - corrupt);
    const held = ((threefryLow() >>> 0) / WORD) * some < reorder;
    const flips = (threefryHigh(key, entity, FLIP | occasion, low) >>> 0) / WORD;
    if (flips * (doubled || held ? 1 : corrupt) < corrupt && this.frame !== "") {
      this.corrupted.set(link, (this.corrupted.get(link) ?? 0) + 1);
      const bit = ((threefryLow() >>> 0) / WORD) * this.frame.length * 8;
      this.frame = flipBit(this.frame, Math.floor(bit));
    }
    if (doubled) {
      ints[at + COPIES]!++;
      const place = (threefryHigh(key, entity, COPY | occasion, low) >>> 0) / WORD;
      this.copyAt = start + valueAt(plan.delay, place);
    }
    const place = (threefryHigh(key, entity, AGAIN | occasion, low) >>> 0) / WORD;
    const arrival = start + valueAt(plan.delay, place);
    if (held) return arrival + ((threefryLow() >>> 0) / WORD) * reorderMs;
    const latest = floats[(at >> 1) + ARRIVED]!;
    floats[(at >> 1) + ARRIVED] = Math.max(arrival, latest);
    return Math.max(arrival, latest);
  }

  private lose(at: number, fate: Fate): number {
    this.fate = fate;
    this.ints[at + LOSSES]!++;
    return LOST;
  }
}

function isPartitioned(model: LinkModel, now: number): boolean {
  for (const { from, until } of model.partitions) if (now >= from && now < until) return true;
  return false;
}

function flipBit(bytes: string, bit: number): string {
  const at = bit >> 3;
  const flipped = String.fromCharCode(bytes.charCodeAt(at) ^ (1 << (bit & 7)));
  return bytes.slice(0, at) + flipped + bytes.slice(at + 1);
}
