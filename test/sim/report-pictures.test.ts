// Pictures of deaths and false absents, their scales and statistics: marks stand where the figures
// say.

import { describe, expect, it } from "vitest";
import { detectionFigure } from "../../sim/report/detection.ts";
import { falseAbsentsFigure } from "../../sim/report/false-absents.ts";
import { linear, logTime, niceEnd, niceStep, time } from "../../sim/report/scale.ts";
import { poisson95, t95 } from "../../sim/report/stats.ts";
import type { Detection } from "../../sim/result.ts";
import { corners, path, tick } from "./report-reader.ts";

const HOUR = 3_600_000;

describe("how soon a death is told", () => {
  const death = (absentMs: number | null, group = "a"): Detection => ({
    board: `${group}-1`,
    group,
    diedAt: 0,
    promiseMs: 60_000,
    promiseLeftMs: 0,
    lateMs: null,
    absentMs,
  });
  const deaths = [20, 40, 60, 80].map((s) => death(s * 1_000));
  const draw = (list: Detection[]) =>
    detectionFigure([{ name: "a", kind: "s1", seeds: [list] }]).draw(530, "m");

  it("passes through the known points, and stops where nobody was told", () => {
    const svg = draw([...deaths, death(null)]);
    const [x0, x30] = [tick(svg, "0", "x"), tick(svg, "30 s", "x")];
    const [y0, y100] = [tick(svg, "0 %", "y"), tick(svg, "100 %", "y")];
    const curve = corners(path(svg, "line"));
    [20, 40, 60, 80].forEach((s, i) => {
      const [x, y] = [x0 + ((x30 - x0) * s) / 30, y0 + ((y100 - y0) * (i + 1)) / 5];
      const corner = curve.find(([px, py]) => Math.abs(px - x) < 0.1 && Math.abs(py - y) < 0.1);
      expect(corner, `${s} s`).toBeDefined();
    });
    expect(curve.at(-1)![1]).toBeCloseTo(y0 + (y100 - y0) * 0.8, 1);
    const [promise] = corners(path(svg, "promise"));
    expect(promise![0]).toBeCloseTo(x0 + (x30 - x0) * 2, 1);
  });

  it("says how many deaths there were, and how many were never told", () => {
    const { caption } = detectionFigure([
      { name: "a", kind: "s1", seeds: [deaths, [death(null)]] },
      { name: "b", kind: "s2", seeds: [[], []] },
    ]);
    expect(caption).toContain("n: a 5\u00a0deaths, 1 never told.");
  });

  it("keeps the shape of 200 000 deaths in as many steps as there are half pixels", () => {
    const many = Array.from({ length: 200_000 }, (_, i) => death(60_000 + i * 0.3));
    const curve = corners(path(draw(many), "line"));
    expect(curve.length).toBeLessThan(2 * 2 * 530);
    const svg = draw(many);
    const [x0, x60] = [tick(svg, "0", "x"), tick(svg, "1 min", "x")];
    const [y0, y100] = [tick(svg, "0 %", "y"), tick(svg, "100 %", "y")];
    const half = curve.find(([, y]) => y <= (y0 + y100) / 2)!;
    expect(half[0]).toBeCloseTo(x0 + (x60 - x0) * 1.5, 0);
  });
});

describe("wrongly told absent", () => {
  const curve = [
    [0.01, 0.001],
    [0.1, 1],
    [0.2, 8],
  ] as const;
  const base = { group: "a", kind: "s1", loss: 0.1, expected: 1, deviceDays: 10, curve };
  const draw = (perDeviceDay: number) =>
    falseAbsentsFigure([{ ...base, perDeviceDay }]).draw(530, "m");

  it("puts the point on its axes, its whisker at the exact interval, and theory through it", () => {
    const svg = draw(1);
    const [x, y] = [tick(svg, "10\u202f%", "x"), tick(svg, "1", "y")];
    const [, cx, cy] = /<circle class="dot" cx="([\d.]+)" cy="([\d.]+)"/.exec(svg)!.map(Number);
    expect([cx, cy]).toEqual([expect.closeTo(x, 1), expect.closeTo(y, 1)]);
    // Ten were counted: 4.795 to 18.39 by Garwood's tables, here in 10 board-days.
    const decade = tick(svg, "0.1", "y") - y;
    const [[, foot], [, head]] = corners(path(svg, "whisker").replace(/h8|M[^M]*$/g, "")) as [
      [number, number],
      [number, number],
    ];
    expect(foot).toBeCloseTo(y - decade * Math.log10(0.4795), 1);
    expect(head).toBeCloseTo(y - decade * Math.log10(1.839), 1);
    const near = corners(path(svg, "line theory")).find(([px]) => Math.abs(px - x) < 0.1);
    expect(near![1]).toBeCloseTo(y, 1);
  });

  it("shows none at the foot, open, with how many might have gone unseen", () => {
    const svg = draw(0);
    expect(svg).toContain('<circle class="dot open"');
    expect(svg).toContain("(95 %: 0 to 0.369)");
  });
});

describe("scales and statistics", () => {
  it("have ticks that people would choose", () => {
    const texts = (scale: { readonly ticks: readonly { readonly text: string }[] }) =>
      scale.ticks.map(({ text }) => text).join(" ");
    expect(texts(linear(0, 10, 0, 1))).toBe("0 2 4 6 8 10");
    expect(texts(linear(0, 0.3, 0, 1))).toBe("0 0.1 0.2 0.3");
    expect(texts(time(6 * HOUR, 0, 1))).toBe("0 1 h 2 h 3 h 4 h 5 h 6 h");
    expect(texts(time(90_000, 0, 1, 4))).toBe("0 0.5 min 1 min 1.5 min");
    expect(texts(time(12, 0, 1, 4))).toBe("0 5 ms 10 ms");
    expect(texts(logTime(1_000, 24 * HOUR, 0, 1))).toBe("1 s 10 s 1 min 10 min 1 h 6 h 1 d");
    expect(niceEnd(4.3)).toBe(5);
    expect(niceStep(1, 3)).toBeCloseTo(0.5, 12);
  });

  it("Poisson's intervals and Student's points are those of the tables", () => {
    const near = (events: number) => poisson95(events).map((bound) => Number(bound.toFixed(3)));
    expect(near(0)).toEqual([0, 3.689]);
    expect(near(1)).toEqual([0.025, 5.572]);
    expect(near(10)).toEqual([4.795, 18.39]);
    expect(near(100)).toEqual([81.364, 121.627]);
    const [low, high] = poisson95(101);
    expect([low / 82.267, high / 122.725]).toEqual([expect.closeTo(1, 3), expect.closeTo(1, 3)]);
    expect(t95(1)).toBe(12.706);
    expect(t95(40)).toBeCloseTo(2.021, 2);
  });
});
