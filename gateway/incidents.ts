/**
 * What belongs together: changes with one cause share one incident, with its own life (open,
 * joined, closed).
 */

import type { Evidence, Incident } from "./affairs.ts";
import type { Draft } from "./effects.ts";
import type { Cause, Status } from "./facts.ts";
import type { Records } from "./records.ts";

/** A change about to be made, as its rule sees it. */
export interface Proposal {
  readonly slot: number;
  readonly from: Status;
  readonly to: Status;
  readonly cause: Cause;
  /** When it happens by rule, and when it is found. */
  readonly at: number;
  readonly now: number;
  readonly evidence: Evidence;
}

export interface Judgement {
  readonly cause: Cause;
  readonly incident: number | null;
  readonly evidence: Evidence;
}

export class Incidents {
  /** Call `expire` no later than this. */
  wakeAt = Infinity;

  constructor(_records: Records, _incidents: readonly Incident[], _last: number) {}

  /**
   * Whether the verdict that falls due on `slot` at `at` waits: the instant to ask again, or `at`
   * if it does not.
   */
  hold(_slot: number, at: number, _now: number): number {
    return at;
  }

  /** The likeliest cause of a change, and the incident that it opens, joins, leaves or closes. */
  judge({ cause, evidence }: Proposal, _draft: Draft): Judgement {
    return { cause, incident: null, evidence };
  }

  /** What is due: incidents that are settled, reminders. */
  expire(_now: number, _draft: Draft): void {}
}
