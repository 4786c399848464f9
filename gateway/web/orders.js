/**
 * The commands of the device in the panel: what waits, when it will probably be heard, what came of
 * it; and the box to send one. Read when the panel opens and whenever the stream tells of one.
 *
 * @import { Command } from "./affairs.js"
 * @import { Device } from "./live.js"
 */

import { stateWords } from "./affairs.js";
import { ask, attempt } from "./api.js";
import { byId, put } from "./draw.js";

const SHOWN_MAX = 8;

export class Orders {
  #list = byId("d-orders");
  #said = byId("d-order-said");
  /** @type {Device | undefined} */
  #device;
  /** @type {Command[]} */
  #commands = [];

  constructor() {
    const [form, text] = [byId("d-order"), byId("d-order-text")];
    form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      const { id } = this.#device ?? {};
      if (id === undefined) return;
      const ttl = byId("d-order-ttl").value;
      attempt(this.#said, async () => {
        await ask("POST", `devices/${id}/commands`, { payload: text.value, ttl });
        text.value = "";
        await this.#read(id);
      });
    });
  }

  /** Another device, or its suite has none. @param {Device} device */
  show(device) {
    this.#device = device;
    this.#commands = [];
    this.#list.replaceChildren();
    put(this.#said, "");
    byId("d-orders-all").hidden = device.suite === 0;
    if (device.suite !== 0) this.#read(device.id).catch(() => {});
  }

  /** The stream told of a command. @param {Command & { id: string }} command */
  learn(command) {
    if (command.id !== this.#device?.id) return;
    this.#commands = [...this.#commands.filter(({ n }) => n !== command.n), command];
  }

  /** @param {number} now */
  paint(now) {
    const shown = this.#commands.toSorted((a, b) => b.n - a.n).slice(0, SHOWN_MAX);
    while (this.#list.childElementCount > shown.length) this.#list.lastElementChild.remove();
    shown.forEach((command, at) => {
      const line = this.#list.children[at] ?? this.#add();
      const [name, words, button] = line.children;
      put(name, command.payload ?? `0x${command.payloadHex}`);
      put(words, stateWords(command, now));
      line.dataset.state = command.state;
      button.hidden = command.state !== "queued";
      button.dataset.n = `${command.n}`;
    });
  }

  #add() {
    const line = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    put(button, "Take back");
    button.addEventListener("click", () => {
      const { id } = this.#device ?? {};
      const { n } = button.dataset;
      attempt(this.#said, async () => {
        await ask("DELETE", `devices/${id}/commands/${n}`);
        if (id !== undefined) await this.#read(id);
      });
    });
    line.append(document.createElement("code"), document.createElement("span"), button);
    this.#list.append(line);
    return line;
  }

  /** @param {string} id */
  async #read(id) {
    const { items } = await ask("GET", `devices/${id}/commands`);
    if (id === this.#device?.id) this.#commands = items;
  }
}
