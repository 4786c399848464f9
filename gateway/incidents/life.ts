/**
 * The life of incidents: opened, joined, widened, left, closed. Where a device belongs is decided
 * elsewhere (incidents.ts); here it is carried out, told and kept.
 *
 *    absent      joined by who is silent since before it opened, or while most of it is away
 *   --------> open ------------------------------------------------> all back --calm--> closed
 *              ^ ^ a lone board's incident becomes its site's,           |
 *              |  `  as soon as the site turns out to be it              |
 *              `------------------- absent again ------------------------'
 *
 * It closes when everybody is back and has had the time to be called absent once more, and was not.
 * So a board that comes and goes has one incident, and its people two notices and not two an hour.
 * What lost: closing at once and opening the same one again, which tells of a recovery that was
 * none, or does not tell of the next silence.
 */

import type { Evidence, Incident } from "../affairs.ts";
import type { Finding } from "../causes/table.ts";
import type { Draft } from "../effects.ts";
import type { Cause } from "../facts.ts";
import type { Records } from "../records.ts";
import type { Book } from "./book.ts";
import type { DeafIncidents } from "./deaf.ts";
import { loneScope, type Membership, withMember } from "./members.ts";

/** An incident is over when all are back for so many promises, and after so many ms at most. */
export const CALM_PROMISES = 2.5;
export const CALM_MAX_MS = 300_000;
/** Closings are looked at once in so many ms. */
const ROUND_MS = 1_000;
/**
 * Joining devices are told and stored one by one up to so many, and beyond by the 16th part while
 * none of them is back.
 */
const SINGLY_MAX = 64;

/** Who tells people (outbox.ts). Each returns the incident as it is to be stored. */
export interface Notices {
  /** Call `expire` no later than this. */
  readonly wakeAt: number;
  /** It opened, or more joined it, or it turned out to be a wider one. */
  opened(incident: Incident, evidence: Evidence, now: number, draft: Draft): Incident;
  closed(incident: Incident, now: number, draft: Draft): Incident;
  /** What is due, of all that are open; only what changed is returned. */
  expire(open: Iterable<Incident>, now: number, draft: Draft): Incident[];
  acknowledged(incident: Incident, draft: Draft): void;
}

/** When a device becomes absent, by rule and in fact. */
export interface Instant {
  readonly at: number;
  readonly now: number;
}

/** Of which nobody is a member yet. */
const FRESH = {
  closedAt: null,
  ackedAt: null,
  remindedAt: null,
  members: [],
  joined: 0,
  away: 0,
} as const;

export interface LifeParts {
  readonly records: Records;
  readonly book: Book;
  readonly members: Membership;
  readonly deaf: DeafIncidents;
  readonly notices: Notices;
}

export class Life {
  readonly #parts: LifeParts;
  /** When to close those with nobody away, and when the last of them came back. */
  readonly #closing = new Map<number, { readonly at: number; readonly backAt: number }>();
  #closeAt = Infinity;

  constructor(parts: LifeParts) {
    this.#parts = parts;
  }

  /** Call `expire` no later than this. */
  get wakeAt(): number {
    return Math.min(this.#closeAt, this.#parts.deaf.wakeAt, this.#parts.notices.wakeAt);
  }

  /** All that the store knew have joined the table. */
  started(now: number): void {
    const { members, records, deaf } = this.#parts;
    for (const { n, members: ids } of members.started()) {
      const slots = ids.map((id) => records.roster.slotOf(id)).filter((slot) => slot >= 0);
      this.#calm(n, now, Math.max(0, ...slots.map((slot) => this.#calmMs(slot))));
    }
    deaf.changed();
  }

  /** Whether nobody of it is away any more, and it closes if that stays so. */
  isCalm(n: number): boolean {
    return this.#closing.has(n);
  }

  /** A new incident. `scope` undefined: of this device alone. */
  open(slot: number, scope: string | undefined, cause: Cause, openedAt: number): Incident {
    const { book, records } = this.#parts;
    const mine = scope ?? loneScope(records.roster.id(slot));
    return { ...FRESH, n: book.next(), cause, scope: mine, openedAt };
  }

  /** A lone board's incident becomes that of something wider. */
  widen(
    lone: Incident,
    scope: string,
    { cause, evidence }: Finding,
    now: number,
    draft: Draft,
  ): Incident {
    return this.#tell({ ...lone, cause, scope }, evidence, now, draft);
  }

  /** A device becomes absent in an incident. */
  enter(
    slot: number,
    incident: Incident,
    evidence: Evidence,
    { at, now }: Instant,
    draft: Draft,
  ): void {
    const { members, records, book } = this.#parts;
    const { n, openedAt } = incident;
    const entered = withMember(incident, records.roster.id(slot), members.of[slot] === n);
    members.of[slot] = n;
    const again = this.#closing.delete(n);
    const listed = entered.members !== incident.members;
    if (again || listed || entered.away < entered.joined || isMilestone(entered.joined)) {
      this.#tell(entered, { ...evidence, withinMs: at - openedAt }, now, draft);
    } else book.put(entered, draft, false);
  }

  /**
   * A device is no longer absent.
   * @param gone it left, or was removed: nobody waits whether it stays
   * @returns the incident that it was away in
   */
  leave(slot: number, gone: boolean, at: number, draft: Draft): number | null {
    const { members, book } = this.#parts;
    const n = members.of[slot]!;
    const incident = book.open.get(n);
    if (incident === undefined) return null;
    const away = Math.max(0, incident.away - 1);
    // Until the first one is back, who joined follows from who is away.
    const first = incident.away === incident.joined;
    book.put({ ...incident, away }, draft, first || away === 0);
    if (away === 0) this.#calm(n, at, gone ? 0 : this.#calmMs(slot));
    return n;
  }

  /** What is due: incidents that are over, deafness that lasts, reminders. */
  expire(now: number, draft: Draft): void {
    const { deaf, notices, book } = this.#parts;
    if (now >= this.#closeAt) this.#close(now, draft);
    if (now >= deaf.wakeAt) this.#tellDeafness(now, draft);
    if (now < notices.wakeAt) return;
    for (const incident of notices.expire(book.open.values(), now, draft)) {
      book.put(incident, draft);
    }
  }

  /** Somebody takes it on. Throws RangeError where it is unknown, or closed. */
  acknowledge(n: number, now: number, draft: Draft): void {
    const { book, notices } = this.#parts;
    const incident = book.open.get(n);
    if (incident === undefined) {
      const what = book.get(n) === undefined ? "is unknown" : "is closed";
      throw new RangeError(`incident ${n} ${what}; expected an open one`);
    }
    const acked = { ...incident, ackedAt: incident.ackedAt ?? now };
    notices.acknowledged(acked, draft);
    book.put(acked, draft);
  }

  #tell(incident: Incident, evidence: Evidence, now: number, draft: Draft): Incident {
    const told = this.#parts.notices.opened(incident, evidence, now, draft);
    this.#parts.book.put(told, draft);
    return told;
  }

  #calmMs(slot: number): number {
    return Math.min(CALM_MAX_MS, CALM_PROMISES * this.#parts.records.promiseMs(slot));
  }

  /** Nobody of it is away since `backAt`: it closes if that stays so. */
  #calm(n: number, backAt: number, calmMs: number): void {
    const at = Math.ceil((backAt + calmMs) / ROUND_MS) * ROUND_MS;
    this.#closing.set(n, { at, backAt });
    this.#closeAt = Math.min(this.#closeAt, at);
  }

  #close(now: number, draft: Draft): void {
    this.#closeAt = Infinity;
    for (const [n, { at, backAt }] of this.#closing) {
      if (at > now) this.#closeAt = Math.min(this.#closeAt, at);
      else {
        this.#closing.delete(n);
        this.#closed(n, backAt, now, draft);
      }
    }
  }

  #closed(n: number, closedAt: number, now: number, draft: Draft): void {
    const { book, notices } = this.#parts;
    const incident = book.open.get(n);
    if (incident === undefined) return;
    const closed = { ...incident, closedAt: Math.max(closedAt, incident.openedAt) };
    book.put(notices.closed(closed, now, draft), draft);
  }

  #tellDeafness(now: number, draft: Draft): void {
    const { deaf, book } = this.#parts;
    for (const { scope, at, closes } of deaf.due(now)) {
      if (closes > 0) {
        this.#closed(closes, at, now, draft);
        continue;
      }
      const n = book.next();
      const cause = scope === "broker" ? "broker" : "gateway-deaf";
      deaf.opened(scope, n);
      this.#tell({ ...FRESH, n, cause, scope, openedAt: at }, { deafMs: now - at }, now, draft);
    }
    deaf.changed();
  }
}

function isMilestone(joined: number): boolean {
  return joined <= SINGLY_MAX || joined % 2 ** (Math.floor(Math.log2(joined)) - 4) === 0;
}
