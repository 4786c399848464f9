// The byte strings of senders at rest, of which few have any: a frame in flight, the nonce of a
// HELLO, extensions until they are acknowledged. They are kept only while their sender is at rest:
// what grows old there is the collector's work.
//
// Frames lie in places that are used again, known by number. What lost: a `Map` for them too, which
// is copied to a new one every few thousand beats, for each that was deleted since.

import type { Sender } from "../device/state.ts";

/** Which of its strings a sender has. */
export const FRAME = 4;
const NONCE = 8;
const EXTRA = 16;

export class Texts {
  /** Where the frame went that was put last. */
  place = 0;
  private readonly frames: string[] = [];
  private readonly free: number[] = [];
  private readonly nonces = new Map<number, string>();
  private readonly extras = new Map<number, string>();

  /** Keeps those of a sender. @returns which there are, as bits from 4 on */
  put(slot: number, { frame, nonce, extra }: Sender): number {
    let which = 0;
    if (frame !== "") {
      which |= FRAME;
      this.place = this.free.length > 0 ? this.free.pop()! : this.frames.length;
      this.frames[this.place] = frame;
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

  /** Gives them back. @param which there are, as `put` said; @param place of the frame */
  take(slot: number, s: Sender, which: number, place: number): void {
    s.nonce = which & NONCE ? taken(this.nonces, slot) : "";
    s.extra = which & EXTRA ? taken(this.extras, slot) : "";
    if (which & FRAME) {
      s.frame = this.frames[place]!;
      this.frames[place] = "";
      this.free.push(place);
    } else s.frame = "";
  }
}

function taken(kept: Map<number, string>, slot: number): string {
  const text = kept.get(slot)!;
  kept.delete(slot);
  return text;
}
