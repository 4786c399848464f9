// Pictures over time: nothing bad is lost on the way from ten thousand buckets to a few hundred
// pixels, and what stands out stands where it happened.

import { describe, expect, it } from "vitest";
import { ladderFigure } from "../sim/report/ladder.ts";
import { lanesFigure } from "../sim/report/lanes.ts";
import { loadFigure } from "../sim/report/load.ts";
import { statusFigure } from "../sim/report/statuses.ts";
import type { LaneMark } from "../sim/result.ts";
import { corners, path, tick } from "./report-reader.ts";

const HOUR = 3_600_000;

describe("load", () => {
  const minutes = (n: number) => Array.from({ length: n }, () => 60);

  it("keeps one busy second of a week of minutes, rings it, and says when it was", () => {
    const rx = minutes(7 * 1_440);
    const rxMost = rx.map((_, i) => (i === 5_000 ? 20 : 2));
    const loads = [{ bucketMs: 60_000, rx, tx: rx, rxMost, txMost: rx.map(() => 1) }];
    const figure = loadFigure({ loads, faults: [], virtualMs: 168 * HOUR, most: 0 });
    const svg = figure.draw(350, "s");
    const [peakY, zero] = [tick(svg, "20", "y"), tick(svg, "0", "y")];
    const line = corners(path(svg, "line thin"));
    expect(Math.min(...line.map(([, y]) => y))).toBeCloseTo(peakY, 1);
    const [, cx, cy] = /class="ring" cx="([\d.]+)" cy="([\d.]+)"/.exec(svg)!.map(Number);
    const [x2, x4] = [tick(svg, "2 d", "x"), tick(svg, "4 d", "x")];
    expect(cx).toBeCloseTo(x2 + (x4 - x2) * (5_000.5 / 2 / 1_440 - 1), 0);
    expect(cy).toBeCloseTo(peakY, 1);
    expect(svg).toContain("20 /s in at 3\u00a0d\u00a011\u00a0h");
    // The mean, one a second, is ground.
    const ground = corners(path(svg, "area")).map(([, y]) => y);
    expect(Math.min(...ground)).toBeCloseTo(zero + (peakY - zero) / 20, 1);
  });

  it("without busiest seconds shows the rate of its buckets", () => {
    const loads = [{ bucketMs: 60_000, rx: [60, 120, 60], tx: [0, 0, 0] }];
    const input = { loads, faults: [], virtualMs: 180_000, most: 0 };
    expect(loadFigure(input).draw(530, "m")).toContain("2 /s in at 60\u00a0s");
  });
});

describe("statuses", () => {
  it("one board absent for one minute in a week, among ten thousand, is seen", () => {
    const length = 7 * 1_440;
    const absent = Array.from({ length }, (_, i) => (i === 777 ? 1 : 0));
    const none = absent.map(() => 0);
    const present = absent.map((n) => 10_000 - n);
    const statuses = { bucketMs: 60_000, present, absent, late: none, left: none, unknown: none };
    const input = { runs: [{ name: "a", statuses }], faults: [], virtualMs: 168 * HOUR };
    const svg = statusFigure(input).draw(350, "s");
    const spike = corners(path(svg, "line thin filled"));
    expect(Math.min(...spike.map(([, y]) => y))).toBeCloseTo(tick(svg, "1", "y"), 1);
    const [x2, x4] = [tick(svg, "2 d", "x"), tick(svg, "4 d", "x")];
    const x = x2 + (x4 - x2) * (777 / 2 / 1_440 - 1);
    expect(Math.abs(spike[0]![0] - x)).toBeLessThan(1);
  });

  it("stacks a small fleet, each layer as high as its boards", () => {
    const zero = [0, 0, 0, 0, 0, 0];
    const statuses = { bucketMs: 1_000, present: [4, 4, 2, 4, 4, 4], absent: [0, 0, 2, 0, 0, 0] };
    const all = { ...statuses, late: zero, left: zero, unknown: zero };
    const input = { runs: [{ name: "a", statuses: all }], faults: [], virtualMs: 6_000 };
    const svg = statusFigure(input).draw(530, "m");
    const [y0, y2, y4] = ["0", "2", "4"].map((text) => tick(svg, text, "y"));
    const [x2, x3] = [tick(svg, "2 s", "x"), tick(svg, "3 s", "x")];
    const d = /class="layer absent" d="([^"]*)"/.exec(svg)![1]!;
    expect(corners(d)).toEqual(
      [
        [x2, y2],
        [x2, y4],
        [x3, y4],
        [x3, y2],
      ].map(([x, y]) => [expect.closeTo(x!, 1), expect.closeTo(y!, 1)]),
    );
    expect(y0).toBeGreaterThan(y2!);
  });
});

describe("lanes", () => {
  const beats = (n: number): LaneMark[] =>
    Array.from({ length: n }, (_, i) => ({ at: (i * 24 * HOUR) / n, kind: "beat" }));
  const draw = (marks: LaneMark[], width: number) =>
    lanesFigure({
      lanes: [
        {
          board: "a-1",
          group: "a",
          marks,
          spans: [
            { from: 0, until: 24 * HOUR, kind: "present" },
            { from: 7 * HOUR, until: 7 * HOUR + 1, kind: "absent" },
          ],
        },
      ],
      faults: [],
      virtualMs: 24 * HOUR,
    }).draw(width, "l");

  it.each([350, 1_128])(
    "show one loss and one absence among 100 000 beats, %i px wide",
    (width) => {
      const at = 13 * HOUR;
      const svg = draw([...beats(100_000), { at, kind: "lost-up" }], width);
      const [x0, x12] = [tick(svg, "0", "x"), tick(svg, "12 h", "x")];
      const [[x]] = corners(path(svg, "beat-mark lost-up")) as [[number, number]];
      expect(Math.abs(x - (x0 + ((x12 - x0) * 13) / 12))).toBeLessThanOrEqual(1);
      const absence = corners(path(svg, "told absent"));
      expect(absence[1]![0] - absence[0]![0]).toBeGreaterThanOrEqual(1);
      // No pixel of the lane is without its beat.
      const strokes = path(svg, "beat-mark beat").split("v").length - 1;
      expect(Math.abs(strokes - 2 * (x12 - x0))).toBeLessThanOrEqual(1);
    },
  );

  it("say under the pointer what a stretch holds", () => {
    const svg = draw(
      [
        { at: 0, kind: "beat" },
        { at: 1, kind: "lost-up" },
        { at: 2, kind: "retry", n: 3 },
      ],
      1_128,
    );
    expect(svg).toMatch(
      /<title>a-1, 0.ms to [^:]*: 1 frame lost on the way up, 1 beat, 3.later tries, present<\/title>/,
    );
  });
});

describe("the ladder", () => {
  it("breaks the arrow of a lost frame, and has room for every frame's words", () => {
    const step = (at: number, arrivedAt: number | null, up = true) => ({
      at,
      arrivedAt,
      direction: up ? ("up" as const) : ("down" as const),
      text: "HEARTBEAT seq 7: next within 72 s",
      via: "",
    });
    const steps = [step(0, null), step(1, 2), step(2, 3, false), step(3, 4), step(60_000, 60_001)];
    const svg = ladderFigure(steps).draw(350, "s");
    const lines = [...svg.matchAll(/class="flight" d="([^"]*)"/g)].map((m) => corners(m[1]!));
    const [board, gateway] = [lines[1]![0]![0], lines[1]![1]![0]];
    expect(lines[0]![1]![0]).toBeLessThan((board + gateway) / 2);
    expect(svg.match(/class="cross"/g)).toHaveLength(1);
    const starts = lines.map(([start]) => start!);
    for (const [i, [x, y]] of starts.entries())
      for (const [ox, oy] of starts.slice(0, i)) if (ox === x) expect(y - oy).toBeGreaterThan(40);
    expect(svg).toContain(">60\u00a0s</text>");
  });
});
