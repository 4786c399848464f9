// A board's connection to an MQTT broker, as far as a heartbeat can feel it: nothing is lost on the
// way, it is late instead, because TCP sends again what the air took, doubling its patience (RFC
// 6298: 200 ms in Linux, up to two minutes); what comes later waits behind it. When the broker is
// down every connection is gone, and a board connects again some seconds after it is back. A frame
// that has no connection, or waits for longer than TCP would, is lost: QoS 0 keeps nothing. Who
// slept, or gave its socket up, connects with its next frame, which then takes three round trips
// more: TCP's own, CONNECT, SUBSCRIBE.
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
/** Who connects waits so long for the first answer (RFC 6298), and for so many round trips. */
const SYN_RTO_MS = 1_000;
const ROUND_TRIPS = 3;
/** Sets what opens a connection apart from the frame that asks for it: a bit of its occasion. */
const OPENING = 1 << 20;
const OPENING_STEP = 4_096;
/** The broker's own work, ms; and within what time its clients are back after it was down. */
const RELAY_MS = 1;
const RECONNECT_MS = 5_000;
/** Instead of the instant since which it stands. */
const CLOSED = Number.POSITIVE_INFINITY;
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

  /** The board gives its connection up, or sleeps. */
  close(stream: number): void {
    this.openAt[stream] = CLOSED;
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
      if (this.openAt[stream] === CLOSED) continue;
      const luck = draw(this.seed, this.entities[stream]!, RECONNECT, this.falls);
      this.openAt[stream] = now + luck * RECONNECT_MS;
    }
  }

  /** A frame over the connection, whose links are `up` and `down`. Returns its arrival, or LOST. */
  submit(
    stream: number,
    isUp: boolean,
    { up, down }: { readonly up: number; readonly down: number },
    bytes: string,
    now: number,
    high: number,
    low: number,
  ): number {
    if (!this.running) return LOST;
    let begin = now;
    if (this.openAt[stream] === CLOSED) {
      // The broker cannot call.
      if (!isUp) return LOST;
      for (let leg = 0; leg < 2 * ROUND_TRIPS && begin !== LOST; leg++) {
        const link = leg % 2 === 0 ? up : down;
        const step = low + OPENING_STEP * (leg + 1);
        begin = this.segment(link, bytes, begin, high | OPENING, step, leg < 2 ? SYN_RTO_MS : 0);
      }
      if (begin === LOST) return LOST;
      this.openAt[stream] = begin;
    } else if (now < this.openAt[stream]!) return LOST;
    const arrival = this.segment(isUp ? up : down, bytes, begin, high, low, 0);
    this.links.copyAt = -1;
    if (arrival === LOST) {
      this.openAt[stream] = now + GIVE_UP_MS;
      return LOST;
    }
    const place = 2 * stream + (isUp ? 0 : 1);
    const ordered = Math.max(arrival + RELAY_MS, this.arrivedAt[place]!);
    this.arrivedAt[place] = ordered;
    return ordered;
  }

  /** One segment, sent again until it arrives. Each has luck of its own: its low bits count. */
  private segment(
    link: number,
    bytes: string,
    now: number,
    high: number,
    low: number,
    first: number,
  ): number {
    const { links } = this;
    let rto = first || RTO_MIN;
    for (let at = now, again = 0; at < now + GIVE_UP_MS; at += rto, rto *= 2, again++) {
      const arrival = links.submit(link, bytes, at, high, low + again * 256);
      // TCP's own check sum finds a flipped bit: as good as lost.
      if (arrival !== LOST && links.frame === bytes) return arrival;
    }
    return LOST;
  }
}
