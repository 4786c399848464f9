/** How far a long command is: a line on stderr a second, and nothing where it is short. */

import type { Streams } from "./common.ts";

const EVERY_MS = 1_000;

export class Progress {
  readonly #streams: Streams;
  #nextAt = performance.now() + EVERY_MS;

  constructor(streams: Streams) {
    this.#streams = streams;
  }

  /** Call it often; `words` is asked for at most once a second. */
  say(words: () => string): void {
    if (performance.now() < this.#nextAt) return;
    this.#nextAt = performance.now() + EVERY_MS;
    this.#streams.err(`${words()}\n`);
  }
}
