/**
 * Commands: queued for a device, offered when it is heard, answered by a RESULT, and never acted on
 * twice (rules 8, 15 and 16; "Commands, gateway side").
 *
 *   queued --a beat--> offered --RESULT--> done | refused | failed
 *     |                   `--new epoch, or not-after and no answer--> failed, outcome unknown
 *     `--> expired | superseded: only what was never sent
 *
 * The disk has `offered` before the first COMMAND leaves, so after a crash a command that may have
 * arrived is never given another number; it has the result before the ACK that tells of it. So
 * COMMANDs leave from `expire` alone, when both the beat's answer and the change are durable, and
 * the not-after is looked at right there, before each send. What lost: COMMANDs in the answer to
 * the beat, waiting for the commit with it, which may last longer than the not-after.
 *
 * A command that was sent and not answered when its not-after has come cannot be sent again, nor
 * may it block what waits behind it: it has failed, outcome unknown, once its window is over.
 *
 * A device without commands costs a beat one look at a flag.
 */

import { Backlog } from "./commands/backlog.ts";
import type { Neighbours } from "./commands/offers.ts";
import { closingAck, commandFrame, rtoOf, sample, sleeps } from "./commands/offers.ts";
import { isWaiting, type Queue } from "./commands/queue.ts";
import { Deadlines } from "./deadlines.ts";
import type { Draft } from "./effects.ts";
import type { StoredDevice } from "./facts.ts";
import { CALL_MAX_MS, COMMAND_SENDS_MAX, COMMAND_WINDOW_MS } from "./limits.ts";
import { NUDGE_MIN_MS, nudge, nudgeable } from "./nudge.ts";
import * as row from "./rows.ts";

/** RESULT's code to state; 3, unknown command, was not acted on; 4 and what is unknown: failed. */
const STATES: readonly ("done" | "refused" | "failed")[] = ["done", "refused", "failed", "refused"];

export class Commands {
  readonly backlog: Backlog;
  readonly #around: Neighbours;
  readonly #timers: Deadlines;

  constructor(around: Neighbours, now: number) {
    this.#around = around;
    this.backlog = new Backlog(around);
    this.#timers = new Deadlines(now);
  }

  get wakeAt(): number {
    return this.#timers.wakeAt;
  }

  /** A device joined the table with the commands that the store knows. */
  joined(slot: number, { commands = [], restored }: StoredDevice, now: number): void {
    if (commands.length === 0) return;
    const queue = this.backlog.of(slot, commands);
    if (restored === true) queue.doubtful = queue.last;
    queue.stepAt = now + NUDGE_MIN_MS;
    this.#arm(queue);
  }

  removed(slot: number): void {
    const queue = this.backlog.get(slot);
    if (queue === undefined) return;
    this.#timers.remove(queue.place);
    this.backlog.drop(queue);
  }

  /** Commands that wait for this device: what `state` tells it. */
  count(slot: number): number {
    return this.backlog.get(slot)?.waiting.length ?? 0;
  }

  /** The same, as it may be told to others. */
  told(slot: number): number {
    return this.backlog.get(slot)?.told.filter(isWaiting).length ?? 0;
  }

  /** Whether a command is on offer in the window of the last accepted beat. */
  offering(slot: number): boolean {
    return this.backlog.get(slot)?.offer !== undefined;
  }

  /** What waits has changed by somebody's wish: if the device listens, it is called. */
  changed(queue: Queue, now: number, draft: Draft): void {
    if (queue.offer === undefined) this.#callSoon(queue, now);
    this.#store(queue, -1, draft);
  }

  /** A fresh beat of a device with commands opens a window. @returns whether the ACK has MORE */
  heard(slot: number, now: number, draft: Draft): boolean {
    const queue = this.backlog.get(slot)!;
    const before = queue.waiting.length;
    queue.offer = undefined;
    queue.stepAt = Infinity;
    this.backlog.lapse(queue, now, draft);
    if (queue.waiting.length > 0) {
      queue.offer = { openedAt: now, sends: 0, sentAt: now };
      this.#offer(queue, now, draft);
    }
    this.#store(queue, before, draft);
    return queue.offer !== undefined;
  }

  /** A RESULT that verifies under the last accepted beat. @returns whether it counts */
  answered(
    slot: number,
    cmd: number,
    code: number,
    result: string,
    now: number,
    draft: Draft,
  ): boolean {
    const { records, hints } = this.#around;
    const queue = this.backlog.get(slot);
    const offered = queue?.offered;
    if (queue === undefined || offered === undefined || offered.cmd !== cmd) return false;
    const { offer } = queue;
    const before = queue.waiting.length;
    if (offer?.sends === 1) sample(queue, now - offer.sentAt);
    const state = STATES[code] ?? "failed";
    this.backlog.end(queue, offered, { state, at: now, code, result }, draft);
    this.backlog.lapse(queue, now, draft);
    if (offer !== undefined && queue.waiting.length > 0 && this.#isOpen(queue, now)) {
      offer.sends = 0;
      this.#offer(queue, now, draft);
    } else {
      queue.offer = undefined;
      this.#callSoon(queue, now);
      hints.counters.acks++;
      draft.replyAfter(queue.ticket, records.source[slot]!, closingAck(this.#around, queue));
    }
    this.#store(queue, before, draft);
    return true;
  }

  /** Another epoch takes force: what was sent and has no RESULT will never have one (rule 16). */
  renewed(slot: number, now: number, draft: Draft): void {
    const queue = this.backlog.get(slot);
    const offered = queue?.offered;
    if (queue === undefined || offered === undefined) return;
    const before = queue.waiting.length;
    this.backlog.end(queue, offered, { state: "failed", at: now }, draft);
    queue.offer = undefined;
    this.#store(queue, before, draft);
  }

  /** Its first epoch since a backup: what waits may have been sent by the gateway that was lost. */
  issued(slot: number, now: number, draft: Draft): void {
    const queue = this.backlog.get(slot);
    if (queue === undefined || queue.doubtful === 0) return;
    const before = queue.waiting.length;
    const doubtful = queue.waiting.filter(({ n }) => n <= queue.doubtful);
    queue.doubtful = 0;
    for (const command of doubtful) {
      this.backlog.end(queue, command, { state: "failed", at: now }, draft);
    }
    this.#store(queue, before, draft);
  }

  /** All that is due at or before `now`: sends, windows and not-afters that end, NUDGEs. */
  expire(now: number, draft: Draft): void {
    const timers = this.#timers;
    for (let place = timers.due(now); place >= 0; place = timers.due(now)) {
      const queue = this.backlog.at(place);
      if (queue === undefined) continue;
      const before = queue.waiting.length;
      this.backlog.lapse(queue, now, draft);
      if (queue.stepAt <= now && this.backlog.blocked(queue) === 0) this.#step(queue, now, draft);
      this.#store(queue, before, draft);
    }
  }

  /** Everything up to `ticket` is on disk. */
  committed(ticket: number): void {
    for (const queue of this.backlog.committed(ticket)) this.#arm(queue);
  }

  #store(queue: Queue, before: number, draft: Draft): void {
    this.backlog.store(queue, before, draft);
    this.#arm(queue);
  }

  /** The first command goes out in the window that is open, as soon as the disk allows. */
  #offer(queue: Queue, now: number, draft: Draft): void {
    const first = queue.waiting[0]!;
    queue.stepAt = now;
    if (first.state === "offered") return;
    const epoch = this.#around.records.rows.words[queue.slot * row.WORDS + row.EPOCH]!;
    this.backlog.offer(queue, first, queue.nextCmd(epoch), epoch, now, draft);
  }

  /** A sleeper's window has an end; a device that is awake listens always. */
  #isOpen({ offer, slot }: Queue, now: number): boolean {
    if (offer === undefined) return false;
    return !sleeps(this.#around.records, slot) || now - offer.openedAt < COMMAND_WINDOW_MS;
  }

  /** The next COMMAND; or the window is over, and a device that listens is called. */
  #step(queue: Queue, now: number, draft: Draft): void {
    const { records } = this.#around;
    const { offer, offered, slot } = queue;
    queue.stepAt = Infinity;
    if (offer !== undefined && offered !== undefined) {
      const may = offer.sends < COMMAND_SENDS_MAX && now < offered.notAfterAt;
      if (may && this.#isOpen(queue, now)) {
        queue.stepAt = now + rtoOf(queue, sleeps(records, slot)) * 2 ** offer.sends++;
        offer.sentAt = now;
        draft.reply(records.source[slot]!, commandFrame(records, queue, offered));
        return;
      }
      queue.offer = undefined;
      this.backlog.lapse(queue, now, draft);
    }
    this.#call(queue, now, draft);
  }

  /** What waits is worth a NUDGE, or will be when the last one is 5 s old. */
  #callSoon(queue: Queue, now: number): void {
    queue.callGap = NUDGE_MIN_MS;
    queue.callAt = queue.calledAt + NUDGE_MIN_MS;
    queue.stepAt = Math.max(now, queue.callAt);
  }

  /** A NUDGE for a device that listens and is here; all others will be heard when they wake. */
  #call(queue: Queue, now: number, draft: Draft): void {
    const { records } = this.#around;
    const { slot, waiting } = queue;
    if (waiting.length === 0 || !nudgeable(records, slot)) return;
    if (records.status(slot) !== "present") return;
    if (now >= queue.callAt) {
      if (nudge(records, slot, now, draft)) queue.calledAt = now;
      queue.callAt = now + queue.callGap;
      queue.callGap = Math.min(CALL_MAX_MS, 2 * queue.callGap);
    }
    queue.stepAt = queue.callAt;
  }

  #arm(queue: Queue): void {
    let at = queue.stepAt;
    const ticket = at === Infinity ? 0 : this.backlog.blocked(queue);
    if (ticket !== 0) {
      this.backlog.await(queue, ticket);
      at = Infinity;
    }
    for (const { state, notAfterAt } of queue.waiting) {
      if (state === "queued" || queue.offer === undefined) at = Math.min(at, notAfterAt);
    }
    if (at === Infinity) this.#timers.clear(queue.place);
    else this.#timers.set(queue.place, at);
  }
}
