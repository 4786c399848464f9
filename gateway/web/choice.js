/**
 * A filter by one of the words that devices have: their sites, or their labels. It is not there
 * while there is nothing to choose.
 */

import { byId, put } from "./draw.js";
import { byName } from "./words.js";

export class Choice {
  #select;
  /** @type {Set<string>} */
  #words = new Set();
  #stale = false;

  /** @param {string} id of the select @param {() => void} chosen another one was */
  constructor(id, chosen) {
    this.#select = byId(id);
    this.#select.addEventListener("change", chosen);
  }

  get value() {
    return this.#select.value;
  }

  /** Some device has this word. @param {string} word */
  add(word) {
    if (word === "" || this.#words.has(word)) return;
    this.#words.add(word);
    this.#stale = true;
  }

  /** @param {string} value the one that is chosen; "": all */
  paint(value) {
    if (!this.#stale) return;
    this.#stale = false;
    const [all] = this.#select.options;
    const options = [...this.#words].sort(byName).map((word) => {
      const option = document.createElement("option");
      option.value = word;
      put(option, word);
      return option;
    });
    this.#select.replaceChildren(all, ...options);
    this.#select.value = this.#words.has(value) ? value : "";
    this.#select.parentElement.hidden = this.#words.size === 0;
  }
}
