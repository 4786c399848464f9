/**
 * What each device did: beats heard and missed, by the minute and by the hour, and the time that it
 * was up, in bounded space.
 *
 * The hour that is being gathered stands in memory (history/rows.ts), what is over goes to the disk
 * in two parts: its minutes, of which the disk keeps 48 hours, and its totals, of which it keeps 90
 * days (history/code.ts has bytes and names). A device's hours begin at its own minute, so that the
 * writing is spread over the hour. A stop writes what there is; a crash forgets at most the hour
 * that was not written, and what no part covers is told as unknown, never as down. The next process
 * begins parts of its own, and nothing is read back at a start. What lost: a counter a minute on
 * disk, a hundred times the writes; and the whole fleet's hour at the full hour, a herd.
 *
 * Missed is what the sequence numbers tell: a gap, spread evenly over the silence that it ended. A
 * gap before a boot is none. While a device is called absent nobody tells, so each promise that
 * would have brought a beat counts one; when the next beat tells of more, more it is. In the share
 * of a silence in which we were deaf nothing is called missed.
 *
 * Uptime is time present or late (a doubt is no downtime) over time known: deaf time counts neither
 * way, nor does a device that left, is under maintenance, or was never heard.
 */

import { EXT_TIMES, readExtensions } from "../device/extensions.ts";
import { UP } from "../device/wire.ts";
import type { Quiet } from "./affairs.ts";
import type { Draft } from "./effects.ts";
import type { HistoryFact, Status } from "./facts.ts";
import type { Hearing } from "./hearing.ts";
import { HistoryBeats } from "./history/beats.ts";
import { COUNT_MAX, HOUR_MS, MINUTE_MS } from "./history/code.ts";
import { closePart, type Dates, spreadMissed } from "./history/part.ts";
import { Phases } from "./history/phases.ts";
import { Maintenance } from "./history/quiet.ts";
import * as at from "./history/rows.ts";
import { toldOf } from "./history/totals.ts";
import { CRC_PROMISE_MAX } from "./limits.ts";
import { booted, type News } from "./news.ts";
import type { Records } from "./records.ts";
import * as row from "./rows.ts";

export interface HistoryOptions {
  readonly records: Records;
  readonly hearing: Hearing;
  /** 0..15, another one at each start. */
  readonly generation: number;
  /** Unix ms at a monotonic instant: an estimate will do, it only dates what is written. */
  readonly wallAt: (at: number) => number;
  readonly quiets: readonly Quiet[];
}

const MS_MAX = 2 ** 31 - 1;

export class History {
  readonly maintenance: Maintenance;
  readonly #options: HistoryOptions;
  readonly #rows = new at.HistoryRows();
  /** A full hour on the wall clock, before the start; minutes and phases count from here. */
  readonly #origin: number;
  readonly #startedAt: number;
  readonly #dates: Dates;
  readonly #phases: Phases;
  readonly #beats: HistoryBeats;

  constructor(options: HistoryOptions, now: number) {
    this.#options = options;
    this.#origin = now - (options.wallAt(now) % HOUR_MS);
    this.#startedAt = now;
    const unixAt = (minute: number) =>
      Math.round(options.wallAt(this.#origin + minute * MINUTE_MS) / 1_000);
    this.#dates = { generation: options.generation, unixAt };
    this.#phases = new Phases(this.#origin, now);
    this.#beats = new HistoryBeats(this.#rows, this.#origin);
    this.maintenance = new Maintenance(options.quiets);
  }

  /** Call `expire` no later than this. */
  get wakeAt(): number {
    return this.#phases.wakeAt;
  }

  /** A device joined the table, new or out of the store. One never heard has no history. */
  joined(slot: number, now: number): void {
    const { records } = this.#options;
    this.#rows.wipe(slot);
    const status = records.status(slot);
    if (status !== "unknown") this.#begin(slot, now);
    if (status === "absent") this.#silent(slot, now + this.#promiseMs(slot));
  }

  #begin(slot: number, now: number): void {
    const rows = this.#rows;
    const minute = this.#minuteAt(now);
    const i = slot * at.INTS;
    rows.ints[i + at.FROM] = rows.ints[i + at.BLOCK] = minute;
    rows.ints[i + at.BEFORE] = minute - 60;
    rows.floats[slot * at.FLOATS + at.SINCE] = now;
    rows.setFlag(slot, at.BEGUN | at.PART_STUB | at.BLOCK_STUB, true);
    this.#phases.add(slot, this.#options.records.roster.id(slot), now);
  }

  /** A device is about to leave the table. */
  removed(slot: number): void {
    this.#beats.count();
    const id = this.#options.records.roster.id(slot);
    this.maintenance.forget(id);
    if (this.#rows.flag(slot, at.BEGUN)) this.#phases.remove(slot, id);
  }

  /**
   * A fresh beat came, and the record still has the one before it.
   * @param step seq minus the last accepted one; 0: the first beat of an epoch
   */
  hears(slot: number, step: number, news: News, now: number): void {
    const told = step > 1 && !booted(news) ? step - 1 : 0;
    if (told > 0 || this.#options.records.status(slot) !== "present") {
      this.#beats.count();
      if (!this.#rows.flag(slot, at.BEGUN)) this.#begin(slot, now);
      if (told > 0 || this.#rows.flag(slot, at.AWAY)) this.#settle(slot, told, now, true);
    }
    this.#beats.add(slot, now);
  }

  /** A device is about to change its status, by rule at the instant `when`. */
  turns(slot: number, to: Status, when: number): void {
    this.#account(slot, when);
    if (to === "absent") this.#silent(slot, when);
  }

  /** Writes the hours of those whose phase has come. */
  expire(now: number, draft: Draft): void {
    this.#beats.count();
    for (const slot of this.#phases.due(now)) {
      for (const fact of this.#close(slot, now, false)) draft.store(fact);
    }
  }

  /** All that is not on disk yet, for a shutdown. Nothing here changes by it. */
  into(draft: Draft, now: number): void {
    for (const slot of this.#phases.all()) {
      for (const fact of this.parts(slot, now)) draft.store(fact);
    }
  }

  /** What would be written of a device if we stopped at `now`: it stands for what the disk has. */
  parts(slot: number, now: number): HistoryFact[] {
    if (!this.#rows.flag(slot, at.BEGUN)) return [];
    this.#beats.count();
    return this.#rows.trying(slot, () => this.#close(slot, now, true));
  }

  /** Ends the part of a device. @param partial with the minute that is not over */
  #close(slot: number, now: number, partial: boolean): HistoryFact[] {
    const minute = this.#minuteAt(now) + (partial ? 1 : 0);
    this.#account(slot, partial ? now : this.#origin + minute * MINUTE_MS);
    if (this.#rows.flag(slot, at.AWAY)) this.#settle(slot, 0, now, false);
    const id = this.#options.records.roster.id(slot);
    return closePart(this.#rows, slot, minute, id, this.#told(slot), this.#dates);
  }

  /** What the newest beat told, if it came in this part: else it would be an old story. */
  #told(slot: number): number {
    const { records } = this.#options;
    const partAt = this.#origin + this.#rows.ints[slot * at.INTS + at.FROM]! * MINUTE_MS;
    if (records.rows.floats[slot * row.FLOATS + row.AT]! < partAt) return 0;
    const times = readExtensions(records.ext(slot), UP)?.find(({ type }) => type === EXT_TIMES);
    const vitals = records.rows.bytes[slot * row.BYTES + row.VITALS]!;
    return toldOf(vitals, times?.value.charCodeAt(1) ?? 0);
  }

  /** Adds the time since the last account to what it was: up, down, deaf, and so on. */
  #account(slot: number, until: number): void {
    const { records, hearing } = this.#options;
    const { floats, ints } = this.#rows;
    const since = floats[slot * at.FLOATS + at.SINCE]!;
    if (!(until > since)) return;
    floats[slot * at.FLOATS + at.SINCE] = until;
    const status = records.status(slot);
    if (status === "unknown") return;
    const add = (field: number, ms: number) => {
      const index = slot * at.INTS + field;
      ints[index] = Math.min(MS_MAX, ints[index]! + Math.round(ms));
    };
    const span = until - since;
    if (status === "left") add(at.LEFT, span);
    if (status === "left") return;
    const transport = records.source[slot]?.transport ?? "udp";
    const deaf = hearing.deafMs(transport, since, until);
    const { roster } = records;
    const away = this.maintenance.ms(roster.id(slot), roster.site(slot), since, until);
    const worked = Math.min(span - deaf, away);
    if (deaf > 0) add(at.DEAF, deaf);
    if (worked > 0) add(at.MAINTENANCE, worked);
    add(status === "absent" ? at.DOWN : at.UP, span - deaf - worked);
  }

  /** It is called absent: from `missAt` on, each promise counts one missed beat. */
  #silent(slot: number, missAt: number): void {
    this.#rows.setFlag(slot, at.AWAY, true);
    this.#rows.floats[slot * at.FLOATS + at.MISS_AT] = missAt;
    this.#rows.shorts[slot * at.SHORTS + at.ESTIMATED] = 0;
  }

  /**
   * Counts what was missed up to `now`.
   * @param told by the sequence numbers
   * @param back the silence ends here
   */
  #settle(slot: number, told: number, now: number, back: boolean): void {
    const { records } = this.#options;
    const { floats, shorts, ints } = this.#rows;
    const lastAt = records.rows.floats[slot * row.FLOATS + row.AT]!;
    const estimated = slot * at.SHORTS + at.ESTIMATED;
    let count = 0;
    if (told > 0) {
      // Of the time before the start, a process before this one told.
      const ours = this.#heardMs(slot, Math.max(lastAt, this.#startedAt), now);
      count = Math.round((told * ours) / (now - lastAt || 1)) - shorts[estimated]!;
    }
    if (this.#rows.flag(slot, at.AWAY)) {
      const missAt = floats[slot * at.FLOATS + at.MISS_AT]!;
      const promiseMs = this.#promiseMs(slot);
      const due = Math.max(0, Math.ceil((now - missAt) / promiseMs));
      const share = due > 0 ? this.#heardMs(slot, missAt, now) / (now - missAt) : 0;
      count = Math.max(count, Math.round(due * share));
      floats[slot * at.FLOATS + at.MISS_AT] = missAt + due * promiseMs;
    }
    const partAt = this.#origin + ints[slot * at.INTS + at.FROM]! * MINUTE_MS;
    if (count > 0) {
      spreadMissed(this.#rows, slot, count, this.#origin, Math.max(lastAt, partAt), now);
    }
    shorts[estimated] = back ? 0 : Math.min(COUNT_MAX, shorts[estimated]! + count);
    if (back) this.#rows.setFlag(slot, at.AWAY, false);
  }

  /** How much of an interval we could hear this device, in ms. */
  #heardMs(slot: number, from: number, to: number): number {
    const { records, hearing } = this.#options;
    const transport = records.source[slot]?.transport ?? "udp";
    return to - from - hearing.deafMs(transport, from, to);
  }

  #promiseMs(slot: number): number {
    // Nothing promised and yet absent: a damaged record.
    return this.#options.records.promiseMs(slot) || CRC_PROMISE_MAX;
  }

  #minuteAt(when: number): number {
    return Math.floor((when - this.#origin) / MINUTE_MS);
  }
}
