/**
 * From facts to the records of one write, and what must go because of them: all keys of a removed
 * device, and the oldest changes.
 *
 * What must go is looked up on the shelf when the write begins. So a removal is written alone:
 * whatever was committed before it is then on the shelf, and found. Keeping a list of every
 * device's keys in memory lost: it would be the largest thing in it.
 */

import type { Clock } from "../clock.ts";
import type { BeatFact, Fact } from "../facts.ts";
import type { Numbers } from "./affairs.ts";
import { decodeChange } from "./beats.ts";
import type { Flushes } from "./flushes.ts";
import { changeKey, deviceRanges, numberOf, turnKey } from "./keys.ts";
import { writeNumbers, writeStamp } from "./meta.ts";
import { decodeTurn, type Times, writeFact } from "./records.ts";
import type { Batch, Shelf } from "./shelf.ts";
import type { WallChange } from "./store.ts";

export interface WritingOptions {
  readonly shelf: Shelf;
  readonly clock: Clock;
  readonly changesMax: number;
  /** What the store's line is ahead of the monotonic clock. */
  readonly aheadMs: number;
  readonly numbers: Numbers;
  readonly flushes: Flushes;
  /** Cursor of the oldest change on the shelf, and of the newest. */
  readonly firstCursor: number;
  readonly cursor: number;
}

export class Writing {
  readonly #options: WritingOptions;
  readonly #times: Times;
  readonly #numbers: Numbers;
  #firstCursor: number;
  #cursor: number;

  constructor(options: WritingOptions) {
    const { clock, aheadMs, numbers, firstCursor, cursor } = options;
    this.#options = options;
    this.#times = {
      wallAt: (mono) => clock.wallAt(mono),
      lineAt: (mono) => Math.round(mono + aheadMs),
    };
    this.#numbers = { ...numbers };
    this.#firstCursor = firstCursor;
    this.#cursor = cursor;
  }

  /**
   * Puts facts into a batch. Throws on one that no record can hold. What it returns, if anything,
   * must be waited for before the batch is written.
   */
  fill(batch: Batch, facts: readonly Fact[]): Promise<void> | undefined {
    const before = this.#cursor;
    const beats = new Map<number, BeatFact>();
    const gone: number[] = [];
    let counted = false;
    for (const fact of facts) {
      if (fact.kind === "beat") {
        beats.set(fact.id, { ...fact, at: this.#times.lineAt(fact.at) });
        continue;
      }
      writeFact(batch, fact, this.#times);
      if (fact.kind === "change") this.#cursor = Math.max(this.#cursor, fact.change.cursor);
      if (this.#count(fact)) counted = true;
      if (fact.kind !== "enrol" || fact.enrolment !== null) continue;
      gone.push(fact.id);
      beats.delete(fact.id);
      this.#options.flushes.forget(fact.id);
    }
    const { flushes, clock } = this.#options;
    if (beats.size > 0) flushes.write(batch, [...beats.values()], this.#times.lineAt(clock.now()));
    if (counted) writeNumbers(batch, this.#numbers);
    const last = Math.min(before, this.#cursor - this.#options.changesMax);
    if (gone.length === 0 && last < this.#firstCursor) return undefined;
    return this.#sweep(batch, gone, last);
  }

  /** The last moment at which a gateway was alive. */
  stamp(batch: Batch): void {
    const now = this.#options.clock.now();
    const boot = this.#options.clock.boot?.();
    writeStamp(batch, this.#times.wallAt(now), this.#times.lineAt(now), boot);
  }

  /** Whether the fact has a number that was never given before. */
  #count(fact: Fact): boolean {
    const numbers = this.#numbers;
    const kind = fact.kind;
    if (kind !== "incident" && kind !== "notice" && kind !== "deaf") return false;
    const n = kind === "deaf" ? fact.deaf.n : fact.n;
    if (n <= numbers[kind]) return false;
    numbers[kind] = n;
    return true;
  }

  /** @param last the newest change that goes */
  async #sweep(batch: Batch, gone: readonly number[], last: number): Promise<void> {
    const { shelf } = this.#options;
    for (const id of gone) await sweepDevice(shelf, batch, id);
    if (last < this.#firstCursor) return;
    const ends = [changeKey(this.#firstCursor), changeKey(last + 1)] as const;
    for await (const [key, value] of shelf.range(...ends)) {
      batch.del(key);
      this.#dropTurn(batch, key, value);
    }
    this.#firstCursor = last + 1;
  }

  /** An id may have been given to another device since: its turns are not the old one's. */
  #dropTurn(batch: Batch, key: string, value: Buffer): void {
    const change = readChange(key, value);
    if (change === undefined) return;
    const turn = turnKey(change.id, change.tseq);
    const held = this.#options.shelf.get(turn);
    if (held && turnAt(turn, held) === numberOf(key)) batch.del(turn);
  }
}

/** Deletes all that a device has many of. */
export async function sweepDevice(shelf: Shelf, batch: Batch, id: number): Promise<void> {
  for (const [from, to] of deviceRanges(id)) {
    for await (const [key] of shelf.range(from, to)) batch.del(key);
  }
}

/** Undefined: unreadable. */
export function readChange(key: string, value: Buffer): WallChange | undefined {
  try {
    return decodeChange(key, value);
  } catch {
    return undefined;
  }
}

function turnAt(key: string, value: Buffer): number | undefined {
  try {
    return decodeTurn(key, value);
  } catch {
    return undefined;
  }
}
