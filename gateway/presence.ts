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
 * A deadline that falls is not yet a verdict: was there a moment at which the beat could have come
 * and we could not hear (hearing.ts)? Do most of its site miss at once (incidents.ts)? Then it is
 * asked again later. Boards that listen are nudged when they are late.
 *
 * A change by a deadline is stamped with the deadline, not with the moment at which `expire` was
 * called: that is when it happened by rule. How much later it was found is the shell's affair.
 */

import { LEAVING } from "../device/wire.ts";
import type { Evidence } from "./affairs.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Detector } from "./detector.ts";
import type { Draft } from "./effects.ts";
import type { Cause, Source, Status } from "./facts.ts";
import { CAUSES, STATUSES } from "./facts.ts";
import type { Hearing, Touching } from "./hearing.ts";
import type { History } from "./history.ts";
import type { Incidents } from "./incidents.ts";
import { OPEN_ABSENT_MS } from "./limits.ts";
import type { News } from "./news.ts";
import { nudge, nudgeable } from "./nudge.ts";
import type { Records } from "./records.ts";
import * as row from "./rows.ts";
import type { Told } from "./told.ts";

/** Whom presence asks, and whom it tells. */
export interface Around {
  readonly records: Records;
  readonly deadlines: Deadlines;
  readonly told: Told;
  readonly detector: Detector;
  readonly hearing: Hearing;
  readonly incidents: Incidents;
  readonly history: History;
}

const NO_EVIDENCE: Evidence = Object.freeze({});

export class Presence {
  readonly #around: Around;
  #cursor: number;
  /** When the device that is being heard was heard before. */
  #seenBefore = 0;

  /** @param cursor number of the last change there was, in this gateway's life or before */
  constructor(around: Around, cursor: number) {
    this.#around = around;
    this.#cursor = cursor;
  }

  /**
   * A device joined the table, new or out of the store, with the status of its record. One that was
   * here when we went away is not doubted before we could have heard it: a full promise of running
   * time, eight after a long stop.
   */
  joined(slot: number, now: number, stoppedMs: number | undefined, learned = ""): void {
    const { records, deadlines, told, detector, history, incidents } = this.#around;
    told.added(slot);
    detector.joined(slot, learned);
    history.joined(slot, now);
    incidents.joined(slot, now);
    const status = records.status(slot);
    if (status === "present" || status === "late") {
      // The stop may be the end of a longer deafness.
      const deaf = this.#deafness(slot, now);
      const deafMs = Math.max(stoppedMs ?? Infinity, now - (deaf?.fromAt ?? now));
      deadlines.set(slot, detector.doubtAfter(slot, now, deafMs));
    } else if (status !== "left" && records.rows.flag(slot, row.OPEN)) {
      deadlines.set(slot, now + OPEN_ABSENT_MS);
    }
  }

  /**
   * A fresh beat arrived, and the record still has the one before it.
   * @param step seq minus that of the one before; 0: the first beat of an epoch
   */
  hears(slot: number, step: number, news: News, now: number): void {
    const { records, detector, history, incidents } = this.#around;
    this.#seenBefore = records.rows.floats[slot * row.FLOATS + row.AT]!;
    detector.hears(slot, step, news, now);
    history.hears(slot, step, news, now);
    incidents.hears(slot, step, news);
  }

  /** The fresh beat, now in the record of `slot`, arrived at `now` (rule 2). */
  heard(slot: number, now: number, draft: Draft): void {
    const { records, deadlines, detector, incidents } = this.#around;
    incidents.heard(slot, now);
    const promise = records.rows.bytes[slot * row.BYTES + row.PROMISE]!;
    if (promise === LEAVING) {
      deadlines.clear(slot);
      if (records.status(slot) !== "left") {
        this.#change(slot, "left", "left", now, now, NO_EVIDENCE, draft);
      }
      return;
    }
    if (promise === 0) return;
    deadlines.set(slot, detector.lateAt(slot));
    const bytes = detector.ripe(slot);
    if (bytes !== "") draft.store({ kind: "learned", id: records.roster.id(slot), bytes });
    const status = records.status(slot);
    if (status === "present") return;
    const first = status === "unknown";
    const evidence = first ? NO_EVIDENCE : { seenBeforeAt: this.#seenBefore };
    this.#change(slot, "present", first ? "first-beat" : "returned", now, now, evidence, draft);
  }

  /** Everything whose deadline is at or before `now`, in the order of (deadline, slot). */
  expire(now: number, draft: Draft): void {
    const { records, deadlines } = this.#around;
    for (let slot = deadlines.due(now); slot >= 0; slot = deadlines.due(now)) {
      const at = deadlines.get(slot);
      const status = records.status(slot);
      if (status !== "present" && status !== "late") {
        if (records.rows.flag(slot, row.OPEN)) this.remove(slot, at, draft);
        continue;
      }
      const later = this.#later(slot, at, now);
      if (later > at) deadlines.set(slot, later);
      else if (status === "present") this.#late(slot, at, now, draft);
      else this.#absent(slot, at, now, draft);
    }
  }

  /** Takes a device off the table, with a last change to say so. */
  remove(slot: number, at: number, draft: Draft): void {
    const { records, deadlines, told, history, incidents } = this.#around;
    this.#change(slot, "unknown", "removed", at, at, NO_EVIDENCE, draft);
    const id = records.roster.id(slot);
    const ticket = draft.store({ kind: "enrol", id, enrolment: null });
    deadlines.remove(slot);
    told.removed(slot, ticket);
    history.removed(slot);
    incidents.removed(slot);
    records.remove(slot);
  }

  /** The instant to ask again where nothing follows from a deadline yet; else the deadline. */
  #later(slot: number, at: number, now: number): number {
    const { detector, incidents } = this.#around;
    const deaf = this.#deafness(slot, at);
    if (deaf !== undefined) {
      const endAt = Math.min(deaf.endAt, now);
      const later = detector.doubtAfter(slot, endAt, endAt - deaf.fromAt);
      if (later > at) return later;
    }
    return incidents.hold(slot, at);
  }

  /**
   * The deafness in which the beat may have been lost that was due until `at`. A beat that came in
   * the midst of one proves little: it may have waited in the socket, and its device, unanswered
   * meanwhile, may have stretched its gaps since.
   */
  #deafness(slot: number, at: number): Touching | undefined {
    const { records, detector, hearing } = this.#around;
    const transport: Source["transport"] = records.source[slot]?.transport ?? "udp";
    const due = hearing.touching(transport, detector.dueFrom(slot), at);
    const seenAt = records.rows.floats[slot * row.FLOATS + row.AT]!;
    const heard = hearing.around(transport, seenAt, records.promiseMs(slot));
    if (due === undefined || heard === undefined) return due ?? heard;
    return { ...due, fromAt: Math.min(due.fromAt, heard.fromAt) };
  }

  #late(slot: number, at: number, now: number, draft: Draft): void {
    const { records, deadlines, detector } = this.#around;
    deadlines.set(slot, detector.absentAt(slot, at));
    this.#change(slot, "late", "promise-broken", at, now, detector.evidence(slot), draft);
    if (nudgeable(records, slot)) nudge(records, slot, now, draft);
  }

  #absent(slot: number, at: number, now: number, draft: Draft): void {
    const { records, deadlines, detector } = this.#around;
    if (records.rows.flag(slot, row.OPEN)) deadlines.set(slot, at + OPEN_ABSENT_MS);
    else deadlines.clear(slot);
    this.#change(slot, "absent", "promise-broken", at, now, detector.evidence(slot), draft);
  }

  #change(
    slot: number,
    to: Status,
    likely: Cause,
    at: number,
    now: number,
    inputs: Evidence,
    draft: Draft,
  ): void {
    const { records, told, incidents, history } = this.#around;
    history.turns(slot, to, at);
    const { words, bytes } = records.rows;
    const w = slot * row.WORDS;
    const b = slot * row.BYTES;
    const from = STATUSES[bytes[b + row.STATUS]!]!;
    const proposal = { slot, from, to, cause: likely, at, now, evidence: inputs };
    const { cause, incident, evidence } = incidents.judge(proposal, draft);
    const id = words[w + row.ID]!;
    const tseq = words[w + row.TSEQ]! + 1;
    const cursor = ++this.#cursor;
    words[w + row.TSEQ] = tseq;
    bytes[b + row.STATUS] = STATUSES.indexOf(to);
    bytes[b + row.CAUSE] = CAUSES.indexOf(cause);
    const ticket = draft.tell({ cursor, id, tseq, at, from, to, cause, incident }, evidence);
    told.changing(draft.afterCommit.changes, ticket);
  }
}
