/**
 * Who is here.
 *
 *   unknown --first-beat--> present --promise-broken--> late --promise-broken--> absent
 *                              ^  \                       |                        |
 *      any fresh beat --returned   `-- 255 --> left <-----+------- 255 ------------+
 *
 * A status follows from the last beat, from when it came, and from `now`: nothing else is asked,
 * and nobody sets one. The step from one to the next is a change, an event with a number, stored
 * before it is told. Sleeping is no status: it is a long promise.
 *
 * At the same instant a beat and its deadline are both right, and who is asked first decides: a
 * beat handled before `expire` has run for its deadline keeps its device present, however late it
 * is, since nobody was told otherwise; one handled after it makes it return. So a shell that drains
 * its sockets before it expires never cries wolf over its own lag. What lost: judging a beat by the
 * deadline it missed, which tells of two changes that nobody needed.
 *
 * A change by a deadline is stamped with the deadline, not with the moment at which `expire` was
 * called: that is when it happened by rule. How much later it was found is the shell's affair.
 */

import { LEAVING } from "../device/wire.ts";
import type { Deadlines } from "./deadlines.ts";
import { absentAt, doubtAfterStart, lateAt } from "./detector.ts";
import type { Draft } from "./effects.ts";
import type { Cause, Status } from "./facts.ts";
import { CAUSES, STATUSES } from "./facts.ts";
import { CRC_PROMISE_MAX, OPEN_ABSENT_MS } from "./limits.ts";
import type { Records } from "./records.ts";
import * as row from "./rows.ts";
import type { Told } from "./told.ts";

export class Presence {
  readonly #records: Records;
  readonly #deadlines: Deadlines;
  readonly #told: Told;
  readonly #graceMs: number;
  #cursor: number;

  /** @param cursor number of the last change there was, in this gateway's life or before */
  constructor(records: Records, deadlines: Deadlines, told: Told, graceMs: number, cursor: number) {
    this.#records = records;
    this.#deadlines = deadlines;
    this.#told = told;
    this.#graceMs = graceMs;
    this.#cursor = cursor;
  }

  /**
   * A device joined the table, new or out of the store, with the status of its record. One that was
   * here when we went away is not doubted before we could have heard it: a full promise of running
   * time, eight after a long stop.
   */
  joined(slot: number, now: number, stoppedMs: number | undefined): void {
    this.#told.added(slot);
    const status = this.#records.status(slot);
    if (status === "present" || status === "late") {
      // Nothing promised and yet here: a damaged record, which must not be present for ever.
      const promiseMs = this.#records.promiseMs(slot) || CRC_PROMISE_MAX;
      this.#deadlines.set(slot, doubtAfterStart(now, promiseMs, this.#graceMs, stoppedMs));
    } else if (status !== "left" && this.#records.rows.flag(slot, row.OPEN)) {
      this.#deadlines.set(slot, now + OPEN_ABSENT_MS);
    }
  }

  /** The fresh beat in the record of `slot` arrived at `now` (rule 2). */
  heard(slot: number, now: number, draft: Draft): void {
    const records = this.#records;
    const promise = records.rows.bytes[slot * row.BYTES + row.PROMISE]!;
    const status = records.status(slot);
    if (promise === LEAVING) {
      this.#deadlines.clear(slot);
      if (status !== "left") this.#change(slot, "left", "left", now, draft);
      return;
    }
    if (promise === 0) return;
    this.#deadlines.set(slot, lateAt(now, records.promiseMs(slot), this.#graceMs));
    if (status === "present") return;
    this.#change(slot, "present", status === "unknown" ? "first-beat" : "returned", now, draft);
  }

  /** Everything whose deadline is at or before `now`, in the order of (deadline, slot). */
  expire(now: number, draft: Draft): void {
    for (let slot = this.#deadlines.due(now); slot >= 0; slot = this.#deadlines.due(now)) {
      const at = this.#deadlines.get(slot);
      const status = this.#records.status(slot);
      if (status === "present") {
        this.#deadlines.set(slot, absentAt(at, this.#records.promiseMs(slot)));
        this.#change(slot, "late", "promise-broken", at, draft);
      } else if (status === "late") {
        if (this.#records.rows.flag(slot, row.OPEN)) this.#deadlines.set(slot, at + OPEN_ABSENT_MS);
        else this.#deadlines.clear(slot);
        this.#change(slot, "absent", "promise-broken", at, draft);
      } else if (this.#records.rows.flag(slot, row.OPEN)) {
        this.remove(slot, at, draft);
      }
    }
  }

  /** Takes a device off the table, with a last change to say so. */
  remove(slot: number, at: number, draft: Draft): void {
    this.#change(slot, "unknown", "removed", at, draft);
    const id = this.#records.roster.id(slot);
    const ticket = draft.store({ kind: "enrol", id, enrolment: null });
    this.#deadlines.remove(slot);
    this.#told.removed(slot, ticket);
    this.#records.remove(slot);
  }

  #change(slot: number, to: Status, cause: Cause, at: number, draft: Draft): void {
    const { words, bytes } = this.#records.rows;
    const w = slot * row.WORDS;
    const b = slot * row.BYTES;
    const id = words[w + row.ID]!;
    const tseq = words[w + row.TSEQ]! + 1;
    const from = STATUSES[bytes[b + row.STATUS]!]!;
    const cursor = ++this.#cursor;
    words[w + row.TSEQ] = tseq;
    bytes[b + row.STATUS] = STATUSES.indexOf(to);
    bytes[b + row.CAUSE] = CAUSES.indexOf(cause);
    const ticket = draft.tell({ cursor, id, tseq, at, from, to, cause, incident: null });
    this.#told.changing(draft.afterCommit.changes, ticket);
  }
}
