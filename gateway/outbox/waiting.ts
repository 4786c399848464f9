/**
 * The notices that wait to be delivered, bounded: each of them a fact in the store.
 *
 * When there are too many the oldest reminder goes, which the next one makes good. Where there is
 * none, the route with most waiting loses its oldest incident, opening and closing together, and
 * its newest notice says how many were left out: so a dead receiver pushes out its own notices
 * only, and nothing is left out without a word. What lost: the oldest of all first, where one
 * receiver that is down for a day takes the others' notices with it.
 */

import type { Notice } from "../affairs.ts";
import type { Draft } from "../effects.ts";
import { withLeftOut } from "./body.ts";

export class Waiting {
  /** By n, oldest first. */
  readonly #notices = new Map<number, Notice>();
  /** Numbers by incident: thousands of devices may join one, and each asks. */
  readonly #numbers = new Map<number, Set<number>>();
  readonly #max: number;

  constructor(notices: readonly Notice[], max: number) {
    this.#max = max;
    for (const notice of notices) this.add(notice);
  }

  /** Oldest first. */
  get list(): Notice[] {
    return [...this.#notices.values()];
  }

  get(n: number): Notice | undefined {
    return this.#notices.get(n);
  }

  /** Those of one incident over one route, oldest first. */
  of(incident: number, route: string): Notice[] {
    const mine = [...(this.#numbers.get(incident) ?? [])].map((n) => this.#notices.get(n)!);
    return mine.filter((each) => each.route === route);
  }

  /** One that is still to be put. */
  add(notice: Notice): void {
    this.#notices.set(notice.n, notice);
    const numbers = this.#numbers.get(notice.incident) ?? new Set();
    this.#numbers.set(notice.incident, numbers.add(notice.n));
  }

  put(notice: Notice, draft: Draft): void {
    this.add(notice);
    draft.store({ kind: "notice", n: notice.n, notice });
  }

  drop({ n, incident }: Notice, draft: Draft): void {
    this.#notices.delete(n);
    const numbers = this.#numbers.get(incident);
    numbers?.delete(n);
    if (numbers?.size === 0) this.#numbers.delete(incident);
    draft.store({ kind: "notice", n, notice: null });
  }

  dropReminders(incident: number, draft: Draft): void {
    for (const notice of this.list) {
      if (notice.incident === incident && notice.kind === "reminder") this.drop(notice, draft);
    }
  }

  /** Room for one more. @returns a notice whose route is not told of its incident for that */
  makeRoom(draft: Draft): Notice | undefined {
    if (this.#notices.size < this.#max) return undefined;
    const { list } = this;
    const reminder = list.find(({ kind }) => kind === "reminder");
    if (reminder !== undefined) {
      this.drop(reminder, draft);
      return undefined;
    }
    const counts = new Map<string, number>();
    for (const { route } of list) counts.set(route, (counts.get(route) ?? 0) + 1);
    const [fullest] = [...counts].reduce((most, each) => (each[1] > most[1] ? each : most));
    const oldest = list.find(({ route }) => route === fullest)!;
    for (const notice of this.of(oldest.incident, fullest)) this.drop(notice, draft);
    const newest = this.list.findLast(({ route }) => route === fullest);
    if (newest !== undefined) this.put(withLeftOut(newest, oldest), draft);
    return oldest;
  }
}
