/**
 * What belongs together: open incidents, one line each, with the word of whoever looks after it.
 * "3 silent, 1 cause" is what tells a storm from three broken boards.
 *
 * @import { Incident } from "./affairs.js"
 */

import { scopeWords } from "./affairs.js";
import { ask, attempt } from "./api.js";
import { byId, put } from "./draw.js";
import { causeWords, span } from "./words.js";

const AGAIN_MS = 30_000;
/** A change and the incident that it makes are told within so many ms. */
const SOON_MS = 300;

export class Incidents {
  #list = byId("incident-list");
  #said = byId("incident-said");
  #nameOf;
  #changed;
  /** @type {Incident[]} */
  #open = [];
  #askedAt = Number.NEGATIVE_INFINITY;
  #timer = 0;

  /** @param {(id: string) => string} nameOf @param {() => void} changed there are others now */
  constructor(nameOf, changed) {
    this.#nameOf = nameOf;
    this.#changed = changed;
  }

  get count() {
    return this.#open.length;
  }

  /** A device became absent or came back. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read().catch(() => {}), SOON_MS);
  }

  /** Once a second. @param {number} now */
  tick(now) {
    if (performance.now() - this.#askedAt > AGAIN_MS) this.#read().catch(() => {});
    byId("incidents").hidden = this.#open.length === 0;
    put(byId("incident-latest"), this.#open.length.toLocaleString());
    while (this.#list.childElementCount > this.#open.length) this.#list.lastElementChild.remove();
    this.#open.forEach((incident, at) => {
      const line = this.#list.children[at] ?? this.#add();
      const [who, why, button] = line.children;
      const about = scopeWords(incident, this.#nameOf);
      put(who, about);
      const back = incident.joined - incident.away;
      const all = incident.away === 0;
      const some = all ? "; all are back, and watched" : back > 0 ? `, ${back} back` : "";
      const since = span(now - Date.parse(incident.openedAt));
      put(why, `${causeWords(incident.cause)}, for ${since}${some}`);
      put(button, incident.ackedAt === null ? "I'll see to it" : "somebody sees to it");
      button.ariaLabel = `${button.textContent}: ${about}`;
      button.disabled = incident.ackedAt !== null;
      button.dataset.n = `${incident.n}`;
    });
  }

  #add() {
    const line = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () =>
      attempt(this.#said, async () => {
        await ask("POST", `incidents/${button.dataset.n}/ack`);
        await this.#read();
      }),
    );
    line.append(document.createElement("b"), document.createElement("span"), button);
    this.#list.append(line);
    return line;
  }

  async #read() {
    this.#askedAt = performance.now();
    const { items } = await ask("GET", "incidents?open=true&limit=100");
    this.#open = items.reverse();
    this.#changed();
  }
}
