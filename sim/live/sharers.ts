// Boards that share one socket, and for which of them a frame from the gateway is. It does not say:
// the tag does, which is bound to a beat or a nonce that one of them sent. So boards stand in an
// index by the seq of their newest beat, and those whose HELLO is open beside it, and only of them
// the tag is tried: most often of one. Asking every board lost: with a hundred of them that would
// be two hundred tags a frame.

import { seal } from "../../device/hello.ts";
import type { Sender } from "../../device/state.ts";
import { tagBytes } from "../../device/tag.ts";
import { DOWN, HEARTBEAT, HELLO, WELCOME } from "../../device/wire.ts";
import type { Board } from "../board.ts";

export class Sharers<M extends { readonly board: Board }> {
  /** By the 16 bits of seq that travel. */
  private readonly bySeq = new Map<number, Set<M>>();
  private readonly seqs = new Map<M, number>();
  private readonly greeting = new Set<M>();

  /** A board sends a frame: what may come for it from now on? */
  sends(member: M, frame: string): void {
    const type = typeOf(frame);
    if (type === HELLO) this.greeting.add(member);
    if (type !== HEARTBEAT) return;
    // A beat waits for the end of a HELLO exchange (rule 12): that one is over.
    this.greeting.delete(member);
    const seq = word(frame, 4);
    const before = this.seqs.get(member);
    if (seq === before) return;
    this.seqs.set(member, seq);
    const place = this.bySeq.get(seq);
    if (place) place.add(member);
    else this.bySeq.set(seq, new Set([member]));
    if (before === undefined) return;
    const left = this.bySeq.get(before)!;
    left.delete(member);
    if (left.size === 0) this.bySeq.delete(before);
  }

  /** Whose a frame is; undefined: nobody's, or of a beat that is past. */
  whose(frame: string): M | undefined {
    const welcome = typeOf(frame) === WELCOME;
    const asked = welcome ? this.greeting : this.bySeq.get(word(frame, 1));
    for (const member of asked ?? []) {
      const { sender } = member.board;
      if (sender && isFor(sender, frame, welcome)) return member;
    }
    return undefined;
  }
}

function isFor(s: Sender, frame: string, welcome: boolean): boolean {
  const end = frame.length - tagBytes(s.key.suite);
  const p = (DOWN << 7) | typeOf(frame);
  const body = frame.slice(0, end);
  const sealed = (epoch: number, seq: number, bound: string) =>
    bound !== "" && seal(s, p, epoch, seq, body + bound) === frame.slice(end);
  if (welcome) return sealed(0, 0, s.nonce);
  return sealed(s.epoch, s.seq, s.tag) || sealed(s.epoch, s.ackSeq, s.ackTag);
}

function typeOf(frame: string): number {
  return (frame.charCodeAt(0) >> 3) & 7;
}

function word(frame: string, at: number): number {
  return (frame.charCodeAt(at) << 8) | frame.charCodeAt(at + 1);
}
