// Spans of time as one shape: each at least so wide that it is seen, and what falls on one pixel
// anyway joined, so that a fault that strikes every minute of a week is a bar and not ten thousand.

import type { Scale } from "./scale.ts";
import { element, num } from "./svg.ts";

export interface Span {
  readonly from: number;
  readonly until: number;
}

/** Spans that are less apart are one, px. */
const APART = 0.5;

/** Of class `kind`, between these heights; each at least `least` px wide. "": no spans. */
export function spansShape(
  spans: readonly Span[],
  kind: string,
  [top, bottom]: readonly [number, number],
  x: Scale,
  least: number,
  ...children: string[]
): string {
  let d = "";
  let [from, until] = [0, Number.NEGATIVE_INFINITY];
  const close = () => {
    if (until > from) d += `M${num(from)},${num(top)}H${num(until)}V${num(bottom)}H${num(from)}Z`;
  };
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const start = x.at(span.from);
    const end = Math.max(x.at(span.until), start + least);
    if (start - until < APART) until = Math.max(until, end);
    else {
      close();
      [from, until] = [start, end];
    }
  }
  close();
  return d === "" ? "" : element("path", { class: kind, d }, ...children);
}
