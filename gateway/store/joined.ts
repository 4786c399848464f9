/** The commits that share one write: all of them are durable when it is, or none. */

import type { Batch } from "./keyed.ts";

export class Joined {
  readonly batch: Batch;
  /** Settles with the write. */
  readonly done: Promise<void>;
  commits = 0;
  #resolve = (): void => {};
  #reject = (_error: unknown): void => {};

  constructor(batch: Batch) {
    this.batch = batch;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever waits hears of a failure; that nobody waits is no failure of its own.
    this.done.catch(() => {});
  }

  resolve(): void {
    this.#resolve();
  }

  reject(error: unknown): void {
    this.#reject(error);
  }
}
