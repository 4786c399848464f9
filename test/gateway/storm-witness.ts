/**
 * What was told to anyone, and what may never be taken back. It remembers over every crash of the
 * gateway, and says the seed's story with the first thing that does not fit.
 */

import type { CommandState, Incident } from "../../gateway/affairs.ts";
import type { Change } from "../../gateway/facts.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Message } from "../../gateway/notices/message.ts";
import type { Process } from "./storm-gateway.ts";

/** A command as its sender knows it. */
export interface Order {
  readonly id: number;
  readonly payload: string;
  /** Told when it was on disk; 0: not told. */
  n: number;
  /** The last state that was told. */
  state: CommandState | undefined;
  /** How often a board acted on it. */
  acts: number;
}

const FINAL: readonly CommandState[] = ["done", "refused", "failed", "expired", "superseded"];

export class Witness {
  readonly changes: Change[] = [];
  /** By payload, of which there are no two alike. */
  readonly orders = new Map<string, Order>();
  readonly incidents = new Map<number, Incident>();
  /** Messages by their id; and their ids by incident, kind and route. */
  readonly messages = new Map<string, Message>();
  readonly sayings = new Map<string, Set<string>>();
  restarts = 0;

  told(change: Change): void {
    const last = this.changes.at(-1);
    if (last !== undefined && change.cursor <= last.cursor) {
      this.broken(`change ${change.cursor} told after ${last.cursor}`);
    }
    this.changes.push(change);
  }

  ordered(id: number, payload: string): Order {
    const order: Order = { id, payload, n: 0, state: undefined, acts: 0 };
    this.orders.set(payload, order);
    return order;
  }

  acted(id: number, payload: string): void {
    const order = this.orders.get(payload);
    if (order === undefined || order.id !== id) this.broken(`board ${id} acts on a stranger's`);
    else if (++order.acts > 1) this.broken(`board ${id} acts twice on ${payload}`);
    else if (order.state !== undefined && FINAL.includes(order.state)) {
      // Unknown was told, and may be anything; all else was known.
      if (order.state !== "failed") this.broken(`${payload}: acted on after ${order.state}`);
    }
  }

  received(route: string, message: Message): void {
    const before = this.messages.get(message.id);
    if (before !== undefined && before.kind !== message.kind) {
      this.broken(`one id for ${before.kind} and ${message.kind}`);
    }
    this.messages.set(message.id, message);
    const key = `${message.data.incident as number} ${message.kind} ${route}`;
    const ids = this.sayings.get(key) ?? new Set();
    this.sayings.set(key, ids.add(message.id));
    if (message.kind !== "reminder" && ids.size > 1) this.broken(`told twice: ${key}`);
  }

  /** After each commit: what people can see now. */
  look(core: Gateway, mono: number): void {
    for (const id of core.ids()) {
      for (const command of core.requests.commandsOf(id, mono)) {
        this.#seen(id, command.payload, command.n, command.state);
      }
    }
    for (const incident of core.requests.incidents()) this.#seenIncident(incident);
  }

  /** A new process: whatever was told must be there, and be seen. */
  async restarted({ core, mono, store }: Process): Promise<void> {
    this.restarts++;
    const kept = await store.changes(0, Infinity);
    for (const [at, { cursor }] of kept.entries()) {
      if (cursor !== at + 1) this.broken(`change ${at + 1} is missing`);
    }
    for (const told of this.changes) {
      const { at: _, ...words } = told;
      const { at: __, ...found } = kept[told.cursor - 1] ?? { at: 0 };
      if (JSON.stringify(found) !== JSON.stringify(words)) {
        this.broken(`told ${JSON.stringify(words)}, kept ${JSON.stringify(found)}`);
      }
    }
    // What is stored and was not told is told by the list of changes.
    this.changes.push(...kept.slice(this.changes.at(-1)?.cursor ?? 0));
    this.#gapless(kept);
    if (core === undefined) return;
    this.#allThere(core, mono);
    this.look(core, mono);
  }

  /** The storm is over and everything had its time. */
  calm(core: Gateway, mono: number): void {
    this.look(core, mono);
    for (const { payload, n, state, acts, id } of this.orders.values()) {
      if (n === 0 && state === undefined) continue;
      if (state === undefined || !FINAL.includes(state)) {
        this.broken(`${payload}, command ${n} of ${id}, ends as ${state}`);
      }
      if ((state === "done" || state === "refused") && acts !== 1) {
        this.broken(`${payload} is ${state} and was acted on ${acts} times`);
      }
      if ((state === "expired" || state === "superseded") && acts !== 0) {
        this.broken(`${payload} is ${state} and was acted on`);
      }
    }
    for (const incident of this.incidents.values()) {
      for (const route of incident.told ?? []) {
        if (!this.sayings.has(`${incident.n} opened ${route}`)) {
          this.broken(`incident ${incident.n} was never told to ${route}`);
        }
      }
    }
  }

  broken(words: string): never {
    throw new Error(`after ${this.restarts} restarts: ${words}`);
  }

  #seen(id: number, payload: string, n: number, state: CommandState): void {
    const order = this.orders.get(payload);
    if (order === undefined) this.broken(`a command that nobody sent: ${payload}`);
    if (order.id !== id) this.broken(`${payload} is queued for ${id}`);
    if (order.n !== 0 && order.n !== n) this.broken(`${payload} was ${order.n} and is ${n}`);
    const before = order.state;
    const back =
      before !== undefined &&
      before !== state &&
      (FINAL.includes(before) || (before === "offered" && state === "queued" && order.acts > 0));
    if (back) this.broken(`${payload} was told ${before} and is ${state}`);
    if (state === "done" && order.acts === 0) this.broken(`${payload} is done by nobody`);
    order.state = state;
  }

  #seenIncident(incident: Incident): void {
    const before = this.incidents.get(incident.n);
    this.incidents.set(incident.n, incident);
    if (before === undefined) return;
    // What began as one board's may turn out to be its site's.
    if (before.scope !== incident.scope && !before.scope.startsWith("device:")) {
      this.broken(`incident was ${JSON.stringify(before)}, is ${JSON.stringify(incident)}`);
    }
    if (before.closedAt !== null && incident.closedAt === null) {
      this.broken(`incident ${incident.n} was closed`);
    }
    if (before.ackedAt !== null && incident.ackedAt === null) {
      this.broken(`incident ${incident.n} was taken on`);
    }
  }

  #gapless(kept: readonly Change[]): void {
    const last = new Map<number, Change>();
    for (const change of kept) {
      const before = last.get(change.id);
      if (change.tseq !== (before?.tseq ?? 0) + 1 || change.from !== (before?.to ?? "unknown")) {
        this.broken(`a gap before ${JSON.stringify(change)}`);
      }
      last.set(change.id, change);
    }
  }

  /** Nothing that was told and is not over has vanished. */
  #allThere(core: Gateway, mono: number): void {
    const there = new Set<string>();
    for (const id of core.ids()) {
      for (const { payload } of core.requests.commandsOf(id, mono)) there.add(payload);
    }
    for (const { payload, n, state } of this.orders.values()) {
      const open = n !== 0 || (state !== undefined && !FINAL.includes(state));
      const over = state !== undefined && FINAL.includes(state);
      if (open && !over && !there.has(payload)) this.broken(`${payload} has vanished`);
    }
    const known = new Set(core.requests.incidents().map(({ n }) => n));
    for (const { n, closedAt } of this.incidents.values()) {
      if (closedAt === null && !known.has(n)) this.broken(`incident ${n} has vanished`);
    }
  }
}
