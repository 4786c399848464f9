/**
 * The changes of status as they come, newest first, and the voice that tells them to a screen
 * reader.
 *
 * The list itself is not a live region: a site that falls silent would read out fifty lines. What
 * is spoken is gathered for a moment and shortened instead.
 *
 * @import { Change, Device } from "./live.js"
 * @typedef {{ change: Change, device: Device | undefined, news: boolean }} Waiting
 */

import { byId, copyOf, glow, put, putMark } from "./draw.js";
import { changeWords, clock } from "./words.js";

const LINES_MAX = 200;
const GATHER_MS = 1_200;
const SPOKEN_MAX = 3;
/** More than so many at once are a storm: its last ones are drawn, so often. */
const CROWD = 40;
const CROWD_MS = 500;
/** More lines at once do not glow: a page that flickers tells nothing. */
const GLOWS_MAX = 8;

/**
 * One line of a feed.
 * @param {Change} change
 * @param {Device | undefined} device
 * @param {number} now
 * @param {(id: string) => void} open
 */
export function changeLine(change, device, now, open) {
  const line = copyOf("change");
  const [mark, name, time, what] = /** @type {any} */ (line.children);
  line.dataset.status = change.to;
  putMark(mark, change.to);
  put(name, device?.name ?? change.id);
  name.addEventListener("click", () => open(change.id));
  put(what, `${change.from} → ${change.to}: ${changeWords(change, device)}`);
  put(time, clock(change.at, now));
  time.dateTime = new Date(change.at).toISOString();
  return line;
}

export class Feed {
  #open;
  #list = byId("feed");
  /** Changes that are not drawn yet, with what stood there when they came. @type {Waiting[]} */
  #waiting = [];
  /** What is to be spoken, and how much more there is. @type {string[]} */
  #unspoken = [];
  #more = 0;
  #paintAt = 0;

  /** @param {(id: string) => void} open a name was chosen */
  constructor(open) {
    this.#open = open;
  }

  /**
   * @param {Change} change
   * @param {Device | undefined} device
   * @param {boolean} news worth saying aloud
   */
  add(change, device, news) {
    this.#waiting.push({ change, device, news });
    if (this.#waiting.length > 2 * LINES_MAX) this.#waiting = this.#waiting.slice(-LINES_MAX);
    if (!news) return;
    if (this.#unspoken.length === 0) setTimeout(() => this.#speak(), GATHER_MS);
    if (this.#unspoken.length === SPOKEN_MAX) this.#more++;
    else
      this.#unspoken.push(`${nameOf(change, device)} ${change.to}, ${changeWords(change, device)}`);
  }

  /** Once a frame. @param {number} now */
  paint(now) {
    const crowd = this.#waiting.length > CROWD;
    const at = performance.now();
    if (this.#waiting.length === 0 || (crowd && at < this.#paintAt)) return;
    this.#paintAt = at + CROWD_MS;
    // In a storm nobody reads them all.
    const waiting = this.#waiting.slice(-(crowd ? CROWD : LINES_MAX));
    this.#waiting = [];
    const glows = waiting.length <= GLOWS_MAX;
    const lines = waiting.map(({ change, device, news }) => {
      const line = changeLine(change, device, now, this.#open);
      if (news && glows) glow(line);
      return line;
    });
    this.#list.prepend(...lines.reverse());
    while (this.#list.childElementCount > LINES_MAX) this.#list.lastElementChild.remove();
    byId("feed-nothing").hidden = true;
    const { change, device } = /** @type {Waiting} */ (waiting.at(-1));
    put(byId("latest"), `${nameOf(change, device)} ${change.to}`);
  }

  #speak() {
    const more = this.#more > 0 ? `; and ${this.#more} more changes` : "";
    put(byId("announce"), `${this.#unspoken.join("; ")}${more}`);
    this.#unspoken = [];
    this.#more = 0;
  }
}

/** @param {Change} change @param {Device | undefined} device */
function nameOf(change, device) {
  return device?.name ?? change.id;
}
