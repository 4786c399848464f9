// When the gateway of this world cannot hear: what its shell would measure (gateway/ears.ts), here
// known, told to the same core at the same moments: before anybody is doubted, and when it ends.

import type { Deafness } from "../gateway/affairs.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { STALL_MS } from "../gateway/limits.ts";
import type { Inbox } from "./inbox.ts";

/** Tells the core; instants in world time. `toAt` null: it goes on. */
export type Tell = (
  question: (gateway: Gateway, mono: (at: number) => number) => ReturnType<Gateway["expire"]>,
) => void;

export class HostEars {
  /** When the machine last went to sleep. */
  suspendedAt = 0;
  private readonly inbox: Inbox;
  private readonly tell: Tell;
  private dropped = 0;
  private lookedAt = 0;
  /** When the write under way began; undefined: none. And whether the core knows that it stalls. */
  private writesSince: number | undefined;
  private stalls = false;
  /** It woke, and what waits in its socket is not read yet. */
  private wakes = false;

  constructor(inbox: Inbox, tell: Tell) {
    this.inbox = inbox;
    this.tell = tell;
  }

  started(now: number): void {
    this.dropped = this.inbox.dropped;
    this.lookedAt = now;
    this.writesSince = undefined;
    this.stalls = false;
    this.wakes = false;
  }

  /** Before anybody is doubted. */
  look(now: number): void {
    if (this.wakes) this.deaf("suspended", this.suspendedAt, now);
    this.wakes = false;
    if (this.inbox.dropped > this.dropped) this.deaf("overflow", this.lookedAt, now);
    this.dropped = this.inbox.dropped;
    this.lookedAt = now;
    if (this.stalls || this.writesSince === undefined) return;
    if (now - this.writesSince <= STALL_MS) return;
    this.stalls = true;
    this.deaf("store", this.writesSince, null);
  }

  writes(now: number): void {
    this.writesSince = now;
  }

  written(now: number): void {
    const since = this.writesSince;
    this.writesSince = undefined;
    if (!this.stalls || since === undefined) return;
    this.stalls = false;
    this.deaf("store", since, now);
  }

  /** The machine sleeps, or wakes; its socket takes what comes meanwhile. */
  suspended(on: boolean, now: number): void {
    this.wakes = !on;
    if (on) this.suspendedAt = now;
    else this.deaf("suspended", this.suspendedAt, null);
  }

  private deaf(why: Deafness, fromAt: number, toAt: number | null): void {
    this.tell((gateway, mono) =>
      gateway.requests.deaf(why, null, mono(fromAt), toAt === null ? null : mono(toAt)),
    );
  }
}
