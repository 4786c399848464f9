/**
 * What a backend is: a sorted shelf of keys and values that writes in batches, all or nothing. The
 * two backends differ in the shelf alone, so what is proven of one's records holds for the other's.
 */

import type { Sink } from "./seal.ts";

/** Records collected for one atomic write. */
export interface Batch extends Sink {
  /** All or nothing, durable when resolved. */
  write(): Promise<void>;
}

export interface Shelf {
  /** @returns damage that could not be mended, in words: newer records may be gone */
  open(): Promise<readonly string[]>;
  /**
   * Given what opening or reading failed with: mends the shelf and opens it, or throws the same
   * again.
   */
  repair(error: unknown): Promise<void>;
  batch(): Batch;
  /**
   * Records with `from` <= key < `to` as they are when the first one is asked for, in the order of
   * their keys or against it.
   */
  range(from: string, to: string, reverse?: boolean): AsyncIterable<[string, Buffer]>;
  get(key: string): Buffer | undefined;
  close(): Promise<void>;
}
