// Every direction of every path in one table: a million boards need two of them each. One record is
// 48 bytes of one buffer, so that a frame touches one or two cache lines and allocates nothing;
// objects were four times that, and columns in arrays of their own seven cache misses a frame.
//
//   f64 latest arrival | f64 end of the queue | key 2 x i32 | counts 4 x i32 | last sent | model, bits
//
// What happens to a frame is drawn by its occasion (occasion.ts), one Threefry call for loss and
// delay together; what a model does not ask for is not drawn. Whether the path is good or bad
// at an instant is looked up (fade.ts), and only if the frame's luck makes it matter.

import { isFaded } from "./fade.ts";
import type { Direction, LinkModel, Netem } from "./link.ts";
import { type Plan, planOf, valueAt } from "./link-plan.ts";
import { purposeOf, threefry } from "./random.ts";

/** What `submit` returns for a frame that does not arrive. */
export const LOST = -1;

/** What became of a frame. `fault`: lost to `setLoss`. */
export type Fate = "passed" | "loss" | "outage" | "cut" | "queue" | "mtu" | "pattern" | "fault";

export interface LinkCounts {
  readonly submitted: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly corrupted: number;
}

const WORDS = 12;
const ARRIVED = 0;
const FREE = 1;
const KEY = 4;
const SUBMITTED = 6;
const LOSSES = 7;
const COPIES = 8;
const CORRUPTED = 9;
const SENT = 10;
const MODEL = 11;

/** Bits of MODEL above the number of the model. */
const MODELS_MAX = 0x1000000;
const CUT = 0x1000000;
const FAULTY = 0x2000000;
const BAD = 0x4000000;
/** The record behind this one, or before it, is the same path's other direction. */
const UPPER = 0x8000000;
const LOWER = 0x10000000;

/** What a draw is for: the three bits of its counter above the occasion's 29. */
const OCCASION = 0x1fffffff;
const ODDS = 1 << 29;
const EXTRA = 2 << 29;
const AGAIN = 3 << 29;
const CORRUPT = 4 << 29;
const FAULT = 5 << 29;
const FADE = 6 << 29;
const OUTAGE = FADE | (1 << 28);
const NETEM = 7 << 29;

const WORD = 0x100000000;
const PURPOSES = { up: purposeOf("link up"), down: purposeOf("link down") };

export class Links {
  /** Of the frame submitted last: its bytes, when a second copy arrives (-1: none), its fate. */
  frame = "";
  copyAt = LOST;
  fate: Fate = "passed";
  private readonly seed: number;
  private size = 0;
  private ints: Int32Array;
  private floats: Float64Array;
  private readonly plans: Plan[] = [];
  private readonly planNumbers = new Map<LinkModel, number>();
  private readonly faults = new Map<number, number>();
  private lastUp = LOST;

  /** @param capacity links that there is room for; it grows by itself */
  constructor(seed: number, capacity = 16) {
    this.seed = seed;
    this.ints = new Int32Array(capacity * WORDS);
    this.floats = new Float64Array(this.ints.buffer);
  }

  /**
   * A new link. A "down" that is added right after the "up" of the same entity is the other
   * direction of its path, and a frame either way keeps the path's radio from sleeping.
   * @param entity whose path it is: keys its luck, with seed and direction
   * @returns its number: 0, 1, 2, ...
   */
  add(model: LinkModel, entity: number, direction: Direction): number {
    const link = this.size++;
    if (this.size * WORDS > this.ints.length) {
      const ints = new Int32Array(this.ints.length * 2 + WORDS);
      ints.set(this.ints);
      this.ints = ints;
      this.floats = new Float64Array(ints.buffer);
    }
    const at = link * WORDS;
    const [k0, k1] = threefry(this.seed, entity, PURPOSES[direction], 0);
    this.ints[at + KEY] = k0;
    this.ints[at + KEY + 1] = k1;
    if (direction === "up") this.lastUp = entity;
    else if (link > 0 && this.lastUp === entity) {
      this.ints[at - WORDS + MODEL]! |= UPPER;
      this.ints[at + MODEL]! |= LOWER;
    }
    if (direction === "down") this.lastUp = LOST;
    this.setModel(link, model, 0);
    return link;
  }

  model(link: number): LinkModel {
    return this.plans[this.ints[link * WORDS + MODEL]! & (MODELS_MAX - 1)]!.model;
  }

  /** What is under way on the old model arrives as planned, and holds nobody up. */
  setModel(link: number, model: LinkModel, now: number): void {
    const at = link * WORDS;
    const bits = this.ints[at + MODEL]! & ~(MODELS_MAX - 1) & ~BAD;
    this.ints[at + MODEL] = bits | this.planNumber(model);
    this.floats[(at >> 1) + ARRIVED] = now;
    this.floats[(at >> 1) + FREE] = now;
  }

  setCut(link: number, cut: boolean): void {
    this.setBit(link, CUT, cut);
  }

  /** @param share of frames that are lost on top of what the model loses; 0: none */
  setLoss(link: number, share: number): void {
    this.setBit(link, FAULTY, share > 0);
    if (share > 0) this.faults.set(link, share * WORD);
    else this.faults.delete(link);
  }

  counts(link: number): LinkCounts {
    const at = link * WORDS;
    const count = (field: number) => this.ints[at + field]! >>> 0;
    return {
      submitted: count(SUBMITTED),
      lost: count(LOSSES),
      duplicated: count(COPIES),
      corrupted: count(CORRUPTED),
    };
  }

  /**
   * Hands over one frame.
   * @param now ms, not falling
   * @param high,low its occasion: 29 and 32 bits
   * @returns when it arrives (ms, not before `now`, a fraction is possible), or LOST
   */
  submit(link: number, bytes: string, now: number, high: number, low: number): number {
    const { ints, floats } = this;
    const at = link * WORDS;
    const bits = ints[at + MODEL]!;
    const plan = this.plans[bits & (MODELS_MAX - 1)]!;
    const k0 = ints[at + KEY]!;
    const k1 = ints[at + KEY + 1]!;
    const occasion = high & OCCASION;
    this.frame = bytes;
    this.copyAt = LOST;
    this.fate = "passed";
    const sentAt = ints[at + SENT]!;
    ints[at + SENT] = now;
    ints[at + SUBMITTED]!++;

    let start = now;
    if (plan.special || (bits & (CUT | FAULTY)) !== 0) {
      start = this.special(link, plan, bytes, now, occasion, low);
      if (start < 0) return LOST;
    }
    const [loss, place] = threefry(k0, k1, occasion, low);
    if (loss < plan.lossMax && !plan.netem) {
      const bad = plan.fade !== undefined && isFaded(plan.fade, k0, k1, FADE, now);
      if (loss < (bad ? plan.lossBad : plan.lossGood)) return this.lose(at, "loss");
    }
    let arrival = start + valueAt(plan.delay, place / WORD);
    if (plan.extra) arrival += this.extra(at, plan, now, sentAt, occasion, low);
    const latest = floats[(at >> 1) + ARRIVED]!;
    if (plan.odd) return this.odds(at, plan, start, arrival, occasion, low);
    if (arrival < latest) return latest;
    floats[(at >> 1) + ARRIVED] = arrival;
    return arrival;
  }

  /** What few links have: faults, cuts, queues and states of their own. @returns start or LOST */
  private special(
    link: number,
    plan: Plan,
    bytes: string,
    now: number,
    occasion: number,
    low: number,
  ): number {
    const at = link * WORDS;
    const { model, outage } = plan;
    const k0 = this.ints[at + KEY]!;
    const k1 = this.ints[at + KEY + 1]!;
    // Chain and pattern tick behind a cut too: it changes nothing of what comes after it.
    const nth = this.ints[at + SUBMITTED]! - 1;
    const judged = model.netem !== undefined && this.netemLoses(at, model.netem, nth);
    if ((this.ints[at + MODEL]! & CUT) !== 0 || isPartitioned(model, now)) {
      return this.lose(at, "cut");
    }
    const length = bytes.length + model.overheadBytes;
    if (model.mtu > 0 && length > model.mtu) return this.lose(at, "mtu");
    let start = now;
    if (model.bitsPerSecond > 0) {
      const rate = model.bitsPerSecond / 8_000;
      const free = Math.max(now, this.floats[(at >> 1) + FREE]!);
      if (model.queueBytes > 0 && (free - now) * rate + length > model.queueBytes) {
        return this.lose(at, "queue");
      }
      start = this.floats[(at >> 1) + FREE] = free + length / rate;
    }
    if ((this.ints[at + MODEL]! & FAULTY) !== 0) {
      const [luck] = threefry(k0, k1, FAULT | occasion, low);
      if (luck < this.faults.get(link)!) return this.lose(at, "fault");
    }
    if (model.pattern) {
      const { per, steps } = model.pattern;
      const step = steps[(per === "frame" ? nth >>> 0 : Math.floor(now)) % steps.length]!;
      if (step < 0) return this.lose(at, "pattern");
      start += step;
    }
    if (outage && isFaded(outage, k0, k1, OUTAGE, now)) return this.lose(at, "outage");
    return judged ? this.lose(at, "loss") : start;
  }

  /** One tick of netem's chain: the frame is judged in the state before the transition. */
  private netemLoses(at: number, { p, r, lossBad, lossGood }: Netem, nth: number): boolean {
    const bad = (this.ints[at + MODEL]! & BAD) !== 0;
    const [turn, loss] = threefry(this.ints[at + KEY]!, this.ints[at + KEY + 1]!, NETEM, nth);
    if (turn < (bad ? r : p) * WORD) this.ints[at + MODEL]! ^= BAD;
    return loss < (bad ? lossBad : lossGood) * WORD;
  }

  /** Jitter, and what a radio that slept takes to wake. */
  private extra(
    at: number,
    plan: Plan,
    now: number,
    sentAt: number,
    occasion: number,
    low: number,
  ): number {
    const { ints } = this;
    const { model } = plan;
    const [jitter, wake] = threefry(ints[at + KEY]!, ints[at + KEY + 1]!, EXTRA | occasion, low);
    const delay = (jitter / WORD) * model.jitterMs;
    if (model.idleMs === 0) return delay;
    const bits = ints[at + MODEL]!;
    const other = (bits & UPPER) !== 0 ? at + WORDS : (bits & LOWER) !== 0 ? at - WORDS : at;
    const own = ints[at + SUBMITTED] === 1 ? Number.POSITIVE_INFINITY : since(sentAt, now);
    const others =
      other === at || ints[other + SUBMITTED] === 0
        ? Number.POSITIVE_INFINITY
        : since(ints[other + SENT]!, now);
    if (Math.min(own, others) < model.idleMs) return delay;
    return delay + valueAt(plan.wake, wake / WORD);
  }

  /** What happens to few frames: a bit flipped, held back, doubled. @returns the arrival */
  private odds(
    at: number,
    plan: Plan,
    start: number,
    arrival: number,
    occasion: number,
    low: number,
  ): number {
    const { ints, floats } = this;
    const { model } = plan;
    const k0 = ints[at + KEY]!;
    const k1 = ints[at + KEY + 1]!;
    if (model.corrupt > 0) {
      const [luck, bit] = threefry(k0, k1, CORRUPT | occasion, low);
      if (luck < model.corrupt * WORD) {
        ints[at + CORRUPTED]!++;
        this.frame = flipBit(this.frame, Math.floor((bit / WORD) * this.frame.length * 8));
      }
    }
    const [copy, hold] = threefry(k0, k1, ODDS | occasion, low);
    const doubled = copy < model.duplicate * WORD;
    const held = hold < model.reorder * WORD;
    if (!held) {
      arrival = Math.max(arrival, floats[(at >> 1) + ARRIVED]!);
      floats[(at >> 1) + ARRIVED] = arrival;
    }
    if (doubled || held) {
      const [place, time] = threefry(k0, k1, AGAIN | occasion, low);
      if (held) arrival += (time / WORD) * model.reorderMs;
      if (doubled) {
        ints[at + COPIES]!++;
        this.copyAt = start + valueAt(plan.delay, place / WORD);
      }
    }
    return arrival;
  }

  private lose(at: number, fate: Fate): number {
    this.fate = fate;
    this.ints[at + LOSSES]!++;
    return LOST;
  }

  private setBit(link: number, bit: number, on: boolean): void {
    const at = link * WORDS + MODEL;
    this.ints[at] = on ? this.ints[at]! | bit : this.ints[at]! & ~bit;
  }

  private planNumber(model: LinkModel): number {
    const known = this.planNumbers.get(model);
    if (known !== undefined) return known;
    const number = this.plans.length;
    if (number === MODELS_MAX) throw new RangeError(`more than ${MODELS_MAX} models of links`);
    this.plans.push(planOf(model));
    this.planNumbers.set(model, number);
    return number;
  }
}

/** Time since an instant that is known modulo 2^32 ms: right for silences below 49 days. */
function since(at: number, now: number): number {
  return (now - at) >>> 0;
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
