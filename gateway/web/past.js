/**
 * What the gateway remembers of the device in the panel: a bar of its last day, the time that it was
 * up, and why it has its status. Asked for when the panel opens, when the status changes, and once
 * a minute; all else on the page comes by itself.
 *
 * The bar of this page's own (beats.js) has a cell for each promise and knows nothing from before
 * the page was opened; this one has a cell for each quarter of an hour and knows it all.
 *
 * @import { Step } from "./day.js"
 */

import { barPaths, PITCH } from "./beats.js";
import { cellsOf, dayWords, uptimeWords } from "./day.js";
import { BAR_KINDS, byId, put, SVG } from "./draw.js";

/** Cells of the day: a quarter of an hour each. */
const CELLS = 96;
const AGAIN_MS = 60_000;
const ANSWER_MAX_MS = 10_000;

export class Past {
  #id = "";
  #tseq = -1;
  #askedAt = Number.NEGATIVE_INFINITY;
  #uptime;

  /** @param {HTMLElement} uptime where the time up is told */
  constructor(uptime) {
    this.#uptime = uptime;
  }

  /** As often as one likes. @param {{ id: string, tseq: number }} device */
  show({ id, tseq }) {
    const now = performance.now();
    if (id === this.#id && tseq === this.#tseq && now - this.#askedAt < AGAIN_MS) return;
    if (id !== this.#id) this.#clear();
    this.#id = id;
    this.#tseq = tseq;
    this.#askedAt = now;
    this.#ask(id).catch(() => {
      // Without contact the page says so, and what was read stays.
    });
  }

  #clear() {
    byId("d-day").replaceChildren();
    byId("d-why").replaceChildren();
    put(this.#uptime, "–");
  }

  /** @param {string} id */
  async #ask(id) {
    const zone = encodeURIComponent(new Intl.DateTimeFormat().resolvedOptions().timeZone);
    const [history, why] = await Promise.all([
      read(`${id}/history?hours=24`),
      read(`${id}/explain?zone=${zone}`),
    ]);
    if (id !== this.#id) return;
    drawDay(byId("d-day"), history.items);
    put(this.#uptime, uptimeWords(history.uptime.day));
    const lines = [
      ...why.sentences,
      ...why.ruledOut.map((/** @type {string} */ it) => `Not: ${it}`),
    ];
    byId("d-why").replaceChildren(
      ...lines.map((line) => {
        const item = document.createElement("li");
        put(item, line);
        return item;
      }),
    );
  }
}

/** @param {string} path */
async function read(path) {
  const response = await fetch(new URL(`api/v1/devices/${path}`, document.baseURI), {
    headers: { accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_MAX_MS),
  });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

/** @param {Element} svg @param {readonly Step[]} steps */
function drawDay(svg, steps) {
  const cells = cellsOf(steps, CELLS);
  const paths = barPaths({ cells, silent: 0, overdue: false }, CELLS);
  svg.setAttribute("viewBox", `0 0 ${CELLS * PITCH} 24`);
  svg.setAttribute("aria-label", dayWords(steps));
  svg.replaceChildren(
    ...BAR_KINDS.map((kind) => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", kind);
      path.setAttribute("d", paths[kind]);
      return path;
    }),
  );
}
