// Finds room for words beside curves: a name that stands at its line needs no legend to be looked
// up in. For each curve the places along it are tried, right and left, and the one that covers the
// fewest points of other curves and no other word is taken. Greedy, in the order given: there are
// a handful of curves, and a perfect placing would not look better.

import { clipped, textWidth, word } from "./svg.ts";

export type Point = readonly [x: number, y: number];

export interface Curve {
  /** Px, dense enough that no more than a dozen px lie between two of them. */
  readonly points: readonly Point[];
  readonly name: string;
  /** Class of its word. */
  readonly kind: string;
}

export interface Room {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Spot extends Room {
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "end";
}

/** A name may be so wide, px. */
const NAME_MAX = 160;
const HEIGHT = 11;
const GAP = 7;

/** A word for each curve, with a halo in the colour of the ground. */
export function names(curves: readonly Curve[], room: Room): string {
  const placed: Room[] = [];
  let words = "";
  for (const curve of curves) {
    if (curve.points.length === 0 || curve.name === "") continue;
    const name = clipped(curve.name, NAME_MAX);
    const spots = spotsAlong({ ...curve, name }, room);
    const costs = spots.map((spot) => cost(spot, curves, placed, room));
    const best = spots[costs.indexOf(Math.min(...costs))]!;
    placed.push(best);
    words += word(best.x, best.y, name, `${curve.kind} name halo`, best.anchor);
  }
  return words;
}

/** Places to try, the middle of the curve first: of equal ones the first is taken. */
function spotsAlong({ points, name }: Curve, room: Room): Spot[] {
  const width = textWidth(name);
  return [0.55, 0.7, 0.4, 0.85, 0.25, 0.95, 0.1].flatMap((share) => {
    const [x, y] = along(points, share);
    return [
      spot(x + GAP, y + 4, width, "start"),
      spot(x - GAP, y + 4, width, "end"),
      spot(Math.min(x, room.right - width), y - GAP, width, "start"),
      spot(Math.min(x, room.right - width), y + GAP + HEIGHT, width, "start"),
    ];
  });
}

/** The point at which the curve has gone this share of its way, in px across and up. */
function along(points: readonly Point[], share: number): Point {
  let way = 0;
  const ways = points.map(([x, y], i) => {
    const [px, py] = points[i - 1] ?? [x, y];
    way += Math.abs(x - px) + Math.abs(y - py);
    return way;
  });
  return points[ways.findIndex((w) => w >= way * share)]!;
}

function spot(x: number, y: number, width: number, anchor: "start" | "end"): Spot {
  const left = anchor === "start" ? x : x - width;
  return { x, y, anchor, left, right: left + width, top: y - HEIGHT, bottom: y + 3 };
}

function cost(s: Spot, curves: readonly Curve[], placed: readonly Room[], room: Room): number {
  const covered = curves.reduce(
    (sum, { points }) => sum + points.filter((p) => covers(s, p)).length,
    0,
  );
  const clashes = placed.filter((other) => overlaps(s, other)).length;
  const out =
    Math.max(0, room.left - s.left) +
    Math.max(0, s.right - room.right) +
    Math.max(0, room.top - s.top) +
    Math.max(0, s.bottom - room.bottom);
  return covered + clashes * 100 + out * 10;
}

function covers(room: Room, [x, y]: Point): boolean {
  return x > room.left - 2 && x < room.right + 2 && y > room.top && y < room.bottom;
}

function overlaps(a: Room, b: Room): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** Moves places on one line apart until they keep `gap`, as little as may be, within bounds. */
export function spread(places: readonly number[], gap: number, from: number, to: number): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a]! - places[b]!);
  const moved = [...places];
  let least = from;
  for (const i of order) {
    moved[i] = Math.max(moved[i]!, least);
    least = moved[i]! + gap;
  }
  let most = to;
  for (const i of order.reverse()) {
    moved[i] = Math.min(moved[i]!, most);
    most = moved[i]! - gap;
  }
  return moved;
}
