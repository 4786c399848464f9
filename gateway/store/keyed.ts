/**
 * The store over any shelf: group commit, and what is read while a gateway runs.
 *
 * Group commit: one write is under way, and all that is asked meanwhile joins the next. A sync
 * costs 0.3 ms on a good disk and 20 ms on an SD card; a write for each commit would let a card
 * serve fifty HELLOs a second. Waiting a little to collect more lost: a lone HELLO would wait for
 * nothing.
 *
 * A write that fails breaks the store for good: nothing that was not made durable may be told, and
 * LevelDB itself takes no write after a failed sync. The process must end and start again.
 */

import type { Evidence } from "../affairs.ts";
import type { Fact } from "../facts.ts";
import { readEvidence } from "./affairs.ts";
import { backupOf } from "./backup.ts";
import { decodeChange } from "./beats.ts";
import { Joined } from "./joined.ts";
import { changeKey, historyKey, knownKey, numberKey, turnKey } from "./keys.ts";
import { load } from "./opening.ts";
import { setAside } from "./quarantine.ts";
import { decodeTurn } from "./records.ts";
import { open } from "./seal.ts";
import type { Shelf } from "./shelf.ts";
import type { HistoryPiece, Loaded, Purpose, Store, StoreOptions, WallChange } from "./store.ts";
import type { Writing } from "./writing.ts";

/** The keys of turns are no wider. */
const TSEQ_MAX = 0xffffffff;

export class KeyedStore implements Store {
  readonly #shelf: Shelf;
  readonly #options: StoreOptions;
  /** Keys enrolled since the start: the shelf does not have them before their commit is written. */
  readonly #fresh = new Set<string>();
  readonly #queue: Joined[] = [];
  #purpose: Purpose = "run";
  #writing: Writing | undefined;
  #underWay: Joined | undefined;
  #broken: Error | undefined;

  constructor(shelf: Shelf, options: StoreOptions) {
    this.#shelf = shelf;
    this.#options = options;
  }

  async open(purpose: Purpose = "run"): Promise<Loaded> {
    this.#purpose = purpose;
    try {
      const lost = await this.#shelf.open();
      return await this.#load(lost);
    } catch (error) {
      return await this.#reopen(error);
    }
  }

  commit(facts: readonly Fact[]): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    let joined = this.#queue.at(-1);
    if (facts.length === 0) return (joined ?? this.#underWay)?.done ?? Promise.resolve();
    const removes = facts.some((fact) => fact.kind === "enrol" && fact.enrolment === null);
    if (joined === undefined || joined.alone || removes) joined = this.#join(removes);
    joined.commits++;
    for (const fact of facts) {
      joined.facts.push(fact);
      if (fact.kind === "enrol" && fact.enrolment?.key) {
        this.#fresh.add(knownKey(fact.enrolment.key));
      }
    }
    if (this.#underWay === undefined) void this.#write();
    return joined.done;
  }

  alive(): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    const joined = this.#queue.at(-1) ?? this.#join(false);
    if (this.#underWay === undefined) void this.#write();
    return joined.done;
  }

  async changes(after: number, limit: number): Promise<WallChange[]> {
    const found: WallChange[] = [];
    for await (const [key, value] of this.#shelf.range(changeKey(after + 1), "d")) {
      if (found.length >= limit) break;
      const change = this.#readable(key, value, () => decodeChange(key, value));
      if (change) found.push(change);
    }
    return found;
  }

  async changesOf(id: number, before: number, limit: number): Promise<WallChange[]> {
    const found: WallChange[] = [];
    const end = turnKey(id, Math.min(before, TSEQ_MAX));
    for await (const [turn, at] of this.#shelf.range(turnKey(id, 0), end, true)) {
      if (found.length >= limit) break;
      const key = changeKey(this.#readable(turn, at, () => decodeTurn(turn, at)) ?? 0);
      const value = this.#shelf.get(key);
      const change = value && this.#readable(key, value, () => decodeChange(key, value));
      if (change) found.push(change);
    }
    return found;
  }

  evidence(cursor: number): Promise<Evidence | undefined> {
    const key = numberKey("v", cursor);
    const value = this.#shelf.get(key);
    return Promise.resolve(value && this.#readable(key, value, () => readEvidence(key, value)));
  }

  async history(id: number, fromPart: string, toPart: string): Promise<HistoryPiece[]> {
    const found: HistoryPiece[] = [];
    const [from, to] = [historyKey(id, fromPart), historyKey(id, toPart)];
    for await (const [key, value] of this.#shelf.range(from, to)) {
      const content = this.#readable(key, value, () => open(key, value));
      const part = key.slice(historyKey(id, "").length);
      if (content) found.push({ part, bytes: content.toString("latin1") });
    }
    return found;
  }

  backup(): AsyncIterable<Buffer> {
    return backupOf(this.#shelf);
  }

  keyKnown(key: string): boolean {
    const known = knownKey(key);
    return this.#fresh.has(known) || this.#shelf.get(known) !== undefined;
  }

  async close(): Promise<void> {
    try {
      if (!this.#broken) await this.commit([]);
      if (!this.#broken && this.#purpose === "run" && this.#writing) {
        const batch = this.#shelf.batch();
        this.#writing.stamp(batch);
        await batch.write();
      }
    } finally {
      this.#broken ??= new Error("the store is closed");
      await this.#shelf.close();
    }
  }

  async #load(lost: readonly string[]): Promise<Loaded> {
    const opened = await load(this.#shelf, this.#options, this.#purpose, lost);
    this.#writing = opened.writing;
    return opened.loaded;
  }

  async #reopen(error: unknown): Promise<Loaded> {
    try {
      await this.#shelf.repair(error);
      return await this.#load(["the store was damaged and has been repaired"]);
    } catch (failed) {
      await this.#shelf.close();
      throw failed;
    }
  }

  async #write(): Promise<void> {
    for (let joined = this.#queue.shift(); joined !== undefined; joined = this.#queue.shift()) {
      this.#underWay = joined;
      const begunAt = this.#options.clock.now();
      try {
        const batch = this.#shelf.batch();
        for (const record of joined.damaged) setAside(this.#shelf, batch, ...record);
        const swept = this.#writing?.fill(batch, joined.facts);
        if (swept !== undefined) await swept;
        if (this.#purpose === "run") this.#writing?.stamp(batch);
        await batch.write();
      } catch (error) {
        // Half of a commit must never be written, nor what joined it.
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
    for (const joined of this.#queue.splice(0)) joined.reject(this.#broken);
    return this.#broken;
  }

  #join(alone: boolean): Joined {
    const joined = new Joined(alone);
    this.#queue.push(joined);
    return joined;
  }

  /**
   * What `read` answers, or undefined where the record is damaged: it is then set aside. Most of
   * what is read while running is not read at the start, which it would make long.
   */
  #readable<T>(key: string, value: Buffer, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      const joined = this.#join(true);
      joined.damaged.push([key, value]);
      if (this.#underWay === undefined) void this.#write();
      this.#options.onQuarantined?.(`${key}: ${(error as Error).message}`);
      return undefined;
    }
  }
}
