// Boards that share one socket, and for which of them a frame from the gateway is. It does not say:
// the tag does, which is bound to a beat or a nonce that one of them sent. So boards stand in an
// index by the seq of their newest beat, those that are answered apart from those that wait, and
// those whose HELLO is open beside it; only of them the tag is tried, most often of one. Asking all
// lost: a hundred boards that booted together have the same seq, which is a hundred tags a frame.

import { seal } from "../../device/hello.ts";
import type { Sender } from "../../device/state.ts";
import { tagBytes } from "../../device/tag.ts";
import { ACK, DOWN, HEARTBEAT, HELLO, WELCOME } from "../../device/wire.ts";
import type { Board } from "../board.ts";

interface Place {
  readonly seq: number;
  readonly waits: boolean;
}

export class Sharers<M extends { readonly board: Board }> {
  /** By the 16 bits of seq that travel: boards that wait for an ACK, and those that had theirs. */
  private readonly waiting = new Map<number, Set<M>>();
  private readonly answered = new Map<number, Set<M>>();
  private readonly places = new Map<M, Place>();
  private readonly greeting = new Set<M>();

  /** A board sends a frame: what may come for it from now on? */
  sends(member: M, frame: string): void {
    const type = typeOf(frame);
    if (type === HELLO) this.greeting.add(member);
    if (type !== HEARTBEAT) return;
    // A beat waits for the end of a HELLO exchange (rule 12): that one is over.
    this.greeting.delete(member);
    this.put(member, word(frame, 4), true);
  }

  /** Whose a frame is; undefined: nobody's, or of a beat that is past. */
  whose(frame: string): M | undefined {
    if (typeOf(frame) === WELCOME) return find(this.greeting, frame);
    const seq = word(frame, 1);
    const found = find(this.waiting.get(seq), frame);
    if (!found) return find(this.answered.get(seq), frame);
    if (typeOf(frame) === ACK) this.put(found, seq, false);
    return found;
  }

  private put(member: M, seq: number, waits: boolean): void {
    const before = this.places.get(member);
    if (before?.seq === seq && before.waits === waits) return;
    this.places.set(member, { seq, waits });
    const to = waits ? this.waiting : this.answered;
    const place = to.get(seq);
    if (place) place.add(member);
    else to.set(seq, new Set([member]));
    if (!before) return;
    const from = before.waits ? this.waiting : this.answered;
    const left = from.get(before.seq)!;
    left.delete(member);
    if (left.size === 0) from.delete(before.seq);
  }
}

function find<M extends { readonly board: Board }>(
  among: Iterable<M> | undefined,
  frame: string,
): M | undefined {
  for (const member of among ?? []) {
    const { sender } = member.board;
    if (sender && isFor(sender, frame)) return member;
  }
  return undefined;
}

function isFor(s: Sender, frame: string): boolean {
  const end = frame.length - tagBytes(s.key.suite);
  const p = (DOWN << 7) | typeOf(frame);
  const body = frame.slice(0, end);
  const sealed = (epoch: number, seq: number, bound: string) =>
    bound !== "" && seal(s, p, epoch, seq, body + bound) === frame.slice(end);
  if (typeOf(frame) === WELCOME) return sealed(0, 0, s.nonce);
  return sealed(s.epoch, s.seq, s.tag) || sealed(s.epoch, s.ackSeq, s.ackTag);
}

function typeOf(frame: string): number {
  return (frame.charCodeAt(0) >> 3) & 7;
}

function word(frame: string, at: number): number {
  return (frame.charCodeAt(at) << 8) | frame.charCodeAt(at + 1);
}
