// How long the dead stay unnoticed: the share of deaths that were told within a time, a curve a
// group, with the promise that the dead board had given. A curve that ends below 100 % is a death
// that nobody was ever told of. Histograms lost: two groups do not fit into one, and the share
// within the promise could not be read off.

import type { Detection } from "../result.ts";
import { acrossAxis, type Figure, type Frame, frame, upAxis } from "./frame.ts";
import { names, type Point, spread } from "./place.ts";
import { count, sayMs } from "./say.ts";
import { linear, logTime, type Scale, time } from "./scale.ts";
import { ascending, quantileOf } from "./stats.ts";
import { element, group, line, num, picture, textWidth, title, word } from "./svg.ts";

export interface Deaths {
  readonly name: string;
  /** Class of its marks: s1 to s6. */
  readonly kind: string;
  /** By seed: the curve is of all, a band shows how far seeds are apart. */
  readonly seeds: readonly (readonly Detection[])[];
}

/** Deaths of one group, ready to be drawn. */
interface Curve {
  readonly name: string;
  readonly kind: string;
  readonly deaths: number;
  /** Ascending, of those that were found. */
  readonly absent: readonly number[];
  readonly late: readonly number[];
  readonly seeds: readonly { readonly deaths: number; readonly absent: readonly number[] }[];
  readonly promises: readonly number[];
}

/** Lines for single promises; more become one span from the shortest to the longest. */
const PROMISES_MAX = 3;
/** Promises that differ by no more are one: each is rounded up to what a beat can say. */
const ALIKE = 1.2;
/** Of the slowest half over the quickest: beyond it, time is drawn logarithmic. */
const LINEAR_MAX = 25;

/** `all`: with the verdict before and the spread of seeds, for which two sets leave no room. */
export function detectionFigure(deaths: readonly Deaths[], all = true): Figure {
  const curves = deaths.map(curveOf).filter(({ deaths: n }) => n > 0);
  return {
    id: "detection",
    title: "How soon a death is told",
    caption: captionOf(curves, all),
    wide: false,
    draw: (width, size) => draw(all ? curves : curves.map(bare), width, size),
  };
}

function curveOf({ name, kind, seeds }: Deaths): Curve {
  const found = (list: readonly Detection[], of: "absentMs" | "lateMs") =>
    ascending(list.map((d) => d[of]).filter((ms) => ms !== null));
  const all = seeds.flat();
  return {
    name,
    kind,
    deaths: all.length,
    absent: found(all, "absentMs"),
    late: found(all, "lateMs"),
    seeds: seeds
      .filter((list) => list.length > 0)
      .map((list) => ({ deaths: list.length, absent: found(list, "absentMs") })),
    promises: ascending(all.map(({ promiseMs }) => promiseMs)),
  };
}

/** Without verdicts of lateness and without a band. */
const bare = (curve: Curve): Curve => ({ ...curve, late: [], seeds: [] });

function captionOf(curves: readonly Curve[], all: boolean): string {
  const n = curves.map((curve) => {
    const never = curve.deaths - curve.absent.length;
    const found = never === 0 ? "" : `, ${never} never told`;
    return `${curve.name} ${count(curve.deaths, "death")}${found}`;
  });
  const dots = all ? " (line) and, before it, late (dots)" : "";
  const band =
    all && curves.some(({ seeds }) => seeds.length > 1)
      ? " The band spans the curves of single seeds."
      : "";
  return (
    `Share of deaths told within a time: absent${dots}. ` +
    `Upright: what the dead boards had promised, the middle of a group.${band} n: ${n.join("; ")}.`
  );
}

function draw(curves: readonly Curve[], width: number, size: string): string {
  const inner = width < 400 ? 190 : 230;
  const f = frame(width, inner, { left: 44, top: 40, right: 14 });
  const x = timeScale(curves, f);
  const y = linear(0, 1, f.bottom, f.top, { most: 4, say: (v) => `${Math.round(v * 100)} %` });
  const marks = curves.map((curve) => drawCurve(curve, f, x, y));
  const words = names(
    curves.map(({ absent, deaths, name, kind }) => ({
      points: dense(absent, deaths, x, y),
      name: curves.length > 1 ? name : "",
      kind,
    })),
    f,
  );
  return picture(
    width,
    f.height,
    "Share of deaths told absent, by time since the death",
    size,
    upAxis(f, y, "deaths told absent"),
    acrossAxis(f, x, "since the death"),
    promiseLines(curves, f, x),
    ...marks,
    words,
  );
}

function timeScale(curves: readonly Curve[], f: Frame): Scale {
  const halves = curves.flatMap(({ absent, promises }) => [
    ...(absent.length > 0 ? [quantileOf(absent, 0.5)] : []),
    quantileOf(promises, 0.5),
  ]);
  const ends = curves.flatMap(({ absent, late, promises }) => [absent, late, promises]);
  const max = Math.max(1, ...ends.map((sorted) => sorted.at(-1) ?? 0));
  const least = Math.min(...halves);
  if (Math.max(...halves) <= LINEAR_MAX * least) return time(max * 1.04, f.left, f.right, 6);
  return logTime(Math.max(1, least / 10), max * 1.1, f.left, f.right);
}

function drawCurve(
  { name, kind, deaths, absent, late, seeds }: Curve,
  f: Frame,
  x: Scale,
  y: Scale,
) {
  const told = (share: number) => sayMs(quantileOf(absent, share));
  const words =
    absent.length === 0
      ? `${name}: none of ${deaths} told`
      : `${name}: half within ${told(0.5)}, 90 % within ${told(0.9)}, the last after ${told(1)}`;
  const path = (values: readonly number[], mark: string) =>
    element("path", { class: mark, d: steps(values, deaths, f, x, y) }, title(words));
  const band = seeds.length > 1 ? bandOf(seeds, absent, f, x, y) : "";
  return group(kind, band, late.length > 0 ? path(late, "line dots") : "", path(absent, "line"));
}

/** The curve as a path of steps; of values on one half pixel, only the last is drawn. */
function steps(values: readonly number[], of: number, f: Frame, x: Scale, y: Scale): string {
  const half = (value: number | undefined) => value !== undefined && Math.floor(2 * x.at(value));
  let path = `M${num(f.left)},${num(y.at(0))}`;
  values.forEach((value, i) => {
    if (half(value) === half(values[i + 1])) return;
    path += `H${num(x.at(value))}V${num(y.at((i + 1) / of))}`;
  });
  return `${path}H${num(f.right)}`;
}

/** From the least to the most share of all seeds, at each instant at which any curve rises. */
function bandOf(seeds: Curve["seeds"], absent: readonly number[], f: Frame, x: Scale, y: Scale) {
  const at = [0, ...absent.filter((v, i) => i === 0 || x.at(v) - x.at(absent[i - 1]!) > 0)];
  const told = seeds.map(() => 0);
  const low: Point[] = [];
  const high: Point[] = [];
  for (const value of at) {
    const shares = seeds.map((seed, k) => {
      while (told[k]! < seed.absent.length && seed.absent[told[k]!]! <= value) told[k]!++;
      return told[k]! / seed.deaths;
    });
    low.push([x.at(value), y.at(Math.min(...shares))]);
    high.push([x.at(value), y.at(Math.max(...shares))]);
  }
  const stairs = (points: readonly Point[]) =>
    [...points.map(([px, py]) => `H${num(px)}V${num(py)}`), `H${num(f.right)}`].join("");
  const back = low.reverse().map(([px, py]) => `V${num(py)}H${num(px)}`);
  return element("path", {
    class: "band",
    d: `M${num(f.left)},${num(y.at(0))}${stairs(high)}${back.join("")}Z`,
  });
}

/** Points every few px along the steps, for words to keep clear of. */
function dense(values: readonly number[], of: number, x: Scale, y: Scale): Point[] {
  const every = Math.max(1, Math.floor(values.length / 200));
  const points: Point[] = [];
  let [px, py] = [x.at(0), y.at(0)];
  values.forEach((value, i) => {
    if (i % every !== 0 && i !== values.length - 1) return;
    const [nx, ny] = [x.at(value), y.at((i + 1) / of)];
    for (; px + 8 < nx; px += 8) points.push([px, py]);
    for (; py - 8 > ny; py -= 8) points.push([nx, py]);
    points.push([nx, ny]);
    [px, py] = [nx, ny];
  });
  return points;
}

/** The longest of each run of promises that are nearly the same. */
function alike(sorted: readonly number[]): number[] {
  const found: number[] = [];
  let first = Number.NEGATIVE_INFINITY;
  for (const ms of sorted) {
    if (ms <= first * ALIKE) found[found.length - 1] = ms;
    else {
      first = ms;
      found.push(ms);
    }
  }
  return found;
}

/** The promise that boards of each group had given, or, of many groups, the span of these. */
function promiseLines(curves: readonly Curve[], f: Frame, x: Scale): string {
  const promises = alike(ascending(curves.map(({ promises: given }) => quantileOf(given, 0.5))));
  if (promises.length === 0) return "";
  const few = promises.length <= PROMISES_MAX;
  const ends = few ? promises : [promises[0]!, promises.at(-1)!];
  const [from, to] = [num(x.at(ends[0]!)), num(x.at(ends.at(-1)!))];
  const d = `M${from},${num(f.top)}H${to}V${num(f.bottom)}H${from}Z`;
  const span = few ? "" : element("path", { class: "promised", d });
  const words = few
    ? ends.map((ms, i) => (i === 0 ? `promise ${sayMs(ms)}` : sayMs(ms)))
    : [`promises ${sayMs(ends[0]!)} to ${sayMs(ends[1]!)}`];
  const widest = Math.max(...words.map((text) => textWidth(text)));
  const places = ends.slice(0, words.length).map((ms) => x.at(ms));
  const heads = spread(places, widest + 10, f.left, f.right - widest);
  return group(
    "promises",
    span,
    ...ends.map((ms) => line(x.at(ms), f.top - 6, x.at(ms), f.bottom, "promise")),
    ...words.map((text, i) => word(heads[i]!, f.top - 10, text, "note")),
  );
}
