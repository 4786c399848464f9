/** What is acknowledged, how often and where to: rules 3 and 5. */

import { describe, expect, it } from "vitest";
import { EXT_UPTIME, encodeExtension } from "../../device/extensions.ts";
import type { Source } from "../../gateway/facts.ts";
import { AWAY, Bench, HOME, met, SUITES, traces } from "./gateway-bench.ts";
import { Board, nonceOf, P_HOUR } from "./gateway-rig.ts";

describe("rule 3: duplicates and clashes", () => {
  it.each(SUITES)(
    "rule 3: a duplicate is acknowledged to its source and changes nothing, suite %i",
    (suite) => {
      const { bench, board } = met(suite);
      const beat = board.beat({ ext: encodeExtension(EXT_UPTIME, "\x05") });
      const ack = bench.receive(beat);
      bench.pass(700);
      const before = traces(bench, board);
      expect(bench.counted("duplicate", () => bench.receive(beat, AWAY))).toBe(1);
      expect(bench.sent).toHaveLength(1);
      expect(bench.sent[0]!.to).toBe(AWAY);
      const again = board.ackOf(bench.sent[0]!.frame, beat);
      expect(again).toMatchObject({ ext: "", more: false });
      expect(again!.mapped).not.toBe(board.ackOf(ack, beat)!.mapped);
      expect(bench.sent[0]!.frame.length).toBeLessThanOrEqual(beat.length);
      expect(bench.facts).toEqual([]);
      expect(traces(bench, board)).toEqual(before);
      expect(bench.receive(beat)).toBe(ack);
    },
  );

  it("rule 3: at most 4 duplicates in any second of a device are acknowledged", () => {
    const { bench, board } = met();
    const other = new Board(0x77);
    bench.enrol(other);
    bench.meet(other);
    const beat = board.beat();
    bench.receive(beat);
    const answered: number[] = [];
    for (let ms = 0; ms < 3_000; ms += 100) {
      if (bench.receive(beat) !== undefined) answered.push(ms);
      bench.pass(100);
    }
    expect(answered).toEqual([
      0, 100, 200, 300, 1_000, 1_100, 1_200, 1_300, 2_000, 2_100, 2_200, 2_300,
    ]);
    expect(bench.core.counters.limited).toBe(18);
    expect(bench.receive(other.beat({ seq: other.seq }))).toBeDefined();
    expect(bench.receive(board.beat())).toBeDefined();
  });

  it("rule 3: equal seq with another tag is a clash: no ACK, counted, shown for a day", () => {
    const { bench, board } = met();
    bench.receive(board.beat({ vitals: 0xf1 }));
    const clash = board.beat({ seq: board.seq, vitals: 0xf2 });
    expect(bench.view(board)).toMatchObject({ clashes: 0, clashAt: null });
    const before = bench.view(board);
    expect(bench.counted("clash", () => bench.receive(clash))).toBe(1);
    expect(bench.sent).toEqual([]);
    const clashAt = bench.now;
    expect(bench.view(board)).toEqual({ ...before, clashes: 1, clashAt });
    bench.pass(86_399_999);
    expect(bench.view(board).clashes).toBe(1);
    bench.pass(1);
    expect(bench.view(board)).toMatchObject({ clashes: 0, clashAt: null });
  });

  it("rule 3: after a restart the last accepted beat is still a duplicate", () => {
    const { bench, board } = met();
    const beat = board.beat();
    const ack = bench.receive(beat);
    bench.pass(1_000);
    bench.restart(5_000, { generation: 6 });
    expect(bench.counted("duplicate", () => bench.receive(beat))).toBe(1);
    const [first, second] = [board.ackOf(ack, beat)!, board.ackOf(bench.sent[0]!.frame, beat)!];
    expect(second.mapped).toBe(first.mapped);
    expect([first.state, second.state]).toEqual([0x50, 0x60]);
  });
});

describe("rule 5: acknowledgement", () => {
  it.each(SUITES)(
    "rule 5: a fresh beat is acknowledged in its turn to where it came from, suite %i",
    (suite) => {
      const { bench, board } = met(suite);
      for (const from of [HOME, AWAY, HOME]) {
        const beat = board.beat({ seq: ++board.seq });
        const { send, ticket } = bench.core.handle(beat, from, bench.now);
        expect(ticket).toBe(0);
        expect(send).toHaveLength(1);
        expect(send[0]!.to).toEqual(from);
        const ack = board.ackOf(send[0]!.frame, beat);
        expect(ack).toMatchObject({ seq16: board.seq, pace: 0, state: 0x50, more: false, ext: "" });
      }
    },
  );

  it("rule 5: mapped follows address and port, is keyed, and is 0 over MQTT", () => {
    const { bench, board } = met();
    const mapped = (from: Source, at = bench) => {
      const beat = board.beat();
      return board.ackOf(at.receive(beat, from), beat)!.mapped;
    };
    const sources = Array.from({ length: 64 }, (_, n) => ({ ...HOME, port: 40_000 + n }));
    const first = sources.map((source) => mapped(source));
    expect(new Set(first).size).toBeGreaterThan(40);
    expect(sources.map((source) => mapped({ ...source }))).toEqual(first);
    expect(mapped({ transport: "mqtt", address: "broker", port: 0 })).toBe(0);
    bench.restart(0);
    expect(sources.map((source) => mapped(source))).toEqual(first);
    bench.restart(0, { secret: "quite another secret" });
    expect(sources.map((source) => mapped(source))).not.toEqual(first);
  });

  it("rule 5: the pace that the gateway asks for is in ACK and WELCOME", () => {
    const bench = new Bench({ pace: P_HOUR });
    const board = new Board(4);
    bench.enrol(board);
    const nonce = nonceOf(1);
    const welcome = board.welcomeOf(bench.receive(board.hello(nonce)), nonce)!;
    expect(welcome.pace).toBe(P_HOUR);
    board.epoch = welcome.epoch;
    const beat = board.beat();
    expect(board.ackOf(bench.receive(beat), beat)).toMatchObject({ pace: P_HOUR });
  });

  it.each(SUITES)(
    "rule 5: no answer is longer than the HELLO or the duplicate it answers, suite %i",
    (suite) => {
      const { bench, board } = met(suite);
      const hello = board.hello(nonceOf(1));
      expect(bench.receive(hello, AWAY)!.length).toBeLessThanOrEqual(hello.length);
      expect(bench.sent[0]!.to).toEqual(AWAY);
      const beat = board.beat();
      bench.receive(beat);
      expect(bench.receive(beat)!.length).toBeLessThanOrEqual(beat.length);
    },
  );
});
