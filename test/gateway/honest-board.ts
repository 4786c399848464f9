// A board by rules 10 and 11, and what it has a right to. The simulator's boards run the real
// sender; this one has no timers, so that a random test may make it beat, greet and repeat itself
// in any order.

import { expect } from "vitest";
import { LEAVING } from "../../device/wire.ts";
import type { StoredDevice } from "../../gateway/facts.ts";
import { creditedMs } from "../../gateway/limits.ts";
import { Board } from "./gateway-rig.ts";

export interface Try {
  readonly frame: string;
  readonly epoch: number;
  readonly seq: number;
  readonly promise: number;
  readonly vitals: number;
  readonly ext: string;
}

export class Honest {
  readonly board: Board;
  nonce = "";
  hello = "";
  /** All beats it ever made, and the newest of its epoch. */
  readonly tries = new Map<string, Try>();
  newest: Try | undefined;
  /** An ACK came under the epoch: from here on its next beat must never be refused. */
  acked = false;
  /**
   * The shortest promise that may count: of the last acknowledged beat and of all accepted since.
   */
  leastMs = Infinity;
  /** The newest beat that the running gateway took, and when; -Infinity: none yet. */
  taken: Try | undefined;
  heardAt = -Infinity;
  toldTseq = 0;
  toldStatus = "unknown";

  constructor(id: number) {
    this.board = new Board(id);
  }

  /**
   * Rule 11: an ACK for the beat in flight; a WELCOME for the open nonce and above the own epoch.
   */
  hear(frame: string, disk: StoredDevice): void {
    const { board, newest } = this;
    const welcome = this.nonce === "" ? undefined : board.welcomeOf(frame, this.nonce);
    if (welcome !== undefined && welcome.epoch > board.epoch) {
      expect(disk.issued).toBeGreaterThanOrEqual(welcome.epoch);
      board.epoch = welcome.epoch;
      board.seq = 0;
      this.acked = false;
      this.nonce = "";
      this.newest = undefined;
      return;
    }
    if (newest === undefined || board.ackOf(frame, newest.frame, newest.seq) === undefined) return;
    this.acked = true;
    expect(disk.epoch).toBe(newest.epoch);
    if (this.taken !== newest) return;
    this.leastMs = creditedMs(newest.promise, board.suite);
    const beat = disk.beat!;
    if (newest.promise === LEAVING) expect(beat.promise).toBe(LEAVING);
    else {
      const storedMs = creditedMs(beat.promise, board.suite);
      expect(storedMs).toBeGreaterThanOrEqual(this.leastMs);
    }
    expect(beat.vitals & 8).toBe(newest.vitals & 8);
    if (newest.ext !== "") expect(beat.ext).toBe(newest.ext);
  }
}
