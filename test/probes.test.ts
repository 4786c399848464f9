// PROBE, the gateway's side: protocol section 5, the paragraph behind the rules. Both sides of each
// limit, and what copies, floods and forgeries get.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { intervalMs } from "../device/interval.ts";
import { DELAY_MAX } from "../device/wire.ts";
import type { Source } from "../gateway/facts.ts";
import { AWAY, Bench, HOME, holds, met, SEED, traces } from "./gateway-bench.ts";
import { Board, P_DAY } from "./gateway-rig.ts";

/** The board's second socket. */
const SECOND: Source = { ...HOME, port: 40_008 };
/** Codes of 10.4 s and 28.9 s or so. */
const D_SHORT = 67;
const D_LONG = 82;

interface Answer {
  readonly at: number;
  readonly port: number;
  readonly frame: string;
}

/** A bench with a board that promised a day, its last beat, and all PROBEs that go out. */
function asking(suite = 2, limits = {}) {
  const bench = new Bench({ limits });
  const board = new Board(0x2bd, suite);
  bench.enrol(board);
  bench.meet(board);
  bench.pass(2_000);
  const answers: Answer[] = [];
  bench.onSent = ({ to, frame }) => {
    if (((frame.charCodeAt(0) >> 3) & 7) !== 6) return;
    answers.push({ at: bench.now - began, port: to.port, frame });
  };
  const beat = board.beat({ promise: P_DAY });
  bench.receive(beat);
  const began = bench.now;
  const ask = (delay: number, seq = board.seq) => bench.receive(board.probe(seq, delay), SECOND);
  return { bench, board, beat, ask, answers };
}

const times = (answers: readonly Answer[]) => answers.map(({ at }) => at);

describe("a PROBE", () => {
  it.each([1, 2])("is answered after its delay, to its source, three times, suite %i", (suite) => {
    const { bench, board, beat, ask, answers } = asking(suite);
    expect(bench.counted("probe", () => expect(ask(D_LONG)).toBeUndefined())).toBe(1);
    const ms = intervalMs(D_LONG);
    bench.pass(ms - 1);
    expect(answers).toEqual([]);
    bench.pass(2_000);
    expect(times(answers)).toEqual([ms, ms + 200, ms + 400]);
    for (const { frame, port } of answers) {
      expect(frame).toBe(board.probed(beat, D_LONG));
      expect(port).toBe(SECOND.port);
    }
    expect(answers[0]!.frame).toHaveLength(12);
  });

  it("is no sign of life: it changes no record, no deadline and no address, and no disk", () => {
    const { bench, board, ask } = asking();
    bench.pass(2_000);
    const [view, stored, , told] = traces(bench, board) as unknown[];
    ask(D_SHORT);
    expect(bench.facts).toEqual([]);
    bench.pass(intervalMs(D_SHORT) + 1_000);
    const after = traces(bench, board) as unknown[];
    expect(after[0]).toEqual({ ...(view as object), knownInMs: bench.view(board).knownInMs });
    expect([after[1], after[3]]).toEqual([stored, told]);
  });

  it("is answered under its own beat, however many come meanwhile", () => {
    const { bench, board, beat, ask, answers } = asking();
    const asked = board.seq;
    ask(D_LONG);
    for (let n = 0; n < 10; n++) {
      bench.pass(5_000);
      bench.receive(board.beat({ promise: P_DAY }));
    }
    expect(answers).toHaveLength(3);
    expect(answers[0]!.frame).toBe(board.probed(beat, D_LONG, asked));
  });

  it.each([
    ["163 is the longest delay", DELAY_MAX, 3, "probe"],
    ["164 is none", DELAY_MAX + 1, 0, "reserved"],
    ["1 is the shortest", 1, 3, "probe"],
    ["0 is none", 0, 0, "reserved"],
  ])("%s", (_, delay, count, result) => {
    const { bench, ask, answers } = asking();
    expect(bench.counted(result, () => ask(delay))).toBe(1);
    bench.pass(intervalMs(DELAY_MAX) + 1_000);
    expect(answers).toHaveLength(count);
  });

  it("for one beat gets one answer a delay: copies, early and late, get none", () => {
    const { bench, board, ask, answers } = asking();
    ask(D_SHORT);
    bench.pass(200);
    expect(bench.counted("ignored", () => ask(D_SHORT))).toBe(1);
    bench.pass(intervalMs(D_SHORT) + 400);
    expect(times(answers)).toEqual([0, 200, 400].map((more) => intervalMs(D_SHORT) + more));
    expect(bench.counted("ignored", () => ask(D_SHORT))).toBe(1);
    bench.receive(board.beat({ promise: P_DAY }));
    expect(bench.counted("ignored", () => ask(D_SHORT, board.seq - 1))).toBe(1);
    bench.pass(100_000);
    expect(answers).toHaveLength(3);
    ask(D_SHORT);
    bench.pass(100_000);
    expect(answers).toHaveLength(6);
  });

  it("takes the place of the one that waits, and of the copies of its answer", () => {
    const { bench, ask, answers } = asking();
    ask(D_LONG);
    bench.pass(1_000);
    ask(1);
    bench.pass(60_000);
    expect(times(answers)).toEqual([1_107, 1_307, 1_507]);
    ask(2);
    bench.pass(250);
    ask(3);
    bench.pass(60_000);
    expect(times(answers).slice(3)).toEqual([61_115, 61_373, 61_573, 61_773]);
  });

  it("is one of six in any minute", () => {
    const { bench, ask, answers } = asking();
    const results: string[] = [];
    for (const [at, delay] of [0, 5, 10, 15, 20, 25, 30, 59.999, 60, 64.999, 65].entries()) {
      bench.pass(delay * 1_000 - (bench.now - began(bench, answers, at)));
      const { counters } = bench.core;
      const before = { ...counters };
      ask(10 + at);
      results.push(["probe", "limited"].find((name) => counters[name] !== before[name])!);
    }
    const six = Array<string>(6).fill("probe");
    expect(results).toEqual([...six, "limited", "limited", "probe", "limited", "probe"]);
  });

  it("that was refused for its rate may be asked again", () => {
    const { bench, ask, answers } = asking();
    for (let delay = 1; delay <= 7; delay++) ask(delay);
    bench.pass(60_000);
    expect(answers).toHaveLength(3);
    expect(bench.counted("probe", () => ask(7))).toBe(1);
    bench.pass(60_000);
    expect(answers).toHaveLength(6);
  });

  it("does not exist under suite 0, nor over MQTT", () => {
    const bare = met(0);
    expect(bare.bench.counted("type", () => bare.bench.receive(bare.board.probe()))).toBe(1);
    const { bench, board, answers } = asking();
    const broker: Source = { transport: "mqtt", address: "0002bd", port: 0 };
    expect(bench.counted("ignored", () => bench.receive(board.probe(), broker))).toBe(1);
    bench.pass(60_000);
    expect(answers).toEqual([]);
  });

  it("rule 8: its answer does not leave before its beat is on disk", () => {
    const { bench, board, ask, answers } = asking();
    bench.hold = true;
    bench.receive(board.beat({ promise: P_DAY, vitals: 0xf8 }));
    expect(bench.waiting).toHaveLength(1);
    ask(1);
    bench.pass(10_000);
    expect(answers).toEqual([]);
    bench.settle();
    expect(answers).toHaveLength(3);
  });
});

/** The instant of the first of a series. */
const starts = new WeakMap<object, number>();
function began(bench: Bench, answers: object, at: number): number {
  if (at === 0) starts.set(answers, bench.now);
  return starts.get(answers)!;
}

describe("what waits is forgotten", () => {
  it("when another epoch takes force, and not before", () => {
    const { bench, board, ask, answers } = asking();
    ask(D_SHORT);
    const nonce = "8 bytes.";
    const welcome = board.welcomeOf(bench.receive(board.hello(nonce)), nonce)!;
    bench.pass(intervalMs(D_SHORT) + 100);
    expect(answers).toHaveLength(1);
    board.epoch = welcome.epoch;
    bench.receive(board.beat({ seq: 1 }));
    bench.pass(60_000);
    expect(answers).toHaveLength(1);
  });

  it("when its device is removed; its place serves another", () => {
    const { bench, board, ask, answers } = asking();
    ask(D_SHORT);
    bench.obey(bench.core.remove(board.id, bench.now));
    const other = new Board(0x99);
    bench.enrol(other);
    bench.meet(other);
    bench.pass(1_000);
    bench.receive(other.probe());
    bench.pass(60_000);
    expect(answers.map(({ frame }) => frame.charCodeAt(3))).toEqual([1, 1, 1]);
  });

  it("at a restart; the board may ask again", () => {
    const { bench, board, beat, ask, answers } = asking();
    ask(D_SHORT);
    bench.pass(1_000);
    bench.restart(1_000);
    bench.pass(60_000);
    expect(answers).toEqual([]);
    ask(D_SHORT);
    bench.pass(60_000);
    expect(answers.map(({ frame }) => frame)).toEqual(
      Array<string>(3).fill(board.probed(beat, D_SHORT)),
    );
  });
});

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
