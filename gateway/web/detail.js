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
import { Orders } from "./orders.js";
import { Past } from "./past.js";
import { Hush } from "./quiet.js";
import {
  batteryWords,
  causeWords,
  clock,
  deviceSentence,
  reachWords,
  roughly,
  shareWords,
  signalWords,
  span,
  suiteWords,
  untilWords,
} from "./words.js";

const BAR_CELLS = 52;
const LINES_MAX = 20;

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
  ["Loss up, down", (d) => `${shareWords(d.lossUp, 1)}, ${shareWords(d.lossDown, 1)}`],
  ["Promises kept", (d) => shareWords(d.kept, 1)],
  ["Transport", (d) => (d.transport ?? "–").toUpperCase()],
  ["Address", (d) => d.address ?? "–"],
  ["Site", (d) => d.site || "–"],
  ["Labels", (d) => (d.labels.length === 0 ? "–" : d.labels.join(", "))],
  [
    "Last said",
    (d, now) =>
      d.payloadAt === null
        ? "–"
        : `${d.payload ?? `0x${d.payloadHex}`}, ${clock(d.payloadAt, now)}`,
  ],
  ["Commands waiting", (d) => `${d.waiting}`],
  ["Changes so far", (d) => `${d.tseq}`],
  ["Beat", (d) => (d.seenAt === null ? "–" : `${d.seq} of epoch ${d.epoch}`)],
  [
    "Clashes",
    (d, now) =>
      d.clashAt === null
        ? "none"
        : `${d.clashes}, last ${clock(d.clashAt, now)}: another board, or an old image`,
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
  #orders = new Orders();
  #hush = new Hush();
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
    const uptime = /** @type {HTMLElement} */ (this.#values[PAST]);
    this.#past = new Past(uptime, (changes, now) => this.#list(changes, now));
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
   * @param {number} now
   */
  show(entry, now) {
    if (this.#entry !== undefined) this.#turned(this.shown, false);
    this.#entry = entry;
    this.#lines.replaceChildren();
    byId("d-nothing").hidden = false;
    this.#orders.show(entry.device);
    this.#hush.show(entry.device.id);
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

  /** Its changes, newest last. @param {readonly Change[]} changes @param {number} now */
  #list(changes, now) {
    const newest = changes.slice(-LINES_MAX).reverse();
    const line = (/** @type {Change} */ change) =>
      changeLine(change, this.#entry?.device, now, this.#open);
    this.#lines.replaceChildren(...newest.map(line));
    byId("d-nothing").hidden = newest.length > 0;
  }

  /** The stream told of a command. @param {any} command */
  learn(command) {
    this.#orders.learn(command);
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
    this.#orders.paint(now);
    this.#hush.paint(now);
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
