/**
 * Whom nobody is told of: the device in the panel, muted or under maintenance, until when, and how
 * to end that. Maintenance counts as no downtime; a mute only spares the reader.
 *
 * @import { Quiet } from "./affairs.js"
 */

import { quietWords } from "./affairs.js";
import { ask, attempt } from "./api.js";
import { byId, put } from "./draw.js";

export class Hush {
  #id = "";
  /** @type {Quiet | undefined} */
  #quiet;
  #said = byId("d-quiet-said");

  constructor() {
    for (const kind of ["mute", "maintenance"]) {
      byId(`d-${kind}`).addEventListener("click", () =>
        this.#change("PUT", { kind, for: byId("d-quiet-for").value }),
      );
    }
    byId("d-unmute").addEventListener("click", () => this.#change("DELETE"));
  }

  /** @param {string} id */
  show(id) {
    this.#id = id;
    this.#quiet = undefined;
    put(this.#said, "");
    this.#read().catch(() => {});
  }

  /** @param {number} now */
  paint(now) {
    const until = this.#quiet?.untilAt;
    if (until && Date.parse(until) <= now) this.#quiet = undefined;
    put(byId("d-quiet"), quietWords(this.#quiet, now));
    byId("d-unmute").hidden = this.#quiet === undefined;
    byId("d-hush").hidden = this.#quiet !== undefined;
  }

  /** @param {"PUT" | "DELETE"} method @param {object} [body] */
  #change(method, body) {
    attempt(this.#said, async () => {
      await ask(method, `quiet/devices/${this.#id}`, body);
      await this.#read();
    });
  }

  async #read() {
    const id = this.#id;
    const { items } = await ask("GET", "quiet");
    if (id !== this.#id) return;
    this.#quiet = items.find((/** @type {Quiet} */ { target }) => target === `device:${id}`);
  }
}
