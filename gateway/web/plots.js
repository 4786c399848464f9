/**
 * Small plots of one device over time: battery, signal, round trip, loss. A line where the points
 * are near enough to each other to be one story, a gap where they are not, a dot where one stands
 * alone; the least and the most beside it in words, since nobody reads a value off 56 pixels.
 *
 * Drawn by hand as one path each. A plotting library lost: 50 KB for four lines.
 *
 * @import { Point } from "./trace.js"
 */

import { put, SVG } from "./draw.js";
import { HEIGHT, lossOf, pathsOf, rangeWords, samplesOf, WIDTH } from "./trace.js";

/**
 * @type {{ label: string, unit: string, points: (history: any) => Point[],
 *   bounds?: [number, number] }[]}
 */
const PLOTS = [
  { label: "Battery", unit: "%", points: (h) => samplesOf(h.vitals, "battery"), bounds: [0, 100] },
  {
    label: "Signal",
    unit: "dBm",
    points: (h) => samplesOf(h.vitals, "signal"),
    bounds: [-96, -36],
  },
  { label: "Round trip", unit: "ms", points: (h) => samplesOf(h.vitals, "roundTripMs") },
  { label: "Loss", unit: "%", points: (h) => lossOf(h.items) },
];

/**
 * Draws all plots of a history anew.
 * @param {HTMLElement} place
 * @param {any} history as GET .../history answers
 */
export function drawPlots(place, history) {
  const [from, to] = [Date.parse(history.from), Date.parse(history.to)];
  const gapMs = Math.max(2.5 * 3_600_000, (to - from) / 24);
  place.replaceChildren(
    ...PLOTS.flatMap(({ label, unit, points, bounds }) => {
      const found = points(history);
      if (found.length === 0) return [];
      const [low, high] = bounds ?? [0, Math.max(1, ...found.map(({ value }) => value))];
      const paths = pathsOf(found, { from, to, low, high, gapMs });
      return [figureOf(label, rangeWords(found, unit), paths)];
    }),
  );
}

/** @param {string} label @param {string} words @param {{ trace: string, dots: string }} paths */
function figureOf(label, words, { trace, dots }) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const value = document.createElement("span");
  put(caption, label);
  put(value, words);
  caption.append(value);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "plot");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${label}: ${words}`);
  for (const [name, d] of [
    ["floor", `M0 ${HEIGHT - 0.5}H${WIDTH}`],
    ["trace", trace],
    ["trace dots", dots],
  ]) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("class", name ?? "");
    line.setAttribute("d", d ?? "");
    svg.append(line);
  }
  figure.append(caption, svg);
  return figure;
}
