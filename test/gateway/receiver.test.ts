/** Frames in: rules 1, 2, 4, 6 and 9 of the protocol, by frames that are sealed by hand. */

import { describe, expect, it } from "vitest";
import { u8 } from "../../device/bytes.ts";
import { EXT_UPTIME, encodeExtension } from "../../device/extensions.ts";
import { intervalMs } from "../../device/interval.ts";
import { LEAVING } from "../../device/wire.ts";
import type { Source } from "../../gateway/facts.ts";
import { NUMBER_MAX } from "../../gateway/limits.ts";
import { AWAY, Bench, met, SUITES, traces } from "./gateway-bench.ts";
import { Board, nonceOf, P_DAY, P_LONG, P_MINUTE } from "./gateway-rig.ts";

describe("rule 1: what does not verify changes nothing and is not answered", () => {
  const flip = (frame: string, bit: number) => {
    const at = bit >> 3;
    return frame.slice(0, at) + u8(frame.charCodeAt(at) ^ (1 << (bit & 7))) + frame.slice(at + 1);
  };

  it("rule 1: each reason has its counter and leaves a hint, and no trace in a record", () => {
    const { bench, board } = met();
    const beat = board.beat({ seq: board.seq + 1 });
    const cases: [string, string][] = [
      ["too-short", beat.slice(0, 3)],
      ["too-short", beat.slice(0, 15)],
      ["too-long", `${beat}\0`],
      ["too-long", "\x40".repeat(257)],
      ["version", flip(beat, 7)],
      ["direction", u8(0x48) + beat.slice(1)],
      ["extensions", board.beat({ seq: 3, ext: `${encodeExtension(EXT_UPTIME, "\x05")}\x1f` })],
      ["reserved", u8(0x43) + beat.slice(1)],
      ["unknown", `${beat.slice(0, 1)}\0\0\x01${beat.slice(4)}`],
      ["bad-tag", flip(beat, 8 * 15)],
      ["bad-tag", board.beat({ seq: 3, epoch: board.epoch + 1 })],
      ["bad-tag", flip(board.hello(nonceOf(1)), 8 * 20)],
    ];
    const before = traces(bench, board);
    for (const [reason, frame] of cases) {
      const counted = bench.counted(reason, () => {
        expect(bench.receive(frame, AWAY), reason).toBeUndefined();
      });
      expect(counted, reason).toBe(1);
      expect(bench.facts).toEqual([]);
      expect([...bench.core.hints.values()].at(-1)).toMatchObject({
        reason,
        address: AWAY.address,
      });
    }
    expect(traces(bench, board)).toEqual(before);
    expect(bench.receive(beat)).toBeDefined();
  });

  it.each(SUITES)(
    "rule 1: no single flipped bit of a beat gets through under suite %i",
    (suite) => {
      const { bench, board } = met(suite);
      const beat = board.beat({ seq: board.seq + 1 });
      const before = traces(bench, board);
      for (let bit = 0; bit < beat.length * 8; bit++) {
        expect(bench.receive(flip(beat, bit)), `bit ${bit}`).toBeUndefined();
      }
      expect(traces(bench, board)).toEqual(before);
    },
  );

  it("rule 1: a key serves its own id alone, and its own suite alone", () => {
    const { bench, board } = met();
    const other = new Board(0x2be, 1);
    bench.enrol(other);
    const stolen = new Board(other.id, 1, { key: board.enrolment.key });
    expect(bench.counted("bad-tag", () => bench.receive(stolen.hello(nonceOf(2))))).toBe(1);
    const weaker = new Board(board.id, 0);
    expect(bench.counted("too-short", () => bench.receive(weaker.hello(nonceOf(3))))).toBe(1);
    expect(bench.sent).toEqual([]);
  });

  it("rule 1: hints are at most hintsMax, the oldest goes, and an address has a length", () => {
    const bench = new Bench({ limits: { hintsMax: 3 } });
    const frame = new Board(9).hello(nonceOf(1));
    const from = (n: number): Source => ({ ...AWAY, address: `10.0.0.${n}` });
    for (const n of [1, 2, 3]) bench.receive(frame, from(n));
    expect(bench.core.hints.size).toBe(3);
    bench.receive(frame, from(1));
    bench.receive(frame, from(4));
    expect([...bench.core.hints.values()].map(({ address, count }) => [address, count])).toEqual([
      ["10.0.0.3", 1],
      ["10.0.0.1", 2],
      ["10.0.0.4", 1],
    ]);
    bench.receive(frame, { ...AWAY, address: "x".repeat(5_000) });
    expect([...bench.core.hints.values()].at(-1)?.address).toHaveLength(64);
  });
});

describe("rule 2: fresh is above the last accepted seq", () => {
  it("rule 2: only a fresh beat extends life and moves the address", () => {
    const { bench, board } = met();
    const last = board.beat({ seq: board.seq });
    const before = bench.view(board);
    bench.receive(last, AWAY);
    bench.receive(board.hello(nonceOf(5)), AWAY);
    bench.receive(board.beat({ seq: 1 }), AWAY);
    expect(bench.view(board)).toEqual(before);
    bench.receive(board.beat(), AWAY);
    expect(bench.view(board)).toMatchObject({
      address: AWAY.address,
      port: AWAY.port,
      seenAt: bench.now,
      dueAt: bench.now + intervalMs(P_MINUTE),
    });
  });

  it("rule 2: gaps are legal, as far as the rebuilt number sees", () => {
    const { bench, board } = met();
    for (const gap of [1, 2, 300, 65_471]) {
      board.seq += gap;
      const beat = board.beat({ seq: board.seq });
      expect(board.ackOf(bench.receive(beat), beat)).toBeDefined();
      expect(bench.view(board).seq).toBe(board.seq);
    }
    const beyond = board.beat({ seq: board.seq + 65_472 });
    expect(bench.counted("bad-tag", () => bench.receive(beyond))).toBe(1);
  });

  it("rule 2: the last seq of all is taken, and nothing after it", () => {
    const { bench, board } = met();
    const stored = bench.disk.devices.get(board.id)!;
    const beat = { ...stored.beat!, seq: NUMBER_MAX - 1 };
    bench.disk.devices.set(board.id, { ...stored, beat });
    bench.restart(0);
    const last = board.beat({ seq: NUMBER_MAX });
    expect(board.ackOf(bench.receive(last), last, NUMBER_MAX)).toBeDefined();
    expect(bench.receive(board.beat({ seq: NUMBER_MAX + 1 }))).toBeUndefined();
    expect(bench.view(board).seq).toBe(NUMBER_MAX);
  });
});

describe("rule 4: stale beats", () => {
  it("rule 4: a seq below is ignored, and counted stale only if its tag verifies", () => {
    const { bench, board } = met();
    for (let n = 0; n < 100; n++) bench.receive(board.beat());
    const before = traces(bench, board);
    const stale = board.beat({ seq: board.seq - 64 });
    expect(bench.counted("stale", () => bench.receive(stale, AWAY))).toBe(1);
    const forged = stale.slice(0, -1) + u8(stale.charCodeAt(15) ^ 1);
    expect(bench.counted("stale", () => bench.receive(forged, AWAY))).toBe(0);
    // Farther back than the rebuilt number looks, it cannot verify any more.
    const older = board.beat({ seq: board.seq - 65 });
    expect(bench.counted("bad-tag", () => bench.receive(older, AWAY))).toBe(1);
    expect(bench.sent).toEqual([]);
    expect(traces(bench, board)).toEqual(before);
  });
});

describe("rule 6: the epoch in force, then the pending one", () => {
  it("rule 6: beats of both are taken while one is pending, those of no other", () => {
    const { bench, board } = met();
    const old = board.epoch;
    const nonce = nonceOf(7);
    const pending = board.welcomeOf(bench.receive(board.hello(nonce)), nonce)!.epoch;
    expect(bench.counted("fresh", () => bench.receive(board.beat()))).toBe(1);
    expect(bench.view(board).epoch).toBe(old);
    for (const epoch of [old - 1, pending + 1, 0]) {
      const wrong = board.beat({ seq: 9, epoch });
      expect(bench.counted("bad-tag", () => bench.receive(wrong))).toBe(1);
    }
    expect(
      bench.counted("fresh", () => bench.receive(board.beat({ seq: 1, epoch: pending }))),
    ).toBe(1);
    expect(bench.view(board)).toMatchObject({ epoch: pending, seq: 1 });
    const late = board.beat({ epoch: old });
    expect(bench.counted("bad-tag", () => bench.receive(late))).toBe(1);
  });

  it("rule 6: RESULT and PROBE are verified, and ignored where nothing was asked", () => {
    const { bench, board } = met();
    const before = traces(bench, board);
    for (const frame of [board.result(), board.probe(board.seq - 1)]) {
      expect(bench.counted("ignored", () => bench.receive(frame))).toBe(1);
      const forged = frame.slice(0, -1) + u8(frame.charCodeAt(frame.length - 1) ^ 1);
      expect(bench.counted("bad-tag", () => bench.receive(forged))).toBe(1);
    }
    expect(bench.counted("ignored", () => bench.receive(board.result(board.seq - 1)))).toBe(1);
    expect(traces(bench, board)).toEqual(before);
    const weak = met(0);
    expect(weak.bench.counted("type", () => weak.bench.receive(weak.board.result()))).toBe(1);
  });
});

describe("rule 9: farewells and long promises", () => {
  it("rule 9: 255 puts a device in left, and nothing follows", () => {
    const { bench, board } = met();
    bench.receive(board.beat({ promise: LEAVING }));
    expect(bench.changes).toMatchObject([{ from: "present", to: "left", cause: "left" }]);
    expect(bench.view(board)).toMatchObject({ dueAt: null, deadlineAt: null, promiseMs: null });
    bench.receive(board.beat({ promise: LEAVING }));
    expect(bench.sent).toHaveLength(1);
    expect(bench.pass(1e10)).toEqual([]);
    bench.restart(undefined);
    expect(bench.pass(1e10)).toEqual([]);
    expect(bench.view(board).status).toBe("left");
  });

  it("rule 9: a promise above promiseMax is honoured and shown, one at it is not", () => {
    const limits = { promiseMax: intervalMs(P_DAY) };
    const bench = new Bench({ limits });
    const board = new Board(1);
    bench.enrol(board);
    bench.meet(board, { promise: P_DAY });
    expect(bench.view(board).promiseLong).toBe(false);
    bench.receive(board.beat({ promise: P_DAY + 1 }));
    expect(bench.view(board)).toMatchObject({
      promiseLong: true,
      promiseMs: intervalMs(P_DAY + 1),
    });
    expect(bench.pass(intervalMs(P_DAY + 1))).toEqual([]);
    bench.receive(board.beat({ promise: P_LONG }));
    expect(bench.pass(intervalMs(P_LONG))).toEqual([]);
  });

  it("rule 9: under suite 0 255 is ignored, and promises are credited up to an hour", () => {
    const { bench, board } = met(0);
    const beat = board.beat({ promise: LEAVING });
    expect(board.ackOf(bench.receive(beat), beat)).toBeDefined();
    expect(bench.view(board)).toMatchObject({
      status: "present",
      promiseMs: intervalMs(P_MINUTE),
      seenAt: bench.now,
    });
    bench.receive(board.beat({ promise: P_DAY }));
    expect(bench.view(board).promiseMs).toBe(3_600_000);
    const shy = new Board(2, 0);
    bench.enrol(shy);
    bench.meet(shy, { promise: LEAVING });
    expect(bench.view(shy)).toMatchObject({ status: "unknown", promiseMs: null });
    bench.receive(shy.beat());
    expect(bench.view(shy).status).toBe("present");
  });
});
