/** The commits that share one write: all of them are durable when it is, or none. */

import type { Fact } from "../facts.ts";

export class Joined {
  readonly facts: Fact[] = [];
  commits = 0;
  /** Records found damaged while running. */
  readonly damaged: [string, Buffer][] = [];
  /** Nothing may join. */
  readonly alone: boolean;
  /** Settles with the write. */
  readonly done: Promise<void>;
  #resolve = (): void => {};
  #reject = (_error: unknown): void => {};

  constructor(alone: boolean) {
    this.alone = alone;
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
