/**
 * Incidents of our own: we cannot hear, and it goes on.
 *
 * While we are deaf nobody is called absent (architecture rule 2), so nobody's change would tell a
 * person that the whole watch stands still. A deafness that lasts opens an incident without
 * members, one for the broker and one for all else, and its end closes it. What is over sooner is
 * in the record of deafness and wakes nobody.
 */

import type { Incident } from "../affairs.ts";
import type { Hearing } from "../hearing.ts";

/** Deafness that goes on for so long is told. */
export const DEAF_TOLD_MS = 30_000;

/** What is to be done: an incident to open at an instant, or one to close. */
export interface DeafStep {
  readonly scope: "broker" | "gateway";
  /** When it began, or ended. */
  readonly at: number;
  /** The incident to close; 0: one is to be opened. */
  readonly closes: number;
}

const SCOPES = ["broker", "gateway"] as const;

export class DeafIncidents {
  wakeAt = Infinity;
  readonly #hearing: Hearing;
  /** Number of the open one, by scope. */
  readonly #open = new Map<string, number>();

  constructor(hearing: Hearing, incidents: readonly Incident[]) {
    this.#hearing = hearing;
    for (const { n, scope, joined, closedAt } of incidents) {
      if (closedAt === null && joined === 0) this.#open.set(scope, n);
    }
  }

  /** Deafness began or ended. */
  changed(): void {
    this.wakeAt = Infinity;
    for (const scope of SCOPES) {
      const since = this.#since(scope);
      if (since === undefined) {
        if (this.#open.has(scope)) this.wakeAt = -Infinity;
      } else if (!this.#open.has(scope)) {
        this.wakeAt = Math.min(this.wakeAt, since + DEAF_TOLD_MS);
      }
    }
  }

  /** What is due; the caller opens with `opened`. */
  due(now: number): DeafStep[] {
    const steps: DeafStep[] = [];
    for (const scope of SCOPES) {
      const since = this.#since(scope);
      const open = this.#open.get(scope) ?? 0;
      if (since === undefined && open > 0) {
        this.#open.delete(scope);
        steps.push({ scope, at: this.#endedAt(scope, now), closes: open });
      } else if (since !== undefined && open === 0 && since + DEAF_TOLD_MS <= now) {
        steps.push({ scope, at: since, closes: 0 });
      }
    }
    return steps;
  }

  opened(scope: string, n: number): void {
    this.#open.set(scope, n);
  }

  /** Since when it goes on; undefined: it does not. */
  #since(scope: string): number | undefined {
    let since: number | undefined;
    for (const { why, transport, fromAt, toAt } of this.#hearing.list) {
      if (toAt !== null || why === "clock" || scopeOf(transport) !== scope) continue;
      since = Math.min(since ?? Infinity, fromAt);
    }
    return since;
  }

  #endedAt(scope: string, now: number): number {
    const last = this.#hearing.list.findLast(({ transport }) => scopeOf(transport) === scope);
    return Math.min(last?.toAt ?? now, now);
  }
}

function scopeOf(transport: string | null): string {
  return transport === "mqtt" ? "broker" : "gateway";
}
