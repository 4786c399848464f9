/** Who is here: statuses from beats and time, and changes without gaps. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { LEAVING } from "../../device/wire.ts";
import { graceOf } from "../../gateway/detector/rhythm.ts";
import { AWAY, Bench, holds, met, SEED, steps } from "./gateway-bench.ts";
import { Board, P_DAY, P_HOUR, P_LEAST, P_MINUTE } from "./gateway-rig.ts";

console.info(`presence.test.ts: seed ${SEED}`);

const MINUTE = intervalMs(P_MINUTE);
const GRACE = graceOf(MINUTE, 250);

describe("the detector, of a board that nothing is known of yet", () => {
  it("gives 250 ms of grace, or 2 per cent of the promise where that is more", () => {
    expect(graceOf(107, 250)).toBe(250);
    expect(graceOf(12_500, 250)).toBe(250);
    expect(graceOf(12_550, 250)).toBe(251);
    expect(graceOf(3_600_000, 250)).toBe(72_000);
    expect(graceOf(107, 5_000)).toBe(5_000);
  });

  it("finds a device late after promise and grace, absent a promise later, to the ms", () => {
    const { bench, board } = met();
    bench.receive(board.beat());
    const seenAt = bench.now;
    expect(bench.view(board)).toMatchObject({
      status: "present",
      seenAt,
      dueAt: seenAt + MINUTE,
      deadlineAt: seenAt + MINUTE + GRACE,
    });
    expect(bench.pass(MINUTE + GRACE - 1)).toEqual([]);
    expect(bench.pass(1)).toMatchObject([
      { from: "present", to: "late", cause: "promise-broken", at: seenAt + MINUTE + GRACE },
    ]);
    expect(bench.view(board)).toMatchObject({
      status: "late",
      dueAt: seenAt + MINUTE,
      deadlineAt: seenAt + 2 * MINUTE + GRACE,
    });
    expect(bench.pass(MINUTE - 1)).toEqual([]);
    expect(bench.pass(1)).toMatchObject([
      { from: "late", to: "absent", cause: "promise-broken", at: seenAt + 2 * MINUTE + GRACE },
    ]);
    expect(bench.view(board)).toMatchObject({ status: "absent", deadlineAt: null });
    expect(bench.pass(1e9)).toEqual([]);
  });

  it("lets a sleeper with a promise of an hour sleep, and misses it when it died", () => {
    const { bench, board } = met();
    const hour = intervalMs(P_HOUR);
    bench.receive(board.beat({ promise: P_HOUR, reach: 2 }));
    expect(bench.pass(hour)).toEqual([]);
    bench.receive(board.beat({ promise: P_HOUR, reach: 2 }));
    expect(steps(bench.pass(2 * hour + graceOf(hour, 250)))).toEqual([
      "present late promise-broken",
      "late absent promise-broken",
    ]);
  });

  it("takes the newest promise, longer or shorter", () => {
    const { bench, board } = met();
    bench.receive(board.beat({ promise: P_DAY }));
    bench.receive(board.beat({ promise: P_LEAST }));
    expect(steps(bench.pass(107 + 250))).toEqual(["present late promise-broken"]);
  });
});

describe("changes", () => {
  it("have their causes, from every status to every other that a beat or silence can reach", () => {
    const bench = new Bench({ limits: { missesMin: 2, missesMax: 2 } });
    const board = new Board(1);
    bench.enrol(board);
    const late = MINUTE + GRACE;
    bench.meet(board);
    bench.pass(late);
    bench.receive(board.beat());
    bench.pass(late + MINUTE);
    bench.receive(board.beat());
    bench.receive(board.beat({ promise: LEAVING }));
    bench.receive(board.beat());
    bench.pass(late);
    bench.receive(board.beat({ promise: LEAVING }));
    bench.receive(board.beat());
    bench.pass(late + MINUTE);
    bench.receive(board.beat({ promise: LEAVING }));
    expect(steps(bench.told)).toEqual([
      "unknown present first-beat",
      "present late promise-broken",
      "late present returned",
      "present late promise-broken",
      "late absent promise-broken",
      "absent present returned",
      "present left left",
      "left present returned",
      "present late promise-broken",
      "late left left",
      "left present returned",
      "present late promise-broken",
      "late absent promise-broken",
      "absent left left",
    ]);
    expect(bench.told.map(({ tseq }) => tseq)).toEqual(bench.told.map((_, n) => n + 1));
    expect(bench.view(board)).toMatchObject({ tseq: 14, cause: "left" });
    const shy = new Board(2);
    bench.enrol(shy);
    bench.meet(shy, { promise: LEAVING });
    expect(steps(bench.changes)).toEqual(["unknown left left"]);
  });

  it("at the instant of a deadline follow who was asked first; the next one still works", () => {
    const { bench, board } = met();
    bench.receive(board.beat());
    const deadline = bench.view(board).deadlineAt!;
    bench.now = deadline;
    bench.receive(board.beat());
    expect(bench.pass(0)).toEqual([]);
    expect(bench.told).toHaveLength(1);

    const second = bench.view(board).deadlineAt!;
    expect(second).toBe(deadline + MINUTE + GRACE);
    bench.pass(second - bench.now);
    bench.receive(board.beat());
    expect(steps(bench.told.slice(1))).toEqual([
      "present late promise-broken",
      "late present returned",
    ]);
    expect(bench.told.slice(1).map(({ at }) => at)).toEqual([second, second]);
    expect(steps(bench.pass(MINUTE + GRACE))).toEqual(["present late promise-broken"]);
  });

  it("do not come of a beat that was handled before anybody said that it was missed", () => {
    const { bench, board } = met();
    bench.now = bench.view(board).deadlineAt! + 5_000;
    bench.receive(board.beat());
    bench.obey(bench.core.expire(bench.now));
    expect(bench.told).toHaveLength(1);
    expect(bench.view(board).status).toBe("present");
  });

  it("come in the order of their deadlines, stamped with them, also from a late caller", () => {
    const bench = new Bench();
    const boards = [1, 2, 3, 4].map((id) => new Board(id));
    bench.enrol(...boards);
    const promises = [P_MINUTE + 5, P_MINUTE, P_MINUTE, P_MINUTE + 1];
    boards.forEach((board, n) => {
      bench.meet(board, { promise: promises[n]! });
    });
    const at = bench.now;
    const late = promises.map((p) => at + intervalMs(p) + graceOf(intervalMs(p), 250));
    const absent = promises.map((p, n) => late[n]! + intervalMs(p));
    bench.now += 1e7;
    bench.obey(bench.core.expire(bench.now));
    expect(bench.changes.map(({ id, to, at }) => [id, to, at])).toEqual([
      [2, "late", late[1]],
      [3, "late", late[2]],
      [4, "late", late[3]],
      [1, "late", late[0]],
      [2, "absent", absent[1]],
      [3, "absent", absent[2]],
      [4, "absent", absent[3]],
      [1, "absent", absent[0]],
    ]);
    expect(bench.changes.map(({ cursor }) => cursor)).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it("have no gaps and join up, whatever beats and silences come, over restarts", () => {
    const step = fc.record({
      board: fc.integer({ min: 0, max: 2 }),
      promise: fc.constantFrom(P_LEAST, 40, P_MINUTE, LEAVING),
      ms: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 200_000 })),
      restart: fc.integer({ min: 0, max: 9 }),
    });
    holds(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const bench = new Bench();
        const boards = [new Board(1), new Board(2), new Board(3)];
        bench.enrol(...boards);
        for (const { board: n, promise, ms, restart } of steps) {
          const board = boards[n]!;
          if (board.epoch === 0) bench.meet(board, { promise });
          else bench.receive(board.beat({ promise }));
          expect(bench.view(board).status).toBe(promise === LEAVING ? "left" : "present");
          bench.pass(ms);
          if (restart === 0) bench.restart(ms);
        }
        const counts = { unknown: 0, present: 0, late: 0, absent: 0, left: 0 };
        bench.told.forEach(({ cursor }, n) => {
          expect(cursor).toBe(n + 1);
        });
        for (const board of boards) {
          const mine = bench.told.filter(({ id }) => id === board.id);
          let last = { to: "unknown", tseq: 0, at: -Infinity };
          for (const change of mine) {
            expect(change.from).toBe(last.to);
            expect(change.to).not.toBe(change.from);
            expect(change.tseq).toBe(last.tseq + 1);
            expect(change.at).toBeGreaterThanOrEqual(last.at);
            last = change;
          }
          expect(bench.view(board)).toMatchObject({ status: last.to, tseq: last.tseq });
          counts[bench.view(board).status]++;
        }
        expect(bench.core.counts(bench.now)).toEqual(counts);
      }),
      300,
    );
  });

  it("are not to be seen before their commit, in views and counts alike", () => {
    const { bench, board } = met();
    bench.hold = true;
    const before = { status: "present", cause: "first-beat", tseq: 1 };
    bench.pass(MINUTE + GRACE);
    expect(bench.view(board)).toMatchObject(before);
    bench.receive(board.beat());
    bench.receive(board.beat({ promise: LEAVING }));
    expect(bench.view(board)).toMatchObject(before);
    expect(bench.core.counts(bench.now)).toMatchObject({ present: 1, late: 0, left: 0 });
    bench.settle(1);
    expect(bench.view(board)).toMatchObject({ status: "late", cause: "promise-broken", tseq: 2 });
    expect(bench.core.counts(bench.now)).toMatchObject({ present: 0, late: 1, left: 0 });
    bench.settle();
    expect(bench.view(board)).toMatchObject({ status: "left", cause: "left", tseq: 4 });
    expect(bench.core.counts(bench.now)).toMatchObject({ present: 0, late: 0, left: 1 });
  });

  it("do not come of a new address", () => {
    const { bench, board } = met();
    bench.pass(MINUTE / 2);
    bench.receive(board.beat(), AWAY);
    expect(bench.pass(MINUTE)).toEqual([]);
    expect(bench.view(board)).toMatchObject({ address: AWAY.address, tseq: 1 });
  });

  it("of 10 000 devices never heard are none, and nothing waits for them", () => {
    const bench = new Bench();
    for (let id = 1; id <= 10_000; id++) bench.enrol(new Board(id));
    expect(bench.core.wakeAt).toBe(Infinity);
    bench.pass(1e10);
    bench.restart(undefined);
    expect(bench.core.wakeAt).toBe(Infinity);
    expect(bench.pass(1e10)).toEqual([]);
    expect(bench.core.counts(bench.now)).toMatchObject({ unknown: 10_000 });
    expect(bench.view(new Board(10_000))).toMatchObject({ status: "unknown", seenAt: null });
  });
});
