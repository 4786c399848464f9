/**
 * What belongs together: changes with one cause share one incident, with its own life
 * (incidents/life.ts).
 *
 * Only `absent` opens one: `late` is a doubt. Where most of a site or of the fleet misses at once
 * (incidents/crowd.ts), its verdicts wait a little, so that one incident can say so; a board alone
 * never waits. A board that is silent for a reason of its own, which shows (a wrong key, a double),
 * keeps its own incident whatever happens around it.
 *
 * Who is away follows from the devices' statuses, and of whom from members and scope: after a crash
 * at any point both are found again from what the disk has (incidents/members.ts). So the facts of
 * an incident are few: it opened, somebody new joined it, it became a site's, all are back, it
 * closed. What lost: a fact for each return, which doubles what a mass return costs the disk.
 */

import type { Affairs, Evidence, Incident } from "./affairs.ts";
import type { Inputs } from "./causes/evidence.ts";
import { type Arrival, causeOfReturn } from "./causes/return.ts";
import { Signs } from "./causes/signs.ts";
import type { Around } from "./causes/table.ts";
import { causeOfSilence, OWN_CAUSES } from "./causes.ts";
import type { Draft } from "./effects.ts";
import type { Cause, Status } from "./facts.ts";
import type { Hearing } from "./hearing.ts";
import { Book } from "./incidents/book.ts";
import { Crowd } from "./incidents/crowd.ts";
import type { Group } from "./incidents/crowd-group.ts";
import { DeafIncidents } from "./incidents/deaf.ts";
import { Life, type Notices } from "./incidents/life.ts";
import { isLone, Membership } from "./incidents/members.ts";
import { type News, NO_NEWS } from "./news.ts";
import type { Hints } from "./receiver/hints.ts";
import type { Records } from "./records.ts";
import * as row from "./rows.ts";

/** Verdicts wait at most so long for the others, or one promise where that is shorter. */
export const HOLD_MS = 30_000;

/** A change about to be made, as its rule sees it. */
export interface Proposal {
  readonly slot: number;
  readonly from: Status;
  readonly to: Status;
  readonly cause: Cause;
  /** When it happens by rule, and when it is found. */
  readonly at: number;
  readonly now: number;
  /** Handed over: what is found of a silence or a return is added to it. */
  readonly evidence: Evidence;
}

export interface Judgement {
  readonly cause: Cause;
  readonly incident: number | null;
  readonly evidence: Evidence;
}

export interface Neighbours {
  readonly records: Records;
  readonly hints: Hints;
  readonly hearing: Hearing;
  readonly notices: Notices;
}

export class Incidents {
  readonly #records: Records;
  readonly #crowd: Crowd;
  readonly #signs: Signs;
  readonly #around: Around;
  readonly #book: Book;
  readonly #members: Membership;
  readonly #deaf: DeafIncidents;
  readonly #life: Life;
  /** Since when the verdict on a slot waits. */
  readonly #held = new Map<number, number>();
  /** The beat that is being heard, and the vitals of the one before it. */
  readonly #arrival: Arrival;
  #vitalsBefore = 0;

  /** @param affairs what the store gave back; undefined: nothing */
  constructor(neighbours: Neighbours, affairs: Affairs | undefined, now: number) {
    const { records, hints, hearing, notices } = neighbours;
    const { incidents = [], lastIncident = 0 } = affairs ?? {};
    this.#records = records;
    this.#crowd = new Crowd(records, now);
    this.#signs = new Signs(records);
    this.#around = { records, hints, crowd: this.#crowd, signs: this.#signs };
    this.#book = new Book(incidents, lastIncident);
    this.#members = new Membership(records, this.#crowd, this.#book);
    this.#deaf = new DeafIncidents(hearing, incidents);
    const kept = { book: this.#book, members: this.#members, deaf: this.#deaf };
    this.#life = new Life({ records, notices, ...kept });
    const nothing = { step: 0, news: NO_NEWS, seenAt: now, promiseMs: 0 };
    this.#arrival = { ...nothing, moved: false, from: undefined };
  }

  /** Call `expire` no later than this. */
  get wakeAt(): number {
    return this.#life.wakeAt;
  }

  /** A device joined the table, with the status of its record. */
  joined(slot: number, now: number): void {
    this.#crowd.joined(slot, now);
    this.#signs.joined(slot, now);
    this.#members.joined(slot);
  }

  /** All that the store knew have joined. */
  started(now: number): void {
    this.#life.started(now);
  }

  /** A device is about to leave the table; its last change was made. */
  removed(slot: number): void {
    this.#crowd.removed(slot);
    this.#members.of[slot] = 0;
    this.#held.delete(slot);
  }

  /** Its site may be another one. */
  amended(slot: number): void {
    this.#crowd.amended(slot);
  }

  /** Deafness began or ended. */
  deafened(): void {
    this.#deaf.changed();
  }

  /** A fresh beat came, and the record still has the one before it. */
  hears(slot: number, step: number, news: News): void {
    const { rows, source } = this.#records;
    const arrival = this.#arrival;
    arrival.step = step;
    arrival.news = news;
    arrival.seenAt = rows.floats[slot * row.FLOATS + row.AT]!;
    arrival.promiseMs = this.#records.promiseMs(slot);
    arrival.from = source[slot];
    this.#vitalsBefore = rows.bytes[slot * row.BYTES + row.VITALS]!;
  }

  /** It is in the record; its change, if any, is made after this. */
  heard(slot: number, now: number): void {
    const { news, promiseMs, from } = this.#arrival;
    const moved = this.#records.source[slot] !== from;
    this.#arrival.moved = moved && from !== undefined;
    if (moved) this.#crowd.moves(slot, from);
    if (this.#records.promiseMs(slot) !== promiseMs) this.#crowd.promises(slot, promiseMs);
    this.#crowd.hears(slot, now);
    this.#signs.hears(slot, this.#vitalsBefore, news.reset, this.#arrival.moved, now);
  }

  /**
   * Whether the verdict that falls due on `slot` at `at` waits: the instant to ask again, or `at`
   * if it does not. Only `absent` waits, and once.
   */
  hold(slot: number, at: number): number {
    if (this.#records.status(slot) !== "late" || this.#held.has(slot)) return at;
    const group = this.#crowd.around(slot, at);
    if (group === undefined) return at;
    const until = group.crowdAt + Math.min(HOLD_MS, this.#records.promiseMs(slot));
    if (until <= at) return at;
    this.#held.set(slot, at);
    return until;
  }

  /** The likeliest cause of a change, and the incident that it opens, joins, leaves or closes. */
  judge(proposal: Proposal, draft: Draft): Judgement {
    const { slot, from, to, cause, at, now, evidence } = proposal;
    this.#crowd.changes(slot, from, to, at);
    if (to === "late") return this.#late(proposal, draft);
    if (to === "absent") return this.#absent(proposal, draft);
    this.#held.delete(slot);
    const back = to === "present" && (from === "late" || from === "absent");
    const found = back
      ? causeOfReturn(this.#around, slot, now, this.#arrival, evidence as Inputs)
      : { cause, evidence };
    const gone = to !== "present";
    const incident = from === "absent" ? this.#life.leave(slot, gone, at, draft) : null;
    return { ...found, incident };
  }

  /** What is due: incidents that are over, deafness that lasts, reminders. */
  expire(now: number, draft: Draft): void {
    this.#life.expire(now, draft);
  }

  /** Everything up to `ticket` is on disk. */
  committed(ticket: number): void {
    this.#book.committed(ticket);
  }

  /** All open ones and the last that closed, as they may be told, in the order of their numbers. */
  list(): Incident[] {
    return this.#book.list();
  }

  /** As it may be told. */
  get(n: number): Incident | undefined {
    return this.#book.get(n);
  }

  /** Somebody takes it on. Throws RangeError where it is unknown, or closed. */
  acknowledge(n: number, now: number, draft: Draft): void {
    this.#life.acknowledge(n, now, draft);
  }

  /** A doubt opens nothing; but it may be what shows that a lone board was not alone. */
  #late({ slot, at, now, evidence }: Proposal, draft: Draft): Judgement {
    const group = this.#crowd.around(slot, at);
    const found = causeOfSilence(this.#around, slot, at, group, evidence as Inputs);
    const lone = group && this.#members.lone(group, slot);
    if (group && lone && !OWN_CAUSES.includes(found.cause)) {
      group.incident = lone.n;
      this.#life.widen(lone, group.scope, found, now, draft);
    }
    return { ...found, incident: null };
  }

  #absent(proposal: Proposal, draft: Draft): Judgement {
    const { slot, at, now } = proposal;
    const around = this.#crowd.around(slot, at) ?? this.#members.sharing(slot);
    const shown = proposal.evidence as Inputs;
    const found = causeOfSilence(this.#around, slot, at, around, shown);
    const own = OWN_CAUSES.includes(found.cause);
    const group = own ? undefined : around;
    const heldAt = this.#held.get(slot);
    this.#held.delete(slot);
    if (heldAt !== undefined) shown.heldMs = at - heldAt;
    let incident = this.#members.fitting(slot, own, (n) => this.#life.isCalm(n));
    if (incident === undefined) {
      const lone = group && this.#members.lone(group, slot);
      incident = lone
        ? this.#life.widen(lone, group.scope, found, now, draft)
        : this.#life.open(slot, group?.scope, found.cause, at);
      this.#noted(slot, group, incident.n);
    }
    this.#life.enter(slot, incident, shown, proposal, draft);
    const cause = isLone(incident) ? found.cause : incident.cause;
    return { cause, incident: incident.n, evidence: shown };
  }

  #noted(slot: number, group: Group | undefined, n: number): void {
    if (group !== undefined) group.incident = n;
    else for (const each of this.#crowd.groups(slot)) each.lone = n;
  }
}
