// Boards that were told absent though they lived: how often, against how much their links lost.
// Points are measured, with the exact 95 % interval of what was counted; lines are the closed form
// that theory gives for the same interval and promises. Where a point's interval does not touch its
// line, either the gateway or the theory is wrong. Rates stand on a logarithmic axis, for theory
// spans ten decades; no event at all stands at the foot, with how far up it might have been.

import type { FalseAbsentPoint } from "../result.ts";
import { acrossAxis, type Figure, type Frame, frame, room, upAxis } from "./frame.ts";
import { names, type Point } from "./place.ts";
import { count, sayNumber, sayShare, sharePlain } from "./say.ts";
import { log, type Scale } from "./scale.ts";
import { poisson95 } from "./stats.ts";
import { element, group, line, num, picture, title } from "./svg.ts";

/** A point and the class of its marks. */
export interface Measured extends FalseAbsentPoint {
  readonly kind: string;
}

interface Dot extends Measured {
  readonly events: number;
  readonly low: number;
  readonly high: number;
}

/** Points of the same group in several seeds are one: their events and days add up. */
export function pooled(points: readonly Measured[]): Measured[] {
  const by = new Map<string, Measured[]>();
  for (const point of points) {
    const same = by.get(point.group);
    if (same === undefined) by.set(point.group, [point]);
    else same.push(point);
  }
  return [...by.values()].map((same) => {
    const days = same.reduce((sum, p) => sum + p.deviceDays, 0);
    const weighed = (of: (p: Measured) => number) =>
      days === 0 ? 0 : same.reduce((sum, p) => sum + of(p) * p.deviceDays, 0) / days;
    return {
      ...same[0]!,
      loss: weighed((p) => p.loss),
      perDeviceDay: weighed((p) => p.perDeviceDay),
      expected: weighed((p) => p.expected),
      deviceDays: days,
    };
  });
}

export function falseAbsentsFigure(points: readonly Measured[]): Figure {
  const dots = points.filter(({ deviceDays }) => deviceDays > 0).map(dotOf);
  return {
    id: "false-absents",
    title: "Wrongly told absent",
    caption:
      "Points: measured, with the exact 95 % interval of the count. Lines: the closed form for " +
      "independent loss. An open point at the foot: none was counted; its whisker ends at the most " +
      `that would still go unseen. ${dots.map(sayDot).join("; ")}.`,
    wide: false,
    draw: (width, size) => draw(dots, width, size),
  };
}

function dotOf(point: Measured): Dot {
  const events = Math.round(point.perDeviceDay * point.deviceDays);
  const [low, high] = poisson95(events);
  return { ...point, events, low: low / point.deviceDays, high: high / point.deviceDays };
}

const sayDot = ({ group: name, events, deviceDays }: Dot): string =>
  `${name} ${sayNumber(events)} in ${count(Number(deviceDays.toPrecision(3)), "board-day")}`;

function draw(dots: readonly Dot[], width: number, size: string): string {
  const inner = width < 400 ? 190 : 230;
  const rates = dots.flatMap((dot) => [dot.low, dot.high, dot.expected]).filter((r) => r > 0);
  // Theory may say 1e-14 where nothing can be measured: the axis ends two decades under the points.
  const measured = dots.flatMap(({ low, high }) => (low > 0 ? [low] : [high]));
  const least = 10 ** Math.floor(Math.log10(Math.min(...measured) / 30));
  const most = 10 ** Math.ceil(Math.log10(Math.max(...rates)));
  const ticks = log(least, most, 1, 0).ticks;
  const f = frame(width, inner, { left: Math.max(30, room(ticks)) });
  // The foot of the axis is for none.
  const y = log(least, most, f.bottom - 14, f.top);
  const x = lossScale(dots, f);
  const words = names(
    dots.map((dot) => ({ points: whisker(dot, f, x, y), name: dot.group, kind: dot.kind })),
    f,
  );
  return picture(
    width,
    f.height,
    "False absents per board and day, by loss",
    size,
    upAxis(f, y, "false absents per board and day"),
    line(f.left, f.bottom, f.right, f.bottom, "base"),
    acrossAxis(f, x, "beats of which no try arrived"),
    ...closedForms(dots, f, x, y),
    ...dots.map((dot) => drawDot(dot, f, x, y)),
    words,
  );
}

/** Room for what lost nothing, left of the logarithmic axis, px. */
const SLOT = 36;

/** Losses on a logarithmic axis, on which theory is nearly straight; none stands left of it. */
function lossScale(dots: readonly Dot[], f: Frame): Scale {
  const some = dots.flatMap(({ loss }) => (loss > 0 ? [loss] : []));
  const slot = some.length < dots.length ? SLOT : 0;
  const least = 10 ** Math.floor(Math.log10(Math.min(0.01, ...some)));
  const most = Math.min(1, Math.max(0.1, ...some.map((loss) => loss * 1.5)));
  const x = log(least, most, f.left + slot, f.right - 6, { say: sharePlain });
  return {
    at: (loss) => (loss > 0 ? x.at(loss) : f.left + 6),
    ticks: slot > 0 ? [{ value: 0, text: "0" }, ...x.ticks] : x.ticks,
  };
}

/** The closed form of each group, once if groups share it; without a curve a dash at its point. */
function closedForms(dots: readonly Dot[], f: Frame, x: Scale, y: Scale): string[] {
  const drawn = new Set<string>();
  return dots.map(({ kind, curve = [], loss, expected }) => {
    const points = fine(curve).map(([q, rate]): Point => [x.at(q), y.at(rate)]);
    // Scales hold what is beyond them at their ends: there the curve has left the picture.
    const seen = points.filter(
      ([px, py]) => px > x.at(1e-9) && px < f.right - 6 && py > f.top && py < f.bottom - 14,
    );
    const at = y.at(expected);
    if (seen.length < 2)
      return expected === 0
        ? ""
        : group(kind, line(x.at(loss) - 9, at, x.at(loss) + 9, at, "line"));
    const d = `M${seen.map(([px, py]) => `${num(px)},${num(py)}`).join("L")}`;
    if (drawn.has(d)) return "";
    drawn.add(d);
    return group(kind, element("path", { class: "line theory", d }));
  });
}

/** Ten points between each two of a curve, in line on logarithmic axes, as these nearly are. */
function fine(curve: NonNullable<Measured["curve"]>): [loss: number, rate: number][] {
  const some = curve.filter(([q, rate]) => q > 0 && rate > 0);
  return some.flatMap(([q, rate], i) => {
    const [nextQ, nextRate] = some[i + 1] ?? [q, rate];
    return Array.from({ length: 10 }, (_, k): [number, number] => [
      q * (nextQ / q) ** (k / 10),
      rate * (nextRate / rate) ** (k / 10),
    ]);
  });
}

/** Where the whisker and its point stand, for words to keep clear of. */
function whisker(
  { loss, perDeviceDay, events, high, low }: Dot,
  f: Frame,
  x: Scale,
  y: Scale,
): Point[] {
  const at = x.at(loss);
  const [foot, head] = [events === 0 ? f.bottom : y.at(low), y.at(high)];
  const points: Point[] = [[at, events === 0 ? f.bottom : y.at(perDeviceDay)]];
  for (let py = head; py < foot; py += 8) points.push([at, py]);
  return points;
}

function drawDot(dot: Dot, f: Frame, x: Scale, y: Scale): string {
  const at = x.at(dot.loss);
  const none = dot.events === 0;
  const middle = none ? f.bottom : y.at(dot.perDeviceDay);
  const [foot, head] = [none ? f.bottom : y.at(dot.low), y.at(dot.high)];
  const cap = (py: number) => `M${num(at - 4)},${num(py)}h8`;
  const caps = none ? cap(head) : cap(head) + cap(foot);
  const words =
    `${dot.group}: ${sayNumber(dot.perDeviceDay)} a board and day ` +
    `(95 %: ${sayNumber(dot.low)} to ${sayNumber(dot.high)}), ` +
    `closed form ${sayNumber(dot.expected)}, at ${sayShare(dot.loss)} loss`;
  return group(
    dot.kind,
    element("path", { class: "whisker", d: `M${num(at)},${num(foot)}V${num(head)}${caps}` }),
    element("circle", { class: none ? "dot open" : "dot", cx: at, cy: middle, r: 4 }, title(words)),
  );
}
