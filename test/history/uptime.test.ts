// Uptime out of history, and that history stays bounded.

import { describe, expect, it } from "vitest";
import { PHASES } from "../../gateway/history/code.ts";
import { Board, P_MINUTE } from "../gateway/gateway-rig.ts";
import { beats, HistoryBench, HOUR, known, met } from "./rig.ts";

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
    expect(parts).toBeLessThanOrEqual(64 + 576 + 2 + 2);
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
