/**
 * All commands of all devices: the queues, what is on its way to the disk, and what may be told.
 *
 * A queue is made with a device's first command and stays, for what it remembers. Whoever asks gets
 * the commands as the disk has them: a crash must not take back what somebody was told. Numbers of
 * the whole are counted as they change, so that nobody has to walk through a hundred thousand
 * queues for them.
 */

import type { Command, CommandState } from "../affairs.ts";
import type { Draft } from "../effects.ts";
import * as row from "../rows.ts";
import type { Neighbours } from "./offers.ts";
import { type Outcome, Queue } from "./queue.ts";

interface Pending {
  readonly ticket: number;
  readonly queue: Queue;
  /** What may be told when the ticket is on disk; absent: somebody only waits for it. */
  readonly list?: readonly Command[];
}

export class Backlog {
  /** Commands waiting for all devices, and how many of those are on offer. */
  waiting = 0;
  offered = 0;
  /** Outcomes since the start. */
  readonly outcomes = { done: 0, refused: 0, failed: 0, expired: 0, superseded: 0 };
  readonly #around: Neighbours;
  readonly #queues = new Map<number, Queue>();
  readonly #places: (Queue | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #pending: Pending[] = [];
  /** Outcomes in the order of their coming; some are forgotten already. */
  readonly #ended: { readonly queue: Queue; readonly n: number }[] = [];

  constructor(around: Neighbours) {
    this.#around = around;
  }

  get(slot: number): Queue | undefined {
    return this.#queues.get(slot);
  }

  at(place: number): Queue | undefined {
    return this.#places[place];
  }

  /** The queue of a device, made where there is none. */
  of(slot: number, stored: readonly Command[] = []): Queue {
    const known = this.#queues.get(slot);
    if (known !== undefined) return known;
    const place = this.#free.pop() ?? this.#places.length;
    const queue = new Queue(this.#around.records.roster.id(slot), slot, place, stored);
    this.#queues.set(slot, queue);
    this.#places[place] = queue;
    this.waiting += queue.waiting.length;
    if (queue.offered !== undefined) this.offered++;
    for (const { n } of queue.ended) this.#ended.push({ queue, n });
    this.#flag(queue);
    return queue;
  }

  /** A device leaves the table, and its commands with it. */
  drop(queue: Queue): void {
    this.waiting -= queue.waiting.length;
    if (queue.offered !== undefined) this.offered--;
    this.#queues.delete(queue.slot);
    this.#places[queue.place] = undefined;
    this.#free.push(queue.place);
  }

  add(queue: Queue, command: Command, draft: Draft): void {
    this.waiting++;
    queue.put(command, draft);
  }

  /** The first command gets its number, and goes out when the disk has that. */
  offer(queue: Queue, command: Command, cmd: number, epoch: number, at: number, draft: Draft) {
    this.offered++;
    queue.put({ ...command, state: "offered", cmd, epoch, offeredAt: at }, draft);
  }

  /** A waiting command has ended. */
  end(queue: Queue, command: Command, outcome: Outcome, draft: Draft): void {
    const { outcomesPerDevice, outcomesMax } = this.#around.limits;
    if (command.state === "offered") this.offered--;
    queue.end(command, outcome, outcomesPerDevice, draft);
    this.waiting--;
    this.outcomes[outcome.state]++;
    this.#ended.push({ queue, n: command.n });
    if (this.#ended.length <= outcomesMax) return;
    const { queue: old, n } = this.#ended.shift()!;
    if (this.#places[old.place] !== old) return;
    old.forget(n, draft);
    if (old !== queue) this.store(old, old.waiting.length, draft);
  }

  /** Not-afters that have come, but that of the command in an open window. */
  lapse(queue: Queue, now: number, draft: Draft): void {
    for (const command of queue.waiting) {
      if (now < command.notAfterAt) continue;
      if (command.state === "queued") {
        this.end(queue, command, { state: "expired", at: command.notAfterAt }, draft);
      } else if (queue.offer === undefined) {
        this.end(queue, command, { state: "failed", at: now }, draft);
      }
    }
  }

  /**
   * What the draft changed in a queue may be told when it is on disk.
   * @param before how many waited; ACKs tell of that, and another number must be durable first
   */
  store(queue: Queue, before: number, draft: Draft): void {
    const { records, ledger } = this.#around;
    const { ticket, slot } = queue;
    if (ticket === draft.ticket && ticket > ledger.durable) {
      this.#pending.push({ ticket, queue, list: queue.all() });
      const held = slot * row.FLOATS + row.HELD;
      if (queue.waiting.length !== before) records.rows.floats[held] = ticket;
    }
    this.#flag(queue);
  }

  /** The ticket that no frame of this queue may leave before; 0: none. */
  blocked(queue: Queue): number {
    const { records, ledger } = this.#around;
    const held = records.rows.floats[queue.slot * row.FLOATS + row.HELD]!;
    const ticket = Math.max(queue.ticket, held);
    return ticket > ledger.durable ? ticket : 0;
  }

  /** The queue is given back when `ticket` is on disk. */
  await(queue: Queue, ticket: number): void {
    this.#pending.push({ ticket, queue });
  }

  /** Everything up to `ticket` is on disk. @returns the queues that waited for it */
  committed(ticket: number): Queue[] {
    let done = 0;
    while (done < this.#pending.length && this.#pending[done]!.ticket <= ticket) done++;
    if (done === 0) return [];
    const settled = new Set<Queue>();
    for (const { queue, list } of this.#pending.splice(0, done)) {
      if (list !== undefined) queue.told = list;
      if (this.#places[queue.place] === queue) settled.add(queue);
    }
    return [...settled];
  }

  /** Queued and offered now, and outcomes since the start. */
  counts(): Record<CommandState, number> {
    const { waiting, offered, outcomes } = this;
    return { queued: waiting - offered, offered, ...outcomes };
  }

  #flag({ slot, waiting }: Queue): void {
    const { bytes } = this.#around.records.rows;
    const at = slot * row.BYTES + row.FLAGS;
    if (waiting.length > 0) bytes[at]! |= row.COMMANDS;
    else bytes[at]! &= ~row.COMMANDS;
  }
}
