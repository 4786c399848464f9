/**
 * A device's last day, or more of it, out of the gateway's history, as cells and as words.
 *
 * @import { Cell } from "./beats.js"
 * @typedef {{ heard: number | null, missed: number | null, deafMs: number }} Step
 * @typedef {{ share: number | null, deafMs: number, unknownMs: number }} Uptime
 */

import { span } from "./words.js";

/**
 * Equal parts of the steps as cells: missed where any beat was missed, unseen where nothing is
 * known or we were deaf, empty where nothing was due.
 * @param {readonly Step[]} steps
 * @param {number} count
 * @returns {(Cell | "empty")[]}
 */
export function cellsOf(steps, count) {
  return Array.from({ length: count }, (_, at) => {
    const part = steps.slice(
      Math.floor((at * steps.length) / count),
      Math.floor(((at + 1) * steps.length) / count),
    );
    if (part.some(({ missed }) => missed !== null && missed > 0)) return "missed";
    if (part.some(({ heard }) => heard !== null && heard > 0)) return "heard";
    if (part.some(({ deafMs }) => deafMs > 0)) return "deaf";
    return part.every(({ heard }) => heard === null) ? "unseen" : "empty";
  });
}

/**
 * For those who do not see the drawing.
 * @param {readonly Step[]} steps
 * @param {string} range "last 24 hours"
 */
export function pastWords(steps, range) {
  let [heard, missed, deafMs] = [0, 0, 0];
  for (const step of steps) {
    heard += step.heard ?? 0;
    missed += step.missed ?? 0;
    deafMs += step.deafMs;
  }
  const deaf = deafMs === 0 ? "" : `; the gateway was deaf for ${span(deafMs)}`;
  return `${range}: ${heard} ${heard === 1 ? "beat" : "beats"} heard, ${missed} missed${deaf}`;
}

/** Rounded down, so that 100 % is all of it. @param {Uptime} uptime */
export function uptimeWords({ share, deafMs, unknownMs }) {
  const up = share === null ? "–" : `${Math.floor(share * 100_000) / 1_000}\u00a0%`;
  const deaf = deafMs < 1_000 ? "" : `, deaf for ${span(deafMs)}`;
  const unknown = unknownMs < 60_000 ? "" : `, not known for ${span(unknownMs)}`;
  return `${up}${deaf}${unknown}`;
}
