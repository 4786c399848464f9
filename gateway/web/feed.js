/**
 * The changes of status as they come, newest first, and the voice that tells them to a screen
 * reader.
 *
 * The list itself is not a live region: a site that falls silent would read out fifty lines. What
 * is spoken is gathered for a moment and shortened instead.
 *
 * @import { Change, Device } from "./live.js"
 */

import { byId, copyOf, glow, put, putMark } from "./draw.js";
import { changeWords, clock } from "./words.js";

const LINES_MAX = 200;
const GATHER_MS = 1_200;
const SPOKEN_MAX = 3;

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
  /** @type {string[]} */
  #unspoken = [];

  /** @param {(id: string) => void} open a name was chosen */
  constructor(open) {
    this.#open = open;
  }

  /**
   * @param {Change} change
   * @param {Device | undefined} device
   * @param {number} now
   * @param {boolean} news worth saying aloud
   */
  add(change, device, now, news) {
    const line = changeLine(change, device, now, this.#open);
    this.#list.prepend(line);
    while (this.#list.childElementCount > LINES_MAX) this.#list.lastElementChild.remove();
    byId("feed-nothing").hidden = true;
    const words = `${device?.name ?? change.id} ${change.to}`;
    put(byId("latest"), words);
    if (!news) return;
    glow(line);
    if (this.#unspoken.length === 0) setTimeout(() => this.#speak(), GATHER_MS);
    this.#unspoken.push(`${words}, ${changeWords(change, device)}`);
  }

  #speak() {
    const rest = this.#unspoken.length - SPOKEN_MAX;
    const more = rest > 0 ? `; and ${rest} more changes` : "";
    put(byId("announce"), `${this.#unspoken.slice(0, SPOKEN_MAX).join("; ")}${more}`);
    this.#unspoken = [];
  }
}
