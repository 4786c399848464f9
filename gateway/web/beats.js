/**
 * What this page has seen of a device's beats, as a short row of cells, and the same row as SVG
 * paths.
 *
 * A cell is one promised beat, not a slice of time: a board that beats each 2 s and one that beats
 * each hour then show the same thing, promises kept and broken. Time slices lost, since one scale
 * cannot serve both. Of what the page has not seen, before it was opened or while it had no contact,
 * it knows what the gateway remembers: which of the last 30 beats were heard.
 *
 * Kinds: `heard`; `slow` (heard, after its promise had ended); `missed` (its number was skipped, or
 * its promise ended with silence); `deaf` (its promise ended while the gateway could not hear);
 * `unseen` (went by while the page had no contact, too many for the gateway to remember). At the end, for
 * a board that sleeps as it promised: `asleep`.
 *
 * @import { Device } from "./live.js"
 * @typedef {"heard" | "slow" | "missed" | "deaf" | "unseen"} Cell
 * @typedef {{ cells: (Cell | "empty")[], silent: number, last?: "overdue" | "asleep" | undefined }} Bar
 *   `silent`: promises broken up to now; `last`: late, or asleep as promised
 * @typedef {Cell | "overdue" | "asleep" | "empty"} Kind
 */

export const CELLS_MAX = 60;
/** The most cells that one silence or one leap in numbers takes, lest it wash the row away. */
const LEAP_MAX = 12;

/**
 * The cells after the page learned `next` about a device that it knew as `before`.
 * @param {Cell[]} cells
 * @param {Device | undefined} before
 * @param {Device} next
 * @param {boolean} told the page was in contact all the while, so that a number skipped is a beat
 *   that never came
 * @param {boolean} deaf the gateway could not hear at some time in between
 * @returns {Cell[]} the same array when nothing new was heard
 */
export function advance(cells, before, next, told, deaf = false) {
  if (next.seenAt === null) return cells;
  if (before === undefined || before.seenAt === null) {
    return next.recent === "" ? [...cells, "heard"] : [...next.recent].map(cellOf);
  }
  const restarted = next.epoch !== before.epoch;
  const skipped = restarted ? 0 : next.seq - before.seq - 1;
  if (!restarted && skipped < 0) return cells;
  const known = told ? "" : next.recent.slice(0, -1).slice(-skipped);
  if (skipped > 0 && known.length === skipped) {
    return [...cells, ...[...known].map(cellOf), cellOf("1")].slice(-CELLS_MAX);
  }
  const broken = silentPromises(before, next.seenAt);
  const gap = Math.min(Math.max(skipped, broken), LEAP_MAX);
  /** @type {Cell[]} */
  const fresh = [];
  const silence = deaf ? "deaf" : "missed";
  for (let i = 0; i < gap; i++) fresh.push(told || i < broken ? silence : "unseen");
  fresh.push(before.dueAt !== null && next.seenAt > before.dueAt ? "slow" : "heard");
  return [...cells, ...fresh].slice(-CELLS_MAX);
}

/** @param {string} told of a beat by the gateway @returns {Cell} */
function cellOf(told) {
  return told === "1" ? "heard" : "missed";
}

/**
 * How many promises in a row were broken by `at`: the first ends at dueAt plus one more promise.
 * @param {Device} device
 * @param {number} at
 */
function silentPromises(device, at) {
  if (device.dueAt === null || !device.promiseMs || at <= device.dueAt) return 0;
  return Math.floor((at - device.dueAt) / device.promiseMs);
}

/** @param {Cell[]} cells @param {Device} device @param {number} now @returns {Bar} */
export function barOf(cells, device, now) {
  const silent = device.status === "absent" ? Math.max(1, silentPromises(device, now)) : 0;
  const asleep = device.status === "present" && device.reach === 2 && now < (device.dueAt ?? 0);
  const last = device.status === "late" ? "overdue" : asleep ? "asleep" : undefined;
  return { cells, silent: Math.min(silent, LEAP_MAX), last };
}

/** Pitch of a cell in the units of the drawing; its height is 24. */
export const PITCH = 6;

/**
 * One path per kind, newest at the right; a broken promise is a broken stroke, so that the kinds
 * differ by shape.
 * @param {Bar} bar
 * @param {number} width number of cells
 * @returns {Record<Kind, string>}
 */
export function barPaths(bar, width) {
  /** @type {Record<Kind, string>} */
  const paths = {
    ...{ heard: "", slow: "", missed: "", deaf: "", unseen: "" },
    ...{ overdue: "", asleep: "", empty: "" },
  };
  /** @type {Kind[]} */
  const shown = [...bar.cells];
  for (let i = 0; i < bar.silent; i++) shown.push("missed");
  if (bar.last !== undefined) shown.push(bar.last);
  const first = width - shown.length;
  for (let i = 0; i < width; i++) {
    const x = i * PITCH + PITCH / 2;
    const kind = shown[i - first] ?? "empty";
    paths[kind] += STROKES[kind](x);
  }
  return paths;
}

/** @type {Record<Kind, (x: number) => string>} */
const STROKES = {
  heard: (x) => `M${x} 4V20`,
  slow: (x) => `M${x} 10V20`,
  missed: (x) => `M${x} 4V8M${x} 16V20`,
  deaf: (x) => `M${x} 10V10.1M${x} 14V14.1`,
  unseen: (x) => `M${x} 18V20`,
  asleep: (x) => `M${x - 2} 12a2 2 0 1 0 4 0a2 2 0 1 0-4 0`,
  overdue: (x) => `M${x} 4V20`,
  empty: (x) => `M${x} 19.5V20`,
};

/** For those who do not see the drawing. @param {Bar} bar */
export function barWords(bar) {
  const count = { heard: 0, slow: 0, missed: bar.silent, deaf: 0, unseen: 0, empty: 0 };
  for (const cell of bar.cells) count[cell]++;
  const total = bar.cells.length + bar.silent;
  if (total === 0) return "no beat seen yet";
  const parts = [`${count.heard} heard`];
  if (count.slow > 0) parts.push(`${count.slow} heard late`);
  const more = bar.silent === LEAP_MAX ? " or more" : "";
  if (count.missed > 0) parts.push(`${count.missed}${more} missed`);
  if (count.deaf > 0) parts.push(`${count.deaf} while the gateway was deaf`);
  if (count.unseen > 0) parts.push(`${count.unseen} not seen`);
  const ends = { overdue: "; one overdue now", asleep: "; asleep as promised" };
  const last = bar.last === undefined ? "" : ends[bar.last];
  return `last ${total} ${total === 1 ? "beat" : "beats"}: ${parts.join(", ")}${last}`;
}
