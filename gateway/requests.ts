/**
 * What people and the shell ask of the core beside frames and enrolments: deafness, and the affairs
 * of affairs.ts. Each call answers with effects, as everything does.
 */

import type { Deaf, Deafness } from "./affairs.ts";
import { Draft } from "./effects.ts";
import type { Effects, Source } from "./facts.ts";
import type { Parts } from "./parts.ts";

export class Requests {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * From `fromAt` to `toAt` (null: it goes on) no beat could be heard, over one transport or over
   * any (null). Told again with its end, it ends.
   */
  deaf(
    why: Deafness,
    transport: Source["transport"] | null,
    fromAt: number,
    toAt: number | null,
  ): Effects {
    const draft = new Draft(this.#parts.ledger);
    this.#parts.hearing.add(why, transport, fromAt, toAt, draft);
    return draft;
  }

  /** Deaf intervals that are remembered, oldest first. */
  get deafness(): readonly Deaf[] {
    return this.#parts.hearing.list;
  }
}
