/** Epochs: rule 7. */

import { describe, expect, it } from "vitest";
import { EPOCH_ZERO, NUMBER_MAX } from "../../gateway/limits.ts";
import { AWAY, Bench, kinds, met } from "./gateway-bench.ts";
import { Board, nonceOf } from "./gateway-rig.ts";

describe("rule 7: epochs", () => {
  function greet(bench: Bench, board: Board, n: number, epoch = board.epoch): number | undefined {
    return board.welcomeOf(bench.receive(board.hello(nonceOf(n), epoch)), nonceOf(n))?.epoch;
  }

  it("rule 7: issued is on disk before the WELCOME, and the WELCOME says what it should", () => {
    const bench = new Bench({ unixSeconds: () => EPOCH_ZERO + 77 });
    const board = new Board(1);
    bench.enrol(board);
    bench.hold = true;
    const nonce = nonceOf(1);
    expect(bench.receive(board.hello(nonce), AWAY)).toBeUndefined();
    expect(bench.facts).toEqual([{ kind: "epoch", id: 1, issued: 78, epoch: 0 }]);
    bench.settle();
    expect(bench.sent[0]!.to).toEqual(AWAY);
    expect(board.welcomeOf(bench.sent[0]!.frame, nonce)).toMatchObject({
      epoch: 78,
      time: EPOCH_ZERO + 77,
      pace: 0,
      state: 0x50,
    });
  });

  it("rule 7: within 10 s of its WELCOME an epoch is given again, nothing is written", () => {
    const bench = new Bench();
    const board = new Board(1);
    bench.enrol(board);
    expect(greet(bench, board, 1)).toBe(1);
    for (let n = 2; n < 6; n++) {
      bench.pass(9_999);
      expect(greet(bench, board, n)).toBe(1);
      expect(bench.facts).toEqual([]);
    }
    bench.pass(10_000);
    expect(greet(bench, board, 7)).toBe(2);
    expect(bench.facts).toEqual([{ kind: "epoch", id: 1, issued: 2, epoch: 0 }]);
  });

  it("rule 7: while an epoch's commit is under way its WELCOMEs wait, however long", () => {
    const bench = new Bench();
    const board = new Board(1);
    bench.enrol(board);
    bench.hold = true;
    for (let n = 1; n <= 3; n++) {
      expect(greet(bench, board, n)).toBeUndefined();
      expect(kinds(bench.facts)).toEqual(n === 1 ? ["epoch"] : []);
      bench.pass(8_000);
    }
    bench.sent = [];
    bench.settle();
    const epochs = bench.sent.map(({ frame }, n) => board.welcomeOf(frame, nonceOf(n + 1))?.epoch);
    expect(epochs).toEqual([1, 1, 1]);
    expect(greet(bench, board, 4)).toBe(1);
  });

  it("rule 7: a new one is above issued, above the HELLO's epoch and above a trusted clock", () => {
    let unix = 0;
    const bench = new Bench({ unixSeconds: () => unix });
    const board = new Board(1);
    bench.enrol(board);
    expect(greet(bench, board, 1, 40)).toBe(41);
    expect(greet(bench, board, 2, 41)).toBe(42);
    bench.pass(10_000);
    expect(greet(bench, board, 3, 0)).toBe(43);
    bench.pass(10_000);
    unix = EPOCH_ZERO + 5_000;
    expect(greet(bench, board, 4, 0)).toBe(5_001);
    bench.pass(10_000);
    unix = EPOCH_ZERO - 1;
    expect(greet(bench, board, 5, 0)).toBe(5_002);
  });

  it("rule 7: it takes force with its first beat, with last seq 0; below it all is void", () => {
    const { bench, board } = met();
    const old = board.epoch;
    for (let n = 0; n < 70; n++) bench.receive(board.beat());
    const pending = greet(bench, board, 1)!;
    expect(bench.view(board)).toMatchObject({ epoch: old, seq: board.seq });
    const first = board.beat({ seq: 5, epoch: pending });
    bench.receive(first);
    expect(kinds(bench.facts)).toEqual(["epoch", "beat"]);
    expect(bench.disk.devices.get(board.id)).toMatchObject({ issued: pending, epoch: pending });
    expect(bench.view(board)).toMatchObject({ epoch: pending, seq: 5 });
    expect(bench.receive(board.beat({ seq: 4, epoch: pending }))).toBeUndefined();
    expect(bench.core.counters.stale).toBe(1);
    bench.pass(1_000);
    bench.restart(0);
    expect(bench.receive(board.beat({ epoch: old }))).toBeUndefined();
    board.epoch = pending;
    expect(greet(bench, board, 2)).toBe(pending + 1);
  });

  it("rule 7: a pending epoch survives a restart, but nobody knows how old its WELCOME is", () => {
    const bench = new Bench();
    const board = new Board(1);
    bench.enrol(board);
    expect(greet(bench, board, 1)).toBe(1);
    bench.restart(undefined);
    board.epoch = 1;
    const beat = board.beat();
    expect(board.ackOf(bench.receive(beat), beat)).toBeDefined();

    expect(greet(bench, board, 2)).toBe(2);
    bench.restart(undefined);
    expect(greet(bench, board, 3)).toBe(3);
  });

  it("rule 7: the 10 s of a WELCOME begin when it is sent, after its commit", () => {
    const bench = new Bench();
    const board = new Board(1);
    bench.enrol(board);
    bench.hold = true;
    expect(greet(bench, board, 1)).toBeUndefined();
    bench.pass(7_000);
    bench.settle();
    bench.hold = false;
    bench.pass(9_999);
    expect(greet(bench, board, 2)).toBe(1);
    bench.pass(10_000);
    expect(greet(bench, board, 3)).toBe(2);
  });

  it("rule 7: at 2^32 - 1 a HELLO is counted exhausted and not answered", () => {
    const bench = new Bench();
    const board = new Board(1);
    bench.enrol(board);
    expect(greet(bench, board, 1, NUMBER_MAX - 1)).toBe(NUMBER_MAX);
    expect(greet(bench, board, 2, 0)).toBe(NUMBER_MAX);
    bench.pass(10_000);
    expect(bench.counted("exhausted", () => greet(bench, board, 3, 0))).toBe(1);
    expect(bench.sent).toEqual([]);
    board.epoch = NUMBER_MAX;
    const beat = board.beat();
    expect(board.ackOf(bench.receive(beat), beat)).toBeDefined();
    const other = new Board(2);
    bench.enrol(other);
    expect(bench.counted("exhausted", () => greet(bench, other, 4, NUMBER_MAX))).toBe(1);
  });

  it("rule 7: a store out of a backup has no epoch in force and none pending", () => {
    const { bench, board } = met();
    const old = board.epoch;
    const pending = greet(bench, board, 1)!;
    const stored = bench.disk.devices.get(board.id)!;
    bench.disk.devices.set(board.id, { ...stored, restored: true });
    bench.restart(0);
    expect(bench.view(board)).toMatchObject({ status: "present", epoch: 0, seq: 0 });
    for (const epoch of [old, pending]) {
      expect(bench.receive(board.beat({ epoch }))).toBeUndefined();
    }
    // It beat under a later epoch, which the backup never saw.
    board.epoch = pending + 20;
    expect(greet(bench, board, 2)).toBe(pending + 21);
    bench.restart(0);
    expect(bench.receive(board.beat({ epoch: pending }))).toBeUndefined();
    board.epoch = pending + 21;
    board.seq = 0;
    const beat = board.beat();
    expect(board.ackOf(bench.receive(beat), beat)).toBeDefined();
  });

  it("rule 7: a record whose beat and epoch do not match has no epoch in force either", () => {
    for (const torn of [{ beat: null }, { issued: 7, epoch: 7 }]) {
      const { bench, board } = met();
      const old = board.epoch;
      const stored = bench.disk.devices.get(board.id)!;
      bench.disk.devices.set(board.id, { ...stored, ...torn });
      bench.restart(0);
      expect(bench.receive(board.beat())).toBeUndefined();
      expect(bench.view(board)).toMatchObject({ status: "present", epoch: 0, seq: 0 });
      expect(greet(bench, board, 1)).toBeGreaterThan(old);
    }
  });

  it("rule 7: under suite 0 the HELLO's epoch is ignored", () => {
    const bench = new Bench();
    const board = new Board(1, 0);
    bench.enrol(board);
    expect(greet(bench, board, 1, NUMBER_MAX)).toBe(1);
    expect(greet(bench, board, 2, 900)).toBe(1);
  });
});
