/**
 * A new device, from its name to the command that flashes its board. The key is not shown: the
 * command fetches it from the gateway over this machine, and a key on a screen is a key in a photo.
 */

import { flashCommand } from "./affairs.js";
import { ask, attempt } from "./api.js";
import { byId, put } from "./draw.js";

/** What a board is flashed with, by what a person knows of it. */
const SUITES = { esp32: 1, esp8266: 2, "espruino-wifi": 1, linux: 1 };

export class Enrol {
  #dialog = byId("enrol");
  #place;

  /** @param {() => { host: string, port: number }} place where boards find the gateway */
  constructor(place) {
    this.#place = place;
    for (const id of ["enrol-open", "welcome-add"])
      byId(id).addEventListener("click", () => this.#open());
    byId("enrol-close").addEventListener("click", () => this.#dialog.close());
    byId("enrol-form").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      attempt(byId("enrol-said"), () => this.#add());
    });
    byId("enrol-copy").addEventListener("click", () => {
      const words = byId("enrol-command").textContent;
      attempt(byId("enrol-said"), async () => {
        // Only a page of this machine, or one over TLS, may write there; else it is selected.
        getSelection()?.selectAllChildren(byId("enrol-command"));
        if (navigator.clipboard) await navigator.clipboard.writeText(words);
        put(byId("enrol-said"), navigator.clipboard ? "Copied." : "Selected: copy it with Ctrl+C.");
      });
    });
  }

  #open() {
    byId("enrol-form").reset();
    byId("enrol-form").hidden = false;
    byId("enrol-done").hidden = true;
    put(byId("enrol-said"), "");
    this.#dialog.showModal();
    byId("enrol-name").focus();
  }

  async #add() {
    const of = (/** @type {string} */ field) => byId(`enrol-${field}`).value.trim();
    const [name, board] = [of("name"), of("board")];
    const suite = SUITES[/** @type {keyof typeof SUITES} */ (board)];
    const { id } = await ask("POST", "devices", { name, site: of("site"), suite });
    const { host, port } = this.#place();
    const wish = { name, board, reach: of("reach"), interval: of("interval"), ssid: of("ssid") };
    put(byId("enrol-id"), `${name} is enrolled as ${id}.`);
    put(byId("enrol-command"), flashCommand(wish, host, port));
    byId("enrol-form").hidden = true;
    byId("enrol-done").hidden = false;
    byId("enrol-copy").focus();
  }
}
