/**
 * From a device's history to the lines of a plot: points, their path, and their range in words.
 *
 * @typedef {{ at: number, value: number }} Point
 * @typedef {{ from: number, to: number, low: number, high: number, gapMs: number }} Frame
 * @typedef {{ heard: number | null, missed: number | null, at: string }} Step
 * @typedef {{ at: string, battery: number | "external" | null, signal: number | null,
 *   roundTripMs: number | null }} Sample
 */

export const WIDTH = 320;
export const HEIGHT = 56;
/** Room above and below, so that a line at the edge is whole. */
const EDGE = 3;
/** Parts of the window over which loss is told. */
const LOSS_PARTS = 48;

/**
 * The line through points, and the points that stand alone.
 * @param {readonly Point[]} points by time
 * @param {Frame} frame
 */
export function pathsOf(points, { from, to, low, high, gapMs }) {
  const x = (/** @type {number} */ at) => round(((at - from) / (to - from)) * WIDTH);
  const y = (/** @type {number} */ value) =>
    round(HEIGHT - EDGE - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * EDGE));
  let [trace, dots] = ["", ""];
  points.forEach(({ at, value }, i) => {
    const joins = (/** @type {Point | undefined} */ other) =>
      other !== undefined && Math.abs(other.at - at) <= gapMs;
    const place = `${x(at)} ${y(value)}`;
    if (joins(points[i - 1])) trace += `L${place}`;
    else if (joins(points[i + 1])) trace += `M${place}`;
    // A line of no length with round ends.
    else dots += `M${place}h0`;
  });
  return { trace, dots };
}

/** @param {number} n */
const round = (n) => Math.round(n * 10) / 10;

/**
 * Loss in equal parts of a window; a part without beats tells nothing.
 * @param {readonly Step[]} steps
 * @returns {Point[]}
 */
export function lossOf(steps) {
  /** @type {Point[]} */
  const points = [];
  const size = Math.max(1, Math.ceil(steps.length / LOSS_PARTS));
  for (let at = 0; at < steps.length; at += size) {
    let [heard, missed] = [0, 0];
    for (const step of steps.slice(at, at + size)) {
      heard += step.heard ?? 0;
      missed += step.missed ?? 0;
    }
    const middle = steps[Math.min(steps.length - 1, at + (size >> 1))];
    if (heard + missed === 0 || middle === undefined) continue;
    points.push({ at: Date.parse(middle.at), value: (100 * missed) / (heard + missed) });
  }
  return points;
}

/**
 * @param {readonly Sample[]} samples
 * @param {"battery" | "signal" | "roundTripMs"} name
 * @returns {Point[]}
 */
export function samplesOf(samples, name) {
  return samples.flatMap((sample) => {
    const value = sample[name];
    return typeof value === "number" ? [{ at: Date.parse(sample.at), value }] : [];
  });
}

/** "70 to 80 %", "75 %". @param {readonly Point[]} points @param {string} unit */
export function rangeWords(points, unit) {
  const values = points.map(({ value }) => Math.round(value));
  const words = (/** @type {number} */ n) => String(n).replace("-", "−");
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const all = low === high ? words(low) : `${words(low)} to ${words(high)}`;
  return `${all}\u00a0${unit}`;
}
