// How many boards the gateway held for present, late, absent, gone or never heard, over the run.
// Small fleets are stacked: every board is a layer, and an outage is a bite out of the green. Of
// thousands a layer is thinner than a pixel, so there each status is a line on a scale on which
// one and ten thousand are both seen. Several seeds: a row each, of what was not present.

import type { Trace } from "../result.ts";
import { type Bin, bins, least, most } from "./bins.ts";
import {
  acrossAxis,
  type Figure,
  type Frame,
  faultStrip,
  faultsHeight,
  frame,
  type KeyItem,
  room,
  upAxis,
} from "./frame.ts";
import { names, type Point } from "./place.ts";
import type { Fault } from "./runs.ts";
import { count } from "./say.ts";
import { counts, linear, type Scale, time } from "./scale.ts";
import { box, element, group, line, num, picture, title, word } from "./svg.ts";

type Statuses = Trace["statuses"];
type Status = "present" | "late" | "absent" | "left" | "unknown";

/** From the bottom of the stack. */
const STATUSES: readonly Status[] = ["present", "late", "absent", "left", "unknown"];
/** Worst first: of the buckets on one pixel, the one with most of these is drawn. */
const WORST: readonly Status[] = ["absent", "late", "left", "unknown"];
/** What is missing: a board before its first beat is not. */
const MISSING: readonly Status[] = ["absent", "late", "left"];
/** Fleets up to here are stacked. */
const STACK_MAX = 100;

export interface StatusRun {
  readonly name: string;
  readonly statuses: Statuses;
}

export interface StatusInput {
  readonly runs: readonly StatusRun[];
  readonly faults: readonly Fault[];
  readonly virtualMs: number;
}

/** Boards in the fleet, as the statuses have them. */
export function boardsOf(statuses: Statuses): number {
  const at = (i: number) => STATUSES.reduce((sum, status) => sum + (statuses[status][i] ?? 0), 0);
  return statuses.present.reduce((n, _, i) => Math.max(n, at(i)), 0);
}

export function statusFigure(input: StatusInput): Figure {
  const boards = Math.max(...input.runs.map(({ statuses }) => boardsOf(statuses)));
  const many = input.runs.length > 1;
  const how = many
    ? "A row a seed: boards that were not present, all rows to one scale."
    : boards <= STACK_MAX
      ? "Boards by the status that the gateway told."
      : "Boards by the status that the gateway told; logarithmic, with a place for 0.";
  return {
    id: "statuses",
    title: "What was told of the fleet",
    caption: `${how} ${count(boards, "board")}.`,
    wide: false,
    key: many || boards <= STACK_MAX ? keyOf(input.runs, many ? MISSING : STATUSES) : [],
    draw: (width, size) =>
      many ? drawRows(input, width, size) : drawOne(input, boards, width, size),
  };
}

function keyOf(runs: readonly StatusRun[], layers: readonly Status[]): KeyItem[] {
  const seen = layers.filter((s) => runs.some(({ statuses }) => statuses[s].some((n) => n > 0)));
  return seen.map((text) => ({ text, sample: box(1, 1, 14, 10, `layer ${text}`) }));
}

function drawOne(input: StatusInput, boards: number, width: number, size: string): string {
  const { faults, virtualMs } = input;
  const { statuses } = input.runs[0]!;
  const stacked = boards <= STACK_MAX;
  const scale = (a: number, b: number) =>
    stacked ? linear(0, boards, a, b, { most: 4, whole: true }) : counts(boards, a, b);
  const f = frame(width, width < 400 ? 180 : 220, {
    left: room(scale(0, 1).ticks) + 4,
    top: 28 + faultsHeight(faults),
    right: stacked ? 10 : 12,
  });
  const y = scale(f.bottom, f.top);
  const x = time(virtualMs, f.left, f.right, width < 400 ? 5 : 7);
  return picture(
    width,
    f.height,
    "Boards by status over the run",
    size,
    stacked ? drawStack(statuses, STATUSES, columnsOf(statuses, f, x), y) : "",
    upAxis(f, y, "boards"),
    acrossAxis(f, x, "into the run"),
    faultStrip(f, x, faults),
    stacked ? "" : drawLines(statuses, f, x, y),
  );
}

/** Of the buckets in a bin the one that is worst: nothing bad is lost on the way to a pixel. */
function worstOf(statuses: Statuses, bin: Bin): number {
  let found = bin.first;
  for (let i = bin.first + 1; i < bin.end; i++) {
    const differs = WORST.find((status) => statuses[status][i] !== statuses[status][found]);
    if (differs !== undefined && statuses[differs][i]! > statuses[differs][found]!) found = i;
  }
  return found;
}

/** Places of a bin and its worst bucket. */
interface Column {
  readonly from: number;
  readonly until: number;
  readonly at: number;
}

function columnsOf(statuses: Statuses, f: Frame, x: Scale): Column[] {
  return bins(statuses.present.length, f.right - f.left).map((bin) => ({
    from: x.at(bin.first * statuses.bucketMs),
    until: x.at(bin.end * statuses.bucketMs),
    at: worstOf(statuses, bin),
  }));
}

/** A layer for each of these statuses, the first at the foot. */
function drawStack(
  statuses: Statuses,
  layers: readonly Status[],
  columns: readonly Column[],
  y: Scale,
): string {
  const feet = columns.map(() => 0);
  const paths = layers.map((status) => {
    let d = "";
    let [head, foot] = [-1, -1];
    columns.forEach(({ from, until, at }, i) => {
      const low = feet[i]!;
      const high = low + (statuses[status][at] ?? 0);
      feet[i] = high;
      const same = high === head && low === foot;
      [head, foot] = [high, low];
      if (high === low) return;
      // Neighbours alike are one shape: fewer bytes, and no seams.
      if (same) d = d.replace(/H[\d.]+(V[\d.]+Z)$/, `H${num(until)}$1`);
      else
        d += `M${num(from)},${num(y.at(low))}V${num(y.at(high))}H${num(until)}V${num(y.at(low))}Z`;
    });
    return d === "" ? "" : element("path", { class: `layer ${status}`, d }, title(status));
  });
  return group("stack", ...paths);
}

/**
 * A line a status: of the present the fewest, of all others the most in each bin, so that a
 * moment's absence is seen. Where there is none of a status, it has no line.
 */
function drawLines(statuses: Statuses, f: Frame, x: Scale, y: Scale): string {
  const list = bins(statuses.present.length, f.right - f.left);
  const curves = STATUSES.map((status) => {
    const values = statuses[status];
    const worst = status === "present" ? least : most;
    let d = "";
    const points: Point[] = [];
    let above = false;
    for (const bin of list) {
      const [from, n] = [num(x.at(bin.first * statuses.bucketMs)), worst(values, bin)];
      const high = n > 0;
      if (high !== above) d += high ? `M${from},${num(y.at(0))}` : `V${num(y.at(0))}`;
      above = high;
      if (!high) continue;
      points.push([x.at(bin.first * statuses.bucketMs), y.at(n)]);
      d += `V${num(y.at(n))}H${num(x.at(bin.end * statuses.bucketMs))}`;
    }
    if (above && status !== "present") d += `V${num(y.at(0))}`;
    return { name: d === "" ? "" : status, kind: status, points, d };
  });
  const paths = curves.map(({ kind, d }) => {
    const filled = kind === "present" ? "line" : "line thin filled";
    return d === "" ? "" : group(kind, element("path", { class: filled, d }, title(kind)));
  });
  return paths.join("") + names(curves, f);
}

/** Rows are between so high and so high, as many as there are, px. */
const ROW = { least: 24, most: 56, all: 224 };

function drawRows(input: StatusInput, width: number, size: string): string {
  const { runs, faults, virtualMs } = input;
  const worst = (statuses: Statuses) =>
    statuses.present.reduce((n, _, i) => Math.max(n, missing(statuses, i)), 0);
  const high = Math.max(ROW.least, Math.min(ROW.most, ROW.all / runs.length));
  const max = Math.max(1, ...runs.map(({ statuses }) => worst(statuses)));
  const ticks = runs.map(({ name }) => ({ value: 0, text: name }));
  const top = 10 + faultsHeight(faults);
  const f = frame(width, runs.length * high, { left: room(ticks), top });
  const x = time(virtualMs, f.left, f.right, width < 400 ? 5 : 7);
  const rows = runs.map(({ name, statuses }, k) => {
    const foot = f.top + (k + 1) * high - 2;
    const y = linear(0, max, foot, foot - high + 6);
    return (
      word(f.left - 6, foot - 2, name, "tick", "end") +
      line(f.left, foot, f.right, foot, "grid") +
      drawStack(statuses, MISSING, columnsOf(statuses, f, x), y)
    );
  });
  return picture(
    width,
    f.height,
    "Boards that were not present, a row a seed",
    size,
    acrossAxis(f, x, "into the run"),
    faultStrip(f, x, faults),
    ...rows,
  );
}

function missing(statuses: Statuses, i: number): number {
  return MISSING.reduce((sum, status) => sum + (statuses[status][i] ?? 0), 0);
}
