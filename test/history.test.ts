// History: what counts as heard and as missed, what a stop, a crash and deafness make of it, and
// that all of it stays bounded.

import { describe, expect, it } from "vitest";
import { PHASES } from "../gateway/history-code.ts";
import { HOME } from "./gateway-bench.ts";
import { Board, P_MINUTE } from "./gateway-rig.ts";
import { HistoryBench, HOUR, known, line, MINUTE } from "./history-rig.ts";

/** Extension 4: a boot by power on. */
const BOOTED = "\x41\x01";

/** A board whose hours are full ones, met at a full hour. */
function met(id = PHASES, suite = 2): { bench: HistoryBench; board: Board } {
  const bench = new HistoryBench();
  const board = new Board(id, suite);
  bench.enrol(board);
  bench.meet(board);
  return { bench, board };
}

/** Beats each minute, in the middle of it. */
function beats(bench: HistoryBench, board: Board, minutes: number): void {
  for (let i = 0; i < minutes; i++) {
    bench.pass(MINUTE / 2);
    bench.receive(board.beat());
    bench.pass(MINUTE / 2);
  }
}

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

describe("uptime", () => {
  it("is time present or late by time known; absent is down", () => {
    const { bench, board } = met();
    beats(bench, board, 600);
    bench.pass(10 * HOUR);
    const absent = bench.told.at(-1)!;
    expect(absent.to).toBe("absent");
    const { upMs, downMs, share } = bench.uptime(board.id, 20);
    expect(upMs).toBeGreaterThan(absent.at - 1_000 * HOUR - 2_000);
    expect(upMs).toBeLessThan(absent.at - 1_000 * HOUR + 2_000);
    expect(upMs + downMs).toBeGreaterThan(20 * HOUR - 2_000);
    expect(share).toBeCloseTo(upMs / (upMs + downMs), 12);
  });

  it("leaves out who left, and maintenance, by name", () => {
    const { bench, board } = met();
    const target = "device:000168";
    beats(bench, board, 60);
    bench.obey(bench.core.requests.quiet(target, "maintenance", null, bench.now));
    bench.pass(2 * HOUR);
    bench.obey(bench.core.requests.unquiet(target, bench.now));
    bench.receive(board.beat());
    bench.obey(bench.core.requests.quiet(target, "mute", bench.now + HOUR, bench.now));
    beats(bench, board, 60);
    bench.receive(board.beat({ promise: 255 }));
    bench.pass(6 * HOUR);
    const { upMs, downMs, leftMs, maintenanceMs, share } = bench.uptime(board.id, 10);
    expect({ share, downMs, maintenanceMs }).toEqual({
      share: 1,
      downMs: 0,
      maintenanceMs: 2 * HOUR,
    });
    expect(leftMs).toBe(6 * HOUR);
    expect(upMs).toBe(2 * HOUR);
  });

  it("of the gateway's own deafness (5b.15) is a gap, neither 100 % nor down", () => {
    const { bench, board } = met();
    beats(bench, board, 60);
    bench.obey(bench.core.requests.deaf("network", null, bench.now, null));
    bench.pass(3 * HOUR);
    bench.obey(bench.core.requests.deaf("network", null, bench.now - 3 * HOUR, bench.now));
    bench.receive(board.beat());
    beats(bench, board, 60);
    const { upMs, downMs, deafMs, share } = bench.uptime(board.id, 5);
    expect({ upMs, downMs, deafMs, share }).toEqual({
      upMs: 2 * HOUR,
      downMs: 0,
      deafMs: 3 * HOUR,
      share: 1,
    });
  });
});

describe("bounds", () => {
  it("48 hours by the minute and 90 days by the hour are there, and not much more", () => {
    const { bench, board } = met(PHASES + 100);
    for (let hour = 0; hour < 100 * 24; hour++) {
      bench.receive(board.beat({ promise: P_MINUTE + 60 }));
      bench.pass(HOUR);
    }
    const { unknown } = known(bench.minutes(board.id, 48));
    expect(unknown).toBe(0);
    expect(known(bench.minutes(board.id, 80)).unknown).toBeGreaterThan(0);
    const hours = bench.hours(board.id, 2_160);
    expect(hours.slice(1).every(({ heard }) => heard !== null)).toBe(true);
    expect(bench.uptime(board.id, 2_160)).toMatchObject({ share: 1, unknownMs: 0 });
    const parts = bench.pieces(board.id).length;
    expect(parts).toBeLessThanOrEqual(64 + 384 + 2 + 2);
    bench.pass(400 * HOUR);
    expect(bench.pieces(board.id).length).toBeLessThanOrEqual(parts + 2);
  });

  it("a wall clock that steps by a year moves dates, and breaks nothing", () => {
    let offset = 0;
    const bench = new HistoryBench({ wallAt: (at) => at + offset });
    const board = new Board(PHASES);
    bench.enrol(board);
    bench.meet(board);
    beats(bench, board, 90);
    offset = 365 * 24 * HOUR;
    beats(bench, board, 90);
    const window = { ...bench.window(board.id, 3), to: bench.now + offset };
    expect(window.pieces.length).toBeGreaterThan(4);
    expect(bench.uptime(board.id, 3).downMs).toBe(0);
  });

  it("a device removed and enrolled again begins anew", () => {
    const { bench, board } = met();
    beats(bench, board, 30);
    bench.obey(bench.core.remove(board.id, bench.now));
    bench.pass(2 * HOUR);
    expect(bench.core.wakeAt).toBe(Infinity);
    bench.enrol(board);
    expect(bench.core.requests.historyOf(board.id, bench.now)).toEqual([]);
  });
});
