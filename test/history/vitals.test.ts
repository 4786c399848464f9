/** What boards told of themselves, an hour at a time: battery, signal, round trip. */

import { describe, expect, it } from "vitest";
import { EXT_TIMES, encodeExtension } from "../../device/extensions.ts";
import { intervalCode, intervalMs } from "../../device/interval.ts";
import { Reading } from "../../gateway/history/code.ts";
import { samplesOf } from "../../gateway/history/read.ts";
import { encodeTotals, readTotals, toldOf } from "../../gateway/history/totals.ts";
import { HOUR, MINUTE, met } from "./rig.ts";

const BATTERY_70_SIGNAL_74 = 0x73;

describe("what a board told", () => {
  it("is kept an hour at a time, with what the newest beat of the hour said", () => {
    const { bench, board } = met();
    const hour = (vitals: number, ext = "") => {
      for (let i = 0; i < 60; i++) {
        bench.pass(MINUTE / 2);
        bench.receive(board.beat({ vitals, ext }));
        bench.pass(MINUTE / 2);
      }
    };
    const code = intervalCode(230);
    hour(0x72);
    hour(BATTERY_70_SIGNAL_74, encodeExtension(EXT_TIMES, `\x20${String.fromCharCode(code)}`));
    hour(0xf0);
    hour(0xe7);
    const samples = samplesOf(bench.window(board.id, 24));
    expect(samples.map(({ at: _, ...sample }) => sample)).toEqual([
      { battery: 70, signal: -82, roundTripMs: null },
      { battery: 70, signal: -74, roundTripMs: intervalMs(code) },
      { battery: "external", signal: -42, roundTripMs: null },
    ]);
    for (const [i, at] of samples.map(({ at }) => at).entries()) {
      expect(Math.abs(at - (1_000 + [1, 2, 4][i]!) * HOUR)).toBeLessThanOrEqual(MINUTE);
    }
  });

  it("outlives a stop of the gateway, and is not told of a board that is away", () => {
    const { bench, board } = met();
    bench.pass(MINUTE);
    bench.receive(board.beat({ vitals: BATTERY_70_SIGNAL_74 }));
    bench.pass(MINUTE);
    bench.stop(MINUTE);
    const before = samplesOf(bench.window(board.id, 24));
    expect(before).toContainEqual(expect.objectContaining({ battery: 70, signal: -74 }));
    bench.pass(5 * HOUR);
    expect(bench.core.view(board.id, bench.now)!.status).toBe("absent");
    const after = samplesOf(bench.window(board.id, 24));
    expect(after.at(-1)!.at).toBeLessThan(bench.now - 3 * HOUR);
  });

  it("costs nothing where nothing is known, and is read back whatever stands beside it", () => {
    const none = { heard: 60, missed: 0, up: 3600, down: 0, deaf: 0, left: 0, maintenance: 0 };
    expect(toldOf(0xf0, 0)).toBe(0);
    expect(encodeTotals({ ...none, told: 0 }, 60)).toHaveLength(2);
    for (const told of [1, toldOf(0x00, 0), toldOf(0x73, 0), toldOf(0xff, 254)]) {
      const totals = { ...none, missed: 3, maintenance: 60, told };
      const reading = new Reading(`${encodeTotals(totals, 61)}x`);
      expect(readTotals(reading)).toEqual({ totals, minutesSince: 61 });
      expect(reading.at).toBe(reading.bytes.length - 1);
    }
  });
});
