/**
 * How one answer is put together: drafts of `Effects`, and the ledger of tickets that says what is
 * on disk.
 *
 * A draft takes a ticket with its first fact, or with the first thing that must wait; a beat that
 * needs neither gets none, and costs three small objects. What lost: collecting everything and
 * sorting it out at the end, which reads as if the order did not matter.
 */

import type { Evidence } from "./affairs.ts";
import type { Change, Effects, Fact, Outgoing, Source } from "./facts.ts";

const EMPTY: never[] = [];
Object.freeze(EMPTY);
const AFTER_NOTHING = Object.freeze({ send: EMPTY, changes: EMPTY });

/** The answer to what deserves none. */
export const NOTHING: Effects = Object.freeze({
  send: EMPTY,
  commit: EMPTY,
  ticket: 0,
  afterCommit: AFTER_NOTHING,
});

/** Tickets count 1, 2, 3; all up to `durable` are on disk. */
export class Ledger {
  durable = 0;
  #given = 0;

  next(): number {
    return ++this.#given;
  }

  committed(ticket: number): void {
    if (ticket > this.#given) throw new RangeError(`ticket ${ticket} was never given`);
    if (ticket > this.durable) this.durable = ticket;
  }
}

/** Effects under construction, and, when nothing more is to come, the effects themselves. */
export class Draft implements Effects {
  send: Outgoing[] = EMPTY;
  commit: Fact[] = EMPTY;
  ticket = 0;
  afterCommit: { send: Outgoing[]; changes: Change[] } = AFTER_NOTHING;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A frame that may go now. */
  reply(to: Source, frame: string): void {
    if (this.send === EMPTY) this.send = [{ to, frame }];
    else this.send.push({ to, frame });
  }

  /** A fact for the disk. @returns the ticket to wait for by whoever tells of it */
  store(fact: Fact): number {
    if (this.commit === EMPTY) this.commit = [fact];
    else this.commit.push(fact);
    if (this.ticket === 0) this.ticket = this.#ledger.next();
    return this.ticket;
  }

  /**
   * A frame that tells of `ticket`, or of something before it: it goes at once if that is on disk.
   */
  replyAfter(ticket: number, to: Source, frame: string): void {
    if (ticket <= this.#ledger.durable) this.reply(to, frame);
    else this.#after().send.push({ to, frame });
  }

  /** A change, stored here and told when it is. */
  tell(change: Change, evidence?: Evidence): number {
    this.#after().changes.push(change);
    return this.store({ kind: "change", change, evidence });
  }

  #after(): { send: Outgoing[]; changes: Change[] } {
    if (this.ticket === 0) this.ticket = this.#ledger.next();
    if (this.afterCommit === AFTER_NOTHING) this.afterCommit = { send: [], changes: [] };
    return this.afterCommit;
  }
}
