/**
 * What may be said of a device's status before the commit of its last changes.
 *
 * Between a change and its commit lies a disk write. Whoever asks in that moment must get the
 * status before it, or a crash would take back what somebody was told. So a row holds both, the
 * newest status and the one that may be told, which follows with the commits. What lost: the older
 * status apart, for the few devices and milliseconds in which the two differ. It saved six bytes a
 * device and took three objects a change, just when everybody is late at once.
 */

import type { Cause, Change, Status } from "./facts.ts";
import { CAUSES, STATUSES } from "./facts.ts";
import type { Records } from "./records.ts";
import * as row from "./rows.ts";

export interface Standing {
  readonly status: Status;
  readonly cause: Cause | null;
  readonly tseq: number;
}

export class Told {
  readonly #records: Records;
  /** Changes on their way to the disk, by ticket, oldest first. */
  #queue: { readonly ticket: number; readonly changes: readonly Change[] }[] = [];
  /** Ticket of the last change of a device that is no more, by id, while it is in the queue. */
  readonly #gone = new Map<number, number>();
  /** Devices by index of status. */
  readonly #counts = STATUSES.map(() => 0);

  constructor(records: Records) {
    this.#records = records;
  }

  /** A device joined the table with the status that its record has. */
  added(slot: number): void {
    const { words, bytes } = this.#records.rows;
    const b = slot * row.BYTES;
    bytes[b + row.TOLD_STATUS] = bytes[b + row.STATUS]!;
    bytes[b + row.TOLD_CAUSE] = bytes[b + row.CAUSE]!;
    words[slot * row.WORDS + row.TOLD_TSEQ] = words[slot * row.WORDS + row.TSEQ]!;
    this.#counts[bytes[b + row.STATUS]!]!++;
  }

  /** A device is about to leave the table; `ticket` is that of its last change. */
  removed(slot: number, ticket: number): void {
    const { bytes } = this.#records.rows;
    this.#counts[bytes[slot * row.BYTES + row.TOLD_STATUS]!]!--;
    this.#gone.set(this.#records.roster.id(slot), ticket);
  }

  /** These changes, to which others may still be added, go to disk under `ticket`. */
  changing(changes: readonly Change[], ticket: number): void {
    if (this.#queue.at(-1)?.ticket !== ticket) this.#queue.push({ ticket, changes });
  }

  /** Everything up to `ticket` is on disk. */
  committed(ticket: number): void {
    let done = 0;
    for (const { ticket: mine, changes } of this.#queue) {
      if (mine > ticket) break;
      done++;
      for (const change of changes) this.#tell(change, mine);
    }
    if (done > 0) this.#queue = this.#queue.slice(done);
    for (const [id, last] of this.#gone) if (last <= ticket) this.#gone.delete(id);
  }

  of(slot: number): Standing {
    const { words, bytes } = this.#records.rows;
    const b = slot * row.BYTES;
    return {
      status: STATUSES[bytes[b + row.TOLD_STATUS]!]!,
      cause: CAUSES[bytes[b + row.TOLD_CAUSE]!] ?? null,
      tseq: words[slot * row.WORDS + row.TOLD_TSEQ]!,
    };
  }

  counts(): Record<Status, number> {
    const [unknown, present, late, absent, left] = this.#counts as [
      number,
      number,
      number,
      number,
      number,
    ];
    return { unknown, present, late, absent, left };
  }

  #tell({ id, tseq, to, cause }: Change, ticket: number): void {
    if (this.#gone.size > 0 && ticket <= (this.#gone.get(id) ?? 0)) return;
    const { roster, rows } = this.#records;
    const slot = roster.slotOf(id);
    const b = slot * row.BYTES;
    const status = STATUSES.indexOf(to);
    this.#counts[rows.bytes[b + row.TOLD_STATUS]!]!--;
    this.#counts[status]!++;
    rows.bytes[b + row.TOLD_STATUS] = status;
    rows.bytes[b + row.TOLD_CAUSE] = CAUSES.indexOf(cause);
    rows.words[slot * row.WORDS + row.TOLD_TSEQ] = tseq;
  }
}
