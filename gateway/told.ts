/**
 * What may be said of a device's status before the commit of its last changes.
 *
 * Between a change and its commit lies a disk write. Whoever asks in that moment must get the
 * status before it, or a crash would take back what somebody was told. The records hold the newest
 * status; here stands the older one, only for the few devices and milliseconds in which the two
 * differ. What lost: a second set of columns for all devices.
 */

import type { Cause, Change, Status } from "./facts.ts";
import type { Records } from "./records.ts";

export interface Standing {
  readonly status: Status;
  readonly cause: Cause | null;
  readonly tseq: number;
}

interface Pending {
  told: Standing;
  /** Ticket of the newest change. */
  ticket: number;
  readonly slot: number;
  gone: boolean;
}

export class Told {
  readonly #records: Records;
  readonly #pending = new Map<number, Pending>();
  /** Changes on their way to the disk, in the order of their tickets. */
  #queue: { ticket: number; change: Change; of: Pending }[] = [];
  readonly #counts: Record<Status, number>;

  constructor(records: Records) {
    this.#records = records;
    this.#counts = { unknown: 0, present: 0, late: 0, absent: 0, left: 0 };
  }

  /** A device joined the table with the status that its record has. */
  added(slot: number): void {
    this.#counts[this.#records.status(slot)]++;
  }

  /** A device is about to leave the table. */
  removed(slot: number): void {
    this.#counts[this.of(slot).status]--;
    const pending = this.#pending.get(slot);
    if (pending === undefined) return;
    pending.gone = true;
    this.#pending.delete(slot);
  }

  /** `change` goes to disk under `ticket`; `before` is how its device stood until now. */
  changing(slot: number, before: Standing, change: Change, ticket: number): void {
    let of = this.#pending.get(slot);
    if (of === undefined) {
      of = { told: before, ticket, slot, gone: false };
      this.#pending.set(slot, of);
    }
    of.ticket = ticket;
    this.#queue.push({ ticket, change, of });
  }

  /** Everything up to `ticket` is on disk. */
  committed(ticket: number): void {
    let done = 0;
    for (const { ticket: mine, change, of } of this.#queue) {
      if (mine > ticket) break;
      done++;
      if (of.gone) continue;
      this.#counts[of.told.status]--;
      this.#counts[change.to]++;
      of.told = { status: change.to, cause: change.cause, tseq: change.tseq };
      if (of.ticket === mine) this.#pending.delete(of.slot);
    }
    if (done > 0) this.#queue = this.#queue.slice(done);
  }

  of(slot: number): Standing {
    return this.#pending.get(slot)?.told ?? this.newest(slot);
  }

  /** How a device stands by its record, whether or not that may be told yet. */
  newest(slot: number): Standing {
    const records = this.#records;
    return {
      status: records.status(slot),
      cause: records.cause(slot),
      tseq: records.columns.tseq[slot]!,
    };
  }

  counts(): Record<Status, number> {
    return { ...this.#counts };
  }
}
