/**
 * The top of the page: one sentence about the fleet, the counts that are also the filter by status,
 * and how the gateway itself does. A sentence stands first, since "11 of 12 keep their promise" is
 * what a person came to read; a row of coloured numbers alone lost, as it leaves the arithmetic to
 * the reader.
 *
 * @import { Device, GatewayFacts, Link, Status } from "./live.js"
 */

import { causesSentence } from "./affairs.js";
import { byId, put, putMark, SVG } from "./draw.js";
import {
  attentionSentence,
  clock,
  fleetSentence,
  STATUSES,
  span,
  statusGloss,
  untilWords,
} from "./words.js";

/** Polls over which acknowledgements are averaged. */
const ACK_POLLS = 5;

export class Strip {
  /** @type {{ status: Status, button: HTMLElement, number: HTMLElement }[]} */
  #counts;
  /** @type {Link | undefined} */
  #link;
  /** @type {GatewayFacts | undefined} */
  #facts;
  /** @type {{ acks: number, at: number }[]} */
  #acks = [];
  /** Why the gateway cannot hear now. @type {Set<string>} */
  #deaf = new Set();

  /** @param {Set<Status>} chosen kept current @param {() => void} changed it was */
  constructor(chosen, changed) {
    this.#counts = STATUSES.map((status) => addCount(byId("counts"), status));
    for (const { status, button } of this.#counts) {
      button.ariaPressed = `${chosen.has(status)}`;
      button.addEventListener("click", () => {
        if (!chosen.delete(status)) chosen.add(status);
        button.ariaPressed = `${chosen.has(status)}`;
        changed();
      });
    }
  }

  /** @param {GatewayFacts} facts */
  learn(facts) {
    this.#facts = facts;
    this.#deaf = new Set(facts.deaf.filter(({ to }) => to === null).map(({ why }) => why));
    const { acks } = facts.counters;
    if (acks < (this.#acks.at(-1)?.acks ?? 0)) this.#acks = [];
    this.#acks = [...this.#acks, { acks, at: performance.now() }].slice(-ACK_POLLS);
  }

  /** @param {Link} link */
  turn(link) {
    this.#link = link;
    byId("broken").hidden = link.kind === "live";
    byId("g-health").dataset.link = link.kind;
  }

  /** Deafness began or ended. @param {{ why: string, to: string | null }} deaf */
  hear({ why, to }) {
    if (to === null) this.#deaf.add(why);
    else this.#deaf.delete(why);
  }

  /** @param {Device[]} devices all @param {number} causes open incidents */
  paint(devices, causes) {
    /** @type {Record<Status, number>} */
    const counts = { absent: 0, late: 0, present: 0, left: 0, unknown: 0 };
    for (const device of devices) counts[device.status]++;
    for (const { status, button, number } of this.#counts) {
      put(number, counts[status].toLocaleString());
      button.classList.toggle("zero", counts[status] === 0);
    }
    put(byId("verdict"), fleetSentence(counts));
    const together = causesSentence(counts.absent, causes);
    put(byId("attention"), `${attentionSentence(devices)} ${together}`.trim());
    document.title = counts.absent === 0 ? "nextbeat" : `${counts.absent} absent · nextbeat`;
  }

  /** Once a second. @param {number} now */
  tick(now) {
    const lost = this.#link?.kind === "lost";
    const health = lost ? "no contact" : this.#link === undefined ? "connecting" : "listening";
    put(byId("g-health"), health);
    if (this.#facts !== undefined) {
      const { startedAt, clockTrusted, hints } = this.#facts;
      put(byId("g-up"), span(now - Date.parse(startedAt)));
      put(byId("g-acks"), lost ? "–" : this.#ackWords());
      put(byId("g-clock"), clockTrusted ? clock(now, now) : "not trusted");
      put(byId("g-refused"), hints.length.toLocaleString());
      byId("g-refused").parentElement.hidden = hints.length === 0;
    }
    const deaf = this.#link?.kind === "lost" ? "" : [...this.#deaf].join(", ");
    put(byId("g-deaf"), deaf);
    byId("g-deaf").parentElement.hidden = deaf === "";
    if (this.#link?.kind === "lost") this.#complain(this.#link, now);
  }

  #ackWords() {
    const first = this.#acks[0];
    const last = this.#acks.at(-1);
    if (!first || !last || last === first) return "–";
    const rate = ((last.acks - first.acks) / (last.at - first.at)) * 1000;
    return `${rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString()} a second`;
  }

  /** @param {Extract<Link, { kind: "lost" }>} link @param {number} now */
  #complain({ why, retryAt }, now) {
    const reason = why === "" ? "" : `${why.charAt(0).toUpperCase()}${why.slice(1)}. `;
    const from = this.#facts === undefined ? "" : `What you see is from ${clock(now, now)}.`;
    put(byId("broken-why"), `${reason}${from}`);
    const wait = retryAt - performance.now();
    put(byId("broken-when"), `Trying again ${wait > 0 ? `in ${untilWords(wait)}` : "now"}.`);
  }
}

/** @param {HTMLElement} group @param {Status} status */
function addCount(group, status) {
  const button = document.createElement("button");
  const mark = document.createElementNS(SVG, "svg");
  mark.setAttribute("class", "mark");
  mark.ariaHidden = "true";
  mark.append(document.createElementNS(SVG, "use"));
  putMark(mark, status);
  const number = document.createElement("b");
  const word = document.createElement("span");
  put(word, status);
  button.type = "button";
  button.title = statusGloss(status);
  button.dataset.status = status;
  button.append(mark, number, word);
  group.append(button);
  return { status, button, number };
}
