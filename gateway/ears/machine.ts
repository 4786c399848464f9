/**
 * What the machine says of our hearing: whether it slept, whether the kernel lost datagrams of
 * ours, whether boards have a way to us, whether the wall clock stepped. Each is the difference
 * between two readings, and is kept here; what follows from it is said in ears.ts.
 */

import type { Clock } from "../clock.ts";
import { isLoopback } from "../http/access.ts";
import * as kernel from "../kernel.ts";
import type { UdpTransport } from "../udp.ts";

/** What is asked of the system; tests hand in their own. */
export type System = Pick<
  typeof kernel,
  "uptimeMs" | "bufferErrors" | "socketDrops" | "socketInodes" | "interfacesUp"
>;

/** A clock that stood for less is the difference between two readings of it, ms. */
const SUSPENDED_MIN_MS = 500;
/** Steps of the wall clock that are worth a record, ms. */
const STEP_MIN_MS = 1_000;

export class MachineEars {
  readonly #clock: Clock;
  readonly #udp: Pick<UdpTransport, "port" | "addresses">;
  readonly #system: System;
  readonly #inodes: ReadonlySet<string>;
  /** The clock that counts suspended time, and the wall clock, ahead of ours. */
  #uptimeAhead: number | undefined;
  #wallAhead: number;
  #errors: number | undefined;
  #drops: number | undefined;
  #physical = false;
  /** Somebody came through when `reachable` said that nobody could: it is not to be asked again. */
  #misled = false;

  constructor(
    clock: Clock,
    udp: Pick<UdpTransport, "port" | "addresses">,
    system: System = kernel,
  ) {
    const now = clock.now();
    this.#clock = clock;
    this.#udp = udp;
    this.#system = system;
    this.#inodes = system.socketInodes();
    this.#uptimeAhead = this.#ahead();
    this.#wallAhead = clock.wallAt(now) - now;
    this.#errors = system.bufferErrors();
    this.#drops = system.socketDrops(udp.port, this.#inodes);
  }

  /**
   * Whether the machine slept since it was last asked. Our clock is then put forward by that:
   * whoever promised something did not sleep.
   */
  slept(): boolean {
    const ahead = this.#ahead();
    if (ahead === undefined || this.#uptimeAhead === undefined) return false;
    const sleptMs = ahead - this.#uptimeAhead;
    if (sleptMs < SUSPENDED_MIN_MS) return false;
    this.#clock.skip?.(sleptMs);
    this.#uptimeAhead = this.#ahead();
    return true;
  }

  /** By how much the wall clock stepped since it was last asked, in ms; 0: not at all. */
  stepped(): number {
    const now = this.#clock.now();
    const ahead = this.#clock.wallAt(now) - now;
    const stepMs = ahead - this.#wallAhead;
    this.#wallAhead = ahead;
    return Math.abs(stepMs) < STEP_MIN_MS ? 0 : stepMs;
  }

  /**
   * Whether the kernel lost a datagram of ours since it was last asked. The counter of all sockets
   * is read first: the table with those of each is five times as long to read.
   */
  dropped(): boolean {
    const errors = this.#system.bufferErrors();
    const rose = errors !== undefined && errors !== this.#errors;
    this.#errors = errors;
    if (!rose) return false;
    const drops = this.#system.socketDrops(this.#udp.port, this.#inodes);
    const ours = drops === undefined || drops !== this.#drops;
    this.#drops = drops;
    return ours;
  }

  /**
   * Whether boards have a way to us: an interface that is up and has an address, the one we listen
   * on where we listen on one. A bridge of containers stays up when the plug is pulled, so where
   * the machine has interfaces of its own, only they count. On loopback there is nothing to lose.
   */
  reachable(): boolean {
    const { addresses } = this.#udp;
    if (this.#misled || addresses.every(isLoopback)) return true;
    const outside = this.#system.interfacesUp()?.filter(({ internal }) => !internal);
    if (outside === undefined) return true;
    const physical = outside.filter((one) => one.physical);
    this.#physical ||= physical.length > 0;
    const ways = this.#physical ? physical : outside;
    return addresses.some((address) => {
      if (address === "0.0.0.0" || address === "::") return ways.length > 0;
      return outside.some((one) => one.addresses.includes(address.replace(/%.*/, "")));
    });
  }

  /**
   * A frame came from outside while we thought that none could, over a modem perhaps that is no
   * interface of the machine's own. To be deaf for ever would be to find nobody's death.
   */
  reached(): void {
    this.#misled = true;
  }

  #ahead(): number | undefined {
    const uptime = this.#system.uptimeMs();
    return uptime === undefined ? undefined : uptime - this.#clock.now();
  }
}
