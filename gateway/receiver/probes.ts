/**
 * PROBE: how long does a router between a device and us keep a binding? The device asks, from a
 * second socket, to be answered after a while, and sees whether the answer still gets in.
 *
 * The answer is sealed when it is asked for, under the beat that the question names, and waits
 * here: 12 bytes and an address. So it needs no record later, whichever beat is the newest by then.
 * For one beat a delay is answered once. That makes a copy of a question worth nothing, as long as
 * that beat is the last one, and a later beat makes it stale; so what is remembered of a device are
 * the delays of one beat. A copy may come before the answer is due, and changes nothing either:
 * then a device may send its question three times, and lose two.
 *
 * An answer goes to whatever address the question came from, unasked and late, and so do its two
 * copies: 36 bytes for 15. Nobody but the device can make a question; who holds one up and delivers
 * it from elsewhere has those 36 bytes sent there, once, and not more than six times a minute.
 *
 * A restart forgets all of it: the device hears nothing and asks again. What lost: a fact in the
 * store for something that is worth ten minutes of a board's time; and an echo that tells the
 * device of its own address, which a router that keeps the port answers the same before and after
 * it forgot.
 */

import { intervalMs } from "../../device/interval.ts";
import { sealTag } from "../../device/tag.ts";
import { DOWN, encodeProbeDown, PROBE } from "../../device/wire.ts";
import { Deadlines } from "../deadlines.ts";
import type { Draft } from "../effects.ts";
import type { Source } from "../facts.ts";
import { type Limits, PROBE_COPIES, PROBE_COPY_MS, PROBES_MAX, PROBES_MS } from "../limits.ts";
import type { Records } from "../records.ts";
import * as row from "../rows.ts";

/** Those of whom something is remembered that are looked at to make room for another. */
const LOOKS_MAX = 16;

/** What one device has asked. */
interface Asker {
  readonly slot: number;
  /** Its number among the timers. */
  readonly place: number;
  /** The beat that the delays in `asked` were asked under. */
  epoch: number;
  seq: number;
  readonly asked: Set<number>;
  /** When the last `PROBES_MAX` were taken, oldest first. */
  readonly times: number[];
  /** The answer that waits, where it goes, and how often it still does. */
  frame: string;
  to: Source;
  left: number;
}

/** Whom probes ask. */
export interface Beside {
  readonly records: Records;
  readonly limits: Limits;
}

export class Probes {
  readonly #around: Beside;
  readonly #timers: Deadlines;
  /** By slot. */
  readonly #askers = new Map<number, Asker>();
  readonly #places: (Asker | undefined)[] = [];
  readonly #free: number[] = [];

  constructor(around: Beside, now: number) {
    this.#around = around;
    this.#timers = new Deadlines(now);
  }

  get wakeAt(): number {
    return this.#timers.wakeAt;
  }

  /** Devices that something is remembered of. */
  get size(): number {
    return this.#askers.size;
  }

  /**
   * A PROBE that verifies under the last accepted beat.
   * @param delay interval code, 1..163
   * @returns the result to count: `probe` will be answered
   */
  asked(slot: number, delay: number, from: Source, now: number): "probe" | "ignored" | "limited" {
    if (from.transport === "mqtt") return "ignored";
    const { words } = this.#around.records.rows;
    const epoch = words[slot * row.WORDS + row.EPOCH]!;
    const seq = words[slot * row.WORDS + row.SEQ]!;
    const asker = this.#askers.get(slot) ?? this.#add(slot, from, now);
    if (asker === undefined) return "limited";
    if (asker.epoch !== epoch || asker.seq !== seq) {
      asker.epoch = epoch;
      asker.seq = seq;
      asker.asked.clear();
    }
    if (asker.asked.has(delay)) return "ignored";
    const { times } = asker;
    if (times.length === PROBES_MAX) {
      if (now - times[0]! < PROBES_MS) return "limited";
      times.shift();
    }
    times.push(now);
    asker.asked.add(delay);
    asker.frame = this.#seal(slot, epoch, seq, delay);
    asker.to = from;
    asker.left = PROBE_COPIES;
    this.#timers.set(asker.place, now + intervalMs(delay));
    return "probe";
  }

  /** Answers that are due at or before `now`. */
  expire(now: number, draft: Draft): void {
    const { records } = this.#around;
    for (let place = this.#timers.due(now); place >= 0; place = this.#timers.due(now)) {
      const asker = this.#places[place];
      if (asker === undefined) continue;
      // An answer tells of its beat: it never leaves before that is on disk (rule 8).
      const held = records.rows.floats[asker.slot * row.FLOATS + row.HELD]!;
      draft.replyAfter(held, asker.to, asker.frame);
      asker.left--;
      if (asker.left > 0) this.#timers.set(place, this.#timers.get(place) + PROBE_COPY_MS);
    }
  }

  /** The device is gone, or another epoch took force: what it asked is void. */
  removed(slot: number): void {
    const asker = this.#askers.get(slot);
    if (asker === undefined) return;
    this.#timers.remove(asker.place);
    this.#askers.delete(slot);
    this.#places[asker.place] = undefined;
    this.#free.push(asker.place);
  }

  #add(slot: number, to: Source, now: number): Asker | undefined {
    if (this.#askers.size >= this.#around.limits.probersMax && !this.#makeRoom(now)) {
      return undefined;
    }
    const place = this.#free.pop() ?? this.#places.length;
    const nothing = { epoch: 0, seq: 0, asked: new Set<number>(), times: [], frame: "", left: 0 };
    const asker: Asker = { slot, place, to, ...nothing };
    this.#places[place] = asker;
    this.#askers.set(slot, asker);
    return asker;
  }

  /**
   * Forgets one that nothing depends on: no answer waits, a minute has passed, and its beat
   * is no longer the last, so that no copy of what it asked would be answered again.
   */
  #makeRoom(now: number): boolean {
    const { words } = this.#around.records.rows;
    let looks = LOOKS_MAX;
    for (const [slot, asker] of this.#askers) {
      if (looks-- === 0) return false;
      const { seq, epoch, left, times } = asker;
      const w = slot * row.WORDS;
      const last = words[w + row.SEQ] === seq && words[w + row.EPOCH] === epoch;
      if (left === 0 && !last && now - times.at(-1)! >= PROBES_MS) {
        this.removed(slot);
        return true;
      }
      // To the end, so that the next look is at others.
      this.#askers.delete(slot);
      this.#askers.set(slot, asker);
    }
    return false;
  }

  #seal(slot: number, epoch: number, seq: number, delay: number): string {
    const { records } = this.#around;
    const body = encodeProbeDown(seq, delay);
    const p = (DOWN << 7) | PROBE;
    return body + sealTag(records.tagKey(slot), p, epoch, seq, body, records.tag(slot));
  }
}
