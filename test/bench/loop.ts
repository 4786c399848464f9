/**
 * A closed loop over UDP: so many frames under way at once, and the next one goes when one is
 * answered.
 *
 * Closed and not open, because an open loop at the wrong rate measures a queue. The n-th frame goes
 * through the socket n mod 64, so that a board whose frames keep that distance keeps its address,
 * as real ones do; connected sockets, since they cost the generator half. An answer counts only if
 * the sequence number in it belongs to a frame under way on that very socket; a sample is kept,
 * whole, for whoever can check its tag.
 */

import { createSocket, type Socket } from "node:dgram";

/** Bytes of a frame under way: a HEARTBEAT without extensions. */
export const FRAME = 16;
/** Where the sequence number stands in a HEARTBEAT, and so in its echo; and in an ACK. */
export const SEQ_IN_BEAT = 4;
export const SEQ_IN_ACK = 1;

export const SOCKETS = 64;
const WINDOW = 16;
const SAMPLE_EVERY = 61;
/** A frame not answered for one to two of these, in ms, is lost. */
const SWEEP_MS = 500;

export interface LoopResult {
  readonly answered: number;
  /** Answers that fit no frame under way. */
  readonly wrong: number;
  readonly lost: number;
  readonly ms: number;
  /** Frames used, from the first; the slower sockets left some of them out. */
  readonly used: number;
  /** Place of a frame, and its answer. */
  readonly samples: readonly { readonly frame: number; readonly answer: Buffer }[];
}

interface Lane {
  readonly socket: Socket;
  /** Places of the frames under way, -1 = free, and the sweep in which each was sent. */
  readonly frames: Int32Array;
  readonly sentIn: Int32Array;
  /** Place of its next frame. */
  next: number;
}

export class Loop {
  readonly #lanes: Lane[] = [];
  #all: Buffer = Buffer.alloc(0);
  #seqAt = 0;
  #sweep = 0;
  #stopped = true;
  #underWay = 0;
  #answered = 0;
  #wrong = 0;
  #lost = 0;
  #samples: { frame: number; answer: Buffer }[] = [];

  static async open(port: number): Promise<Loop> {
    const loop = new Loop();
    for (let i = 0; i < SOCKETS; i++) {
      const socket = createSocket("udp4");
      await new Promise<void>((done) => socket.connect(port, "127.0.0.1", done));
      const lane: Lane = {
        socket,
        frames: new Int32Array(WINDOW).fill(-1),
        sentIn: new Int32Array(WINDOW),
        next: 0,
      };
      socket.on("message", (answer) => loop.#take(lane, answer));
      socket.on("error", () => {});
      loop.#lanes.push(lane);
    }
    return loop;
  }

  /** Sends the frames in `all` in their order for `ms`, or until they are used up. */
  async run(all: Buffer, seqAt: number, ms: number): Promise<LoopResult> {
    this.#all = all;
    this.#seqAt = seqAt;
    this.#answered = this.#wrong = this.#lost = this.#underWay = 0;
    this.#samples = [];
    this.#stopped = false;
    const begun = performance.now();
    for (const [first, lane] of this.#lanes.entries()) {
      lane.next = first;
      for (let at = 0; at < WINDOW; at++) this.#send(lane, at);
    }
    while (this.#underWay > 0) {
      await new Promise((wake) => setTimeout(wake, 5));
      const now = performance.now();
      if (now - begun >= ms) this.#stopped = true;
      if (now - begun > (this.#sweep + 1) * SWEEP_MS) this.#sweepLost();
    }
    this.#sweep = 0;
    const done = { answered: this.#answered, wrong: this.#wrong, lost: this.#lost };
    const used = Math.max(...this.#lanes.map((lane, first) => lane.next - first));
    return { ...done, ms: performance.now() - begun, used, samples: this.#samples };
  }

  close(): void {
    for (const { socket } of this.#lanes) socket.close();
  }

  #send(lane: Lane, at: number): void {
    const frame = lane.next;
    if ((frame + 1) * FRAME > this.#all.length) this.#stopped = true;
    if (this.#stopped) return;
    lane.next += SOCKETS;
    lane.frames[at] = frame;
    lane.sentIn[at] = this.#sweep;
    this.#underWay++;
    lane.socket.send(this.#all.subarray(frame * FRAME, (frame + 1) * FRAME));
  }

  #take(lane: Lane, answer: Buffer): void {
    const { frames } = lane;
    const low = answer.length < 14 ? -1 : answer.readUInt16BE(this.#seqAt);
    for (let at = 0; at < WINDOW; at++) {
      const frame = frames[at]!;
      if (frame < 0 || this.#all.readUInt16BE(frame * FRAME + SEQ_IN_BEAT) !== low) continue;
      frames[at] = -1;
      this.#underWay--;
      this.#answered++;
      if (this.#answered % SAMPLE_EVERY === 0) this.#samples.push({ frame, answer });
      this.#send(lane, at);
      return;
    }
    this.#wrong++;
  }

  #sweepLost(): void {
    this.#sweep++;
    for (const lane of this.#lanes) {
      for (let at = 0; at < WINDOW; at++) {
        if (lane.frames[at]! < 0 || this.#sweep - lane.sentIn[at]! < 2) continue;
        lane.frames[at] = -1;
        this.#underWay--;
        this.#lost++;
        this.#send(lane, at);
      }
    }
  }
}
