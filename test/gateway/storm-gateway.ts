/**
 * One process of the gateway in the crash storm: the real core, the real store on a faulty disk,
 * the real driver of notices, in virtual time, and a shell that does what turns.ts does, one step
 * after the other. Between any two of them it may die.
 */

import type { Effects } from "../../gateway/facts.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { Deliver } from "../../gateway/notices/deliver.ts";
import type { Message } from "../../gateway/notices/message.ts";
import { messageOf } from "../../gateway/notices/message.ts";
import type { Outcome } from "../../gateway/notices/request.ts";
import type { Route } from "../../gateway/routes.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { KeyedStore } from "../../gateway/store/keyed.ts";
import type { Loaded } from "../../gateway/store/store.ts";
import { type FaultyDisk, FaultyShelf } from "../store/faulty-shelf.ts";
import type { Witness } from "./storm-witness.ts";

/** What the process asks of the world around it. */
export interface Surroundings {
  readonly now: number;
  readonly random: () => number;
  readonly witness: Witness;
  readonly disk: FaultyDisk;
  readonly routes: readonly Route[];
  /** A place where the process may die. @returns whether it did */
  point(where: string): boolean;
  /** Calls back after so many ms, if the process still lives then. */
  after(ms: number, call: () => void): () => void;
  send(address: string, frame: string): void;
  receive(route: string, message: Message): Promise<Outcome>;
  /** Whether a sync fails now. */
  fails(): boolean;
  /** Something told does not fit. */
  failed(error: unknown): void;
  /** The store broke. */
  fatal(): void;
}

/** 2027-01-01: the wall clock at instant 0 of the world. */
const ZERO = Date.UTC(2027, 0, 1);
const WRITE_MAX_MS = 40;

export class Process {
  readonly shelf: FaultyShelf;
  readonly store: KeyedStore;
  core: Gateway | undefined;
  dead = false;
  readonly #world: Surroundings;
  readonly #zero: number;
  #deliver: Deliver | undefined;

  constructor(world: Surroundings) {
    this.#world = world;
    // Each process counts from an instant of its own.
    this.#zero = world.now - 1_000 - Math.floor(world.random() * 1e6);
    this.shelf = new FaultyShelf(world.disk, () => this.#asked());
    const clock = {
      now: () => this.mono,
      wallAt: (mono: number) => Math.round(ZERO + this.#zero + mono),
      trusted: () => true,
    };
    this.store = new KeyedStore(this.shelf, { clock });
  }

  get mono(): number {
    return this.#world.now - this.#zero;
  }

  /** The world's instant at which the core is due. */
  get wakeAt(): number {
    return (this.core?.wakeAt ?? Infinity) + this.#zero;
  }

  async start(): Promise<void> {
    const loaded = await this.store.open();
    if (this.dead) return;
    this.core = this.#coreOf(loaded);
    await this.#world.witness.restarted(this);
    if (this.dead) return;
    this.#deliver = this.#driverOf(loaded);
    this.#deliver.start(loaded.affairs.notices);
  }

  /** Power goes, or the process is killed. */
  die(): void {
    this.dead = true;
    this.shelf.die(this.#world.random() * 1.5);
    this.#deliver?.stop();
  }

  /** Effects happen in their order. Resolves when all is durable and told; never after a death. */
  obey(effects: Effects): Promise<void> {
    for (const { to, frame } of effects.send) {
      if (this.#died("before a frame")) break;
      this.#world.send(to.address, frame);
    }
    return new Promise((resolve) => {
      if (this.dead || effects.ticket === 0 || this.#died("before a commit")) return;
      this.#deliver?.coming(effects.commit);
      this.store
        .commit(effects.commit)
        .then(
          () => this.#durable(effects, resolve),
          () => void (this.dead || this.#world.fatal()),
        )
        .catch((error) => this.#world.failed(error));
    });
  }

  /** What is due. */
  expire(): void {
    if (this.core) void this.obey(this.core.expire(this.mono));
  }

  #durable(effects: Effects, resolve: () => void): void {
    const core = this.core;
    if (this.dead || core === undefined || this.#died("after a commit")) return;
    core.committed(effects.ticket, this.mono);
    for (const { to, frame } of effects.afterCommit.send) {
      if (this.#died("before a frame that waited")) return;
      this.#world.send(to.address, frame);
    }
    for (const change of effects.afterCommit.changes) {
      if (this.#died("before a change is told")) return;
      this.#world.witness.told(change);
    }
    if (this.#died("before notices")) return;
    this.#deliver?.durable(effects.commit);
    this.#world.witness.look(core, this.mono);
    resolve();
  }

  #died(where: string): boolean {
    return this.dead || this.#world.point(where);
  }

  /** The disk takes its time; then the batch is durable, or the process dies, or it fails. */
  #asked(): void {
    const { random } = this.#world;
    if (this.#died("while a batch is written")) return;
    this.#world.after(random() * WRITE_MAX_MS, () => {
      if (this.#died("before a batch is durable")) return;
      if (this.#world.fails()) this.shelf.fail(random() < 0.5);
      else this.shelf.finish(() => this.#died("when a batch is durable"));
    });
  }

  #coreOf(loaded: Loaded): Gateway {
    const { generation, secret, stoppedMs, cursor, affairs } = loaded;
    const wall = (now: number): number => ZERO + this.#zero + now;
    const unixSeconds = (now: number): number => Math.floor(wall(now) / 1_000);
    const { routes } = this.#world;
    return new Gateway(
      {
        ...{ generation, secret, sha256, unixSeconds, wallAt: wall, stoppedMs, cursor, affairs },
        routes,
      },
      loaded.devices,
      this.mono,
    );
  }

  #driverOf({ secret }: Loaded): Deliver {
    const world = this.#world;
    const names = world.routes.map(({ name, waitMs }) => [name, waitMs] as const);
    const receiver = ([name, waitMs]: (typeof names)[number]) =>
      [name, { waitMs, send: (message: Message) => world.receive(name, message) }] as const;
    return new Deliver({
      receivers: new Map(names.map(receiver)),
      now: () => this.mono,
      after: (ms, call) => world.after(ms, call),
      random: world.random,
      messageOf: (notice) =>
        messageOf(notice, { secret, now: this.mono, wallAt: (at) => ZERO + this.#zero + at }),
      onDone: (n, ok) => {
        if (this.core && !this.#died("before a notice is done")) {
          void this.obey(this.core.requests.delivered(n, ok));
        }
      },
      onResult: () => {},
    });
  }
}
