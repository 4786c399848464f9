// What the gateway had to bear: frames in above the line, frames out below it, per second, with
// the peak of each marked: the herd that comes back after a power cut is what sizes a gateway, and
// an average would hide it. Mirrored, because in and out are nearly equal and would cover each
// other.

import type { Trace } from "../result.ts";
import { bins, most, peak } from "./bins.ts";
import {
  acrossAxis,
  type Figure,
  type Frame,
  faultStrip,
  faultsHeight,
  frame,
  room,
  upAxis,
} from "./frame.ts";
import type { Fault } from "./runs.ts";
import { sayMs, sayNumber } from "./say.ts";
import { counts, linear, niceEnd, type Scale, time } from "./scale.ts";
import { ascending, mean, quantileOf } from "./stats.ts";
import { element, group, num, picture, textWidth, title, word } from "./svg.ts";

export type Load = Trace["load"];

/** Peak over the usual rate: beyond it, the axis is logarithmic. */
const LINEAR_MAX = 30;

export interface LoadInput {
  readonly loads: readonly Load[];
  readonly faults: readonly Fault[];
  readonly virtualMs: number;
  /** Of the axis, frames a second, where two pictures are to be alike; 0: as it comes. */
  readonly most: number;
}

type Side = "rx" | "tx";

/** Frames a second, on average of each bucket. */
function usualRates({ bucketMs, ...load }: Load, side: Side): number[] {
  return load[side].map((frames) => (frames * 1_000) / bucketMs);
}

/** Frames in the busiest second of each bucket, where these were counted. */
function peakRates(load: Load, side: Side): readonly number[] {
  return (side === "rx" ? load.rxMost : load.txMost) ?? usualRates(load, side);
}

/** The highest rate in or out, frames a second. */
export function peakRate(loads: readonly Load[]): number {
  const rates = loads.flatMap((load) => [peakRates(load, "rx"), peakRates(load, "tx")]);
  return Math.max(0, ...rates.map((list) => list[peak(list)] ?? 0));
}

export function loadFigure(input: LoadInput): Figure {
  const many = input.loads.length > 1 ? ", of all seeds" : "";
  return {
    id: "load",
    title: "What the gateway bore",
    caption:
      `Frames a second: heard above, sent below. Line: the busiest second of each stretch${many}; ` +
      "ground: the mean.",
    wide: false,
    draw: (width, size) => draw(input, width, size),
  };
}

/** A bin's place, its mean rate and its highest, over all seeds and buckets in it. */
interface Column {
  readonly x: number;
  readonly end: number;
  readonly mean: number;
  readonly high: number;
}

function draw(input: LoadInput, width: number, size: string): string {
  const { loads, faults, virtualMs } = input;
  const max = niceEnd(input.most > 0 ? input.most : peakRate(loads), 3);
  const logarithmic = max > LINEAR_MAX * Math.max(1, usual(loads));
  const scale = (a: number, b: number) =>
    logarithmic ? counts(max, a, b, 3) : linear(0, max, a, b, { most: 2 });
  const f = frame(width, width < 400 ? 180 : 220, {
    left: room(scale(0, 1).ticks) + 4,
    top: 28 + faultsHeight(faults),
  });
  const middle = (f.top + f.bottom) / 2;
  const [up, down] = [scale(middle, f.top), scale(middle, f.bottom)];
  const x = time(virtualMs, f.left, f.right, width < 400 ? 5 : 7);
  const pair = { at: up.at, ticks: up.ticks };
  const mirrored = { at: down.at, ticks: down.ticks.filter(({ value }) => value > 0) };
  return picture(
    width,
    f.height,
    "Frames a second at the gateway",
    size,
    upAxis(f, pair, "frames a second"),
    upAxis(f, mirrored, ""),
    acrossAxis(f, x, "into the run"),
    faultStrip(f, x, faults),
    drawSide("rx", loads, f, x, up),
    drawSide("tx", loads, f, x, down),
  );
}

/** The mean rate in the middle of all buckets that saw anything, frames a second. */
function usual(loads: readonly Load[]): number {
  const rates = loads.flatMap((load) => usualRates(load, "rx").filter((rate) => rate > 0));
  return rates.length === 0 ? 1 : quantileOf(ascending(rates), 0.5);
}

function drawSide(side: Side, loads: readonly Load[], f: Frame, x: Scale, y: Scale): string {
  const columns = columnsOf(side, loads, f, x);
  if (columns.length === 0) return "";
  const stairs = (of: "mean" | "high") =>
    columns.map((c) => `V${num(y.at(c[of]))}H${num(c.end)}`).join("");
  const foot = `M${num(columns[0]!.x)},${num(y.at(0))}`;
  return group(
    side === "rx" ? "s1" : "s2",
    element("path", { class: "area", d: `${foot}${stairs("mean")}V${num(y.at(0))}Z` }),
    element("path", { class: "line thin", d: `${foot}${stairs("high")}` }),
    peakMark(side, loads, f, x, y),
  );
}

function columnsOf(side: Side, loads: readonly Load[], f: Frame, x: Scale): Column[] {
  const longest = loads.reduce((n, load) => Math.max(n, load[side].length), 0);
  if (longest === 0) return [];
  const { bucketMs } = loads[0]!;
  const usualOf = loads.map((load) => usualRates(load, side));
  const highest = loads.map((load) => peakRates(load, side));
  return bins(longest, f.right - f.left).map((bin) => ({
    x: x.at(bin.first * bucketMs),
    end: x.at(bin.end * bucketMs),
    mean: mean(usualOf.flatMap((rates) => rates.slice(bin.first, bin.end))),
    high: Math.max(...highest.map((rates) => most(rates, bin))),
  }));
}

/** A ring around the highest rate of all seeds, with its instant. */
function peakMark(side: Side, loads: readonly Load[], f: Frame, x: Scale, y: Scale): string {
  const highest = loads.map((load) => peakRates(load, side));
  const tops = highest.map((rates) => rates[peak(rates)] ?? 0);
  const which = peak(tops);
  const at = peak(highest[which]!);
  const { bucketMs } = loads[which]!;
  const [px, py] = [x.at((at + 0.5) * bucketMs), y.at(tops[which]!)];
  const way = side === "rx" ? "in" : "out";
  const text = `${sayNumber(tops[which]!)} /s ${way} at ${sayMs(at * bucketMs)}`;
  const right = px + 10 + textWidth(text) < f.width;
  return group(
    "peak",
    element("circle", { class: "ring", cx: px, cy: py, r: 4 }, title(text)),
    word(right ? px + 9 : px - 9, py + 4, text, "name halo", right ? "start" : "end"),
  );
}
