/**
 * All that is known about one device. Beside the list where there is room, so that the list can be
 * walked while it is open; above everything on a small screen, where it then is a modal dialog with
 * the focus rules of one.
 *
 * @import { Entry } from "./draw.js"
 * @import { Change, Device } from "./live.js"
 */

import { byId, drawBar, put, putMark, roomy } from "./draw.js";
import { changeLine } from "./feed.js";
import { Past } from "./past.js";
import {
  batteryWords,
  causeWords,
  clock,
  deviceSentence,
  reachWords,
  roughly,
  signalWords,
  span,
  suiteWords,
  untilWords,
} from "./words.js";

const BAR_CELLS = 52;
const LINES_MAX = 20;

/** @param {number | null} loss a part of 1 */
const loss = (loss) => (loss === null ? "–" : `${(loss * 100).toFixed(1)}\u00a0%`);

/** @type {[string, (device: Device, now: number) => string][]} */
const FACTS = [
  ["Status", (d) => (d.cause === null ? d.status : `${d.status}, ${causeWords(d.cause)}`)],
  [
    "Last heard",
    (d, now) =>
      d.seenAt === null ? "never" : `${clock(d.seenAt, now)}, ${span(now - d.seenAt)} ago`,
  ],
  ["Next due", (d, now) => moment(d.status === "left" ? null : d.dueAt, now)],
  ["Deadline", (d, now) => moment(d.status === "left" ? null : d.deadlineAt, now)],
  [
    "If it died now",
    (d, now) => (d.absentAt === null ? "–" : `you would know in ${untilWords(d.absentAt - now)}`),
  ],
  ["Up, last 24 h", () => ""],
  [
    "Promise",
    (d) =>
      d.promiseMs ? `${roughly(d.promiseMs)}${d.promiseLong ? ", unusually long" : ""}` : "none",
  ],
  ["Reach", (d) => reachWords(d.reach)],
  ["Battery", (d) => batteryWords(d)],
  ["Signal", (d) => signalWords(d)],
  ["Alert", (d) => (d.alert ? "raised by its program" : "none")],
  ["Loss up, down", (d) => `${loss(d.lossUp)}, ${loss(d.lossDown)}`],
  ["Transport", (d) => (d.transport ?? "–").toUpperCase()],
  ["Address", (d) => d.address ?? "–"],
  ["Site", (d) => d.site || "–"],
  ["Labels", (d) => (d.labels.length === 0 ? "–" : d.labels.join(", "))],
  ["Commands waiting", (d) => `${d.waiting}`],
  ["Changes so far", (d) => `${d.tseq}`],
  ["Beat", (d) => (d.seenAt === null ? "–" : `${d.seq} of epoch ${d.epoch}`)],
  [
    "Clashes",
    (d, now) =>
      d.clashAt === null ? "none" : `${d.clashes}, last ${clock(d.clashAt, now)}: another board`,
  ],
  ["Enrolled", (d) => (d.open ? "no, taken in at its own word" : "yes")],
  ["Suite", (d) => suiteWords(d.suite)],
  ["Id", (d) => d.id],
];

/** The one that past.js tells. */
const PAST = FACTS.findIndex(([label]) => label === "Up, last 24 h");

/** @param {number | null} at @param {number} now */
function moment(at, now) {
  if (at === null) return "–";
  const words = at > now ? `in ${untilWords(at - now)}` : `${span(now - at)} ago`;
  return `${clock(at, now)}, ${words}`;
}

export class Detail {
  #turned;
  #open;
  /** @type {HTMLDialogElement} */
  #dialog = byId("detail");
  #lines = byId("d-changes");
  #values;
  #past;
  /** @type {Entry | undefined} */
  #entry;

  /**
   * @param {(id: string, shown: boolean) => void} turned it opens or closes for a device
   * @param {(id: string) => void} open a name in it was chosen
   */
  constructor(turned, open) {
    this.#turned = turned;
    this.#open = open;
    this.#values = FACTS.map(([label]) => addFact(byId("d-facts"), label));
    this.#past = new Past(/** @type {HTMLElement} */ (this.#values[PAST]));
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    this.#dialog.addEventListener("click", (event) => {
      const backdrop = event.target === this.#dialog && this.#dialog.matches(":modal");
      if (backdrop) this.close();
    });
    byId("d-close").addEventListener("click", () => this.close());
    roomy.addEventListener("change", () => this.#entry && this.#place());
  }

  /** The id of the device shown, or "". */
  get shown() {
    return this.#entry?.device.id ?? "";
  }

  /**
   * @param {Entry} entry
   * @param {readonly Change[]} changes of all devices, newest last
   * @param {number} now
   */
  show(entry, changes, now) {
    if (this.#entry !== undefined) this.#turned(this.shown, false);
    this.#entry = entry;
    const its = changes.filter((change) => change.id === this.shown).slice(-LINES_MAX);
    this.#lines.replaceChildren();
    byId("d-nothing").hidden = false;
    for (const change of its) this.add(change, now);
    this.paint(now);
    this.#turned(this.shown, true);
    if (!this.#dialog.open) this.#place();
    this.#dialog.scrollTop = 0;
    byId("d-name").focus({ preventScroll: roomy.matches });
  }

  close() {
    const id = this.shown;
    if (id === "") return;
    this.#entry = undefined;
    this.#dialog.close();
    this.#turned(id, false);
  }

  /** @param {Change} change @param {number} now */
  add(change, now) {
    if (this.shown !== change.id) return;
    this.#lines.prepend(changeLine(change, this.#entry?.device, now, this.#open));
    while (this.#lines.childElementCount > LINES_MAX) this.#lines.lastElementChild.remove();
    byId("d-nothing").hidden = true;
  }

  /** @param {number} now */
  paint(now) {
    if (this.#entry === undefined) return;
    const { device } = this.#entry;
    this.#dialog.dataset.status = device.status;
    putMark(byId("d-mark"), device.status);
    put(byId("d-name"), device.name);
    put(byId("d-sentence"), deviceSentence(device, now));
    drawBar(byId("d-bar"), this.#entry, BAR_CELLS, now);
    this.#past.show(device);
    FACTS.forEach(([, words], i) => {
      const value = this.#values[i];
      if (value && i !== PAST) put(value, words(device, now));
    });
  }

  /** Beside the list, or above everything. */
  #place() {
    this.#dialog.close();
    if (roomy.matches) this.#dialog.show();
    else this.#dialog.showModal();
  }
}

/** @param {HTMLElement} list @param {string} label */
function addFact(list, label) {
  const pair = document.createElement("div");
  const term = document.createElement("dt");
  const value = document.createElement("dd");
  put(term, label);
  pair.append(term, value);
  list.append(pair);
  return value;
}
