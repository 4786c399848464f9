// Where the charge went: a bar a group, a piece a state of the board. And how long batteries would
// last: a dot a battery, with the middle half boxed. Groups that need a hundred times more than
// others would make their bars invisible; bars are then of one length, and the charge is written
// beside them.

import type { EnergyRow } from "../result.ts";
import { acrossAxis, type Figure, type Frame, frame, type KeyItem } from "./frame.ts";
import { count, sayNumber, sayShare, sharePlain } from "./say.ts";
import { linear, log, niceEnd, type Scale } from "./scale.ts";
import { ascending, quantileOf } from "./stats.ts";
import { box, clipped, element, group, line, num, picture, textWidth, title, word } from "./svg.ts";

/** From least to most current; states that are not here come last, in order of name. */
const STATES = ["off", "deep", "light", "awake", "rx", "boot", "join", "tx"];
const SPREAD_MAX = 8;

const sum = (mAh: EnergyRow["mAh"]) => Object.values(mAh).reduce((a, b) => a + b, 0);

/** Rows of the same group in several seeds: their mean. */
export function meanEnergy(seeds: readonly (readonly EnergyRow[])[]): EnergyRow[] {
  const names = [...new Set(seeds.flatMap((rows) => rows.map(({ group: name }) => name)))];
  return names.map((name) => {
    const rows = seeds.flatMap((all) => all.filter((row) => row.group === name));
    const states = [...new Set(rows.flatMap(({ mAh }) => Object.keys(mAh)))];
    const part = (state: string) =>
      rows.reduce((total, { mAh }) => total + (mAh[state] ?? 0), 0) / rows.length;
    return {
      group: name,
      mAh: Object.fromEntries(states.map((state) => [state, part(state)])),
      batteryDays: rows.flatMap(({ batteryDays = [] }) => batteryDays),
    };
  });
}

function statesOf(rows: readonly EnergyRow[]): string[] {
  const seen = new Set(rows.flatMap(({ mAh }) => Object.keys(mAh).filter((s) => mAh[s]! > 0)));
  const others = [...seen].filter((state) => !STATES.includes(state)).sort();
  return [...STATES.filter((state) => seen.has(state)), ...others];
}

const kindOf = (state: string) => `state ${STATES.includes(state) ? state : "other"}`;

export function energyFigure(rows: readonly EnergyRow[]): Figure {
  const states = statesOf(rows);
  const totals = rows.map(({ mAh }) => sum(mAh)).filter((total) => total > 0);
  const even = Math.max(...totals) > SPREAD_MAX * Math.min(...totals);
  const key: KeyItem[] = states.map((text) => ({ text, sample: box(1, 1, 14, 10, kindOf(text)) }));
  return {
    id: "energy",
    title: "Where the charge went",
    caption: even
      ? "Share of the charge by state of the board; beside the bar, what a board used in all."
      : "Charge by state of the board, for a board of the group.",
    wide: false,
    key,
    draw: (width, size) => drawEnergy(rows, states, even, width, size),
  };
}

const ROW = 42;

function drawEnergy(
  rows: readonly EnergyRow[],
  states: readonly string[],
  even: boolean,
  width: number,
  size: string,
): string {
  const totals = rows.map(({ mAh }) => sum(mAh));
  const f = frame(width, rows.length * ROW, { left: 1, top: 2, right: 70 });
  const max = even ? 1 : niceEnd(Math.max(...totals));
  const x = linear(0, max, f.left, f.right, { most: 4, say: even ? sharePlain : sayNumber });
  const bars = rows.map(({ group: name, mAh }, k) => {
    const y = f.top + k * ROW;
    const whole = totals[k]!;
    let from = 0;
    const pieces = states.map((state) => {
      const part = mAh[state] ?? 0;
      const start = x.at(even ? from / (whole || 1) : from);
      from += part;
      const end = x.at(even ? from / (whole || 1) : from);
      const text = `${name}, ${state}: ${sayNumber(part)} mAh, ${sayShare(part / (whole || 1))}`;
      return part > 0
        ? box(start, y + 17, Math.max(0.5, end - start), 16, kindOf(state), title(text))
        : "";
    });
    const label = `${sayNumber(whole)} mAh`;
    return (
      word(f.left, y + 12, clipped(name, width, 13), "row-name") +
      group("bar", ...pieces) +
      word(x.at(even ? 1 : whole) + 6, y + 29, label, "tick strong")
    );
  });
  const about = even ? "share of the charge" : "mAh";
  return picture(width, f.height, "Charge by state", size, acrossAxis(f, x, about, true), ...bars);
}

export interface BatteryRow {
  readonly name: string;
  readonly kind: string;
  readonly days: readonly number[];
}

/** Longest over shortest life: beyond it, days are drawn logarithmic. */
const LINEAR_MAX = 12;
/** More batteries than so are thinned by pixel, none of the outermost. */
const STRIP = 30;

export function batteryFigure(rows: readonly BatteryRow[]): Figure {
  const n = rows.map(({ name, days }) => `${name} ${count(days.length, "battery", "batteries")}`);
  return {
    id: "battery",
    title: "How long batteries would last",
    caption:
      "A dot a battery, at the rate of this run. Box: the middle half, with the median; whiskers: " +
      `5 % to 95 %. ${n.join("; ")}.`,
    wide: false,
    draw: (width, size) => drawBatteries(rows, width, size),
  };
}

function drawBatteries(rows: readonly BatteryRow[], width: number, size: string): string {
  const f = frame(width, rows.length * 58, { left: 1, top: 2, right: 16 });
  const all = ascending(rows.flatMap(({ days }) => days).filter((days) => days > 0));
  const [least, most] = [all[0] ?? 1, all.at(-1) ?? 1];
  const x =
    most > LINEAR_MAX * least
      ? log(10 ** Math.floor(Math.log10(least)), most * 1.2, f.left + 6, f.right)
      : linear(0, niceEnd(most), f.left + 6, f.right, { most: 6 });
  const strips = rows.map((row, k) => drawStrip(row, f.top + k * 58, f, x));
  const across = acrossAxis(f, x, "days", true);
  return picture(width, f.height, "Life of batteries, in days", size, across, ...strips);
}

function drawStrip({ name, kind, days }: BatteryRow, top: number, f: Frame, x: Scale): string {
  const sorted = ascending(days);
  const at = (share: number) => x.at(quantileOf(sorted, share));
  const middle = top + 26;
  const five = [0.05, 0.25, 0.5, 0.75, 0.95].map(at) as [number, number, number, number, number];
  const text = `${name}: half last ${sayNumber(quantileOf(sorted, 0.5))} days or more`;
  const label = `${sayNumber(quantileOf(sorted, 0.5))} d`;
  const shown = clipped(name, f.width - 110, 13.5);
  return group(
    kind,
    word(f.left, top + 12, shown, "row-name"),
    word(f.left + textWidth(shown, 13.5) + 10, top + 12, `median ${label}`, "tick"),
    element("path", {
      class: "whisker",
      d: `M${num(five[0])},${middle}H${num(five[1])}M${num(five[3])},${middle}H${num(five[4])}`,
    }),
    box(five[1], middle - 7, Math.max(1, five[3] - five[1]), 14, "quartiles", title(text)),
    line(five[2], middle - 7, five[2], middle + 7, "median"),
    ...dots(sorted, middle + 12, x),
  );
}

/** Dots under the box, moved down in turn where they would cover each other. */
function dots(sorted: readonly number[], y: number, x: Scale): string[] {
  const seen = new Map<number, number>();
  return sorted.flatMap((days) => {
    const px = Math.round(x.at(days) / 2) * 2;
    const same = seen.get(px) ?? 0;
    seen.set(px, same + 1);
    if (same * 3 > STRIP) return [];
    return [element("circle", { class: "speck", cx: x.at(days), cy: y + (same % 4) * 3, r: 1.5 })];
  });
}
