/** What a restart may say: nobody is doubted before we could have heard him (rule 18). */

import { describe, expect, it } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { LEAVING } from "../../device/wire.ts";
import { graceOf } from "../../gateway/detector/rhythm.ts";
import { silenceMs } from "../../gateway/detector/silence.ts";
import { HOLD_MS } from "../../gateway/incidents.ts";
import { AWAY, Bench, met, steps } from "./gateway-bench.ts";
import { Board, nonceOf, P_HOUR, P_MINUTE } from "./gateway-rig.ts";

const MINUTE = intervalMs(P_MINUTE);
const GRACE = graceOf(MINUTE, 250);

describe("a restart", () => {
  const LIMIT = 3 * MINUTE;

  it.each([
    ["unknown", undefined],
    ["a day", 86_400_000],
    ["longer than 3 promises", LIMIT + 2_000],
    ["3 promises", LIMIT - 2_000],
    ["a second", 1_000],
  ])("after a stop of %s doubts nobody before what the stop excuses, and grace", (_, stopped) => {
    const { bench, board } = met();
    bench.pass(1_000);
    bench.restart(stopped);
    const start = bench.now;
    expect(bench.view(board).status).toBe("present");
    // The second before the stop was silent as well, and may have been deaf.
    const deadlineAt = start + silenceMs(MINUTE, stopped ?? Infinity) + GRACE;
    expect(bench.view(board).deadlineAt).toBe(deadlineAt);
    expect(bench.pass(deadlineAt - 1 - start)).toEqual([]);
    expect(bench.pass(1)).toMatchObject([{ to: "late", at: deadlineAt, tseq: 2 }]);
    expect(bench.pass(MINUTE)).toMatchObject([{ to: "absent", tseq: 3 }]);
  });

  it("of a day raises no alarm for a device that speaks in time, one for each other", () => {
    const { bench, board } = met();
    const dead = new Board(9);
    bench.enrol(dead);
    bench.meet(dead);
    bench.now += 86_400_000;
    bench.restart(86_400_000);
    bench.pass(7 * MINUTE);
    bench.receive(board.beat());
    // A board that was unanswered for a day says HELLO once an hour.
    for (let n = 0; n < 65; n++) {
      bench.pass(MINUTE);
      bench.receive(board.beat());
    }
    expect(bench.told.filter(({ id }) => id === board.id)).toHaveLength(1);
    expect(steps(bench.told.filter(({ id, tseq }) => id === 9 && tseq > 1))).toEqual([
      "present late promise-broken",
      "late absent promise-broken",
    ]);
  });

  it("leaves late, absent, left and unknown what they are, with their numbers", () => {
    const bench = new Bench();
    const [late, absent, left, unknown] = [1, 2, 3, 4].map((id) => new Board(id));
    bench.enrol(late!, absent!, left!, unknown!);
    bench.meet(absent!);
    bench.meet(left!, { promise: LEAVING });
    bench.pass(MINUTE);
    bench.meet(late!);
    bench.pass(MINUTE + GRACE);
    // All of the fleet that speaks is silent: the verdict on the first waits for the others.
    bench.pass(HOLD_MS);
    const boards = [late!, absent!, left!, unknown!];
    // Which of its beats were heard is forgotten.
    const before = boards.map((board) => ({ ...bench.view(board), recent: "" }));
    expect(before.map(({ status }) => status)).toEqual(["late", "absent", "left", "unknown"]);
    bench.restart(1_000);
    const start = bench.now;
    const after = boards.map((board) => bench.view(board));
    expect(after.slice(1)).toEqual(before.slice(1));
    const deadlineAt = start + MINUTE + GRACE;
    const knownInMs = Math.ceil(MINUTE + GRACE);
    expect(after[0]).toEqual({ ...before[0], deadlineAt, absentAt: deadlineAt, knownInMs });
    expect(bench.pass(1e8)).toMatchObject([
      { id: 1, to: "absent", at: start + MINUTE + GRACE, tseq: 3 },
    ]);
  });

  it("needs no new registration: a sleeper's next beat is accepted", () => {
    const { bench, board } = met();
    bench.receive(board.beat({ promise: P_HOUR, reach: 2 }), AWAY);
    bench.pass(1_800_000);
    bench.restart(60_000);
    expect(bench.view(board)).toMatchObject({
      address: AWAY.address,
      reach: 2,
      epoch: board.epoch,
    });
    bench.pass(1_800_000);
    const beat = board.beat({ promise: P_HOUR, reach: 2 });
    expect(board.ackOf(bench.receive(beat, AWAY), beat)).toBeDefined();
    expect(bench.told).toHaveLength(1);
  });

  it("a hundred times over calls nobody late who was never given his time", () => {
    const { bench } = met();
    for (let n = 0; n < 100; n++) {
      bench.pass(MINUTE);
      bench.restart(1_000);
    }
    expect(bench.told).toHaveLength(1);
  });

  it("with a beat from the future, by a clock that stepped back, believes the present", () => {
    const { bench, board } = met();
    const stored = bench.disk.devices.get(board.id)!;
    const beat = { ...stored.beat!, at: bench.now + 1e9 };
    bench.disk.devices.set(board.id, { ...stored, beat });
    bench.restart(0);
    expect(bench.view(board)).toMatchObject({ seenAt: bench.now, dueAt: bench.now + MINUTE });
  });

  it("says HELLO's answer in its own generation", () => {
    const { bench, board } = met();
    bench.restart(0, { generation: 15 });
    const nonce = nonceOf(1);
    expect(board.welcomeOf(bench.receive(board.hello(nonce)), nonce)).toMatchObject({
      state: 0xf0,
    });
  });
});
