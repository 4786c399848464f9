/**
 * The store on LevelDB, in a folder of its own beside the process. An append log writes tens of
 * bytes an update, where a page store (LMDB, SQLite) writes kilobytes for a small batch (3 500 to
 * 10 000 measured): an SD card must live.
 *
 * Every write is synchronous, and a chained batch: 3 to 5 us a record, where an array of operations
 * costs 20. LevelDB forgives a torn end of its log by itself. Damage in its log and its tables it
 * forgives, too, by forgetting, so that is looked for before it does (0.1 s for 50 000 devices). A
 * damaged table, and what it does not forgive (a lost manifest), is repaired once. After any of it
 * every device counts as restored: an older record than the newest may be all there is. What is
 * found damaged while running leaves a mark beside the store, so that the next start repairs before
 * it reads.
 */

import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { chmod, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { makeFolder } from "./folder.ts";
import { KeyedStore } from "./keyed.ts";
import { damagedLogs } from "./level-log.ts";
import { damagedTables, showDamage } from "./level-table.ts";
import { RESTORED_KEY } from "./meta.ts";
import { salvage } from "./salvage.ts";
import { CHECK, seal } from "./seal.ts";
import type { Batch, Shelf } from "./shelf.ts";
import { type Store, StoreBusy, type StoreOptions } from "./store.ts";

/**
 * @param data the gateway's data folder; the store lies in `store` inside it, readable by its owner
 * alone
 */
export function levelStore(data: string, options: StoreOptions): Store {
  return new KeyedStore(new LevelShelf(data), options);
}

/** What `restore` puts the old store under while the new one takes its place. */
export const REPLACED = "store.replaced";

export function folderOf(data: string): string {
  return join(data, "store");
}

/** Records read at once: one by one, a start of 100 000 devices takes 0.3 s longer. */
const PAGE = 1_000;
const PAGE_BYTES = 131_072;

/** Whether a process has the store in this data folder open. */
export async function isLocked(data: string): Promise<boolean> {
  const level = new ClassicLevel(folderOf(data), { createIfMissing: false });
  try {
    await level.open();
  } catch (error) {
    return causeOf(error)?.code === "LEVEL_LOCKED";
  }
  await level.close();
  return false;
}

/** Whether a store lies in this data folder. */
export function hasStore(data: string): boolean {
  try {
    return readdirSync(folderOf(data)).some((name) => /\.(log|ldb)$|^CURRENT$/.test(name));
  } catch {
    return false;
  }
}

class LevelShelf implements Shelf {
  readonly #data: string;
  readonly #folder: string;
  readonly #mark: string;
  #level: ClassicLevel<string, Buffer> | undefined;

  constructor(data: string) {
    this.#data = data;
    this.#folder = folderOf(data);
    this.#mark = join(data, "store.damaged");
  }

  async open(): Promise<readonly string[]> {
    const replaced = join(this.#data, REPLACED);
    if (!existsSync(this.#folder) && existsSync(replaced)) await rename(replaced, this.#folder);
    makeFolder(this.#folder);
    await chmod(this.#folder, 0o700);
    const harmed = existsSync(this.#mark) || (hasStore(this.#data) && isHeadless(this.#folder));
    if (harmed) throw damaged("the store is marked as damaged");
    const lost = this.#keepDamagedLogs();
    if (damagedTables(this.#folder, false).length > 0) throw damaged("a table is damaged");
    await this.#enter();
    return lost;
  }

  async #enter(): Promise<void> {
    this.#level = new ClassicLevel(this.#folder, { keyEncoding: "utf8", valueEncoding: "buffer" });
    try {
      await this.#level.open();
    } catch (error) {
      throw opened(error);
    }
  }

  /** LevelDB sweeps its log away when it has read what it can: what it cannot is kept beside. */
  #keepDamagedLogs(): string[] {
    return damagedLogs(this.#folder).map(({ name, from, size }) => {
      const aside = `store.unreadable-${name}`;
      copyFileSync(join(this.#folder, name), join(this.#data, aside));
      return `the log of the store from byte ${from} of ${size} on; it is kept in ${aside}`;
    });
  }

  async repair(error: unknown): Promise<void> {
    if (!isDamage(error)) throw error;
    await this.#level?.close();
    // Whoever dies amid this begins it anew, and believes nothing either.
    this.#markDamaged(error);
    const tables = damagedTables(this.#folder, true);
    const saved = salvage(tables);
    showDamage(tables);
    await ClassicLevel.repair(this.#folder);
    await this.#enter();
    const batch = this.batch();
    for (const [key, value] of saved) if (this.get(key) === undefined) batch.put(key, value);
    batch.put(RESTORED_KEY, seal(RESTORED_KEY, Buffer.alloc(CHECK)));
    await batch.write();
    await rm(this.#mark, { force: true });
  }

  batch(): Batch {
    const chained = this.#open().batch();
    return {
      put: (key, value) => void chained.put(key, value),
      del: (key) => void chained.del(key),
      write: () => chained.write({ sync: true }).catch((error) => this.#note(error)),
    };
  }

  async *range(from: string, to: string, reverse = false): AsyncIterable<[string, Buffer]> {
    const highWaterMarkBytes = PAGE_BYTES;
    const found = this.#open().iterator({ gte: from, lt: to, reverse, highWaterMarkBytes });
    try {
      for (let page = await found.nextv(PAGE); page.length > 0; page = await found.nextv(PAGE)) {
        yield* page;
      }
    } catch (error) {
      this.#note(error);
    } finally {
      await found.close();
    }
  }

  get(key: string): Buffer | undefined {
    try {
      return this.#open().getSync(key);
    } catch (error) {
      this.#note(error);
    }
  }

  async close(): Promise<void> {
    await this.#level?.close();
  }

  #open(): ClassicLevel<string, Buffer> {
    if (this.#level === undefined) throw new Error("the store is not open");
    return this.#level;
  }

  #note(error: unknown): never {
    if (isDamage(error)) this.#markDamaged(error);
    throw error;
  }

  #markDamaged(error: unknown): void {
    writeFileSync(this.#mark, `${(error as Error).message}\n`);
  }
}

/**
 * Whether CURRENT names no manifest. Without it LevelDB would begin an empty store and sweep the
 * tables of the old one away; where it names another one, LevelDB gives up.
 */
function isHeadless(folder: string): boolean {
  try {
    const named = /^(MANIFEST-\d+)\n$/.exec(readFileSync(join(folder, "CURRENT"), "latin1"));
    return named === null || !existsSync(join(folder, named[1]!));
  } catch {
    return true;
  }
}

function damaged(words: string): Error {
  return Object.assign(new Error(words), { code: "LEVEL_CORRUPTION" });
}

/** A table that was cut short, or a manifest that is gone, is an I/O error to LevelDB. */
function isDamage(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code === "LEVEL_CORRUPTION") return true;
  const file = /\.(ldb|log)\b|MANIFEST|CURRENT/.test(`${message}`);
  const ours = /No such file|Invalid argument|Input\/output error/.test(`${message}`);
  return code === "LEVEL_IO_ERROR" && file && ours;
}

function causeOf(error: unknown): { code?: string; message?: string } | undefined {
  return (error as { cause?: { code?: string; message?: string } }).cause;
}

/** What LevelDB says on opening, in our words. */
function opened(error: unknown): unknown {
  const cause = causeOf(error);
  if (cause?.code === "LEVEL_LOCKED") {
    return new StoreBusy("the store is in use by another process");
  }
  if (isDamage(cause ?? error)) return damaged(`${cause?.message}`);
  return new Error(`the store cannot be opened: ${cause?.message ?? error}`);
}
