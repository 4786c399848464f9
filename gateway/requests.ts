/**
 * What people and the shell ask of the core beside frames and enrolments: deafness, and the affairs
 * of affairs.ts. Each call answers with effects, as everything does.
 */

import type { CommandState, Deaf, Deafness, Evidence, Incident, Notice, Quiet } from "./affairs.ts";
import type { CommandView } from "./commands/forecast.ts";
import {
  type NewCommand,
  queueCommand,
  viewCommands,
  type Withdrawal,
  withdrawCommand,
} from "./commands/orders.ts";
import { Draft } from "./effects.ts";
import { idText } from "./enrolment.ts";
import type { Effects, HistoryFact, Source } from "./facts.ts";
import type { Parts } from "./parts.ts";

/** When a device becomes late, and absent, if no beat comes; null: not here, or already so. */
export interface Doubts {
  readonly lateAt: number | null;
  readonly absentAt: number | null;
  /** What that rests on. */
  readonly evidence: Evidence;
}

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
    this.#parts.incidents.deafened();
    return draft;
  }

  /** Deaf intervals that are remembered, oldest first. */
  get deafness(): readonly Deaf[] {
    return this.#parts.hearing.list;
  }

  /** Deaf time by reason since the start, the stop before it included, in ms. */
  deafTotals(now: number): ReadonlyMap<Deafness, number> {
    return this.#parts.hearing.totalMs(now);
  }

  /**
   * Incidents that are open and the last that closed (incidents/book.ts), as they may be told, in
   * the order of their numbers.
   */
  incidents(): Incident[] {
    return this.#parts.incidents.list();
  }

  /** As it may be told; undefined: unknown, or forgotten. */
  incident(n: number): Incident | undefined {
    return this.#parts.incidents.get(n);
  }

  /** Somebody takes an open incident on. Throws RangeError where it is unknown, or closed. */
  acknowledge(n: number, now: number): Effects {
    const draft = new Draft(this.#parts.ledger);
    this.#parts.incidents.acknowledge(n, now, draft);
    return draft;
  }

  /**
   * Nobody is told of what opens at `target` (quiets.ts) from now on, until `untilAt` (null: until
   * it is taken away). Throws RangeError.
   */
  quiet(target: string, kind: Quiet["kind"], untilAt: number | null, now: number): Effects {
    const draft = new Draft(this.#parts.ledger);
    this.#parts.quiets.set(target, kind, untilAt, now, draft);
    this.#parts.history.maintenance.begin({ target, kind, fromAt: now, untilAt });
    return draft;
  }

  /**
   * Takes it away; at the next `expire`, which is then due, what is still open is told. No facts:
   * there was nothing to take away.
   */
  unquiet(target: string, now: number): Effects {
    const draft = new Draft(this.#parts.ledger);
    this.#parts.quiets.end(target, draft);
    this.#parts.history.maintenance.end(target, now);
    return draft;
  }

  /** What the parts of history on disk do not have yet (history.ts). Throws RangeError. */
  historyOf(id: number, now: number): HistoryFact[] {
    return this.#parts.history.parts(this.#slotOf(id), now);
  }

  /** How much of an interval a device could not be heard, in ms. Throws RangeError. */
  deafMs(id: number, fromAt: number, toAt: number): number {
    const { records, hearing } = this.#parts;
    const transport = records.source[this.#slotOf(id)]?.transport ?? "udp";
    return hearing.deafMs(transport, fromAt, toAt);
  }

  /** What would happen to a device from which nothing more is heard. Throws RangeError. */
  doubts(id: number): Doubts {
    const { records, deadlines, detector } = this.#parts;
    const slot = this.#slotOf(id);
    const status = records.status(slot);
    const here = status === "present" || status === "late";
    const deadlineAt = here ? deadlines.get(slot) : Infinity;
    const evidence = here ? detector.evidence(slot) : {};
    if (deadlineAt === Infinity) return { lateAt: null, absentAt: null, evidence };
    if (status === "late") return { lateAt: null, absentAt: deadlineAt, evidence };
    return { lateAt: deadlineAt, absentAt: detector.absentAt(slot, deadlineAt), evidence };
  }

  /** The other devices of a device's site, and how many of them are here. Throws RangeError. */
  neighbours(id: number): { devices: number; here: number } {
    const { roster } = this.#parts.records;
    const own = this.#slotOf(id);
    const site = roster.site(own);
    let [devices, here] = [0, 0];
    if (site === "") return { devices, here };
    for (const slot of roster.slots()) {
      if (slot === own || roster.site(slot) !== site) continue;
      devices++;
      if (this.#parts.told.of(slot).status === "present") here++;
    }
    return { devices, here };
  }

  /** Mutes and maintenances in force. */
  get quiets(): readonly Quiet[] {
    return this.#parts.quiets.list;
  }

  /** Notices that wait to be delivered, oldest first. */
  get notices(): readonly Notice[] {
    return this.#parts.outbox.waiting;
  }

  /** Notice `n` was delivered, or (`ok` false) given up. */
  delivered(n: number, ok: boolean): Effects {
    const draft = new Draft(this.#parts.ledger);
    this.#parts.outbox.delivered(n, ok, draft);
    return draft;
  }

  /** Queues a command. Throws RangeError on bad input, suite 0, a full queue, an unknown id. */
  send(id: number, order: NewCommand, now: number): Effects & { readonly n: number } {
    const draft = new Draft(this.#parts.ledger);
    const n = queueCommand(this.#parts, this.#slotOf(id), order, now, draft);
    return Object.assign(draft, { n });
  }

  /** Takes back command `n` if it was never sent. Throws RangeError on an unknown id. */
  withdraw(id: number, n: number, now: number): Effects & { readonly came: Withdrawal } {
    const draft = new Draft(this.#parts.ledger);
    const came = withdrawCommand(this.#parts, this.#slotOf(id), n, now, draft);
    return Object.assign(draft, { came });
  }

  /** The commands of a device, oldest first, as they may be told. */
  commandsOf(id: number, now: number): CommandView[] {
    return viewCommands(this.#parts, this.#slotOf(id), now);
  }

  /** Commands by state: waiting ones as they are now, outcomes since the start. */
  get commands(): Readonly<Record<CommandState, number>> {
    return this.#parts.commands.backlog.counts();
  }

  #slotOf(id: number): number {
    const slot = this.#parts.records.roster.slotOf(id);
    if (slot < 0) throw new RangeError(`id ${idText(id)}; expected an enrolled one`);
    return slot;
  }
}
