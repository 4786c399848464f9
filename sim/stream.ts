// A board's connection to an MQTT broker, as far as a heartbeat can feel it: nothing is lost on the
// way, it is late instead, because TCP sends again what the air took, doubling its patience (RFC
// 6298: 200 ms in Linux, up to two minutes); what comes later waits behind it. When the broker is
// down every connection is gone, and a board connects again some seconds after it is back. A frame
// that has no connection, or waits for longer than TCP would, is lost: QoS 0 keeps nothing.
//
// What lost: a TCP of our own in virtual time. Windows and congestion do nothing to 30 bytes a
// minute; only the order and the delay of what was lost can be felt.

import { type Links, LOST } from "./links.ts";
import { draw, purposeOf } from "./random.ts";

/** Why a frame was lost here. */
export const BROKER = "broker";

/** Linux' TCP_RTO_MIN and the time after which both ends of a keepalive give up, ms. */
const RTO_MIN = 200;
const GIVE_UP_MS = 60_000;
/** The broker's own work, ms; and within what time its clients are back after it was down. */
const RELAY_MS = 1;
const RECONNECT_MS = 5_000;
const RECONNECT = purposeOf("reconnect");

export class Streams {
  private readonly seed: number;
  private readonly links: Links;
  private readonly entities: number[] = [];
  /** The latest arrival so far, up and down; since when the connection stands. */
  private readonly arrivedAt: number[] = [];
  private readonly openAt: number[] = [];
  private running = true;
  private falls = 0;

  constructor(seed: number, links: Links) {
    this.seed = seed;
    this.links = links;
  }

  /** One more connection, which stands. */
  add(entity: number): number {
    this.arrivedAt.push(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY);
    this.openAt.push(0);
    return this.entities.push(entity) - 1;
  }

  /** The broker stops: no connection is left. */
  stop(): void {
    this.running = false;
    this.falls++;
  }

  /** It runs again; its clients come back one after the other. */
  start(now: number): void {
    this.running = true;
    for (let stream = 0; stream < this.openAt.length; stream++) {
      const luck = draw(this.seed, this.entities[stream]!, RECONNECT, this.falls);
      this.openAt[stream] = now + luck * RECONNECT_MS;
    }
  }

  /** A frame over `link` of the connection. Returns its arrival, or LOST. */
  submit(
    stream: number,
    up: boolean,
    link: number,
    bytes: string,
    now: number,
    high: number,
    low: number,
  ): number {
    if (!this.running || now < this.openAt[stream]!) return LOST;
    const { links } = this;
    // Each segment sent again has luck of its own: the low 16 bits count tries of the frame.
    let rto = RTO_MIN;
    for (let at = now, again = 0; at < now + GIVE_UP_MS; at += rto, rto *= 2, again++) {
      const arrival = links.submit(link, bytes, at, high, low + again * 256);
      // TCP's own check sum finds a flipped bit: as good as lost.
      if (arrival === LOST || links.frame !== bytes) continue;
      links.copyAt = -1;
      const place = 2 * stream + (up ? 0 : 1);
      const ordered = Math.max(arrival + RELAY_MS, this.arrivedAt[place]!);
      this.arrivedAt[place] = ordered;
      return ordered;
    }
    this.openAt[stream] = now + GIVE_UP_MS;
    return LOST;
  }
}
