/**
 * The gateway core: frames, enrolments and time go in; effects come out.
 *
 * Feed it (`handle`), ask it (`expire`), obey it (`wakeAt`, and the order in `Effects`). It has no
 * clock, no timer, no disk and no luck of its own, so the shell drives it over sockets and the
 * simulator through a year in a minute, and both see the same gateway. This file only puts the
 * pieces together: receiver (rules 1 to 9), presence, deadlines, and the lazy flush, over one table
 * of records. What lost: a core that calls a store and waits for it, which has as many states as
 * there are orders in which answers can come.
 */

import { compose, type GatewayOptions } from "./compose.ts";
import { Draft } from "./effects.ts";
import { checkAmendment, checkEnrolment, checkRekeying, idText } from "./enrolment.ts";
import type { Effects, Enrolment, Source, Status, StoredDevice } from "./facts.ts";
import type { Parts } from "./parts.ts";
import { deviceTarget } from "./quiets.ts";
import type { Hint, Hints } from "./receiver/hints.ts";
import { Receiver } from "./receiver.ts";
import { Requests } from "./requests.ts";
import * as row from "./rows.ts";
import { type DeviceView, viewOf } from "./view.ts";

export type { DeviceView, GatewayOptions, Hint };

export class Gateway {
  /** What people and the shell ask beside frames and enrolments. */
  readonly requests: Requests;
  readonly #parts: Parts;
  readonly #receiver: Receiver;

  /** Throws RangeError on options out of range. @param devices what the store gave back */
  constructor(options: GatewayOptions, devices: Iterable<StoredDevice>, now: number) {
    const parts = compose(options, now);
    const { records, presence, mappedOf } = parts;
    this.#parts = parts;
    this.#receiver = new Receiver(parts);
    this.requests = new Requests(parts);
    const { stoppedMs } = options;
    if (stoppedMs !== undefined) parts.hearing.began(now - stoppedMs, now);
    let newestAt = -Infinity;
    for (const stored of devices) {
      const slot = records.load(stored, now);
      if (stored.beat !== null) newestAt = Math.max(newestAt, stored.beat.at);
      const source = records.source[slot];
      if (source !== undefined) {
        records.rows.bytes[slot * row.BYTES + row.MAPPED] = mappedOf(source);
      }
      presence.joined(slot, now, stoppedMs, stored.learned);
      parts.commands.joined(slot, stored, now);
    }
    // Nobody knows for how long: since the newest fact that there is.
    if (stoppedMs === undefined) parts.hearing.began(newestAt, now);
    parts.incidents.started(now);
  }

  /** Call `expire` no later than this instant; earlier is harmless. Infinity: nothing is due. */
  get wakeAt(): number {
    return Math.min(
      this.#parts.deadlines.wakeAt,
      this.#parts.flush.wakeAt,
      this.#parts.incidents.wakeAt,
      this.#parts.hearing.wakeAt,
      this.#parts.commands.wakeAt,
      this.#parts.probes.wakeAt,
      this.#parts.history.wakeAt,
    );
  }

  /** One frame, from where its answer goes to. */
  handle(frame: string, from: Source, now: number): Effects {
    return this.#counted(this.#receiver.handle(frame, from, now));
  }

  /**
   * Everything that is due at or before `now`: deadlines, and beats that must get to disk (rule 8).
   */
  expire(now: number): Effects {
    const draft = new Draft(this.#parts.ledger);
    if (now >= this.#parts.hearing.wakeAt) this.#parts.hearing.into(draft);
    this.#parts.presence.expire(now, draft);
    if (now >= this.#parts.incidents.wakeAt) this.#parts.incidents.expire(now, draft);
    if (now >= this.#parts.commands.wakeAt) this.#parts.commands.expire(now, draft);
    if (now >= this.#parts.probes.wakeAt) this.#parts.probes.expire(now, draft);
    if (now >= this.#parts.history.wakeAt) this.#parts.history.expire(now, draft);
    if (now >= this.#parts.flush.wakeAt) this.#parts.flush.into(draft, this.#parts.limits.flushMax);
    return this.#counted(draft);
  }

  /** Beats that must get to disk by now; unlike `expire` it decides nothing about anybody. */
  write(now: number): Effects {
    const draft = new Draft(this.#parts.ledger);
    if (now >= this.#parts.flush.wakeAt) this.#parts.flush.into(draft, this.#parts.limits.flushMax);
    return draft;
  }

  /** All beats and history that are not on disk yet, for a shutdown. Deadlines stay as they are. */
  flush(now: number): Effects {
    const draft = new Draft(this.#parts.ledger);
    this.#parts.flush.into(draft, Infinity);
    this.#parts.history.into(draft, now);
    return draft;
  }

  /** The commit of `ticket`, and all before it, is durable. */
  committed(ticket: number, now: number): void {
    this.#parts.ledger.committed(ticket);
    this.#receiver.committed(ticket, now);
    this.#parts.told.committed(ticket);
    this.#parts.commands.committed(ticket);
    this.#parts.incidents.committed(ticket);
  }

  /**
   * Enrols a device. Throws RangeError, saying what was given and what was expected; nothing is
   * changed then.
   */
  enrol(enrolment: Enrolment, now: number): Effects {
    checkEnrolment(enrolment, this.#parts.records.roster, this.#parts.limits);
    return this.#add(enrolment, now, new Draft(this.#parts.ledger));
  }

  /**
   * Gives a device a new name, site or labels. Throws RangeError like `enrol`, and on another key
   * or suite.
   */
  amend(enrolment: Enrolment, _now: number): Effects {
    const slot = this.#slotOf(enrolment.id);
    const { roster } = this.#parts.records;
    checkAmendment(enrolment, roster.enrolment(slot), roster);
    roster.amend(slot, enrolment);
    this.#parts.incidents.amended(slot);
    const draft = new Draft(this.#parts.ledger);
    draft.store({ kind: "enrol", id: enrolment.id, enrolment });
    return draft;
  }

  /** Removes a device and everything known of it. Throws RangeError on an unknown id. */
  remove(id: number, now: number): Draft {
    const slot = this.#slotOf(id);
    const draft = new Draft(this.#parts.ledger);
    this.#parts.commands.removed(slot);
    this.#parts.probes.removed(slot);
    this.#parts.quiets.end(deviceTarget(id), draft);
    this.#parts.presence.remove(slot, now, draft);
    this.#counted(draft);
    return draft;
  }

  /** Removed, and enrolled anew with another key: one commit. Throws RangeError like `enrol`. */
  rekey(enrolment: Enrolment, now: number): Effects {
    checkRekeying(enrolment, this.#parts.records.roster);
    return this.#add(enrolment, now, this.remove(enrolment.id, now));
  }

  /**
   * An id that is free: one above the highest ever used here, or the lowest; 0 when there is none.
   */
  freeId(): number {
    return this.#parts.records.roster.freeId();
  }

  /** As its owner enrolled it; undefined: nobody has this id. */
  enrolment(id: number): Enrolment | undefined {
    const { roster } = this.#parts.records;
    const slot = roster.slotOf(id);
    return slot < 0 ? undefined : roster.enrolment(slot);
  }

  /** Devices enrolled. */
  get size(): number {
    return this.#parts.records.roster.size;
  }

  /** The ids of all devices, lowest first. */
  ids(): Uint32Array {
    const { roster } = this.#parts.records;
    return Uint32Array.from(roster.slots(), (slot) => roster.id(slot)).sort();
  }

  byName(name: string): number | undefined {
    return this.#parts.records.roster.byName(name);
  }

  view(id: number, now: number): DeviceView | undefined {
    const slot = this.#parts.records.roster.slotOf(id);
    return slot < 0 ? undefined : this.#viewOf(slot, now);
  }

  /** All devices in the order of their enrolment. */
  *views(now: number): IterableIterator<DeviceView> {
    for (const slot of this.#parts.records.roster.slots()) yield this.#viewOf(slot, now);
  }

  /** Devices by the status that may be told. */
  counts(_now: number): Record<Status, number> {
    return this.#parts.told.counts();
  }

  /**
   * Frames by result over all transports, and `acks` and `changes`. Live: read it, never write it.
   */
  get counters(): Readonly<Record<string, number>> {
    return this.#parts.hints.counters;
  }

  /** Frames by transport and result; live as well. */
  get frames(): Readonly<Hints["frames"]> {
    return this.#parts.hints.frames;
  }

  /** Senders of refused frames, oldest first; nothing in it is verified. */
  get hints(): ReadonlyMap<string, Hint> {
    return this.#parts.hints.table;
  }

  #add(enrolment: Enrolment, now: number, draft: Draft): Draft {
    const slot = this.#parts.records.add(enrolment);
    this.#parts.presence.joined(slot, now, undefined);
    draft.store({ kind: "enrol", id: enrolment.id, enrolment });
    return draft;
  }

  #slotOf(id: number): number {
    const slot = this.#parts.records.roster.slotOf(id);
    if (slot < 0) throw new RangeError(`id ${idText(id)}; expected an enrolled one`);
    return slot;
  }

  #viewOf(slot: number, now: number): DeviceView {
    const { promiseMax } = this.#parts.limits;
    return viewOf(
      this.#parts.records,
      this.#parts.deadlines,
      this.#parts.told,
      this.#parts.detector,
      promiseMax,
      this.#parts.commands.told(slot),
      slot,
      now,
    );
  }

  #counted(effects: Effects): Effects {
    this.#parts.outbox.settle(effects);
    this.#parts.hints.counters.changes += effects.afterCommit.changes.length;
    return effects;
  }
}
