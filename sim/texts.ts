// The byte strings of senders at rest, of which few have any: a frame in flight, the nonce of a
// HELLO, extensions until they are acknowledged. They are kept only while their sender is at rest:
// what grows old there is the collector's work.

import type { Sender } from "../device/state.ts";

/** Which of its strings a sender has. */
const FRAME = 4;
const NONCE = 8;
const EXTRA = 16;

export class Texts {
  private readonly frames = new Map<number, string>();
  private readonly nonces = new Map<number, string>();
  private readonly extras = new Map<number, string>();

  /** Keeps those of a sender. @returns which there are, as bits from 4 on */
  put(slot: number, { frame, nonce, extra }: Sender): number {
    let which = 0;
    if (frame !== "") {
      which |= FRAME;
      this.frames.set(slot, frame);
    }
    if (nonce !== "") {
      which |= NONCE;
      this.nonces.set(slot, nonce);
    }
    if (extra !== "") {
      which |= EXTRA;
      this.extras.set(slot, extra);
    }
    return which;
  }

  /** Gives them back. @param which there are, as `put` said */
  take(slot: number, s: Sender, which: number): void {
    s.frame = which & FRAME ? taken(this.frames, slot) : "";
    s.nonce = which & NONCE ? taken(this.nonces, slot) : "";
    s.extra = which & EXTRA ? taken(this.extras, slot) : "";
  }
}

function taken(kept: Map<number, string>, slot: number): string {
  const text = kept.get(slot)!;
  kept.delete(slot);
  return text;
}
