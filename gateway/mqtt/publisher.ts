/**
 * Presence over MQTT, for Home Assistant and whoever else reads it.
 *
 *   nextbeat/gateway/status      online | offline     kept; offline is our will
 *   nextbeat/<id>/availability   online | offline     kept; present and late are online
 *   nextbeat/<id>/presence       JSON                 kept
 *   nextbeat/<id>/change         JSON
 *   nextbeat/<id>/command        bytes in, with `--mqtt-commands`
 *   nextbeat/<id>/payload        what the board's own program says, byte for byte
 *   nextbeat/<id>/result         JSON
 *   <prefix>/device/nextbeat_<id>/config              kept; Home Assistant's (homeassistant.ts)
 *
 * What the broker keeps must never say what is no longer so. So the status says `online` only when
 * all devices have been published anew after each connect, and everything else hangs on it; and
 * what is kept of a device that is not enrolled is taken away: at once, or, if it went while we
 * were not connected, when the broker shows it to us after the next connect.
 *
 * Devices wait in a set, not messages in a queue: what waits is bounded by the number of devices,
 * and goes out as it is then. Changes that happen without a broker are not told of later; their
 * `tseq` has no gaps otherwise, and `GET /api/v1/changes` has them all.
 */

import type { Clock } from "../clock.ts";
import { idText } from "../enrolment.ts";
import type { Change, Fact } from "../facts.ts";
import type { Gateway } from "../gateway.ts";
import {
  availabilityOf,
  configTopic,
  deviceConfig,
  gatewayConfig,
  presenceJson,
} from "../homeassistant.ts";
import { changeJson } from "../http/present.ts";
import { Births } from "./births.ts";
import { resultJson } from "./commands.ts";
import { keptId, keptTopics } from "./kept.ts";
import type { MqttLink } from "./link.ts";
import { STATUS_TOPIC } from "./settings.ts";

export interface PublisherOptions {
  readonly core: Gateway;
  readonly clock: Clock;
  readonly link: Pick<MqttLink, "publish" | "unsubscribe" | "backlog" | "up">;
  /** Home Assistant's prefix; undefined: it is told of no device. */
  readonly discovery: string | undefined;
  /** Resolves when no beat waits. */
  readonly quiet: () => Promise<void>;
}

/** Devices published in a row, while no beat waits; and bytes that may wait for the broker then. */
const ROW = 32;
const BACKLOG_MAX = 256 * 1024;
/** Devices that only beat are published at most so often, ms, and so many at a time. */
const HEARD_MS = 1_000;
const HEARD_MAX = 200;
/** So many times that, and the status is said again. */
const STATUS_EACH = 30;

export class Publisher {
  readonly #options: PublisherOptions;
  /** What is to be published, and whether with its description. */
  readonly #due = new Map<number, boolean>();
  readonly #heard = new Set<number>();
  readonly #timer: NodeJS.Timeout;
  readonly #births: Births;
  #ticks = 0;
  /** What is kept may still be shown to us. */
  #watching = false;
  /** Of those due, how many must be out before the status says `online`; -1: it does. */
  #before = -1;
  #running = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), HEARD_MS);
    const { link } = options;
    const ready = () => link.up && this.#before === -1 && link.backlog <= BACKLOG_MAX;
    this.#births = new Births({ ready, tell: (id) => this.#device(id, true) });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#births.stop();
    this.#due.clear();
  }

  /** The broker is there, and may know nothing, or what was so yesterday. */
  up(): void {
    const { core, link, discovery } = this.#options;
    link.publish(STATUS_TOPIC, "offline", true);
    if (discovery !== undefined) this.#publish(configTopic(discovery, "gateway"), gatewayConfig());
    this.#births.stop();
    this.#due.clear();
    this.#before = core.size;
    this.#watching = true;
    for (const id of core.ids()) this.#due.set(id, true);
    this.#run();
  }

  /** Facts that are durable: devices that came, went or have new words; commands that ended. */
  durable(facts: readonly Fact[]): void {
    for (const fact of facts) {
      if (fact.kind === "command") this.#result(fact.id, fact.n);
      else if (fact.kind === "payload") this.#payload(fact.id, fact.payload);
      else if (fact.kind === "enrol") this.#mark(fact.id, true);
    }
  }

  /** Durable changes, in order. */
  changed(changes: readonly Change[]): void {
    const { clock, link } = this.#options;
    for (const change of changes) {
      this.#mark(change.id, false);
      if (!link.up) continue;
      const json = changeJson({ ...change, at: clock.wallAt(change.at) });
      link.publish(`nextbeat/${idText(change.id)}/change`, JSON.stringify(json), false);
    }
  }

  /** A fresh beat of this device was taken. */
  heard(id: number): void {
    if (this.#options.link.up) this.#heard.add(id);
  }

  /** @returns whether the message was for us */
  takes(topic: string, payload: Buffer, retained: boolean): boolean {
    const { core, link, discovery } = this.#options;
    if (topic === STATUS_TOPIC) {
      this.#status(payload.toString(), retained);
      return true;
    }
    if (discovery !== undefined && topic === `${discovery}/status`) {
      // Kept: it was said before we came, and we have told everything since.
      if (payload.toString() === "online" && !retained) this.#births.born(core.ids());
      return true;
    }
    const id = keptId(topic, discovery);
    if (id === undefined || id === null) return id === null;
    const known = core.enrolment(id) !== undefined;
    if (retained && payload.length > 0 && !known) link.publish(topic, "", true);
    return true;
  }

  /**
   * Our own `online` came back: all that was kept has been shown to us before it. `offline` is the
   * will of a connection of ours that the broker has only now found dead.
   */
  #status(status: string, retained: boolean): void {
    const { link, discovery } = this.#options;
    if (retained || this.#before !== -1) return;
    if (status !== "online") this.#online();
    else if (this.#watching) {
      this.#watching = false;
      link.unsubscribe(keptTopics(discovery));
    }
  }

  #mark(id: number, described: boolean): void {
    if (!this.#options.link.up) return;
    this.#due.set(id, described || this.#due.get(id) === true);
    this.#run();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#publishAll();
  }

  async #publishAll(): Promise<void> {
    const { link, quiet } = this.#options;
    while (link.up) {
      for (const [id, described] of this.#due) {
        if (link.backlog > BACKLOG_MAX) break;
        this.#device(id, described);
        if (this.#due.size % ROW === 0) break;
      }
      if (this.#before === 0) {
        this.#before = -1;
        this.#online();
      }
      if (this.#due.size === 0) break;
      if (link.backlog > BACKLOG_MAX) await new Promise((later) => setTimeout(later, 10));
      await quiet();
    }
    this.#running = false;
  }

  /** Values before their description: whoever reads that then finds them as they are now. */
  #device(id: number, described: boolean): void {
    const { core, clock, link, discovery } = this.#options;
    this.#due.delete(id);
    if (this.#before > 0) this.#before--;
    const view = core.view(id, clock.now());
    if (view === undefined) {
      if (described) this.#clear(id);
      return;
    }
    const topic = `nextbeat/${idText(id)}`;
    link.publish(`${topic}/availability`, availabilityOf(view.status), true);
    this.#publish(`${topic}/presence`, presenceJson(view, clock));
    if (discovery !== undefined && described) {
      this.#publish(configTopic(discovery, id), deviceConfig(view));
    }
  }

  /** Nothing may be left of a device that is gone, and its entities go first. */
  #clear(id: number): void {
    const { link, discovery } = this.#options;
    if (discovery !== undefined) link.publish(configTopic(discovery, id), "", true);
    for (const what of ["availability", "presence"]) {
      link.publish(`nextbeat/${idText(id)}/${what}`, "", true);
    }
  }

  /** Byte for byte; not kept: it is of then. */
  #payload(id: number, payload: string): void {
    const { link } = this.#options;
    if (!link.up) return;
    link.publish(`nextbeat/${idText(id)}/payload`, Buffer.from(payload, "latin1"), false);
  }

  #result(id: number, n: number): void {
    const { core, clock, link } = this.#options;
    const json = link.up ? resultJson(core, clock, id, n) : undefined;
    if (json) link.publish(`nextbeat/${idText(id)}/result`, JSON.stringify(json), false);
  }

  #online(): void {
    this.#options.link.publish(STATUS_TOPIC, "online", true);
  }

  #tick(): void {
    const { core, clock, link } = this.#options;
    // To a reader that was behind, the broker may have dropped the one on which all hangs.
    if (++this.#ticks % STATUS_EACH === 0 && this.#before === -1) this.#online();
    let left = HEARD_MAX;
    for (const id of this.#heard) {
      if (left-- === 0 || link.backlog > BACKLOG_MAX) return;
      this.#heard.delete(id);
      const view = core.view(id, clock.now());
      if (view) this.#publish(`nextbeat/${idText(id)}/presence`, presenceJson(view, clock));
    }
  }

  #publish(topic: string, json: object): void {
    this.#options.link.publish(topic, JSON.stringify(json), true);
  }
}
