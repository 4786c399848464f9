// A board on the bench, for the tests of the sender: the real core, a flash, and the gateway's pen.
//
// The rig does what a shell does and no more: it asks `poll`, makes the three numbers durable,
// keeps the frame, says `sent`, and obeys `wakeAt`. Time moves only when a test moves it. The dice
// show `dice` for ever, so that a test can say what jitter and time-outs are: 0 is the longest gap
// and the shortest time-out. The alternative, the simulator's world, has a gateway in it that
// answers by itself; here the test holds the pen, since half of the rules are about answers that
// are wrong.

import fc from "fast-check";
import { expect } from "vitest";
import { decodeUp, type Heartbeat, type Hello } from "../../device/decode.ts";
import { handle, poll, sent } from "../../device/sender.ts";
import { createSender, type Memory, type Sender, type SenderConfig } from "../../device/state.ts";
import { computeTag, makeTagKey, tagBytes } from "../../device/tag.ts";
import {
  ACK,
  DOWN,
  encodeAck,
  encodeNudge,
  encodeWelcome,
  HEARTBEAT,
  HELLO,
  NUDGE,
  tagInput,
  WELCOME,
} from "../../device/wire.ts";
import { sha256 } from "../../gateway/sha256.ts";

/** Of every property here; another one may be tried with NEXTBEAT_SEED=n. */
export const SEED = Number(process.env["NEXTBEAT_SEED"] ?? 7227);

/** Runs a property; a failure prints the seed and the path to it. */
export function holds(property: fc.IRawProperty<unknown>, numRuns: number): void {
  fc.assert(property, { seed: SEED, numRuns });
}

/** A frame that left the board, with what was in force then. */
export interface Sent {
  at: number;
  frame: string;
  epoch: number;
  seq: number;
  /** How many times the board had booted. */
  boot: number;
}

/** Where power can go on the way of a frame. */
export const CUTS = ["before-store", "after-store", "after-send"] as const;

/** More frames due at one instant than this is a livelock. */
const TURNS_MAX = 8;
/**
 * Turns without a frame at one instant: one may end an exchange, the next must know what follows.
 */
const IDLE_MAX = 3;

export class Rig {
  s: Sender;
  now: number;
  flash: Memory;
  readonly sent: Sent[] = [];
  readonly config: SenderConfig;
  dice = 0;
  boots = 0;
  polls = 0;
  cutAt: (typeof CUTS)[number] | "" = "";
  /** Epoch 7 and its ACK on flash, unless the test says otherwise. Nothing is polled yet. */
  constructor(config: Partial<SenderConfig> = {}, flash: Partial<Memory> = {}, now = 0) {
    const key = makeTagKey(1, "0123456789abcdef", sha256);
    this.config = { id: 0x00beef, key, own: 10_000, reach: 0, random: () => this.dice, ...config };
    this.flash = { epoch: 7, limit: 0, acked: 1, origin: "salt", ...flash };
    this.now = now;
    this.s = this.boot();
  }

  /** Power comes on; what only the sender knew is gone. */
  boot(): Sender {
    const origin = `salt${this.boots++}`;
    this.cutAt = "";
    this.s = createSender({ ...this.config }, { ...this.flash, origin }, this.now);
    return this.s;
  }

  store(): void {
    const { epoch, limit, acked } = this.s;
    if (this.s.dirty) this.flash = { ...this.flash, epoch, limit, acked };
    this.s.dirty = 0;
  }

  /** Sends all that is due now. A power cut on the way is followed by a boot. */
  settle(): Sent[] {
    const from = this.sent.length;
    for (let turn = 0; ; turn++) {
      if (turn === TURNS_MAX) throw new Error(`no end of frames at ${this.now}`);
      const frame = poll(this.s, this.now);
      this.polls++;
      if (frame && this.cutAt === "before-store") this.boot();
      else {
        this.store();
        if (!frame) return this.sent.slice(from);
        if (this.cutAt === "after-store") this.boot();
        else {
          const { epoch, seq } = this.s;
          this.sent.push({ at: this.now, frame, epoch, seq, boot: this.boots });
          if (this.cutAt === "after-send") this.boot();
          else sent(this.s, this.now);
        }
      }
    }
  }

  /** Obeys `wakeAt` up to and including `at`; returns what left. */
  runTo(at: number): Sent[] {
    const from = this.sent.length;
    this.settle();
    for (let idle = 0; this.s.wakeAt <= at; this.settle()) {
      idle = this.s.wakeAt > this.now ? 0 : idle + 1;
      expect(idle, `wakeAt does not advance at ${this.now}`).toBeLessThan(IDLE_MAX);
      this.now = Math.max(this.now, this.s.wakeAt);
    }
    this.now = Math.max(this.now, at);
    return this.sent.slice(from);
  }

  run(ms: number): Sent[] {
    return this.runTo(this.now + ms);
  }

  /** Runs until the next new beat has left, and returns it. */
  nextBeat(): Sent {
    const before = this.s.seq;
    for (let turn = 0; turn < 200; turn++) {
      const found = this.settle().find((f) => isBeat(f) && f.seq !== before);
      if (found) return found;
      this.now = Math.max(this.now, this.s.wakeAt);
    }
    throw new Error("no beat");
  }

  /** A frame from the gateway's address arrives now; what it changed is made durable. */
  hear(frame: string): number {
    const result = handle(this.s, frame, this.now);
    this.store();
    return result;
  }

  /** A frame from the gateway's address that must change nothing at all. */
  ignores(frame: string): void {
    const before = { ...this.s };
    expect(handle(this.s, frame, this.now)).toBe(0);
    expect({ ...this.s }).toEqual(before);
  }

  /** A frame down, sealed. */
  seal(type: number, epoch: number, seq: number, body: string, bound: string): string {
    return body + computeTag(this.config.key, tagInput(DOWN, type, epoch, seq, body, bound));
  }

  ack(beat: Sent, pace = 0, more = 0, ext = ""): string {
    const body = encodeAck(beat.seq, pace, 0x5a, 0x10, more, ext);
    return this.seal(ACK, beat.epoch, beat.seq, body, this.tagOf(beat));
  }

  nudge(beat: Sent): string {
    return this.seal(NUDGE, beat.epoch, beat.seq, encodeNudge(beat.seq), this.tagOf(beat));
  }

  welcome(hello: Sent, epoch: number, pace = 0): string {
    const body = encodeWelcome(epoch, 1_760_000_000, pace, 0x10);
    return this.seal(WELCOME, 0, 0, body, this.readHello(hello).nonce);
  }

  tagOf(f: Sent): string {
    return f.frame.slice(-tagBytes(this.config.key.suite));
  }

  readBeat(f: Sent): Heartbeat {
    const frame = decodeUp(f.frame, tagBytes(this.config.key.suite));
    if (typeof frame === "string" || frame.type !== HEARTBEAT) throw new Error(`no beat: ${frame}`);
    return frame;
  }

  readHello(f: Sent): Hello {
    const frame = decodeUp(f.frame, tagBytes(this.config.key.suite));
    if (typeof frame === "string" || frame.type !== HELLO) throw new Error(`no HELLO: ${frame}`);
    return frame;
  }
}

const typeOf = (f: Sent) => (f.frame.charCodeAt(0) >> 3) & 7;
export const isBeat = (f: Sent) => typeOf(f) === HEARTBEAT;
export const isHello = (f: Sent) => typeOf(f) === HELLO;

/** First tries alone: each beat once. */
export function beats(frames: readonly Sent[]): Sent[] {
  return frames.filter((f, i) => isBeat(f) && !frames.slice(0, i).some((g) => g.frame === f.frame));
}

/** Gaps between instants, in ms. */
export function gaps(frames: readonly Sent[]): number[] {
  return frames.slice(1).map((f, i) => f.at - frames[i]!.at);
}

/** A rig whose first beat was acknowledged, and that beat. */
export function acked(config = {}, pace = 0, more = 0): [Rig, Sent] {
  const rig = new Rig(config);
  const beat = rig.nextBeat();
  rig.run(50);
  expect(rig.hear(rig.ack(beat, pace, more))).toBe(1);
  return [rig, beat];
}

/** A frame with one bit turned over. */
export const flip = (frame: string, bit: number) =>
  Array.from(frame, (c, i) =>
    i === bit >> 3 ? String.fromCharCode(c.charCodeAt(0) ^ (1 << (bit & 7))) : c,
  ).join("");

/** A flash with nothing on it. */
export const NONE = { epoch: 0, acked: 0 };

/** The HELLO exchanges among some frames: the first frame of each. */
export function exchanges(frames: readonly Sent[]): Sent[] {
  const hellos = frames.filter(isHello);
  return hellos.filter((f, i) => f.frame !== hellos[i - 1]?.frame);
}

/** Runs through `n` unheard beats and on to the HELLO that follows the last; returns it. */
export function lose(rig: Rig, n: number): Sent {
  for (let beat = 0; beat < n; beat++) rig.nextBeat();
  const seq = rig.s.seq;
  for (let turn = 0; turn < 100; turn++) {
    rig.settle();
    const last = rig.sent.at(-1)!;
    if (isHello(last)) return last;
    expect(rig.s.seq).toBe(seq);
    rig.now = rig.s.wakeAt;
  }
  throw new Error("no HELLO");
}
