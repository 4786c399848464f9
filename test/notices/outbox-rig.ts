/**
 * Whoever keeps incidents, as far as the outbox needs one: over a disk that survives a crash, on a
 * clock that the test moves.
 */

import type { Evidence, Incident, Notice } from "../../gateway/affairs.ts";
import { Draft, Ledger } from "../../gateway/effects.ts";
import type { Cause, Fact } from "../../gateway/facts.ts";
import { Outbox } from "../../gateway/outbox.ts";
import { Quiets } from "../../gateway/quiets.ts";
import type { Route } from "../../gateway/routes.ts";
import type { Subject } from "../../gateway/subject.ts";
import { type AffairFact, Archive } from "../../sim/archive.ts";

/** 2027-01-01 14:00:00 UTC, the instant 0 of the keeper's clock. */
export const ZERO = Date.UTC(2027, 0, 1, 14) / 1_000;

export function routeOf(name: string, words: Partial<Route> = {}): Route {
  return {
    ...{ name, sites: [], labels: [], causes: [], recovery: true },
    ...{ repeatMs: Infinity, waitMs: 0 },
    ...words,
  };
}

export function subject(id: number, words: Partial<Subject> = {}): Subject {
  return {
    ...{ id, name: `shed-${String(id).padStart(2, "0")}`, site: "farm", labels: [] },
    ...{ seenAt: 0, dueAt: 60_000, battery: 40, signal: -61 },
    ...words,
  };
}

export class Keeper {
  readonly subjects = new Map<number, Subject>();
  readonly incidents = new Map<number, Incident>();
  /** Every notice that a commit put down, in order; null: taken away. */
  readonly log: { n: number; notice: Notice | null }[] = [];
  readonly routes: readonly Route[];
  readonly noticesMax: number;
  trusted = true;
  /** Facts that are durable now. */
  onDurable: (facts: readonly Fact[]) => void = () => {};
  now = 0;
  outbox: Outbox;
  quiets: Quiets;
  #archive = new Archive();
  #last = 0;

  constructor(routes: readonly Route[], noticesMax = 1_000) {
    this.routes = routes;
    this.noticesMax = noticesMax;
    [this.quiets, this.outbox] = this.#begin();
  }

  /** Forgets all that is not on the disk. */
  crash(): void {
    [this.quiets, this.outbox] = this.#begin();
  }

  /** Devices `members` fell silent: each joins in a call of its own, all in one commit. */
  open(scope: string, members: readonly number[], more: OpenWords = {}): number {
    const n = ++this.#last;
    const { cause = "promise-broken", evidence = {} } = more;
    const began: Incident = {
      ...{ n, cause, scope, openedAt: this.now, closedAt: null, ackedAt: null, remindedAt: null },
      ...{ members: [], joined: 0, away: 0 },
    };
    this.incidents.set(n, began);
    this.#turn((draft) => {
      for (const id of members) this.#join(n, id, evidence, draft);
      if (members.length === 0)
        this.#put(this.outbox.opened(began, evidence, this.now, draft), draft);
    });
    return n;
  }

  join(n: number, id: number): void {
    this.#turn((draft) => this.#join(n, id, {}, draft));
  }

  close(n: number, away = 0): void {
    const incident = { ...this.incidents.get(n)!, closedAt: this.now, away };
    this.#turn((draft) => this.#put(this.outbox.closed(incident, this.now, draft), draft));
  }

  ack(n: number): void {
    const incident = { ...this.incidents.get(n)!, ackedAt: this.now };
    this.#turn((draft) => {
      this.#put(incident, draft);
      this.outbox.acknowledged(incident, draft);
    });
  }

  quiet(target: string, kind: "mute" | "maintenance", forMs: number | null): void {
    const untilAt = forMs === null ? null : this.now + forMs;
    this.#turn((draft) => this.quiets.set(target, kind, untilAt, this.now, draft));
  }

  unquiet(target: string): void {
    this.#turn((draft) => void this.quiets.end(target, draft));
    this.tick(this.now);
  }

  delivered(n: number, ok = true): void {
    this.#turn((draft) => this.outbox.delivered(n, ok, draft));
  }

  /** Lets time pass, and `expire` be called when it is due and not before. */
  tick(until: number): void {
    for (let rounds = 0; this.outbox.wakeAt <= until; rounds++) {
      if (rounds > 10_000) throw new Error(`it wakes again and again at ${this.outbox.wakeAt}`);
      this.now = Math.max(this.now, this.outbox.wakeAt);
      this.#turn((draft) => {
        const open = [...this.incidents.values()];
        for (const each of this.outbox.expire(open, this.now, draft)) this.#put(each, draft);
      });
    }
    this.now = until;
  }

  /** What was told so far, as "route kind incident". */
  told(): string[] {
    const first = new Map<number, string>();
    for (const { n, notice } of this.log) {
      if (notice !== null) first.set(n, `${notice.route} ${notice.kind} ${notice.incident}`);
    }
    return [...first.values()];
  }

  /** The newest text of each notice that still waits. */
  texts(): string[] {
    return this.outbox.waiting.map(({ text }) => text);
  }

  #join(n: number, id: number, evidence: Evidence, draft: Draft): void {
    const incident = this.incidents.get(n)!;
    const members = [...incident.members, id];
    const joined = { ...incident, members, joined: members.length, away: members.length };
    this.#put(this.outbox.opened(joined, evidence, this.now, draft), draft);
  }

  #put(incident: Incident, draft: Draft): void {
    this.incidents.set(incident.n, incident);
    draft.store({ kind: "incident", n: incident.n, incident });
  }

  #turn(act: (draft: Draft) => void): void {
    const draft = new Draft(new Ledger());
    act(draft);
    this.outbox.settle(draft);
    for (const fact of draft.commit) {
      if (fact.kind === "notice") this.log.push({ n: fact.n, notice: fact.notice });
      this.#archive.keep(fact as AffairFact, 0);
    }
    this.onDurable(draft.commit);
  }

  #begin(): [Quiets, Outbox] {
    const affairs = this.#archive.affairs(0);
    this.incidents.clear();
    for (const incident of affairs.incidents) this.incidents.set(incident.n, incident);
    const quiets = new Quiets(affairs.quiets);
    const { routes, noticesMax } = this;
    const outbox = new Outbox(
      {
        ...{ routes, noticesMax, quiets },
        about: (id) => this.subjects.get(id),
        unixSeconds: (at) => (this.trusted ? ZERO + Math.floor(at / 1_000) : 0),
        devicesAt: (site) => [...this.subjects.values()].filter((s) => s.site === site).length,
      },
      affairs,
    );
    return [quiets, outbox];
  }
}

export interface OpenWords {
  readonly cause?: Cause;
  readonly evidence?: Evidence;
}

/** A keeper with shed-07 at the farm, and 13 others there. */
export function farm(...routes: Parameters<typeof routeOf>[]): Keeper {
  const keeper = new Keeper(routes.map((words) => routeOf(...words)));
  for (let id = 1; id <= 14; id++) keeper.subjects.set(id, subject(id));
  return keeper;
}
