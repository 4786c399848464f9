/**
 * The list of devices: a real table, one row a device, patched where something changed and nowhere
 * else.
 *
 * Every row stands in the document, so that the browser's search, its scroll bar and a screen
 * reader know them all; but rows are laid out only near the view (`content-visibility` in the style
 * sheet), and their cells are kept current only there. All rows are of one height, so which those
 * are is a division; an IntersectionObserver lost, which looks at 10 000 rows in each frame, 40 ms
 * when measured. A windowed list of the rows in view alone lost: it takes the first three away.
 *
 * @import { Entry } from "./draw.js"
 * @import { Device, Status } from "./live.js"
 * @typedef {object} Row
 * @property {Entry} entry
 * @property {HTMLElement} element
 * @property {Record<typeof PARTS[number], HTMLElement>} parts
 * @property {boolean} stale news came since it was painted
 * @typedef {{ text: string, statuses: Set<Status>, site: string, label: string, order: string }} View
 *   `statuses` empty: all; `site` and `label` "": all
 */

import { calm, copyOf, drawBar, glow, put, putMark } from "./draw.js";
import {
  batteryWords,
  byName,
  causeWords,
  dueWords,
  shareWords,
  signalBars,
  signalWords,
} from "./words.js";

const PARTS = /** @type {const} */ ([
  "mark",
  "name",
  "site",
  "word",
  "why",
  "bar",
  "count",
  "line",
  "kept",
  "lost",
  "battery",
  "strength",
  "dbm",
  "waiting",
]);
const BAR_CELLS = 26;
const BATTERY_LOW = 20;
const KEPT_LOW = 0.9;
const SWELL_MS = 600;
const SWELL = { transform: ["none", "scale(1.5)", "none"] };
const BARS = ["M2 10V12", "M6 7V12", "M10 4V12", "M14 1V12"];
/** How far from the view rows are kept current. */
const NEAR_PX = 300;
/** @type {Record<string, number>} */
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 };

/** What comes before the name. @type {Record<string, (a: Device, b: Device) => number>} */
const ORDERS = {
  attention: (a, b) => Number(b.status === "absent") - Number(a.status === "absent"),
  name: () => 0,
  site: (a, b) => byName(a.site, b.site),
  due: (a, b) => (a.dueAt ?? Number.MAX_VALUE) - (b.dueAt ?? Number.MAX_VALUE),
  battery: (a, b) => charge(a.battery) - charge(b.battery),
  signal: (a, b) => (a.signal ?? 0) - (b.signal ?? 0),
};

/** Unknown comes last. @param {Device["battery"]} battery */
function charge(battery) {
  return battery === null ? 102 : battery === "external" ? 101 : battery;
}

export class List {
  #body;
  #onNear;
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {Set<Row>} */
  #near = new Set();
  /** Those that fit the filter, in their order. @type {Row[]} */
  #shown = [];
  /** All rows by name; undefined when that must be found anew. @type {Row[] | undefined} */
  #named;
  /** The row that the tab key comes to; arrows move it. */
  #current = "";

  /**
   * @param {HTMLElement} body of the table
   * @param {(id: string) => void} open a row was chosen
   * @param {() => void} onNear rows came near the view, and want to be painted
   */
  constructor(body, open, onNear) {
    this.#body = body;
    this.#onNear = onNear;
    for (const event of ["scroll", "resize"]) {
      addEventListener(event, () => this.#look(), { passive: true });
    }
    body.addEventListener("click", (event) => {
      const id = idOf(event.target);
      if (id !== "" && !getSelection()?.toString()) open(id);
    });
    body.addEventListener("focusin", (event) => this.#makeCurrent(idOf(event.target)));
    body.addEventListener("keydown", (event) => this.#step(event));
  }

  /**
   * A device is new, or has new facts.
   * @param {Entry} entry
   * @param {Device | undefined} before
   */
  touch(entry, before) {
    const { id, name, status, seq } = entry.device;
    const row = this.#rows.get(id) ?? this.#add(entry);
    row.stale = true;
    if (before?.name !== name) this.#named = undefined;
    if (before === undefined || !this.#near.has(row)) return;
    const changed = before.status !== status;
    if (changed) glow(row.element);
    if ((changed || before.seq !== seq) && !calm.matches) row.parts.mark.animate(SWELL, SWELL_MS);
  }

  /** @param {string} id */
  remove(id) {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    row.element.remove();
    this.#rows.delete(id);
    this.#near.delete(row);
    this.#named = undefined;
  }

  /**
   * Paints the rows near the view.
   * @param {number} now
   * @param {boolean} ticked time passed; else only those with news
   */
  paint(now, ticked) {
    for (const row of this.#near) {
      const { stale } = row;
      row.stale = false;
      if (stale) fill(row);
      if (stale || ticked) tick(row, now);
    }
  }

  /**
   * Orders the rows and hides what the filter leaves out; moves only what stands wrong.
   * @param {View} view
   * @returns {number} rows shown
   */
  arrange({ text, statuses, site, label, order }) {
    const focused = document.activeElement;
    let at = this.#body.firstElementChild;
    const before = this.#shown.length;
    let moved = false;
    this.#shown = [];
    for (const row of this.#sorted(order)) {
      const { element, entry } = row;
      if (at === element) at = at.nextElementSibling;
      else {
        this.#body.insertBefore(element, at);
        moved = true;
      }
      const { status, labels } = entry.device;
      const fits =
        (statuses.size === 0 || statuses.has(status)) &&
        (site === "" || entry.device.site === site) &&
        (label === "" || labels.includes(label)) &&
        entry.text.includes(text);
      if (element.hidden === fits) {
        element.hidden = !fits;
        moved = true;
      }
      if (fits) this.#shown.push(row);
    }
    // A row that moves loses the focus.
    if (focused instanceof HTMLElement && focused !== document.activeElement) {
      focused.focus({ preventScroll: true });
    }
    const first = this.#shown[0]?.entry.device.id ?? "";
    if (this.#rows.get(this.#current)?.element.hidden !== false) this.#makeCurrent(first);
    // To ask where they stand costs a layout of all.
    if (moved || before !== this.#shown.length) this.#look();
    return this.#shown.length;
  }

  /** @param {string} id @param {boolean} selected */
  select(id, selected) {
    this.#rows.get(id)?.element.classList.toggle("selected", selected);
  }

  /** @param {string} id */
  focus(id) {
    this.#rows.get(id)?.parts.name.focus();
  }

  /** @param {string} order */
  #sorted(order) {
    const first = ORDERS[order] ?? (() => 0);
    // Comparing names as people do costs a microsecond, and they hardly ever change.
    this.#named ??= [...this.#rows.values()].sort(
      ({ entry: { device: a } }, { entry: { device: b } }) =>
        byName(a.name, b.name) || (a.id < b.id ? -1 : 1),
    );
    return [...this.#named].sort((a, b) => first(a.entry.device, b.entry.device));
  }

  /** @param {Entry} entry @returns {Row} */
  #add(entry) {
    const element = copyOf("row");
    element.dataset.id = entry.device.id;
    const found = PARTS.map((part) => [part, element.querySelector(`.${part}`)]);
    const row = { entry, element, parts: Object.fromEntries(found), stale: true };
    put(row.parts.name, entry.device.name);
    this.#rows.set(entry.device.id, row);
    this.#body.append(element);
    return row;
  }

  /** Which rows are near the view now. */
  #look() {
    const height = this.#shown[0]?.element.offsetHeight || 1;
    const top = -this.#body.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor((top - NEAR_PX) / height));
    const near = new Set(
      this.#shown.slice(from, Math.ceil((top + innerHeight + NEAR_PX) / height)),
    );
    for (const row of near) if (!this.#near.has(row)) row.stale = true;
    this.#near = near;
    this.#onNear();
  }

  /** @param {string} id */
  #makeCurrent(id) {
    if (id === this.#current) return;
    this.#rows.get(this.#current)?.parts.name.setAttribute("tabindex", "-1");
    this.#rows.get(id)?.parts.name.setAttribute("tabindex", "0");
    this.#current = id;
  }

  /** @param {KeyboardEvent} event */
  #step(event) {
    const step = STEPS[event.key];
    const shown = this.#body.querySelectorAll("tr:not([hidden])");
    const at = [...shown].findIndex((row) => idOf(row) === idOf(event.target));
    if (step === undefined || at < 0) return;
    event.preventDefault();
    const next = shown[Math.max(0, Math.min(shown.length - 1, at + step))];
    next?.scrollIntoView({ block: "nearest" });
    this.focus(idOf(next));
  }
}

/** The device of the row that something is in. @param {unknown} inside */
function idOf(inside) {
  const row = inside instanceof Element ? inside.closest("tr") : null;
  return row?.dataset.id ?? "";
}

/** What only news change. @param {Row} row */
function fill({ entry: { device }, element, parts }) {
  const { status, battery } = device;
  element.dataset.status = status;
  element.classList.toggle("alerting", device.alert);
  putMark(parts.mark, status);
  put(parts.name, device.name);
  put(parts.site, device.site);
  put(parts.word, status);
  const silent = status === "absent" || status === "late";
  put(parts.why, device.alert ? "alert raised" : silent ? causeWords(device.cause) : "");
  put(parts.kept, shareWords(device.kept));
  parts.kept.classList.toggle("low", device.kept !== null && device.kept < KEPT_LOW);
  put(parts.lost, shareWords(device.lossUp, 1));
  put(parts.battery, batteryWords(device));
  parts.battery.classList.toggle("low", typeof battery === "number" && battery <= BATTERY_LOW);
  put(parts.dbm, signalWords(device));
  const bars = signalBars(device.signal);
  parts.strength.firstElementChild?.setAttribute("d", BARS.slice(bars).join(""));
  parts.strength.lastElementChild?.setAttribute("d", BARS.slice(0, bars).join(""));
  put(parts.waiting, device.waiting === 0 ? "" : `${device.waiting}`);
}

/** What time alone changes. @param {Row} row @param {number} now */
function tick({ entry, parts }, now) {
  const { dueAt, promiseMs } = entry.device;
  put(parts.count, dueWords(entry.device, now));
  const left = dueAt === null || !promiseMs ? 0 : (dueAt - now) / promiseMs;
  parts.line.style.setProperty("--part", Math.max(0, Math.min(1, left)).toFixed(3));
  drawBar(parts.bar, entry, BAR_CELLS, now);
}
