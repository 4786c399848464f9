/**
 * All devices told again when Home Assistant is born, 200 a second.
 *
 * It asks for that when it starts, which is when it reads most slowly: it has just been shown all
 * that is kept. Mosquitto has room for 1 000 messages for a reader that is behind, and drops the
 * rest (`max_queued_messages`): it said so of Home Assistant when that was shown 2 000 devices. A
 * row is what it may still follow; what was dropped before is told anew. What changes meanwhile
 * does not wait in this queue.
 */

/** Devices in a row, and between two rows, ms. */
export const BIRTH_ROW = 32;
export const BIRTH_MS = 160;

export interface BirthOptions {
  /** Whether anything may be told now. */
  readonly ready: () => boolean;
  readonly tell: (id: number) => void;
}

export class Births {
  readonly #options: BirthOptions;
  readonly #due = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BirthOptions) {
    this.#options = options;
  }

  /** Home Assistant has started: these wait to be told. */
  born(ids: Iterable<number>): void {
    for (const id of ids) this.#due.add(id);
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#row(), BIRTH_MS);
    this.#row();
  }

  /** They are told otherwise, or nobody listens. */
  stop(): void {
    this.#due.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #row(): void {
    let left = BIRTH_ROW;
    for (const id of this.#due) {
      if (left-- === 0 || !this.#options.ready()) return;
      this.#due.delete(id);
      this.#options.tell(id);
    }
    if (this.#due.size === 0) this.stop();
  }
}
