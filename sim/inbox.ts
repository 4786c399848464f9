// The gateway's socket: what has arrived and was not read yet. A process that is suspended, or
// slower than its frames, lets them wait in the kernel's buffer; when that is full, more are lost
// without a word, as a receive buffer loses them.

import type { Source } from "../gateway/facts.ts";

export interface Waiting {
  readonly bytes: string;
  readonly from: Source;
}

export class Inbox {
  /** Datagrams lost because the buffer was full. */
  dropped = 0;
  /** The process does not run: nothing is read. */
  suspended = false;
  /** Datagrams that may wait. */
  room = Number.POSITIVE_INFINITY;
  /** CPU time of one frame, ms. */
  frameMs = 0;
  private freeAt = 0;
  private waiting: Waiting[] = [];
  private read = 0;

  get size(): number {
    return this.waiting.length - this.read;
  }

  /** Whether a frame that arrives now is read at once. */
  idle(now: number): boolean {
    return !this.suspended && this.size === 0 && now >= this.freeAt;
  }

  /** A frame that must wait. Returns whether there was room. */
  add(bytes: string, from: Source): boolean {
    if (this.size >= this.room) {
      this.dropped++;
      return false;
    }
    this.waiting.push({ bytes, from });
    return true;
  }

  /** A frame is being read: the next one not before `frameMs` have passed. */
  took(now: number): void {
    this.freeAt = now + this.frameMs;
  }

  /** When the next one can be read; Infinity: none waits, or nobody reads. */
  get readAt(): number {
    return this.suspended || this.size === 0 ? Number.POSITIVE_INFINITY : this.freeAt;
  }

  next(): Waiting | undefined {
    const frame = this.waiting[this.read++];
    if (this.read === this.waiting.length) {
      this.waiting = [];
      this.read = 0;
    }
    return frame;
  }

  /** The socket is closed: what waited is gone. */
  close(): void {
    this.waiting = [];
    this.read = 0;
    this.freeAt = 0;
  }
}
