/**
 * Notices on their way: for each incident one to each route that wants it, when it opens and when
 * it closes, and reminders between.
 *
 * A notice is a fact, stored in the commit of the incident that it tells of, and taken away when it
 * was delivered or given up. So a crash loses none: what is still in the store is delivered after
 * the next start, under the same id, which is how a receiver knows one that comes twice. What lost:
 * to deliver from the changes, where a crash between two receivers tells one of them never or twice
 * and nobody knows which.
 *
 * How many may wait is bounded (outbox/waiting.ts).
 */

import type { Affairs, Evidence, Incident, Notice } from "./affairs.ts";
import type { Draft } from "./effects.ts";
import type { Effects } from "./facts.ts";
import { noticeBody } from "./outbox/body.ts";
import { Waiting } from "./outbox/waiting.ts";
import { closedWords, openedWords, type Setting } from "./outbox/wording.ts";
import type { Quiets } from "./quiets.ts";
import { type Route, remindAt, wants } from "./routes.ts";
import type { Subject } from "./subject.ts";

export interface OutboxOptions extends Pick<Setting, "unixSeconds" | "devicesAt"> {
  readonly routes: readonly Route[];
  readonly noticesMax: number;
  readonly quiets: Quiets;
  /** A device as it is now; undefined: gone. */
  readonly about: (id: number) => Subject | undefined;
}

type Known = Pick<Affairs, "incidents" | "notices" | "lastNotice">;

/** Of what a notice is made when its draft is complete. */
interface Making {
  readonly incident: Incident;
  readonly evidence: Evidence;
  /** Stands in front of what it says. */
  readonly lead: string;
  readonly now: number;
}

/** Devices that a notice is made from. */
const SUBJECTS_MAX = 32;

const NO_EVIDENCE: Evidence = Object.freeze({});

/**
 * Whoever keeps the incidents calls `opened` and `closed` at each step of one and stores what they
 * answer; calls `acknowledged`; and hands all open ones to `expire` when `wakeAt` is due. When the
 * draft is complete `settle` puts its notices into it: a hundred thousand devices that join an
 * incident in one instant make one text and not as many.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #waiting: Waiting;
  /** When an open incident is to be looked at again, by n. */
  readonly #again = new Map<number, number>();
  /** "incident route": its opening was given up. `expire` writes that down, at once. */
  readonly #untold = new Set<string>();
  /** Notices of a draft that is not complete, by n. */
  readonly #making = new Map<number, Making>();
  #last: number;
  /** The next instant in `#again`; undefined: to be looked for. */
  #next: number | undefined;

  constructor(options: OutboxOptions, { incidents, notices, lastNotice }: Known) {
    this.#options = options;
    this.#last = lastNotice;
    // With as few as one a route there would be none to say what was left out.
    this.#waiting = new Waiting(notices, Math.max(options.noticesMax, 4 * options.routes.length));
    for (const incident of incidents) this.#plan(incident);
  }

  /** Call `expire` no later than this. */
  get wakeAt(): number {
    if (this.#untold.size > 0) return -Infinity;
    if (this.#next === undefined) {
      this.#next = Infinity;
      for (const at of this.#again.values()) this.#next = Math.min(this.#next, at);
    }
    return Math.min(this.#next, this.#options.quiets.wakeAt);
  }

  /** Notices that are neither delivered nor given up, oldest first. */
  get waiting(): Notice[] {
    return this.#waiting.list;
  }

  /**
   * An incident opened, or more devices joined it. Who was told already is not told again, but what
   * still waits for its route's `waitMs` says the new state.
   * @returns the incident as it is to be stored
   */
  opened(incident: Incident, evidence: Evidence, now: number, draft: Draft, lead = ""): Incident {
    // Who is known already was asked about when it joined.
    const known = incident.told !== undefined || incident.hushed !== undefined;
    const subjects = this.#subjects(incident, known && lead === "" ? -1 : SUBJECTS_MAX);
    const hushed = this.#options.quiets.over(incident, subjects, now);
    if (hushed !== undefined && incident.told === undefined) {
      return this.#plan({ ...incident, hushed });
    }
    const told = this.#told(incident);
    const making = { incident, evidence, lead, now };
    for (const route of this.#options.routes) {
      if (told.includes(route.name)) {
        const before = this.#fresh(incident, route, now);
        if (before !== undefined) this.#making.set(before.n, making);
      } else if (wants(route, incident, subjects)) {
        told.push(route.name);
        this.#untold.delete(`${incident.n} ${route.name}`);
        this.#make("opened", route, making, draft);
      }
    }
    return this.#plan({ ...incident, told });
  }

  /** An incident closed: those hear of it who were told that it opened. */
  closed(incident: Incident, now: number, draft: Draft): Incident {
    const making = { incident, evidence: NO_EVIDENCE, lead: "", now };
    this.#waiting.dropReminders(incident.n, draft);
    const told = this.#told(incident).filter((name) => {
      const route = this.#options.routes.find((each) => each.name === name);
      if (route === undefined) return true;
      const opening = this.#fresh(incident, route, now);
      if (opening) this.#waiting.drop(opening, draft);
      else if (route.recovery) this.#make("closed", route, making, draft);
      return opening === undefined;
    });
    for (const name of incident.told ?? []) this.#untold.delete(`${incident.n} ${name}`);
    return this.#plan(incident.told === undefined ? incident : { ...incident, told });
  }

  /**
   * What is due: quiets that end, and with them what was not told; reminders.
   * @param open all open incidents
   * @returns those of them that are to be stored anew
   */
  expire(open: Iterable<Incident>, now: number, draft: Draft): Incident[] {
    this.#options.quiets.expire(now, draft);
    const changed: Incident[] = [];
    for (const incident of open) {
      const found = incident.closedAt === null ? this.#due(incident, now, draft) : undefined;
      if (found !== undefined) changed.push(found);
    }
    this.#untold.clear();
    return changed;
  }

  /** The draft is complete: what it tells of goes into it. */
  settle(effects: Effects): void {
    if (this.#making.size === 0) return;
    const draft = effects as Draft; // Not of nothing: it has the incident.
    for (const [n, { incident, evidence, lead, now }] of this.#making) {
      const notice = this.#waiting.get(n);
      if (notice === undefined) continue;
      const subjects = this.#subjects(incident, SUBJECTS_MAX);
      const setting = { ...this.#options, now, evidence };
      const say = notice.kind === "closed" ? closedWords : openedWords;
      const { title, text } = say(incident, subjects, setting);
      const head = { n, incident, route: notice.route, title: lead + title };
      const body = noticeBody(head, subjects, setting, notice);
      this.#waiting.put({ ...notice, text: lead + text, body }, draft);
    }
    this.#making.clear();
  }

  /** Somebody took it on: it is not told again until it closes. */
  acknowledged(incident: Incident, draft: Draft): void {
    this.#waiting.dropReminders(incident.n, draft);
    this.#plan(incident);
  }

  /** A notice was delivered, or (`ok` false) given up. */
  delivered(n: number, ok: boolean, draft: Draft): void {
    const notice = this.#waiting.get(n);
    if (notice === undefined) return;
    this.#waiting.drop(notice, draft);
    if (ok || notice.kind !== "opened") return;
    const { incident, route } = notice;
    this.#untold.add(`${incident} ${route}`);
    for (const other of this.#waiting.of(incident, route)) this.#waiting.drop(other, draft);
  }

  #due(incident: Incident, now: number, draft: Draft): Incident | undefined {
    const unheard = incident.hushed !== undefined && incident.told === undefined;
    const told = this.#told(incident);
    if (!unheard && now < (this.#again.get(incident.n) ?? Infinity)) {
      return told.length < (incident.told?.length ?? 0) ? { ...incident, told } : undefined;
    }
    const subjects = this.#subjects(incident, SUBJECTS_MAX);
    const quiet = this.#options.quiets.over(incident, subjects, now) !== undefined;
    if (unheard) {
      if (quiet) return undefined;
      return this.opened(incident, NO_EVIDENCE, now, draft, `After a ${incident.hushed}: `);
    }
    const making = { incident, evidence: NO_EVIDENCE, lead: "Still: ", now };
    for (const route of this.#options.routes) {
      const due = told.includes(route.name) && remindAt(incident, [route]) <= now;
      if (due && !quiet && this.#waiting.of(incident.n, route.name).length === 0) {
        this.#make("reminder", route, making, draft);
      }
    }
    return this.#plan({ ...incident, told, remindedAt: now });
  }

  /** @param max of the first so many devices; -1: of the one that joined last */
  #subjects({ members }: Incident, max: number): Subject[] {
    const some = max < 0 ? members.slice(-1) : members.slice(0, max);
    return some.flatMap((id) => this.#options.about(id) ?? []);
  }

  #told({ n, told = [] }: Incident): string[] {
    return told.filter((name) => !this.#untold.has(`${n} ${name}`));
  }

  /** The opening that nobody can have read yet: it waits, or its draft is not complete. */
  #fresh({ n }: Incident, route: Route, now: number): Notice | undefined {
    const notice = this.#waiting.of(n, route.name).find(({ kind }) => kind === "opened");
    if (notice === undefined || this.#making.has(notice.n)) return notice;
    return now < notice.madeAt + route.waitMs ? notice : undefined;
  }

  #make(kind: Notice["kind"], { name: route }: Route, making: Making, draft: Draft): void {
    const leftOut = this.#waiting.makeRoom(draft);
    if (leftOut !== undefined) this.#untold.add(`${leftOut.incident} ${leftOut.route}`);
    const n = ++this.#last;
    this.#waiting.add({
      n,
      incident: making.incident.n,
      kind,
      route,
      madeAt: making.now,
      text: "",
      body: "{}",
    });
    this.#making.set(n, making);
  }

  /** When to look again at this incident. */
  #plan(incident: Incident): Incident {
    const told = this.#told(incident);
    const routes = this.#options.routes.filter(({ name }) => told.includes(name));
    const at = remindAt(incident, routes);
    this.#next = undefined;
    if (at === Infinity) this.#again.delete(incident.n);
    else this.#again.set(incident.n, at);
    return incident;
  }
}
