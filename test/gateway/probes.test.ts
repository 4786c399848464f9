// PROBE, the gateway's side: protocol section 5, the paragraph behind the rules. When it is
// answered, how often, where to, and both sides of each limit.

import { describe, expect, it } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { DELAY_MAX } from "../../device/wire.ts";
import type { Source } from "../../gateway/facts.ts";
import { type Bench, met, traces } from "./gateway-bench.ts";
import { Board, P_DAY } from "./gateway-rig.ts";
import { type Answer, asking, D_LONG, D_SHORT, SECOND } from "./probes-rig.ts";

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
