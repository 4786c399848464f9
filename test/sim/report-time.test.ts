// Pictures over time: nothing bad is lost on the way from ten thousand buckets to a few hundred
// pixels, and what stands out stands where it happened.

import { describe, expect, it } from "vitest";
import { ladderFigure } from "../../sim/report/ladder.ts";
import { lanesFigure } from "../../sim/report/lanes.ts";
import { loadFigure } from "../../sim/report/load.ts";
import { statusFigure } from "../../sim/report/statuses.ts";
import type { LaneMark } from "../../sim/result.ts";
import { Load } from "../../sim/scenario/load.ts";
import { mostToTell, Track } from "../../sim/scenario/track.ts";
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

describe("what a run keeps for its pictures", () => {
  it("marks of a week of beats five seconds apart, none uncounted, to its end", () => {
    const week = 168 * HOUR;
    const track = new Track(week);
    for (let at = 0; at < week; at += 5_000) track.mark(at, "beat");
    track.mark(week / 2 + 1, "lost-up");
    expect(track.marks.length).toBeLessThanOrEqual(2_049);
    const beats = track.marks.filter(({ kind }) => kind === "beat");
    expect(beats.reduce((sum, { n = 1 }) => sum + n, 0)).toBe(week / 5_000);
    expect(beats.at(-1)!.at).toBeGreaterThan(week - week / 1_000);
    expect(track.marks.at(-1)).toEqual({ at: week / 2 + 1, kind: "lost-up" });
  });

  it("sleeps as one where no picture could show them apart; no other span is touched", () => {
    const track = new Track(2_048_000);
    track.span(0, 500, "asleep");
    track.span(100, 200, "cut");
    track.span(600, 5_000, "asleep");
    track.span(210, 300, "cut");
    track.span(6_000, 7_000, "asleep");
    expect(track.spans).toEqual([
      { from: 0, until: 5_000, kind: "asleep" },
      { from: 100, until: 200, kind: "cut" },
      { from: 210, until: 300, kind: "cut" },
      { from: 6_000, until: 7_000, kind: "asleep" },
    ]);
  });

  it("the busiest second of each bucket, and of all", () => {
    const load = new Load(10_000);
    for (const at of [0, 999, 1_000, 9_500, 9_600, 9_700, 25_000]) load.count(load.rx, at);
    expect(load.peak(load.rx)).toBe(3);
    const { rx, tx, rxMost, txMost } = load.trace(3);
    expect({ rx, tx, rxMost, txMost }).toEqual({
      rx: [6, 0, 1],
      tx: [0, 0, 0],
      rxMost: [3, 0, 1],
      txMost: [0, 0, 0],
    });
  });

  it("lanes of every group, in each the boards of which most was told", () => {
    const board = (group: string, told: number) => ({ group, told });
    const all = [board("a", 1), board("a", 9), board("a", 8), board("b", 0), board("b", 2)];
    expect(mostToTell(all).map(({ told }) => told)).toEqual([9, 2, 8, 0, 1]);
  });
});
