/**
 * What the gateway remembers of the device in the panel: a bar and plots of the last day, week or
 * quarter, its changes, the time that it was up, and why it has its status. Asked for when the panel
 * opens, when the status changes, when another range is chosen, and once a minute; all else on the
 * page comes by itself.
 *
 * The bar of this page's own (beats.js) has a cell for each promise and knows nothing from before
 * the page was opened; this one has a cell for a part of the range and knows it all.
 *
 * @import { Step } from "./day.js"
 * @import { Change } from "./live.js"
 */

import { ask } from "./api.js";
import { barPaths, PITCH } from "./beats.js";
import { cellsOf, pastWords, uptimeWords } from "./day.js";
import { BAR_KINDS, byId, put, SVG } from "./draw.js";
import { drawPlots } from "./plots.js";

/** Cells of the bar: of a day, a quarter of an hour each. */
const CELLS = 96;
const AGAIN_MS = 60_000;

export class Past {
  #id = "";
  #tseq = -1;
  #askedAt = Number.NEGATIVE_INFINITY;
  #uptime;
  #changes;

  /**
   * @param {HTMLElement} uptime where the time up is told
   * @param {(changes: Change[], now: number) => void} changes those of the range, newest last
   */
  constructor(uptime, changes) {
    this.#uptime = uptime;
    this.#changes = changes;
    byId("d-range").addEventListener("change", () => {
      this.#askedAt = Number.NEGATIVE_INFINITY;
      this.show({ id: this.#id, tseq: this.#tseq });
    });
  }

  /** As often as one likes. @param {{ id: string, tseq: number }} device */
  show({ id, tseq }) {
    const now = performance.now();
    if (id === this.#id && tseq === this.#tseq && now - this.#askedAt < AGAIN_MS) return;
    if (id !== this.#id) this.#clear();
    this.#id = id;
    this.#tseq = tseq;
    this.#askedAt = now;
    this.#ask(id, Number(byId("d-range").value)).catch(() => {
      // Without contact the page says so, and what was read stays.
    });
  }

  #clear() {
    for (const id of ["d-day", "d-plots", "d-why", "d-not"]) byId(id).replaceChildren();
    put(this.#uptime, "–");
  }

  /** @param {string} id @param {number} hours */
  async #ask(id, hours) {
    const zone = encodeURIComponent(new Intl.DateTimeFormat().resolvedOptions().timeZone);
    const [history, why] = await Promise.all([
      ask("GET", `devices/${id}/history?hours=${hours}`),
      ask("GET", `devices/${id}/explain?zone=${zone}`),
    ]);
    if (id !== this.#id || hours !== Number(byId("d-range").value)) return;
    drawBar(byId("d-day"), history.items, byId("d-range").selectedOptions[0].textContent);
    drawPlots(byId("d-plots"), history);
    const read = (/** @type {any} */ change) => ({ ...change, at: Date.parse(change.at) });
    this.#changes(history.changes.map(read), Date.parse(history.to));
    put(this.#uptime, uptimeWords(history.uptime.day));
    putLines(byId("d-why"), why.sentences);
    putLines(byId("d-not"), why.ruledOut);
    byId("d-not").parentElement.hidden = why.ruledOut.length === 0;
  }
}

/** @param {HTMLElement} list @param {readonly string[]} lines */
function putLines(list, lines) {
  list.replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("li");
      put(item, line);
      return item;
    }),
  );
}

/** @param {Element} svg @param {readonly Step[]} steps @param {string} range in words */
function drawBar(svg, steps, range) {
  const cells = cellsOf(steps, CELLS);
  const paths = barPaths({ cells, silent: 0 }, CELLS);
  svg.setAttribute("viewBox", `0 0 ${CELLS * PITCH} 24`);
  svg.setAttribute("aria-label", pastWords(steps, range));
  svg.replaceChildren(
    ...BAR_KINDS.map((kind) => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", kind);
      path.setAttribute("d", paths[kind]);
      return path;
    }),
  );
}
