// PROBE under attack: what copies, floods and forgeries get, and that what is remembered is
// bounded.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AWAY, Bench, holds, SEED, traces } from "./gateway-bench.ts";
import { Board, P_DAY } from "./gateway-rig.ts";
import { asking, SECOND } from "./probes-rig.ts";

describe("what is remembered is bounded", () => {
  it("at probersMax devices; one makes room when its beat is no longer the last", () => {
    const bench = new Bench({ limits: { probersMax: 3 } });
    const boards = [1, 2, 3, 4].map((id) => new Board(id));
    bench.enrol(...boards);
    for (const board of boards) bench.meet(board, { promise: P_DAY });
    bench.pass(2_000);
    const asks = (board: Board) => bench.counted("probe", () => bench.receive(board.probe()));
    expect(boards.map(asks)).toEqual([1, 1, 1, 0]);
    bench.pass(61_000);
    expect(asks(boards[3]!)).toBe(0);
    bench.receive(boards[1]!.beat({ promise: P_DAY }));
    expect(asks(boards[3]!)).toBe(1);
    expect(asks(boards[1]!)).toBe(0);
    // Still remembered: a copy of what the first one asked gets nothing.
    expect(asks(boards[0]!)).toBe(0);
    expect(bench.core.counters.ignored).toBe(1);
  });
});

describe("others", () => {
  it("rule 1: a forged one, and one of another key, leave no trace but a count", () => {
    const { bench, board, answers } = asking();
    const before = traces(bench, board);
    const other = new Board(board.id, 1);
    other.epoch = board.epoch;
    const genuine = board.probe();
    for (let at = 4; at < genuine.length; at++) {
      const forged = [...genuine];
      forged[at] = String.fromCharCode(genuine.charCodeAt(at) ^ 1);
      bench.receive(forged.join(""), AWAY);
    }
    bench.receive(other.probe(board.seq), AWAY);
    expect(traces(bench, board)).toEqual(before);
    bench.pass(60_000);
    expect(answers).toEqual([]);
  });

  it(`have at most 36 bytes sent anywhere for one that is held up, none for copies (seed ${SEED})`, () => {
    const step = fc.record({
      what: fc.constantFrom("ask", "copy", "copy", "beat", "wait"),
      delay: fc.integer({ min: 1, max: 40 }),
      ms: fc.integer({ min: 0, max: 30_000 }),
    });
    holds(
      fc.property(fc.array(step, { maxLength: 60 }), (script) => {
        const { bench, board, answers } = asking();
        const said: string[] = [];
        const genuine = new Set<string>();
        for (const { what, delay, ms } of script) {
          if (what === "beat") bench.receive(board.beat({ promise: P_DAY }));
          else if (what === "wait") bench.pass(ms);
          else if (what === "ask") {
            const frame = board.probe(board.seq, delay);
            said.push(frame);
            genuine.add(frame);
            bench.receive(frame, SECOND);
          } else if (said.length > 0) bench.receive(said[ms % said.length]!, AWAY);
        }
        bench.pass(100_000);
        expect(answers.length).toBeLessThanOrEqual(3 * genuine.size);
        const counts = new Map<string, number>();
        for (const { frame, port } of answers) {
          counts.set(frame, (counts.get(frame) ?? 0) + 1);
          expect(counts.get(frame)).toBeLessThanOrEqual(3);
          // Only one refused for its rate can be first heard in a copy.
          if (bench.core.counters.limited === 0) expect(port).toBe(SECOND.port);
        }
      }),
      300,
    );
  });
});
