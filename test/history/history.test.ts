// History: what counts as heard and as missed, what a stop, a crash and deafness make of it, and
// that all of it stays bounded.

import { describe, expect, it } from "vitest";
import { PHASES } from "../../gateway/history/code.ts";
import { HOME } from "../gateway/gateway-bench.ts";
import { Board, P_MINUTE } from "../gateway/gateway-rig.ts";
import { beats, HistoryBench, HOUR, known, line, MINUTE, met } from "./rig.ts";

/** Extension 4: a boot by power on. */
const BOOTED = "\x41\x01";

describe("heard", () => {
  it("is each fresh beat in its minute, and nothing else", () => {
    const { bench, board } = met();
    bench.pass(10_000);
    const beat = board.beat();
    bench.receive(beat);
    bench.receive(beat);
    bench.pass(MINUTE);
    bench.receive(board.beat());
    bench.receive(beat);
    bench.receive(board.beat({ epoch: 77, seq: 9 }));
    expect(line(bench.minutes(board.id, 1 / 20))).toBe("? ? 2 1");
  });

  it("counts a first beat of a new epoch, which tells of no gap", () => {
    const { bench, board } = met();
    beats(bench, board, 2);
    board.seq += 500;
    bench.meet(board);
    bench.pass(1_000);
    expect(line(bench.minutes(board.id, 1 / 20)).slice(-5)).toBe("2 1 1");
    expect(known(bench.minutes(board.id)).missed).toBe(0);
  });

  it("begins with the first beat: one never heard has nothing, and asks for nothing", () => {
    const bench = new HistoryBench();
    const board = new Board(7);
    bench.enrol(board);
    expect(bench.core.wakeAt).toBe(Infinity);
    expect(bench.pieces(board.id)).toEqual([]);
    bench.pass(3 * HOUR);
    expect(bench.uptime(board.id)).toMatchObject({ share: null, unknownMs: 24 * HOUR });
    expect(known(bench.minutes(board.id))).toEqual({ heard: 0, missed: 0, unknown: 61 });
  });

  it("of a beat each 107 ms, of none for weeks, and of 100 000 in a minute is counted", () => {
    const { bench, board } = met();
    for (let i = 0; i < 560; i++) {
      bench.pass(107);
      bench.receive(board.beat({ promise: 1 }));
    }
    expect(line(bench.minutes(board.id, 1 / 60))).toBe("? 561");
    bench.pass(30 * 24 * HOUR);
    bench.receive(board.beat());
    expect(bench.minutes(board.id, 0).at(-1)).toMatchObject({ heard: 1 });
    for (let i = 0; i < 70_000; i++) bench.core.handle(board.beat(), HOME, bench.now);
    expect(bench.minutes(board.id, 0).at(-1)?.heard).toBe(65_535);
  });
});

describe("missed", () => {
  it("is a gap in seq, spread over the silence that it ended", () => {
    const { bench, board } = met();
    bench.pass(MINUTE / 2);
    bench.receive(board.beat({ promise: P_MINUTE + 40 }));
    board.seq += 4;
    bench.pass(5 * MINUTE);
    bench.receive(board.beat());
    expect(line(bench.minutes(board.id, 1 / 12))).toBe("2 0+1 0+1 0+1 0+1 1");
  });

  it("is none in a gap before a boot, whatever the number of the beat", () => {
    const { bench, board } = met();
    beats(bench, board, 1);
    board.seq += 64;
    bench.receive(board.beat({ ext: BOOTED }));
    beats(bench, board, 1);
    expect(known(bench.minutes(board.id))).toMatchObject({ heard: 4, missed: 0 });
  });

  it("is what promises would have brought, while it is called absent", () => {
    const { bench, board } = met();
    const [, absent] = bench.pass(10 * MINUTE);
    const since = bench.now - (absent?.at ?? 0);
    const promiseMs = bench.view(board).promiseMs ?? 0;
    expect(known(bench.minutes(board.id)).missed).toBe(Math.ceil(since / promiseMs));
    // It was alive all the time, and says so: that it was more, and not that much more.
    board.seq += 40;
    bench.receive(board.beat());
    expect(known(bench.minutes(board.id))).toMatchObject({ heard: 2, missed: 40 });
    // Off and on again: what was counted stays, nothing is added.
    bench.pass(10 * MINUTE);
    const before = known(bench.minutes(board.id)).missed;
    board.seq += 900;
    bench.receive(board.beat({ ext: BOOTED }));
    expect(known(bench.minutes(board.id))).toMatchObject({ heard: 3, missed: before });
    bench.pass(1_000);
    expect(known(bench.minutes(board.id))).toMatchObject({ missed: before });
  });

  it("does not begin with late: a beat that comes then was late and not missed", () => {
    const { bench, board } = met();
    const promiseMs = bench.view(board).promiseMs ?? 0;
    bench.pass(promiseMs * 1.5);
    expect(bench.view(board).status).toBe("late");
    bench.receive(board.beat());
    expect(known(bench.minutes(board.id))).toMatchObject({ heard: 2, missed: 0 });
  });

  it("counts nothing in the share of a silence in which we were deaf", () => {
    const { bench, board } = met();
    bench.receive(board.beat({ promise: P_MINUTE + 40 }));
    bench.pass(2 * MINUTE);
    bench.obey(bench.core.requests.deaf("broker", null, bench.now, null));
    bench.pass(6 * MINUTE);
    bench.obey(bench.core.requests.deaf("broker", null, bench.now - 6 * MINUTE, bench.now));
    bench.pass(2 * MINUTE);
    board.seq += 10;
    bench.receive(board.beat());
    const minutes = bench.minutes(board.id, 1 / 6);
    expect(known(minutes)).toMatchObject({ heard: 3, missed: 4 });
    expect(minutes.reduce((sum, { deafMs }) => sum + deafMs, 0)).toBe(6 * MINUTE);
  });
});

describe("a stop", () => {
  it("forgets nothing, and the hour goes on after it", () => {
    const { bench, board } = met();
    beats(bench, board, 10);
    bench.stop(2 * MINUTE);
    beats(bench, board, 10);
    expect(line(bench.minutes(board.id, 22 / 60))).toBe(
      "2 1 1 1 1 1 1 1 1 1 0 ? 1 1 1 1 1 1 1 1 1 1 0",
    );
    expect(bench.hours(board.id, 1).at(-1)).toMatchObject({ heard: 21, deafMs: 2 * MINUTE });
    expect(bench.uptime(board.id, 22 / 60)).toMatchObject({ share: 1, deafMs: 2 * MINUTE });
  });

  it("of the gateway is no beat missed and no downtime (5b.15): a gap", () => {
    const { bench, board } = met();
    beats(bench, board, 60);
    board.seq += 720;
    bench.stop(12 * HOUR);
    bench.receive(board.beat());
    bench.pass(1_000);
    const { share, downMs, deafMs, upMs } = bench.uptime(board.id, 13);
    expect({ share, downMs }).toEqual({ share: 1, downMs: 0 });
    expect(deafMs).toBe(12 * HOUR);
    expect(upMs).toBeGreaterThan(HOUR - MINUTE);
    expect(known(bench.minutes(board.id, 13))).toMatchObject({ missed: 0, unknown: 719 });
    const hours = bench.hours(board.id, 13);
    expect(hours.slice(2, 13).every((hour) => hour.heard === null && hour.deafMs === HOUR)).toBe(
      true,
    );
  });
});

describe("a crash", () => {
  it("forgets at most what the last hour brought, and that is unknown, never down", () => {
    const { bench, board } = met();
    beats(bench, board, 170);
    bench.crash(0);
    beats(bench, board, 10);
    const { heard, missed, unknown } = known(bench.minutes(board.id, 3));
    expect({ heard, missed, unknown }).toEqual({ heard: 131, missed: 0, unknown: 50 });
    const { share, downMs, unknownMs } = bench.uptime(board.id, 3);
    expect({ share, downMs, unknownMs }).toEqual({ share: 1, downMs: 0, unknownMs: 50 * MINUTE });
  });

  it("in a row, sixteen times in an hour, keeps every hour that was written", () => {
    const { bench, board } = met(PHASES + 90);
    beats(bench, board, 120);
    for (let i = 0; i < 20; i++) {
      beats(bench, board, 2);
      bench.crash(0);
    }
    beats(bench, board, 120);
    // Its hours begin at a quarter past: what it lost began there.
    expect(line(bench.minutes(board.id, 280 / 60)).startsWith(`2${" 1".repeat(74)} ?`)).toBe(true);
    expect(known(bench.minutes(board.id, 280 / 60)).heard).toBeGreaterThan(75 + 120);
  });
});
