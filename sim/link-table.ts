// Where every direction of every path stands: a million boards need two of them each. A record is
// 32 bytes of one buffer, the two directions of a path side by side in one cache line; as objects
// they took six times that, and as columns in arrays of their own a frame misses the cache seven
// times. What few links need stands elsewhere, and only once one of them needs it.
//
//   latest arrival f64 | entity | submitted | lost | doubled | last sent, ms | model and bits   i32

import type { Direction, LinkModel } from "./link.ts";
import { type Plan, planOf } from "./link-plan.ts";

export interface LinkCounts {
  readonly submitted: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly corrupted: number;
}

/** 32-bit words of a record, and the fields by their place. */
export const WORDS = 8;
export const ARRIVED = 0;
export const ENTITY = 2;
export const SUBMITTED = 3;
export const LOSSES = 4;
export const COPIES = 5;
export const SENT = 6;
export const MODEL = 7;

/** Below these bits of MODEL stands the number of the model. */
export const NUMBER = 0xffffff;
export const CUT = 1 << 24;
export const FAULTY = 1 << 25;
/** The state of netem's chain. */
export const BAD = 1 << 26;
/** The record behind this one, or before it where it is DOWN, is the path's other direction. */
export const PAIRED = 1 << 27;
export const DOWN = 1 << 31;

export class LinkTable {
  protected ints: Int32Array;
  protected floats: Float64Array;
  protected readonly plans: Plan[] = [];
  /** When the queue of a link is empty, of those with a rate: as long as the table once one is. */
  protected freeAt = new Float64Array(0);
  protected readonly faults = new Map<number, number>();
  protected readonly corrupted = new Map<number, number>();
  private readonly numbers = new Map<LinkModel, number>();
  private size = 0;
  /** The entity of the link added last, if that was an "up". */
  private upOf: number | undefined;

  /** @param capacity links that there is room for; it grows by itself */
  constructor(capacity: number) {
    this.ints = new Int32Array(capacity * WORDS);
    this.floats = new Float64Array(this.ints.buffer);
  }

  /**
   * A new link. A "down" that is added right after the "up" of the same entity is the other
   * direction of its path: a frame either way keeps the path's radio awake.
   * @param entity whose path it is: keys its luck, with seed and direction
   * @returns its number: 0, 1, 2, ...
   */
  add(model: LinkModel, entity: number, direction: Direction): number {
    const link = this.size++;
    const at = link * WORDS;
    if (at === this.ints.length) this.grow();
    this.ints[at + ENTITY] = entity;
    if (direction === "down") {
      this.ints[at + MODEL] = DOWN;
      if (entity === this.upOf) {
        this.ints[at + MODEL]! |= PAIRED;
        this.ints[at - WORDS + MODEL]! |= PAIRED;
      }
    }
    this.upOf = direction === "up" ? entity : undefined;
    this.setModel(link, model, 0);
    return link;
  }

  model(link: number): LinkModel {
    return this.plans[this.ints[link * WORDS + MODEL]! & NUMBER]!.model;
  }

  /** What is under way on the old model arrives as planned, and holds nobody up. */
  setModel(link: number, model: LinkModel, now: number): void {
    const at = link * WORDS;
    this.ints[at + MODEL] = (this.ints[at + MODEL]! & ~NUMBER & ~BAD) | this.number(model);
    this.floats[(at >> 1) + ARRIVED] = now;
    if (model.bitsPerSecond > 0 && this.freeAt.length <= link) {
      this.freeAt = longer(this.freeAt, this.ints.length / WORDS);
    }
    if (link < this.freeAt.length) this.freeAt[link] = now;
  }

  /** While cut, nothing passes. */
  setCut(link: number, cut: boolean): void {
    this.setBit(link, CUT, cut);
  }

  /** @param share of frames that are lost on top of what the model loses; 0: none */
  setLoss(link: number, share: number): void {
    this.setBit(link, FAULTY, share > 0);
    if (share > 0) this.faults.set(link, share);
    else this.faults.delete(link);
  }

  /** Frames handed over so far, and what became of them. */
  counts(link: number): LinkCounts {
    const at = link * WORDS;
    return {
      submitted: this.ints[at + SUBMITTED]! >>> 0,
      lost: this.ints[at + LOSSES]! >>> 0,
      duplicated: this.ints[at + COPIES]! >>> 0,
      corrupted: this.corrupted.get(link) ?? 0,
    };
  }

  private setBit(link: number, bit: number, on: boolean): void {
    const at = link * WORDS + MODEL;
    this.ints[at] = on ? this.ints[at]! | bit : this.ints[at]! & ~bit;
  }

  /** One number for each model object: scenarios share theirs among boards. */
  private number(model: LinkModel): number {
    const known = this.numbers.get(model);
    if (known !== undefined) return known;
    const number = this.plans.length;
    if (number > NUMBER) throw new RangeError(`more than ${NUMBER} models of links`);
    this.plans.push(planOf(model));
    this.numbers.set(model, number);
    return number;
  }

  private grow(): void {
    const ints = new Int32Array(Math.max(this.ints.length * 2, WORDS));
    ints.set(this.ints);
    this.ints = ints;
    this.floats = new Float64Array(ints.buffer);
  }
}

function longer(old: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length);
  longer.set(old);
  return longer;
}
