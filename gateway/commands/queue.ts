/**
 * The commands of one device: what waits, in order, and what became of the last ones.
 *
 * Commands are values: a change of state makes another one, which goes to disk as a fact, and a
 * list as it was can be kept for those who ask before the disk has it. At most one is on offer, the
 * first: a device that knows the number of the last one begun can then tell a repeat from a new
 * one. What lost: several on offer at once, of which a device would have to keep each result.
 *
 * Two outcomes are never forgotten, however old: that of the highest n, from which the next one
 * counts, and that of the newest sent, from whose `cmd` the next one counts: a number given twice
 * in an epoch would get the result of another command.
 */

import type { Command, CommandState } from "../affairs.ts";
import type { Draft } from "../effects.ts";
import { CMD_MAX } from "../limits.ts";
import { NUDGE_MIN_MS } from "../nudge.ts";

/** A window that a beat opened: the command on offer is sent in it. */
export interface Offer {
  /** When the ACK of the beat was made. */
  readonly openedAt: number;
  /** Of the command now on offer, in this window; and the last one. */
  sends: number;
  sentAt: number;
}

/** What became of a command; only an answer has a code and a result. */
export interface Outcome {
  readonly state: Exclude<CommandState, "queued" | "offered">;
  readonly at: number;
  readonly code?: number;
  readonly result?: string;
}

export class Queue {
  readonly id: number;
  readonly slot: number;
  /** Its number among the timers. */
  readonly place: number;
  /** Queued, but the first may be offered; oldest first. */
  waiting: Command[];
  /** Those that ended, in that order. */
  ended: Command[];
  /** All of them as they may be told: as the disk has them. */
  told: readonly Command[];
  /** The last n given. */
  last: number;
  /** Ticket of the last change: no COMMAND goes out before it is on disk. */
  ticket = 0;
  /** Those up to this n came from a backup, and may have been sent since it was made; 0: none. */
  doubtful = 0;
  offer: Offer | undefined;
  /** The next step of the window, or of calling the device; Infinity: none. */
  stepAt = Infinity;
  /** The last NUDGE, no other before this instant, and the wait after the next one. */
  calledAt = -Infinity;
  callAt = -Infinity;
  callGap = NUDGE_MIN_MS;
  /** RFC 6298 on COMMAND and RESULT: smoothed, its variation, in ms; 0: no sample yet. */
  srtt = 0;
  rttvar = 0;

  constructor(id: number, slot: number, place: number, stored: readonly Command[]) {
    this.id = id;
    this.slot = slot;
    this.place = place;
    this.waiting = stored.filter(isWaiting).sort((a, b) => a.n - b.n);
    this.ended = stored.filter((command) => !isWaiting(command)).sort(byEnd);
    this.told = stored;
    this.last = stored.reduce((last, { n }) => Math.max(last, n), 0);
  }

  /** The command on offer: sent, and not answered. */
  get offered(): Command | undefined {
    const [first] = this.waiting;
    return first?.state === "offered" ? first : undefined;
  }

  /** The number after the last one sent in `epoch`. */
  nextCmd(epoch: number): number {
    const sent = this.#newestSent();
    if (sent === undefined || sent.epoch !== epoch) return 1;
    return sent.cmd === CMD_MAX ? 1 : sent.cmd + 1;
  }

  /** A command as it now stands, new or changed, on its way to the disk. */
  put(command: Command, draft: Draft): void {
    const at = this.waiting.findIndex(({ n }) => n === command.n);
    if (at >= 0) this.waiting[at] = command;
    else this.waiting.push(command);
    this.last = Math.max(this.last, command.n);
    this.ticket = draft.store({ kind: "command", id: this.id, n: command.n, command });
  }

  /** A waiting command has ended. @param keep outcomes kept beside the two that must be */
  end(command: Command, outcome: Outcome, keep: number, draft: Draft): void {
    const { state, at, code = -1, result = "" } = outcome;
    const ended = { ...command, state, doneAt: at, code, result };
    this.waiting = this.waiting.filter(({ n }) => n !== command.n);
    this.ended.push(ended);
    this.ticket = draft.store({ kind: "command", id: this.id, n: command.n, command: ended });
    for (const { n } of [...this.ended]) if (this.ended.length > keep) this.forget(n, draft);
  }

  /** An outcome is forgotten, if it may be. */
  forget(n: number, draft: Draft): void {
    const at = this.ended.findIndex((command) => command.n === n);
    if (at < 0 || n === this.last || n === this.#newestSent()?.n) return;
    this.ended.splice(at, 1);
    this.ticket = draft.store({ kind: "command", id: this.id, n, command: null });
  }

  all(): Command[] {
    return [...this.ended, ...this.waiting].sort((a, b) => a.n - b.n);
  }

  #newestSent(): Command | undefined {
    let newest: Command | undefined;
    for (const command of [...this.ended, ...this.waiting]) {
      if (command.cmd !== 0 && command.n > (newest?.n ?? 0)) newest = command;
    }
    return newest;
  }
}

/** Neither answered nor given up. */
export function isWaiting({ state }: Command): boolean {
  return state === "queued" || state === "offered";
}

function byEnd(a: Command, b: Command): number {
  return (a.doneAt ?? 0) - (b.doneAt ?? 0) || a.n - b.n;
}
