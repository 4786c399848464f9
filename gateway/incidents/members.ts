/**
 * Who belongs to which incident: found again after a crash, and found for whoever falls silent.
 *
 * An absent device belongs to exactly one open incident, so whom the members of the record do not
 * name (they are bounded) belongs to one that has more of them than it names, and whose scope is
 * his.
 */

import type { Incident } from "../affairs.ts";
import { OWN_CAUSES } from "../causes.ts";
import { idText } from "../enrolment.ts";
import { CAUSES } from "../facts.ts";
import type { Records } from "../records.ts";
import * as row from "../rows.ts";
import type { Book } from "./book.ts";
import type { Crowd } from "./crowd.ts";
import type { Group } from "./crowd-group.ts";

/** Devices that a record names; `joined` counts them all. */
export const MEMBERS_MAX = 64;

export class Membership {
  /** By slot, the incident that it is away in, or was last. */
  of = new Uint32Array(64);
  readonly #records: Records;
  readonly #crowd: Crowd;
  readonly #book: Book;
  /** While what the store gave back joins: incidents by member, and devices away in each. */
  #named: Map<number, number> | undefined;
  readonly #away = new Map<number, number>();

  constructor(records: Records, crowd: Crowd, book: Book) {
    this.#records = records;
    this.#crowd = crowd;
    this.#book = book;
    this.#named = new Map();
    for (const { n, members } of book.open.values()) {
      for (const id of members) this.#named.set(id, n);
    }
  }

  /** A device joined the table, with the status of its record. */
  joined(slot: number): void {
    if (slot >= this.of.length) {
      const grown = new Uint32Array(Math.max(slot + 1, Math.ceil(this.of.length * 1.25)));
      grown.set(this.of);
      this.of = grown;
    }
    this.of[slot] = 0;
    if (this.#named === undefined) return;
    const named = this.#named.get(this.#records.roster.id(slot)) ?? 0;
    const away = this.#records.status(slot) === "absent";
    const n = away ? named || this.#unnamed(slot) : named;
    if (n === 0) return;
    this.of[slot] = n;
    const { scope } = this.#book.open.get(n)!;
    for (const group of this.#crowd.groups(slot)) {
      if (group.scope === scope) group.incident = Math.max(group.incident, n);
      else if (scope.startsWith("device:")) group.lone = Math.max(group.lone, n);
    }
    if (away) this.#away.set(n, (this.#away.get(n) ?? 0) + 1);
  }

  /** All have joined. @returns incidents of which nobody is away */
  started(): Incident[] {
    this.#named = undefined;
    const back: Incident[] = [];
    for (const incident of this.#book.open.values()) {
      const away = this.#away.get(incident.n) ?? 0;
      const joined = Math.max(incident.joined, away);
      const found = { ...incident, joined, away };
      this.#book.found(found);
      if (away === 0 && joined > 0) back.push(found);
    }
    this.#away.clear();
    return back;
  }

  /**
   * The open incident that a device joins which becomes absent.
   * @param own its cause is its own, whoever else is silent
   * @param calm whether all of an incident are back, and it waits to be closed
   */
  fitting(slot: number, own: boolean, calm: (n: number) => boolean): Incident | undefined {
    const { open } = this.#book;
    const mine = open.get(this.of[slot]!);
    if (mine !== undefined && (isLone(mine) || (!own && calm(mine.n)))) return mine;
    if (own) return undefined;
    for (const { incident } of this.#crowd.groups(slot)) {
      const wide = open.get(incident);
      if (wide === undefined) continue;
      if (calm(wide.n) || this.#seenAt(slot) <= wide.openedAt) return wide;
      if (wide.away * 2 > wide.joined) return wide;
    }
    return undefined;
  }

  /** The incident of one device alone that is the group's own, if this one is silent as long. */
  lone(group: Group, slot: number): Incident | undefined {
    const wide = this.#book.open.get(group.incident);
    if (wide !== undefined && wide.away * 2 > wide.joined) return undefined;
    const lone = this.#book.open.get(group.lone);
    if (lone === undefined || lone.away === 0 || !isLone(lone)) return undefined;
    if (OWN_CAUSES.includes(lone.cause) || this.of[slot] === lone.n) return undefined;
    return this.#seenAt(slot) <= lone.openedAt ? lone : undefined;
  }

  /**
   * A site or an address of which another device was called absent, this one was silent by then,
   * and nobody was heard since: what the counts have forgotten, over a restart, still holds.
   */
  sharing(slot: number): Group | undefined {
    return this.#crowd.groups(slot).find((group) => {
      if (group.kind === "fleet") return false;
      const lone = this.lone(group, slot);
      return lone !== undefined && group.heardAt <= lone.openedAt;
    });
  }

  /** Where the devices stand that a record does not name: the newest such one of their scope. */
  #unnamed(slot: number): number {
    const cause = CAUSES[this.#records.rows.bytes[slot * row.BYTES + row.CAUSE]!];
    const scopes = this.#crowd.groups(slot).map(({ scope }) => scope);
    let found: Incident | undefined;
    for (const incident of this.#book.open.values()) {
      if (incident.joined <= incident.members.length || isLone(incident)) continue;
      const better = scopes.includes(incident.scope) || incident.cause === cause;
      if (better && incident.n > (found?.n ?? 0)) found = incident;
    }
    return found?.n ?? 0;
  }

  #seenAt(slot: number): number {
    return this.#records.rows.floats[slot * row.FLOATS + row.AT]!;
  }
}

/** Of one device alone. */
export function isLone({ scope }: Incident): boolean {
  return scope.startsWith("device:");
}

/** The incident with one more device away. @param known it had joined before */
export function withMember(incident: Incident, id: number, known: boolean): Incident {
  const { members, joined, away } = incident;
  const listed = members.includes(id);
  return {
    ...incident,
    members: listed || members.length >= MEMBERS_MAX ? members : [...members, id],
    joined: listed || known ? joined : joined + 1,
    away: away + 1,
  };
}

export function loneScope(id: number): string {
  return `device:${idText(id)}`;
}
