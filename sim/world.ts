// The world in virtual time: boards with the real sender core, one host with the real gateway core,
// paths between them, and one queue of events that says what happens next.
//
// A frame takes at least a microsecond, so nothing is heard in the instant in which it was said. At
// one instant the script comes first, then the disk, then arrivals, then the wake-ups: what has
// arrived is heard before a deadline is judged, as in the real shell.
// What lost: fixed ticks (turmoil, VOPR). A million sleepers for a day at 1 ms a tick are 9e13
// visits for nothing; from event to event they are a few thousand million.

import type { DeviceView } from "../gateway/view.ts";
import { Air } from "./air.ts";
import { Board } from "./board.ts";
import type { BoardKind, BoardOptions, Sha256, Shell } from "./board-kind.ts";
import type { Host, HostOptions, HostStep } from "./host.ts";
import { Machine } from "./machine.ts";
import { Names } from "./names.ts";
import { Network } from "./network.ts";
import { type Observer, Observers } from "./observer.ts";
import type { Identity } from "./owner.ts";
import type { AccessPoint } from "./path.ts";
import { Prober } from "./probing.ts";
import { Roster } from "./roster.ts";
import { Timeline, us } from "./timeline.ts";
import { Wakes } from "./wakes.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly sha256: Sha256;
  readonly host?: Partial<HostOptions>;
  /** Boards that there is room for; more make room as they come. */
  readonly capacity?: number;
  /** More events than this in one world are taken for a livelock. Default 1e10. */
  readonly eventsMax?: number;
}

/** Kinds of events, in the order in which they happen at one instant, after scripts. */
const COMMITTED = 1;
const ARRIVES_UP = 2;
const HOST_READS = 3;
const ARRIVES_DOWN = 4;
const BOARD_WAKES = 5;
const HOST_WAKES = 6;

export class World {
  readonly network: Network;
  readonly air: Air;
  readonly boards: Names;
  /** Asked before each of the host's steps; true kills the process there. */
  hostDies: (step: HostStep) => boolean = () => false;
  private readonly timeline: Timeline;
  private readonly observers = new Observers();
  readonly machine: Machine;
  private readonly wakes: Wakes;
  private readonly roster: Roster;
  private waking: Board | undefined;
  private readonly transmit = (frame: string): void => {
    this.network.up(this.waking!, frame, this.now);
  };
  private readonly shell: Shell = {
    reopen: (board, other) => this.network.reopen(board, this.now, other),
    probe: (board, frame) => this.network.probe(board, frame, this.now),
    climbed: (board, rung) => this.observers.notify("climbed", board, rung, this.now),
  };

  constructor(options: WorldOptions) {
    const { seed, sha256, capacity = 64 } = options;
    this.timeline = new Timeline(options.eventsMax ?? 1e10);
    const { agenda } = this.timeline;
    this.wakes = new Wakes(agenda, BOARD_WAKES, capacity);
    this.roster = new Roster(seed, sha256, capacity);
    this.boards = new Names(this.roster.boards);
    const host = { commitMs: [0, 0] as const, clockTrusted: true, ...options.host };
    const kinds = { up: ARRIVES_UP, down: ARRIVES_DOWN };
    this.air = new Air(this.timeline, this.observers, kinds);
    this.network = new Network(seed, this.boards, this.observers, this.air.carry, capacity);
    this.machine = new Machine(host, seed, sha256, {
      agenda,
      observers: this.observers,
      kinds: { committed: COMMITTED, reads: HOST_READS, wakes: HOST_WAKES },
      now: () => this.now,
      transmit: (outgoing, now) => this.network.down(outgoing, now),
      dies: (step) => this.hostDies(step),
    });
  }

  get now(): number {
    return this.timeline.now;
  }

  /** Rolling hash over all events so far, 32 bits. */
  get hash(): number {
    return this.timeline.hash;
  }

  get events(): number {
    return this.timeline.events;
  }

  get host(): Host {
    return this.machine.host;
  }

  observe(observer: Observer): void {
    this.observers.add(observer);
  }

  /** Makes a board and enrols it. It has no power yet: see `plug`. */
  add(options: BoardOptions, ap?: AccessPoint, transport?: "udp" | "mqtt"): Board {
    return this.make(options, options, ap, transport);
  }

  /** One of many of a kind, which share what they have in common. */
  make(identity: Identity, kind: BoardKind, ap?: AccessPoint, transport?: "udp" | "mqtt"): Board {
    if (this.boards.has(identity.name)) throw new RangeError(`two boards named ${identity.name}`);
    const board = new (kind.probes ? Prober : Board)(identity, kind, this.roster);
    this.settle(board, ap, transport);
    this.machine.enrol(board);
    return board;
  }

  /** A second board with the identity and the flash of one: an old image put onto another board. */
  clone(original: Board, other: Partial<BoardKind> & { readonly name: string }): Board {
    const board = original.clone(other);
    this.settle(board, undefined, "udp");
    return board;
  }

  /** Power comes on, if nothing holds it back. */
  plug(board: Board): void {
    if (board.held > 0) return;
    board.boot(this.now);
    this.observers.notify("power", board, true, this.now);
    this.stir(board);
  }

  /** Its power goes, and is back when each `hold` has had its `release`. */
  hold(board: Board): void {
    board.held++;
    if (board.on) this.unplug(board);
  }

  release(board: Board): void {
    board.held--;
    if (board.held === 0 && !board.on) this.plug(board);
  }

  unplug(board: Board): void {
    board.unplug(this.now);
    this.observers.notify("power", board, false, this.now);
  }

  leave(board: Board): void {
    board.leave(this.now);
    this.stir(board);
  }

  startGateway(): void {
    this.machine.start();
  }

  crashGateway(): void {
    this.machine.crash();
  }

  stopGateway(): void {
    this.machine.stop();
  }

  /** The gateway's process does not run, or runs again; its socket goes on taking frames. */
  suspendGateway(on: boolean): void {
    this.machine.suspend(on);
  }

  /** Does something at an instant that is yet to come. */
  at(instant: number, act: () => void): void {
    this.timeline.at(instant, act);
  }

  view(board: Board): DeviceView | undefined {
    return this.host.view(board.id, this.now);
  }

  /**
   * Lets everything happen that happens until `instant`, which then is now; or, if `enough` says so
   * after some event, until then. Returns whether it did.
   */
  run(instant: number, enough?: () => boolean): boolean {
    return this.timeline.run(instant, this.happen, enough);
  }

  private settle(board: Board, ap: AccessPoint | undefined, transport?: "udp" | "mqtt"): void {
    this.wakes.add(board.number, board.id);
    this.timeline.parties++;
    this.boards.add(board);
    this.network.join(board, ap, transport);
  }

  private readonly happen = (kind: number, at: number, payload: number): void => {
    switch (kind) {
      case BOARD_WAKES:
        this.boardWakes(payload, at);
        break;
      case ARRIVES_UP:
        this.air.arrivesUp(payload, this.machine);
        break;
      case ARRIVES_DOWN:
        this.arrivesDown(payload);
        break;
      case COMMITTED:
        this.machine.committed(payload);
        break;
      case HOST_READS:
        this.machine.reads(at);
        break;
      default:
        this.machine.wakes(at);
    }
  };

  private arrivesDown(flight: number): void {
    const board = this.air.arrivesDown(flight);
    if (board) this.stir(board);
  }

  private boardWakes(number: number, at: number): void {
    if (!this.wakes.fires(number, at)) return;
    const board = this.roster.boards[number]!;
    if (!board.on) return;
    const slept = board.body?.asleep === true;
    this.waking = board;
    board.wake(this.now, this.transmit, this.shell);
    const asleep = board.body?.asleep === true;
    if (asleep !== slept && this.observers.any)
      this.observers.notify("slept", board, asleep, this.now);
    if (board.on) this.stir(board, at + 1);
    else this.powerLost(board);
  }

  private powerLost(board: Board): void {
    this.observers.notify("power", board, false, this.now);
    this.at(this.now + board.offMs, () => {
      if (!board.on) this.plug(board);
    });
  }

  /** What a board has to do may have changed: it heard a frame, or has another clock. */
  stir(board: Board, least = us(this.now)): void {
    this.wakes.set(board.number, Math.max(Math.ceil(board.wakeAt * 1_000), least));
  }
}
