/**
 * The store in memory, for tests and simulations. It keeps the same records as the one on disk, so
 * a crash is: forget the store, make another on the same `MemoryDisk`. A store of plain objects
 * lost: it would forget nothing that the real one rounds, maps or cuts off.
 */

import { KeyedStore } from "./keyed.ts";
import type { Batch, Shelf } from "./shelf.ts";
import type { Store, StoreOptions } from "./store.ts";

/** What survives a crash. */
export type MemoryDisk = Map<string, Buffer>;

export function memoryStore(options: StoreOptions, disk: MemoryDisk = new Map()): Store {
  return new KeyedStore(new MemoryShelf(disk), options);
}

/** Also what a test's disk is made of that fails on purpose. */
export class MemoryShelf implements Shelf {
  readonly #disk: MemoryDisk;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  open(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  repair(error: unknown): Promise<void> {
    return Promise.reject(error);
  }

  batch(): Batch {
    const steps: [string, Buffer | undefined][] = [];
    return {
      put: (key, value) => void steps.push([key, value]),
      del: (key) => void steps.push([key, undefined]),
      write: () => {
        for (const [key, value] of steps) {
          if (value === undefined) this.#disk.delete(key);
          else this.#disk.set(key, value);
        }
        return Promise.resolve();
      },
    };
  }

  // An async generator without an await, since the shelf on disk has one.
  async *range(from: string, to: string, reverse = false): AsyncIterable<[string, Buffer]> {
    const found = [...this.#disk].filter(([key]) => key >= from && key < to);
    found.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const record of reverse ? found.reverse() : found) yield await Promise.resolve(record);
  }

  get(key: string): Buffer | undefined {
    return this.#disk.get(key);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
