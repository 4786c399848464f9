/**
 * The book of incidents: their numbers, their newest state, the one that may be told, and how many
 * are kept.
 *
 * An incident changes with the changes of its devices, and goes to disk in their commit; within one
 * draft the fact is written once and replaced, so a hundred thousand devices that fall silent in
 * one instant make one. Who asks before that commit gets the state before it, as with statuses
 * (told.ts). What lost: a fact for each step, which made an outage of ten thousand boards cost more
 * disk than a day of their beats.
 */

import type { Incident } from "../affairs.ts";
import type { Draft } from "../effects.ts";

/** Closed incidents that are kept, the oldest out. */
export const CLOSED_MAX = 256;

/** A state on its way to the disk. */
interface Written {
  readonly draft: Draft;
  readonly n: number;
  /** null: forgotten. */
  incident: Incident | null;
  fact: { kind: "incident"; n: number; incident: Incident | null } | undefined;
}

export class Book {
  /** Open ones, the newest state, by number. */
  readonly open = new Map<number, Incident>();
  #last: number;
  /** Numbers of closed ones, in the order in which they closed. */
  readonly #closed: number[];
  readonly #told: Map<number, Incident>;
  #queue: Written[] = [];
  /** Of the newest draft, by number. */
  readonly #writing = new Map<number, Written>();

  constructor(incidents: readonly Incident[], last: number) {
    this.#last = Math.max(last, ...incidents.map(({ n }) => n));
    this.#told = new Map(incidents.map((incident) => [incident.n, incident]));
    for (const incident of incidents) {
      if (incident.closedAt === null) this.open.set(incident.n, incident);
    }
    this.#closed = incidents
      .filter(({ closedAt }) => closedAt !== null)
      .sort((a, b) => a.closedAt! - b.closedAt! || a.n - b.n)
      .map(({ n }) => n);
  }

  /** The next number. */
  next(): number {
    return ++this.#last;
  }

  /**
   * An incident's new state.
   * @param stored false: it follows from the devices' statuses, and needs no fact of its own
   */
  put(incident: Incident, draft: Draft, stored = true): void {
    const { n, closedAt } = incident;
    if (closedAt === null) this.open.set(n, incident);
    else if (this.open.delete(n)) this.#closed.push(n);
    this.#write(n, incident, draft, stored);
    while (this.#closed.length > CLOSED_MAX) this.#write(this.#closed.shift()!, null, draft, true);
  }

  /** What was found at the start: no draft, since it follows from what the disk has. */
  found(incident: Incident): void {
    this.open.set(incident.n, incident);
    this.#told.set(incident.n, incident);
  }

  /** Everything up to `ticket` is on disk. */
  committed(ticket: number): void {
    let done = 0;
    for (const { draft, n, incident } of this.#queue) {
      if (draft.ticket > ticket) break;
      done++;
      if (incident === null) this.#told.delete(n);
      else this.#told.set(n, incident);
    }
    if (done > 0) this.#queue = this.#queue.slice(done);
  }

  /** As it may be told. */
  get(n: number): Incident | undefined {
    return this.#told.get(n);
  }

  /** All that are kept, as they may be told, in the order of their numbers. */
  list(): Incident[] {
    return [...this.#told.values()].sort((a, b) => a.n - b.n);
  }

  #write(n: number, incident: Incident | null, draft: Draft, stored: boolean): void {
    if (this.#queue.at(-1)?.draft !== draft) this.#writing.clear();
    let written = this.#writing.get(n);
    if (written === undefined) {
      written = { draft, n, incident, fact: undefined };
      this.#writing.set(n, written);
      this.#queue.push(written);
    }
    written.incident = incident;
    if (written.fact !== undefined) written.fact.incident = incident;
    else if (stored) {
      written.fact = { kind: "incident", n, incident };
      draft.store(written.fact);
    }
  }
}
