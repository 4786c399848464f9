/**
 * The store over any sorted shelf of keys and values: group commit, start, and the list of changes.
 * The two backends differ in the shelf alone, so what is proven of one's records holds for the
 * other's.
 *
 * Group commit: one write is under way, and all that is asked meanwhile joins the next. A sync
 * costs 0.3 ms on a good disk and 20 ms on an SD card; a write for each commit would let a card
 * serve fifty HELLOs a second. Waiting a little to collect more lost: a lone HELLO would wait for
 * nothing.
 *
 * A write that fails breaks the store for good: nothing that was not made durable may be told, and
 * LevelDB itself takes no write after a failed sync. The process must end and start again.
 */

import { randomBytes } from "node:crypto";
import type { Fact } from "../facts.ts";
import { decodeChange } from "./beats.ts";
import { Joined } from "./joined.ts";
import { Loading } from "./loading.ts";
import { type Meta, readMeta, sinceStamp, writeMeta, writeStamp } from "./meta.ts";
import { changeKey, knownKey, LAYOUT, type Sink, writeFact } from "./records.ts";
import {
  CHANGES_MAX,
  type Loaded,
  type Purpose,
  type Store,
  type StoreOptions,
  StoreTooNew,
  type WallChange,
} from "./store.ts";

/** Records collected for one atomic write. */
export interface Batch extends Sink {
  /** All or nothing, durable when resolved. */
  write(): Promise<void>;
}

export interface Shelf {
  open(): Promise<void>;
  /**
   * Given what opening or reading failed with: mends the shelf and opens it, or throws the same
   * again.
   */
  repair(error: unknown): Promise<void>;
  batch(): Batch;
  /** Records with `from` <= key < `to`, in order of their keys or against it. */
  range(from: string, to: string, reverse?: boolean): AsyncIterable<[string, Buffer]>;
  has(key: string): boolean;
  close(): Promise<void>;
}

export class KeyedStore implements Store {
  readonly #shelf: Shelf;
  readonly #options: StoreOptions;
  readonly #changesMax: number;
  /** Keys enrolled since the start: the shelf does not have them before their commit is written. */
  readonly #fresh = new Set<string>();
  #purpose: Purpose = "run";
  #underWay: Joined | undefined;
  #next: Joined | undefined;
  #broken: Error | undefined;

  constructor(shelf: Shelf, options: StoreOptions) {
    this.#shelf = shelf;
    this.#options = options;
    this.#changesMax = options.changesMax ?? CHANGES_MAX;
  }

  async open(purpose: Purpose = "run"): Promise<Loaded> {
    this.#purpose = purpose;
    try {
      await this.#shelf.open();
      return await this.#load(purpose, false);
    } catch (error) {
      return await this.#reopen(purpose, error);
    }
  }

  commit(facts: readonly Fact[]): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    if (facts.length === 0) {
      return (this.#next ?? this.#underWay)?.done ?? Promise.resolve();
    }
    this.#next ??= new Joined(this.#shelf.batch());
    const joined = this.#next;
    joined.commits++;
    const { clock } = this.#options;
    const wallAt = (mono: number) => clock.wallAt(mono);
    try {
      for (const fact of facts) {
        writeFact(joined.batch, fact, wallAt, this.#changesMax);
        if (fact.kind === "enrol" && fact.enrolment?.key) {
          this.#fresh.add(knownKey(fact.enrolment.key));
        }
      }
    } catch (error) {
      // Half of a commit must never be written, nor what joined it.
      return Promise.reject(this.#break(error));
    }
    if (this.#underWay === undefined) void this.#write();
    return joined.done;
  }

  async changes(after: number, limit: number): Promise<WallChange[]> {
    const found: WallChange[] = [];
    for await (const [key, value] of this.#shelf.range(changeKey(after + 1), "d")) {
      if (found.length >= limit) break;
      const change = readable(key, value);
      if (change) found.push(change);
    }
    return found;
  }

  keyKnown(key: string): boolean {
    const known = knownKey(key);
    return this.#fresh.has(known) || this.#shelf.has(known);
  }

  async close(): Promise<void> {
    try {
      if (!this.#broken) await this.commit([]);
      if (!this.#broken && this.#purpose === "run") {
        const batch = this.#shelf.batch();
        this.#stamp(batch);
        await batch.write();
      }
    } finally {
      this.#broken ??= new Error("the store is closed");
      await this.#shelf.close();
    }
  }

  async #reopen(purpose: Purpose, error: unknown): Promise<Loaded> {
    try {
      await this.#shelf.repair(error);
      return await this.#load(purpose, true);
    } catch (failed) {
      await this.#shelf.close();
      throw failed;
    }
  }

  async #write(): Promise<void> {
    while (this.#next !== undefined) {
      const joined = this.#next;
      this.#underWay = joined;
      this.#next = undefined;
      const begunAt = this.#options.clock.now();
      try {
        if (this.#purpose === "run") this.#stamp(joined.batch);
        await joined.batch.write();
      } catch (error) {
        joined.reject(this.#break(error));
        break;
      }
      this.#options.onWrite?.(this.#options.clock.now() - begunAt, joined.commits);
      joined.resolve();
    }
    this.#underWay = undefined;
  }

  #break(error: unknown): Error {
    this.#broken ??= new Error(`the store cannot write: ${(error as Error).message}`);
    this.#next?.reject(this.#broken);
    this.#next = undefined;
    return this.#broken;
  }

  #stamp(batch: Batch): void {
    const { clock } = this.#options;
    writeStamp(batch, Math.max(0, clock.wallAt(clock.now())));
  }

  async #load(purpose: Purpose, repaired: boolean): Promise<Loaded> {
    const { clock } = this.#options;
    const repairs = this.#shelf.batch();
    const loading = new Loading(repairs);
    if (repaired) loading.quarantined.push("the store was damaged and has been repaired");
    const meta = readMeta(await all(this.#shelf.range("m", "n")), loading);
    if (meta.layout > LAYOUT) {
      throw new StoreTooNew(
        `the store has layout ${meta.layout}; this version of nextbeat reads up to ${LAYOUT}`,
      );
    }
    for (const [from, to] of [
      ["b", "c"],
      ["d", "f"],
      ["s", "t"],
    ] as const) {
      for await (const [key, value] of this.#shelf.range(from, to)) loading.take(key, value);
    }
    if (repaired) loading.doubtStatuses();
    if (loading.wantsChanges) {
      for await (const [key, value] of this.#shelf.range("c", "d", true)) {
        const change = readable(key, value);
        if (change) loading.takeChange(change);
        if (!loading.wantsChanges) break;
      }
    }
    let cursor = 0;
    for await (const [key] of this.#shelf.range("c", "d", true)) {
      cursor = Number.parseInt(key.slice(1), 16);
      break;
    }
    const { stoppedMs, wallToMono } = sinceStamp(clock, meta.stamp);
    const devices = loading.finish(repaired, wallToMono);
    const now: Meta = begin(meta, purpose);
    writeMeta(repairs, now);
    if (purpose === "run") this.#stamp(repairs);
    await repairs.write();
    const { quarantined } = loading;
    const { generation, secret } = now;
    return { devices, cursor, generation, secret, stoppedMs, quarantined };
  }
}

/** A missing generation may have been any; a random one differs from it in 15 of 16 cases. */
function begin(meta: Meta, purpose: Purpose): Meta {
  const last = meta.generation < 0 ? randomBytes(1).readUInt8() & 15 : meta.generation;
  return {
    layout: LAYOUT,
    generation: purpose === "run" ? (last + 1) & 15 : last,
    secret: meta.secret.length === 32 ? meta.secret : randomBytes(32).toString("latin1"),
    stamp: meta.stamp,
  };
}

function readable(key: string, value: Buffer): WallChange | undefined {
  try {
    return decodeChange(key, value);
  } catch {
    return undefined;
  }
}

async function all(records: AsyncIterable<[string, Buffer]>): Promise<[string, Buffer][]> {
  const found: [string, Buffer][] = [];
  for await (const record of records) found.push(record);
  return found;
}
