// The frame of a plot: where its marks go, ticks and hairlines beside them, and words for what is
// counted. No box around it and no arrow heads: a hairline a tick is all that an eye needs to read
// a value. What is counted upwards stands above the axis, not turned on its side.

import type { Fault } from "./runs.ts";
import type { Scale, Tick } from "./scale.ts";
import { spansShape } from "./spans.ts";
import { clipped, group, line, textWidth, title, word } from "./svg.ts";

/** Places in px: marks go between left and right, top and bottom. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A word and what it stands for: marks on 16 x 12 px. */
export interface KeyItem {
  readonly text: string;
  readonly sample: string;
}

/** A picture that a page shows in several widths. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  /** What is seen and how to read it: sentences, plain text. */
  readonly caption: string;
  /** Takes the whole width of the page. */
  readonly wide: boolean;
  /** Where marks cannot be named in the picture itself. */
  readonly key?: readonly KeyItem[];
  /** The `<svg>`, of class `size`, for being shown `width` px wide. */
  draw(width: number, size: string): string;
}

interface Margins {
  readonly left: number;
  readonly right?: number;
  readonly top?: number;
  readonly bottom?: number;
}

export function frame(width: number, inner: number, margins: Margins): Frame {
  const { left, right = 10, top = 24, bottom = 34 } = margins;
  const height = top + inner + bottom;
  return { width, height, left, right: width - right, top, bottom: top + inner };
}

/** Room that the words of these ticks need beside an axis. */
export function room(ticks: readonly Tick[]): number {
  return Math.ceil(Math.max(0, ...ticks.map(({ text }) => textWidth(text)))) + 8;
}

/** Hairlines and their values; `about` says above them what is counted. */
export function upAxis(f: Frame, scale: Scale, about: string): string {
  const marks = scale.ticks.map(({ value, text }) => {
    const y = scale.at(value);
    const kind = value === 0 ? "base" : "grid";
    return line(f.left, y, f.right, y, kind) + word(f.left - 6, y + 3.5, text, "tick", "end");
  });
  return group("axis", ...marks, word(0, 11, about, "unit"));
}

/** Values below the plot, each with a short mark; `about` stands under their right end. */
export function acrossAxis(f: Frame, scale: Scale, about: string, grid = false): string {
  const marks = scale.ticks.map(({ value, text }) => {
    const x = scale.at(value);
    const half = textWidth(text) / 2;
    const anchor = x + half > f.width ? "end" : x - half < 0 ? "start" : "middle";
    const place = anchor === "end" ? f.width : anchor === "start" ? 0 : x;
    const stroke = grid ? line(x, f.top, x, f.bottom, "grid") : "";
    const mark = line(x, f.bottom, x, f.bottom + 4, "mark");
    return stroke + mark + word(place, f.bottom + 16, text, "tick", anchor);
  });
  return group("axis", ...marks, word(f.right, f.bottom + 31, about, "unit", "end"));
}

/** Rows that the strip of faults may have; what is more stands together in the last. */
const FAULT_ROWS_MAX = 5;
const FAULT_ROW = 15;
/** A fault stands at least so wide, px. */
const FAULT_LEAST = 3;

interface FaultRow {
  readonly text: string;
  readonly faults: readonly Fault[];
}

function faultRows(faults: readonly Fault[]): FaultRow[] {
  const rows = new Map<string, Fault[]>();
  for (const fault of faults) {
    const text = fault.where === "" ? fault.what : `${fault.what}, ${fault.where}`;
    const row = rows.get(text);
    if (row === undefined) rows.set(text, [fault]);
    else row.push(fault);
  }
  const all = [...rows].map(([text, of]) => ({ text, faults: of }));
  if (all.length <= FAULT_ROWS_MAX) return all;
  const rest = all.slice(FAULT_ROWS_MAX - 1);
  const text = `${rest.length} other faults`;
  return [...all.slice(0, FAULT_ROWS_MAX - 1), { text, faults: rest.flatMap((r) => r.faults) }];
}

/** How high the strip of these faults is. */
export function faultsHeight(faults: readonly Fault[]): number {
  const rows = faultRows(faults).length;
  return rows === 0 ? 0 : rows * FAULT_ROW + 4;
}

/**
 * What was wrong and when: a row a kind above the plot, ending at `f.top`. In the plot itself what
 * lasted is shaded, unless each of its rows says for itself what befell it.
 */
export function faultStrip(f: Frame, x: Scale, faults: readonly Fault[], shaded = true): string {
  const top = f.top - faultsHeight(faults);
  const lasting = faults.filter(
    ({ from, until }) => shaded && x.at(until) - x.at(from) >= FAULT_LEAST,
  );
  const strips = faultRows(faults).map(({ text, faults: of }, k) => {
    const y = top + k * FAULT_ROW;
    const ends = of.map(({ from, until }) => Math.max(x.at(until), x.at(from) + FAULT_LEAST));
    const last = ends.reduce((a, b) => Math.max(a, b));
    const first = of.reduce((at, { from }) => Math.min(at, x.at(from)), f.right);
    const bars = spansShape(of, "fault", [y + 5, y + 10], x, FAULT_LEAST, title(text));
    return bars + faultWord(f, first, last, y + 11, text);
  });
  const shade = spansShape(lasting, "shade", [f.top, f.bottom], x, 0);
  return faults.length === 0 ? "" : group("faults", shade, ...strips);
}

/** Right of its bars, or left of them, wherever there is room. */
function faultWord(f: Frame, from: number, until: number, y: number, text: string): string {
  const width = textWidth(text);
  if (until + 6 + width <= f.width) return word(until + 6, y, text, "note");
  if (from - 6 - width >= 0) return word(from - 6, y, text, "note", "end");
  return word(f.width, y, clipped(text, f.width), "note halo", "end");
}
