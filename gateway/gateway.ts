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

import type { Affairs, Deaf, Deafness } from "./affairs.ts";
import { Deadlines } from "./deadlines.ts";
import { Detector } from "./detector.ts";
import { Draft, Ledger } from "./effects.ts";
import { checkAmendment, checkEnrolment, idText } from "./enrolment.ts";
import type { Effects, Enrolment, Source, Status, StoredDevice } from "./facts.ts";
import { Flush } from "./flush.ts";
import { Hearing } from "./hearing.ts";
import { type Hint, Hints } from "./hints.ts";
import { Incidents } from "./incidents.ts";
import { LIMITS, type Limits, SECRET_MIN } from "./limits.ts";
import { Presence } from "./presence.ts";
import { Receiver } from "./receiver.ts";
import { Records } from "./records.ts";
import * as row from "./rows.ts";
import { makeMapped } from "./source.ts";
import { Told } from "./told.ts";
import { type DeviceView, viewOf } from "./view.ts";

export type { DeviceView, Hint };

export interface GatewayOptions {
  /** 0..15, another one at each start of the gateway. */
  readonly generation: number;
  /** At least 16 bytes, kept over restarts; keys `mapped`. */
  readonly secret: string;
  /** Byte string to byte string of 32. */
  readonly sha256: (message: string) => string;
  /** Unix seconds at the monotonic instant `now`; 0 = the clock is not trusted. */
  readonly unixSeconds: (now: number) => number;
  /** How long no gateway ran before this start; undefined = unknown, which counts as long. */
  readonly stoppedMs?: number | undefined;
  /** The cursor of the last change that the store knows. */
  readonly cursor?: number;
  /** What the store knows beside the devices; none: a new store. */
  readonly affairs?: Affairs;
  /** Take in unknown ids under suite 0. */
  readonly open?: boolean;
  /** The pace asked of every device, an interval code; 0 = its own. */
  readonly pace?: number;
  readonly limits?: Partial<Limits>;
}

export class Gateway {
  readonly #limits: Limits;
  readonly #records: Records;
  readonly #deadlines: Deadlines;
  readonly #ledger = new Ledger();
  readonly #told: Told;
  readonly #detector: Detector;
  readonly #hearing: Hearing;
  readonly #incidents: Incidents;
  readonly #presence: Presence;
  readonly #flush: Flush;
  readonly #hints: Hints;
  readonly #receiver: Receiver;

  /** Throws RangeError on options out of range. @param devices what the store gave back */
  constructor(options: GatewayOptions, devices: Iterable<StoredDevice>, now: number) {
    const { generation, secret, sha256, unixSeconds, pace = 0 } = options;
    if (!Number.isInteger(generation) || generation < 0 || generation > 15) {
      throw new RangeError(`generation ${generation}; expected 0 to 15`);
    }
    if (secret.length < SECRET_MIN) {
      throw new RangeError(`secret of ${secret.length} bytes; expected ${SECRET_MIN} or more`);
    }
    const limits = { ...LIMITS, ...options.limits };
    const records = new Records(sha256);
    this.#limits = limits;
    this.#records = records;
    this.#deadlines = new Deadlines(now, records.rows);
    this.#told = new Told(records);
    this.#detector = new Detector(records, limits.graceMs);
    const { incidents = [], deaf = [], lastIncident = 0, lastDeaf = 0 } = options.affairs ?? {};
    this.#hearing = new Hearing(deaf, lastDeaf);
    this.#incidents = new Incidents(records, incidents, lastIncident);
    const around = {
      records,
      deadlines: this.#deadlines,
      told: this.#told,
      detector: this.#detector,
      hearing: this.#hearing,
      incidents: this.#incidents,
    };
    this.#presence = new Presence(around, options.cursor ?? 0);
    this.#flush = new Flush(records, limits.flushMs);
    this.#hints = new Hints(limits.hintsMax);
    const mappedOf = makeMapped(secret, sha256);
    this.#receiver = new Receiver({
      records,
      presence: this.#presence,
      ledger: this.#ledger,
      flush: this.#flush,
      hints: this.#hints,
      limits,
      speech: { unixSeconds, pace, generation },
      open: options.open ?? false,
      mappedOf,
    });
    for (const stored of devices) {
      const slot = records.load(stored, now);
      const source = records.source[slot];
      if (source !== undefined) {
        records.rows.bytes[slot * row.BYTES + row.MAPPED] = mappedOf(source);
      }
      this.#presence.joined(slot, now, options.stoppedMs, stored.learned);
    }
  }

  /** Call `expire` no later than this instant; earlier is harmless. Infinity: nothing is due. */
  get wakeAt(): number {
    return Math.min(this.#deadlines.wakeAt, this.#flush.wakeAt, this.#incidents.wakeAt);
  }

  /** One frame, from where its answer goes to. */
  handle(frame: string, from: Source, now: number): Effects {
    return this.#counted(this.#receiver.handle(frame, from, now));
  }

  /**
   * Everything that is due at or before `now`: deadlines, and beats that must get to disk (rule 8).
   */
  expire(now: number): Effects {
    const draft = new Draft(this.#ledger);
    this.#presence.expire(now, draft);
    if (now >= this.#incidents.wakeAt) this.#incidents.expire(now, draft);
    if (now >= this.#flush.wakeAt) this.#flush.into(draft, this.#limits.flushMax);
    return this.#counted(draft);
  }

  /** Beats that must get to disk by now; unlike `expire` it decides nothing about anybody. */
  write(now: number): Effects {
    const draft = new Draft(this.#ledger);
    if (now >= this.#flush.wakeAt) this.#flush.into(draft, this.#limits.flushMax);
    return draft;
  }

  /** All beats that are not on disk yet, for a shutdown. Deadlines stay as they are. */
  flush(_now: number): Effects {
    const draft = new Draft(this.#ledger);
    this.#flush.into(draft, Infinity);
    return draft;
  }

  /** The commit of `ticket`, and all before it, is durable. */
  committed(ticket: number, now: number): void {
    this.#ledger.committed(ticket);
    this.#receiver.committed(ticket, now);
    this.#told.committed(ticket);
  }

  /**
   * Enrols a device. Throws RangeError, saying what was given and what was expected; nothing is
   * changed then.
   */
  enrol(enrolment: Enrolment, now: number): Effects {
    checkEnrolment(enrolment, this.#records.roster, this.#limits);
    const draft = new Draft(this.#ledger);
    const slot = this.#records.add(enrolment);
    this.#presence.joined(slot, now, undefined);
    draft.store({ kind: "enrol", id: enrolment.id, enrolment });
    return draft;
  }

  /**
   * Gives a device a new name, site or labels. Throws RangeError like `enrol`, and on another key
   * or suite.
   */
  amend(enrolment: Enrolment, _now: number): Effects {
    const slot = this.#slotOf(enrolment.id);
    const { roster } = this.#records;
    checkAmendment(enrolment, roster.enrolment[slot]!, roster);
    roster.amend(slot, enrolment);
    const draft = new Draft(this.#ledger);
    draft.store({ kind: "enrol", id: enrolment.id, enrolment });
    return draft;
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
    const draft = new Draft(this.#ledger);
    this.#hearing.add(why, transport, fromAt, toAt, draft);
    return draft;
  }

  /** Deaf intervals that are remembered, oldest first. */
  get deafness(): readonly Deaf[] {
    return this.#hearing.list;
  }

  /** Removes a device and everything known of it. Throws RangeError on an unknown id. */
  remove(id: number, now: number): Effects {
    const slot = this.#slotOf(id);
    const draft = new Draft(this.#ledger);
    this.#presence.remove(slot, now, draft);
    return this.#counted(draft);
  }

  /**
   * An id that is free: one above the highest ever used here, or the lowest; 0 when there is none.
   */
  freeId(): number {
    return this.#records.roster.freeId();
  }

  byName(name: string): number | undefined {
    return this.#records.roster.byName(name);
  }

  view(id: number, now: number): DeviceView | undefined {
    const slot = this.#records.roster.slotOf(id);
    return slot < 0 ? undefined : this.#viewOf(slot, now);
  }

  /** All devices in the order of their enrolment. */
  *views(now: number): IterableIterator<DeviceView> {
    for (const slot of this.#records.roster.slots()) yield this.#viewOf(slot, now);
  }

  /** Devices by the status that may be told. */
  counts(_now: number): Record<Status, number> {
    return this.#told.counts();
  }

  /**
   * Frames by result over all transports, and `acks` and `changes`. Live: read it, never write it.
   */
  get counters(): Readonly<Record<string, number>> {
    return this.#hints.counters;
  }

  /** Frames by transport and result; live as well. */
  get frames(): Readonly<Hints["frames"]> {
    return this.#hints.frames;
  }

  /** Senders of refused frames, oldest first; nothing in it is verified. */
  get hints(): ReadonlyMap<string, Hint> {
    return this.#hints.table;
  }

  #slotOf(id: number): number {
    const slot = this.#records.roster.slotOf(id);
    if (slot < 0) throw new RangeError(`id ${idText(id)}; expected an enrolled one`);
    return slot;
  }

  #viewOf(slot: number, now: number): DeviceView {
    const { promiseMax } = this.#limits;
    return viewOf(this.#records, this.#deadlines, this.#told, promiseMax, slot, now);
  }

  #counted(effects: Effects): Effects {
    this.#hints.counters.changes += effects.afterCommit.changes.length;
    return effects;
  }
}
