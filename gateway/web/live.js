/**
 * The page's line to its gateway: the fleet as it is, every change as it comes, the gateway's
 * clock, and the truth about whether any of that is current.
 *
 * One stream brings changes and beats. It begins a little in the past, and after a break where the
 * last one ended, by cursor: nothing is missed, nothing comes twice. The fleet is read once the
 * stream stands, so nothing falls between. Leaving the retries to EventSource lost: it gives up for
 * ever at the first answer that is not 200, never says when it tries again, and cannot tell a
 * silent stream from a dead one.
 *
 * @typedef {"unknown" | "present" | "late" | "absent" | "left"} Status
 * @typedef {object} Device Instants are ms since 1970 on the gateway's clock, durations ms; null =
 *   unknown.
 * @property {string} id six hex digits
 * @property {string} name
 * @property {string} site
 * @property {string[]} labels
 * @property {number} suite
 * @property {Status} status
 * @property {string | null} cause
 * @property {number} tseq
 * @property {number | null} seenAt
 * @property {number | null} dueAt
 * @property {number | null} deadlineAt
 * @property {number | null} absentAt when it is called absent if nothing is heard
 * @property {number | null} promiseMs
 * @property {number | null} reach
 * @property {string | null} transport
 * @property {string | null} address
 * @property {number} epoch
 * @property {number} seq
 * @property {number | "external" | null} battery per cent
 * @property {number | null} signal dBm
 * @property {boolean} alert
 * @property {number | null} kept share of promises
 * @property {number | null} lossUp
 * @property {number | null} lossDown
 * @property {string} recent its last beats, newest last: "1" heard, "0" not
 * @property {string | null} payload what its program said last, where it is text
 * @property {string | null} payloadHex
 * @property {number | null} payloadAt
 * @property {number} waiting commands
 * @property {number} clashes beats of another board with this identity
 * @property {number | null} clashAt
 * @property {boolean} promiseLong longer than the gateway thinks wise
 * @property {boolean} open taken in at its own word
 * @typedef {{ cursor: number, id: string, tseq: number, at: number, from: Status, to: Status,
 *   cause: string, incident: number | null }} Change
 * @typedef {object} GatewayFacts what this page reads of `GET /api/v1/gateway`
 * @property {string} now
 * @property {string} startedAt
 * @property {boolean} clockTrusted
 * @property {number} cursor of the last change
 * @property {Record<Status, number>} devices
 * @property {{ acks: number }} counters
 * @property {unknown[]} hints senders that were refused lately
 * @property {{ why: string, from: string, to: string | null }[]} deaf newest last; `to` null: now
 * @property {{ port: number } | null} udp where it hears beats
 * @property {string[]} boardsAt HOST:PORT, where boards find the gateway
 * @property {string} version
 * @typedef {{ kind: "live" } | { kind: "lost", retryAt: number, why: string }} Link `retryAt` by
 *   performance.now()
 * @typedef {object} Listener what is told
 * @property {(devices: Device[]) => void} devices new, or with new facts
 * @property {(ids: Set<string>) => void} whole these devices and no others exist
 * @property {(change: Change, news: boolean) => void} change in order, none twice; `news`: it
 *   happened under our eyes
 * @property {(facts: GatewayFacts) => void} gateway
 * @property {(link: Link) => void} link
 * @property {(command: any) => void} command one of a device changed
 * @property {(deaf: { why: string, from: string, to: string | null }) => void} deaf
 */

const POLL_MS = 4_000;
/**
 * The fleet is read again so often, in case that something changed of which the stream does not
 * tell.
 */
const REREAD_MS = 60_000;
const ANSWER_MAX_MS = 10_000;
const PAGE = 500;
/** Changes from before the page was opened. */
const PAST_MAX = 60;
/** Changes are read for so long at a time. */
const READ_MS = 12;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 15_000;
const SAMPLES = 8;

/** A failure in words for people. */
class LineError extends Error {}

/** @param {string} path */
function urlOf(path) {
  return new URL(`api/v1/${path}`, document.baseURI);
}

/** @param {string} path @param {AbortSignal} signal */
async function get(path, signal) {
  const response = await fetch(urlOf(path), {
    headers: { accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MAX_MS)]),
  });
  // The login has ended: the page itself then answers with its form.
  if (response.status === 401) location.reload();
  if (!response.ok) throw new LineError(`the gateway answered ${response.status}`);
  return response.json();
}

/** @param {string | null} instant ISO 8601 */
function ms(instant) {
  return instant === null ? null : Date.parse(instant);
}

/** @param {any} raw @returns {Device} */
function readDevice(raw) {
  return {
    ...raw,
    seenAt: ms(raw.seenAt),
    dueAt: ms(raw.dueAt),
    deadlineAt: ms(raw.deadlineAt),
    absentAt: ms(raw.absentAt),
    clashAt: ms(raw.clashAt),
    payloadAt: ms(raw.payloadAt),
  };
}

/**
 * The gateway's clock as this page knows it. Kept against performance.now(), so that a step of the
 * reader's own clock moves nothing; of the last samples that with the shortest way wins, since it
 * is wrong by at most half of it.
 */
class Clock {
  #offset = Date.now() - performance.now();
  /** @type {{ offset: number, trip: number }[]} */
  #samples = [];

  now() {
    return performance.now() + this.#offset;
  }

  /** @param {number} now @param {number} asked by performance.now() */
  learn(now, asked) {
    const answered = performance.now();
    const sample = { offset: now - (asked + answered) / 2, trip: answered - asked };
    this.#samples = [...this.#samples, sample].slice(-SAMPLES);
    this.#offset = this.#samples.reduce((a, b) => (b.trip < a.trip ? b : a)).offset;
  }

  /** It may have stepped. */
  forget() {
    this.#samples = [];
  }
}

/** Follows the gateway for as long as the page lives. */
export class Line {
  #listener;
  #clock = new Clock();
  /** Aborts all that one attempt still has under way, from its first question to its loss. */
  #attempt = new AbortController();
  #retryMs = RETRY_MIN_MS;
  #retryTimer = 0;
  /** Of the last change that came; -1 = none asked for yet. */
  #cursor = -1;
  /** Changes up to this cursor are history, not news. */
  #past = 0;
  /** Changes that wait until the devices they name are known. @type {Change[] | undefined} */
  #held;
  /** Changes as they came, not read yet. @type {string[]} */
  #unread = [];
  /** Devices at the last reading, and when that was. */
  #count = -1;
  #readAt = 0;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** The gateway's clock, in ms since 1970. */
  now() {
    return this.#clock.now();
  }

  /** Begins a new attempt, in the place of one that may be under way. */
  start() {
    clearTimeout(this.#retryTimer);
    this.#attempt.abort();
    this.#attempt = new AbortController();
    this.#unread = [];
    const { signal } = this.#attempt;
    this.#run(signal).catch((error) => signal.aborted || this.#lose(error));
  }

  /** @param {unknown} error */
  #lose(error) {
    this.#attempt.abort();
    this.#clock.forget();
    const wait = this.#retryMs * (1 + Math.random() / 4);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
    const why = error instanceof LineError ? error.message : "";
    this.#listener.link({ kind: "lost", retryAt: performance.now() + wait, why });
    this.#retryTimer = setTimeout(() => this.start(), wait);
  }

  /** One attempt: ends only by an error. @param {AbortSignal} signal */
  async #run(signal) {
    const { cursor } = await this.#readGateway(signal);
    this.#past = this.#cursor < 0 ? cursor : 0;
    // A cursor below ours: the gateway began anew.
    if (this.#cursor < 0 || cursor < this.#cursor) this.#cursor = Math.max(0, cursor - PAST_MAX);
    this.#held = [];
    await this.#openStream(signal);
    await this.#readDevices(signal);
    this.#release();
    this.#retryMs = RETRY_MIN_MS;
    this.#listener.link({ kind: "live" });
    for (let behind = -1; ; ) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const facts = await this.#readGateway(signal);
      const stuck = facts.cursor > this.#cursor && behind === this.#cursor;
      if (stuck) throw new LineError("the stream fell silent");
      behind = facts.cursor > this.#cursor ? this.#cursor : -1;
      const count = Object.values(facts.devices).reduce((sum, n) => sum + n, 0);
      const old = performance.now() - this.#readAt > REREAD_MS;
      if (old || count !== this.#count) await this.#readDevices(signal);
    }
  }

  /** @param {AbortSignal} signal @returns {Promise<GatewayFacts>} */
  async #readGateway(signal) {
    const asked = performance.now();
    const facts = await get("gateway", signal);
    this.#clock.learn(Date.parse(facts.now), asked);
    this.#listener.gateway(facts);
    return facts;
  }

  /** @param {AbortSignal} signal */
  async #readDevices(signal) {
    /** @type {Set<string>} */
    const ids = new Set();
    for (let after = ""; ; ) {
      const page = await get(`devices?limit=${PAGE}${after}`, signal);
      const items = page.items.map(readDevice);
      for (const { id } of items) ids.add(id);
      // Page by page, so that thousands of new rows are not one long task.
      this.#listener.devices(items);
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    this.#count = ids.size;
    this.#readAt = performance.now();
    this.#listener.whole(ids);
  }

  /**
   * Resolves when it is open; what goes wrong later is a loss of its own.
   * @param {AbortSignal} signal
   */
  #openStream(signal) {
    signal.throwIfAborted();
    const source = new EventSource(urlOf(`events?after=${this.#cursor}`));
    signal.addEventListener("abort", () => source.close());
    source.addEventListener("change", ({ data }) => {
      this.#unread.push(data);
      if (this.#unread.length === 1) setTimeout(() => this.#read());
    });
    source.addEventListener("beats", ({ data }) => {
      this.#listener.devices(JSON.parse(data).items.map(readDevice));
    });
    for (const name of /** @type {const} */ (["command", "deaf"])) {
      source.addEventListener(name, ({ data }) => this.#listener[name](JSON.parse(data)));
    }
    source.onerror = () => signal.aborted || this.#lose(undefined);
    return new Promise((resolve, reject) => {
      source.onopen = resolve;
      setTimeout(() => reject(new LineError("the gateway does not answer")), ANSWER_MAX_MS);
    });
  }

  /** What came, for as long as a person does not feel it; then the rest, after a breath. */
  #read() {
    const until = performance.now() + READ_MS;
    let at = 0;
    while (at < this.#unread.length && performance.now() < until) {
      const change = JSON.parse(this.#unread[at++] ?? "");
      if (change.cursor <= this.#cursor) continue;
      this.#cursor = change.cursor;
      change.at = Date.parse(change.at);
      if (this.#held === undefined) this.#listener.change(change, true);
      else this.#held.push(change);
    }
    this.#unread.splice(0, at);
    if (this.#unread.length > 0) setTimeout(() => this.#read());
  }

  #release() {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const change of held) this.#listener.change(change, change.cursor > this.#past);
  }
}
