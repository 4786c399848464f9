/** What must be on disk before the frame that tells of it: rule 8. */

import { describe, expect, it } from "vitest";
import { EXT_PAYLOAD, EXT_UPTIME, encodeExtension } from "../../device/extensions.ts";
import { intervalMs } from "../../device/interval.ts";
import { LEAVING } from "../../device/wire.ts";
import { AWAY, Bench, kinds, met, SUITES } from "./gateway-bench.ts";
import { Board, nonceOf, P_HOUR, P_MINUTE } from "./gateway-rig.ts";

const ALERT = 8;

describe("rule 8: on disk before the frame that tells of it", () => {
  const held: [string, Parameters<Board["beat"]>[0]][] = [
    ["a longer promise", { promise: P_HOUR }],
    ["255", { promise: LEAVING }],
    ["a changed alert bit", { vitals: 0xf0 | ALERT }],
    ["extension 11", { ext: encodeExtension(EXT_PAYLOAD, "hi") }],
  ];
  const free: [string, Parameters<Board["beat"]>[0]][] = [
    ["the same promise", {}],
    ["a shorter promise", { promise: P_MINUTE - 1 }],
    ["other vitals", { vitals: 0x57 }],
    ["another extension", { ext: encodeExtension(EXT_UPTIME, "\x05") }],
    ["another reach", { reach: 2 }],
  ];

  it.each(held)("rule 8: %s waits for the disk, and so do the answers after it", (_, words) => {
    const { bench, board } = met();
    bench.hold = true;
    const beat = board.beat(words);
    expect(bench.receive(beat)).toBeUndefined();
    expect(kinds(bench.facts)).toContain("beat");
    expect(bench.receive(beat)).toBeUndefined();
    expect(kinds(bench.facts)).toEqual([]);
    const seq = board.seq;
    const next = board.beat(words?.promise === LEAVING ? {} : words?.ext ? {} : words);
    expect(bench.receive(next)).toBeUndefined();
    expect(bench.waiting.length).toBeGreaterThanOrEqual(3);
    bench.sent = [];
    bench.settle();
    expect(bench.sent).toHaveLength(3);
    expect(board.ackOf(bench.sent[0]!.frame, beat, seq)).toBeDefined();
    expect(bench.sent[1]!.frame).toBe(bench.sent[0]!.frame);
    expect(board.ackOf(bench.sent[2]!.frame, next)).toBeDefined();
    expect(
      bench.receive(board.beat(words?.ext ? {} : { ...words, promise: P_MINUTE })),
    ).toBeDefined();
  });

  it.each(free)("rule 8: %s does not wait", (_, words) => {
    const { bench, board } = met();
    bench.hold = true;
    expect(bench.receive(board.beat(words))).toBeDefined();
    expect(bench.waiting).toEqual([]);
  });

  it("rule 8: an epoch taking force waits for the disk; a crash before leaves it pending", () => {
    const bench = new Bench();
    const board = new Board(1);
    bench.enrol(board);
    const nonce = nonceOf(1);
    board.epoch = board.welcomeOf(bench.receive(board.hello(nonce)), nonce)!.epoch;
    bench.hold = true;
    const beat = board.beat();
    expect(bench.receive(beat)).toBeUndefined();
    bench.restart(0);
    bench.hold = false;
    expect(bench.view(board)).toMatchObject({ epoch: 0, status: "unknown" });
    expect(board.ackOf(bench.receive(beat), beat)).toBeDefined();
  });

  it("rule 8: longer than the stored one is what counts, not longer than the last one", () => {
    const { bench, board } = met();
    bench.hold = true;
    expect(bench.receive(board.beat({ promise: 50 }))).toBeDefined();
    expect(bench.receive(board.beat({ promise: P_MINUTE }))).toBeDefined();
    expect(bench.receive(board.beat({ promise: 50 }))).toBeDefined();
    bench.pass(1_000);
    expect(bench.waiting.map(({ commit }) => kinds(commit))).toEqual([["beat"]]);
    expect(bench.receive(board.beat({ promise: P_MINUTE }))).toBeUndefined();
  });

  it("rule 8: after a farewell any promise is a longer one", () => {
    const { bench, board } = met();
    bench.receive(board.beat({ promise: LEAVING }));
    bench.hold = true;
    expect(bench.receive(board.beat({ promise: 1 }))).toBeUndefined();
    expect(kinds(bench.facts)).toContain("beat");
  });

  it("rule 8: other beats are on disk within flushMs, the newest of each device", () => {
    const bench = new Bench({ limits: { flushMs: 400 } });
    const boards = [new Board(1), new Board(2)];
    bench.enrol(...boards);
    for (const board of boards) bench.meet(board);
    const from = bench.now;
    for (let n = 0; n < 3; n++) for (const board of boards) bench.receive(board.beat());
    expect(bench.core.wakeAt).toBeLessThanOrEqual(from + 400);
    expect(bench.disk.devices.get(1)!.beat!.seq).toBe(1);
    bench.now = bench.core.wakeAt;
    bench.obey(bench.core.expire(bench.now));
    expect(bench.facts).toMatchObject([
      { kind: "beat", id: 1, seq: 4, at: from },
      { kind: "beat", id: 2, seq: 4, at: from },
    ]);
    expect(bench.core.wakeAt).toBeGreaterThan(from + 400);
  });

  it("rule 8: a fleet's beats go to disk flushMax at a time, the rest at once after it", () => {
    const bench = new Bench({ limits: { flushMax: 3 } });
    const boards = [1, 2, 3, 4, 5, 6, 7].map((id) => new Board(id));
    bench.enrol(...boards);
    for (const board of boards) bench.meet(board);
    for (const board of boards) bench.receive(board.beat());
    bench.now += 500;
    const sizes: number[] = [];
    while (bench.core.wakeAt <= bench.now) {
      bench.obey(bench.core.expire(bench.now));
      sizes.push(bench.facts.length);
    }
    expect(sizes).toEqual([3, 3, 1]);
    // A shutdown writes all that is left, what history and the detector hold with it.
    bench.receive(boards[0]!.beat());
    bench.obey(bench.core.flush(bench.now));
    expect(kinds(bench.facts).filter((kind) => kind === "beat")).toHaveLength(1);
    bench.obey(bench.core.flush(bench.now));
    expect(kinds(bench.facts)).not.toContain("beat");
  });

  it("rule 8: neither a lazy flush nor a change of status makes an ACK wait", () => {
    const { bench, board } = met();
    bench.hold = true;
    bench.receive(board.beat());
    bench.pass(1_000);
    expect(bench.waiting).toHaveLength(1);
    expect(bench.receive(board.beat())).toBeDefined();
    bench.pass(intervalMs(P_MINUTE) + 5_000);
    expect(bench.core.counters.changes).toBe(2);
    expect(bench.receive(board.beat())).toBeDefined();
    expect(kinds(bench.facts)).toEqual(["change", "beat"]);
    expect(bench.told).toHaveLength(1);
    bench.settle();
    expect(bench.told.map(({ to }) => to)).toEqual(["present", "late", "present"]);
  });

  it("rule 8: no ACK waits for an epoch issued, no WELCOME for a beat", () => {
    const { bench, board } = met();
    bench.hold = true;
    expect(bench.receive(board.hello(nonceOf(1)))).toBeUndefined();
    expect(bench.receive(board.beat())).toBeDefined();
    bench.settle();
    expect(bench.receive(board.beat({ promise: P_HOUR }))).toBeUndefined();
    expect(bench.receive(board.hello(nonceOf(2)))).toBeDefined();
  });

  it("rule 8: what a BeatFact says is the last accepted beat, tag and all", () => {
    for (const suite of SUITES) {
      const { bench, board } = met(suite);
      const ext = encodeExtension(EXT_PAYLOAD, "hi");
      const beat = board.beat({ promise: P_HOUR, vitals: 0x3d, reach: 1, ext });
      bench.receive(beat, AWAY);
      expect(bench.disk.devices.get(board.id)!.beat).toEqual({
        kind: "beat",
        id: board.id,
        epoch: board.epoch,
        seq: board.seq,
        tag: beat.slice(suite === 0 ? -2 : -8),
        promise: P_HOUR,
        vitals: 0x3d,
        reach: 1,
        ext,
        at: bench.now,
        ...AWAY,
      });
    }
  });

  it("rule 8: after a crash a lost beat may be fresh again, the next is not refused", () => {
    const { bench, board } = met();
    const lost = board.beat();
    bench.receive(lost);
    const next = board.beat();
    bench.restart(0);
    expect(bench.counted("fresh", () => bench.receive(lost))).toBe(1);
    expect(bench.counted("duplicate", () => bench.receive(lost))).toBe(1);
    expect(board.ackOf(bench.receive(next), next)).toBeDefined();
  });
});
