/**
 * The few strokes that all parts of the page share: a text, the mark of a status, a bar of beats, a
 * glow. Each leaves the document alone where nothing changed, since reading a text is cheap and
 * setting it is not.
 *
 * Every word goes in as `textContent`: names, sites and labels come from people, and stay words.
 *
 * @import { Cell } from "./beats.js"
 * @import { Device, Status } from "./live.js"
 * @typedef {object} Entry one device, as this page keeps it
 * @property {Device} device
 * @property {Cell[]} cells
 * @property {string} text what the filter looks in, lower case
 * @property {number} lane 0..1, its height in the horizon
 */

import { barOf, barPaths, barWords, PITCH } from "./beats.js";

export const SVG = "http://www.w3.org/2000/svg";
export const BAR_KINDS = /** @type {const} */ ([
  "empty",
  "unseen",
  "deaf",
  "heard",
  "slow",
  "missed",
  "overdue",
  "asleep",
]);
const GLOW_MS = 2_500;
const GLOW = {
  backgroundColor: ["color-mix(in srgb, var(--status) 18%, transparent)", "transparent"],
};

/** Whether the reader asked for less motion. */
export const calm = matchMedia("(prefers-reduced-motion: reduce)");
/** Whether the panel of a device finds room beside the list; the style sheets say the same. */
export const roomy = matchMedia("(min-width: 68rem)");

/** An element that index.html has. @param {string} id @returns {any} */
export function byId(id) {
  return document.getElementById(id);
}

/** A copy of the one element in a template. @param {string} id @returns {HTMLElement} */
export function copyOf(id) {
  return byId(id).content.firstElementChild.cloneNode(true);
}

/** @param {Element} element @param {string} text */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Gives a mark (an svg with one `use`) the shape and the colour of a status.
 * @param {Element} mark
 * @param {Status} status
 */
export function putMark(mark, status) {
  if (mark.getAttribute("data-status") === status) return;
  mark.firstElementChild?.setAttribute("href", `#s-${status}`);
  mark.setAttribute("data-status", status);
}

/** Lights an element up for a moment. @param {Element} element */
export function glow(element) {
  if (!calm.matches) element.animate(GLOW, GLOW_MS);
}

/** @param {Element} svg @param {Entry} entry @param {number} width in cells @param {number} now */
export function drawBar(svg, entry, width, now) {
  const bar = barOf(entry.cells, entry.device, now);
  const key = `${entry.device.id} ${bar.cells.join()} ${bar.silent} ${bar.last}`;
  if (svg.getAttribute("data-key") === key) return;
  if (svg.childElementCount === 0) {
    svg.setAttribute("viewBox", `0 0 ${width * PITCH} 24`);
    for (const kind of BAR_KINDS) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", kind);
      svg.append(path);
    }
  }
  const paths = barPaths(bar, width);
  BAR_KINDS.forEach((kind, i) => {
    svg.children[i]?.setAttribute("d", paths[kind]);
  });
  svg.setAttribute("aria-label", barWords(bar));
  svg.setAttribute("data-key", key);
}
