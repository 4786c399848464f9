/**
 * The gateway dies at any instruction (rule 8): honest boards, a slow disk, lost and repeated
 * frames, a listener who replays what he heard, and a crash between any two steps. Commits that the
 * disk has not done are gone, frames that waited for them never went, and so on for hundreds of
 * random lives.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXT_PAYLOAD, encodeExtension } from "../../device/extensions.ts";
import { graceOf } from "../../gateway/detector/rhythm.ts";
import type { Change, Outgoing, StoredDevice } from "../../gateway/facts.ts";
import { creditedMs } from "../../gateway/limits.ts";
import { type Step, step } from "./crash-steps.ts";
import { Bench, HOME, holds, SEED } from "./gateway-bench.ts";
import { nonceOf, P_MINUTE } from "./gateway-rig.ts";
import { Honest } from "./honest-board.ts";

console.info(`crash.test.ts: seed ${SEED}`);

class Life {
  readonly bench = new Bench();
  readonly boards = [new Honest(1), new Honest(2), new Honest(3)];
  /** All frames that were ever in the air, for the listener. */
  readonly air: string[] = [];
  /** Frames taken for fresh, and in which life of the gateway. */
  readonly fresh = new Map<string, number>();
  life = 0;
  startedAt: number;
  /** What the disk had at the last crash. */
  atCrash = new Map<number, StoredDevice>();
  nonces = 0;

  constructor() {
    const { bench } = this;
    bench.enrol(...this.boards.map(({ board }) => board));
    this.startedAt = bench.now;
    bench.onSent = (out) => this.#sent(out);
    bench.onMade = (change) => this.#made(change);
    bench.onTold = (change) => this.#told(change);
  }

  run(steps: readonly Step[]): void {
    for (const step of steps) this.#step(step);
    this.#calm();
    const { changes } = this.bench.disk;
    expect(changes.map(({ cursor }) => cursor)).toEqual(changes.map((_, n) => n + 1));
    for (const { board } of this.boards) {
      const mine = changes.filter(({ id }) => id === board.id);
      expect(mine.map(({ tseq }) => tseq)).toEqual(mine.map((_, n) => n + 1));
    }
    expect(this.bench.told).toEqual(changes.slice(0, this.bench.told.length));
  }

  /**
   * The disk works, nothing is lost: whoever greets and beats gets through, whatever was before.
   */
  #calm(): void {
    const { bench } = this;
    bench.hold = false;
    bench.settle();
    for (const { board } of this.boards) {
      bench.meet(board);
      const beat = board.beat();
      expect(board.ackOf(bench.receive(beat), beat)).toBeDefined();
    }
  }

  #step(step: Step): void {
    const { bench } = this;
    switch (step.kind) {
      case "beat":
        this.#beat(step);
        return;
      case "again": {
        const honest = this.boards[step.board]!;
        if (honest.newest !== undefined) this.#in(honest.newest.frame, honest, true);
        return;
      }
      case "hello": {
        const honest = this.boards[step.board]!;
        if (step.fresh || honest.nonce === "") {
          honest.nonce = nonceOf(this.nonces++);
          honest.hello = honest.board.hello(honest.nonce);
        }
        this.#in(honest.hello, honest, false);
        return;
      }
      case "replay":
        if (this.air.length > 0) this.#in(this.air[step.pick % this.air.length]!, undefined, false);
        return;
      case "pass":
        bench.pass(step.ms);
        return;
      case "settle":
        bench.settle(step.commits);
        return;
      case "slow":
        bench.hold = step.on;
        if (!step.on) bench.settle();
        return;
      case "crash":
        this.#crash(step.ms);
        return;
    }
  }

  #beat(step: Step & { kind: "beat" }): void {
    const honest = this.boards[step.board]!;
    const { board } = honest;
    if (board.epoch === 0) return;
    const words = {
      promise: step.promise,
      vitals: step.alert ? 0xf8 : 0xf0,
      ext: step.payload ? encodeExtension(EXT_PAYLOAD, "payload") : "",
    };
    const frame = board.beat(words);
    honest.newest = { frame, epoch: board.epoch, seq: board.seq, ...words };
    honest.tries.set(frame, honest.newest);
    if (step.lost) this.air.push(frame);
    else this.#in(frame, honest, true);
  }

  /** A frame reaches the gateway. `own`: the board's newest beat, which has a right to be taken. */
  #in(frame: string, honest: Honest | undefined, own: boolean): void {
    const { bench } = this;
    this.air.push(frame);
    const acked = honest?.acked ?? false;
    const before = { ...bench.core.counters };
    // Who is heard must be known before effects happen, since an ACK may go out at once.
    const effects = bench.core.handle(frame, HOME, bench.now);
    const moved = (name: string) => bench.core.counters[name] !== before[name];
    if (moved("fresh")) this.#taken(frame);
    if (own && acked) {
      expect(moved("bad-tag") || moved("stale") || moved("clash"), "its next beat refused").toBe(
        false,
      );
    }
    bench.obey(effects);
  }

  #taken(frame: string): void {
    const honest = this.boards.find(({ tries }) => tries.has(frame));
    const life = this.fresh.get(frame);
    // Twice fresh: only over a crash, and only what the disk had not seen.
    expect(life).not.toBe(this.life);
    this.fresh.set(frame, this.life);
    if (honest === undefined) return;
    const taken = honest.tries.get(frame)!;
    if (life !== undefined) {
      const disk = this.atCrash.get(honest.board.id)!;
      expect(disk.epoch === taken.epoch && disk.beat!.seq >= taken.seq).toBe(false);
    }
    honest.taken = taken;
    honest.heardAt = this.bench.now;
    honest.leastMs = Math.min(honest.leastMs, creditedMs(taken.promise, 2));
  }

  #sent({ frame }: Outgoing): void {
    for (const honest of this.boards) {
      honest.hear(frame, this.bench.disk.devices.get(honest.board.id)!);
    }
  }

  #told(change: Change): void {
    const honest = this.boards[change.id - 1]!;
    expect(change.tseq).toBe(honest.toldTseq + 1);
    expect(change.from).toBe(honest.toldStatus);
    expect(this.bench.disk.changes).toContainEqual(change);
    honest.toldTseq = change.tseq;
    honest.toldStatus = change.to;
  }

  /** Judged when it is made: a slow disk may tell of it after the next beat. */
  #made(change: Change): void {
    const honest = this.boards[change.id - 1]!;
    if (change.cause !== "promise-broken") return;
    const from = Math.max(this.startedAt, honest.heardAt);
    const due = from + honest.leastMs + graceOf(honest.leastMs, 250);
    expect(change.at, `${change.to} too early`).toBeGreaterThanOrEqual(due);
  }

  #crash(ms: number): void {
    const { bench } = this;
    this.atCrash = new Map(bench.disk.devices);
    bench.now += ms;
    // A change that was stored and not told is told by the list of changes; nobody has to be
    // surprised.
    for (const change of bench.disk.changes.slice(bench.told.length)) bench.told.push(change);
    bench.restart(ms);
    this.life++;
    this.startedAt = bench.now;
    for (const honest of this.boards) {
      const view = bench.view(honest.board);
      expect(view.tseq).toBeGreaterThanOrEqual(honest.toldTseq);
      if (view.tseq === honest.toldTseq) expect(view.status).toBe(honest.toldStatus);
      honest.toldTseq = view.tseq;
      honest.toldStatus = view.status;
      honest.heardAt = -Infinity;
    }
  }
}

describe("a crash", () => {
  it("takes back nothing told, refuses no next beat, makes nobody absent too early", () => {
    let crashes = 0;
    let refreshed = 0;
    holds(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const life = new Life();
        for (const honest of life.boards) {
          life.bench.meet(honest.board);
          honest.acked = true;
          honest.leastMs = creditedMs(P_MINUTE, 2);
        }
        life.run(steps);
        crashes += life.life;
        refreshed += [...life.fresh.values()].filter((n) => n > 0).length;
      }),
      400,
    );
    // The property was worth running.
    expect(crashes).toBeGreaterThan(400);
    expect(refreshed).toBeGreaterThan(400);
  });
});
