/**
 * Thousands of crashes: a fleet of real senders with commands, people who send, take on and mute,
 * receivers that fail, and a gateway that dies at every effect and at every write of its store.
 * Whatever was told to anyone must outlive it; no command acts twice; every outcome is told.
 *
 * Everything happens in virtual time and by one seed; a run says the number of the crash that it
 * broke after. What lost: killing a real process, as bench/kill.ts does: it dies where the machine
 * happens to be, a hundred times an hour, and never again at the same place.
 */

import type { Message } from "../../gateway/notices/message.ts";
import type { Outcome } from "../../gateway/notices/request.ts";
import type { Route } from "../../gateway/routes.ts";
import { stream } from "../../sim/random.ts";
import { FaultyDisk, IoError } from "../store/faulty-shelf.ts";
import { StormBoard, type StormWorld } from "./storm-board.ts";
import { Process, type Surroundings } from "./storm-gateway.ts";
import { People } from "./storm-people.ts";
import { Timers } from "./storm-timers.ts";
import { Witness } from "./storm-witness.ts";

export interface StormReport {
  readonly crashes: number;
  /** Crashes by the place where they came. */
  readonly places: ReadonlyMap<string, number>;
  readonly witness: Witness;
  readonly hours: number;
  readonly writes: number;
}

const BOARDS = 5;
/** Places between two crashes at most: mostly few, now and then many, so that things happen. */
const PLACES_FEW = 60;
const PLACES_MANY = 3_000;
const LOSS = 0.05;
/** Steps in one instant, at most. */
const RESTLESS_MAX = 10_000;
const CALM_MS = 3_600_000;
const ROUTE: Route = {
  ...{ name: "phone", sites: [], labels: [], causes: [], recovery: true },
  ...{ repeatMs: 600_000, waitMs: 0 },
};

export async function storm(seed: number, crashes: number): Promise<StormReport> {
  const world = new Storm(seed);
  try {
    await world.run(crashes);
  } catch (error) {
    const { message, stack } = error as Error;
    throw new Error(`seed ${seed}, crash ${world.crashes}: ${message}\n${stack}`);
  }
  return world.report();
}

class Storm implements StormWorld, Surroundings {
  now = 0;
  crashes = 0;
  readonly random: () => number;
  readonly witness = new Witness();
  readonly disk = new FaultyDisk();
  readonly routes = [ROUTE];
  readonly #boards: StormBoard[] = [];
  readonly #persons = new People(this.witness, () => this.random());
  readonly #places = new Map<string, number>();
  readonly #timers = new Timers();
  #process: Process | undefined;
  /** Places left until the next crash; Infinity: not begun. And where it comes before that. */
  #left = Infinity;
  #aim = "";
  #calm = false;
  /** Steps since time last went on. */
  #rests = 0;

  constructor(seed: number) {
    this.random = stream(seed, 0, "storm");
    for (let id = 1; id <= BOARDS; id++) {
      this.#boards.push(new StormBoard(this, id, id < 4 ? "farm" : "mill", 1_500 * id));
    }
  }

  async run(crashes: number): Promise<void> {
    await this.#begin();
    for (const { enrolment } of this.#boards) {
      const { core, mono } = this.#process!;
      await this.#until(this.#process!.obey(core!.enrol(enrolment, mono)));
    }
    this.#left = 1;
    this.#people();
    while (this.crashes < crashes) await this.#step();
    this.#calm = true;
    for (const board of this.#boards) board.calm = true;
    while (this.#process?.core === undefined || this.#process.dead) await this.#step();
    const end = this.now + CALM_MS;
    while (this.now < end) await this.#step();
    const { core, mono } = this.#process!;
    this.witness.calm(core!, mono);
    for (const { id } of this.#boards) {
      const status = core!.view(id, mono)?.status;
      if (status !== "present") this.witness.broken(`board ${id} is ${status} when all is well`);
    }
  }

  report(): StormReport {
    const { crashes, witness, disk } = this;
    const hours = this.now / 3_600_000;
    return { crashes, witness, hours, places: this.#places, writes: disk.writes };
  }

  point(where: string): boolean {
    if (this.#calm) return false;
    if (!this.#places.has(where)) this.#places.set(where, 0);
    if (--this.#left > 0 && where !== this.#aim) return false;
    this.#crash(where);
    return true;
  }

  after(ms: number, call: () => void): () => void {
    return this.#timers.add(this.now + ms, call, this.#process);
  }

  transmit(board: StormBoard, frame: string): void {
    this.#fly(() => {
      const process = this.#process;
      if (process?.core === undefined || process.dead) return;
      const from = { transport: "udp", address: `10.0.0.${board.id}`, port: 40_000 } as const;
      void process.obey(process.core.handle(frame, from, process.mono));
    });
  }

  send(address: string, frame: string): void {
    const board = this.#boards[Number(address.split(".")[3]) - 1];
    this.#fly(() => board?.hear(frame));
  }

  acted({ id }: StormBoard, payload: string): void {
    this.witness.acted(id, payload);
  }

  receive(route: string, message: Message): Promise<Outcome> {
    return new Promise((resolve) => {
      const fails = !this.#calm && this.random() < 0.3;
      this.after(this.random() * 2_000, () => {
        if (!fails) this.witness.received(route, message);
        resolve({ result: fails ? "failed" : "delivered" });
      });
    });
  }

  failed(error: unknown): void {
    this.#error ??= error;
  }

  fails(): boolean {
    return !this.#calm && this.#left < Infinity && this.random() < 0.002;
  }

  fatal(): void {
    this.#crash("a sync failed");
  }

  /** Somebody does something every few seconds. */
  #people(): void {
    if (this.#calm) return;
    this.#later(this.random() * 8_000, () => this.#people());
    const board = this.#boards[Math.floor(this.random() * BOARDS)]!;
    if (this.random() < 0.12) board.off(this.random() * 200_000);
    else if (this.#process?.core && !this.#process.dead) this.#persons.act(this.#process, board.id);
  }

  /** A frame is on its way, or lost, or comes twice. */
  #fly(arrive: () => void): void {
    const copies = this.#calm ? 1 : this.random() < LOSS ? 0 : this.random() < LOSS ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) this.#later(this.random() * 80, arrive);
  }

  #later(ms: number, call: () => void): void {
    this.#timers.add(this.now + ms, call);
  }

  #crash(where: string): void {
    const process = this.#process;
    if (process === undefined || process.dead) return;
    this.crashes++;
    this.#places.set(where, (this.#places.get(where) ?? 0) + 1);
    process.die();
    this.#timers.forget(process);
    this.#aimAgain();
    const luck = this.random();
    const offMs = luck < 0.7 ? 2_000 : luck < 0.97 ? 60_000 : 4 * 3_600_000;
    this.#later(this.random() * offMs, () => {
      this.#process = new Process(this);
      // A store that fails while it opens ends the process as one that fails later does.
      void this.#process.start().catch((error) => {
        if (error instanceof IoError) this.fatal();
        else this.failed(error);
      });
    });
  }

  /** Some crashes come after a few places, most at one that is rare or is not. */
  #aimAgain(): void {
    const few = this.random() < 0.4;
    this.#left = 1 + Math.floor(this.random() * (few ? PLACES_FEW : PLACES_MANY));
    const known = [...this.#places.keys()];
    this.#aim = few ? "" : known[Math.floor(this.random() * known.length)]!;
  }

  #error: unknown;
  async #begin(): Promise<void> {
    this.#process = new Process(this);
    await this.#until(this.#process.start());
  }

  /** Goes on until something has happened that takes virtual time. */
  async #until(done: Promise<void>): Promise<void> {
    let over = false;
    void done.then(() => {
      over = true;
    });
    while (!over) await this.#step();
  }

  /** Whole milliseconds: sums and differences of instants are then exact on every clock. */
  #at(at: number): void {
    const now = Math.max(this.now, Math.ceil(at));
    this.#rests = now > this.now ? 0 : this.#rests + 1;
    if (this.#rests > RESTLESS_MAX) throw new Error(`does not come to rest at ${now}`);
    this.now = now;
  }

  /** The next thing that is due, and all that follows from it at once. */
  async #step(): Promise<void> {
    const { next } = this.#timers;
    let board: StormBoard | undefined;
    for (const each of this.#boards) {
      if (board === undefined || each.wakeAt < board.wakeAt) board = each;
    }
    const process = this.#process;
    const coreAt = process && !process.dead ? process.wakeAt : Infinity;
    const at = Math.min(next?.at ?? Infinity, board?.wakeAt ?? Infinity, coreAt);
    this.#at(at);
    if (next !== undefined && next.at === at) this.#timers.take(next);
    else if (board !== undefined && board.wakeAt === at) board.wake();
    else process?.expire();
    await new Promise(setImmediate);
    if (this.#error !== undefined) throw this.#error;
  }
}
