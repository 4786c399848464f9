// The world in virtual time: boards with the real sender core, one host with the real gateway core,
// links between them, and one queue of events that says what happens next.
//
// Time is whole milliseconds: the cores count in them and decide nothing finer. A frame takes at
// least one, so nothing is heard in the instant in which it was said. At one instant the script
// comes first, then the disk, then arrivals, then the wake-ups: what has arrived is heard before a
// deadline is judged, as in the real shell. A rolling hash over every event (instant, kind, source,
// bytes) makes two runs comparable; a bound on events makes a livelock an error and not a hang.
//
// What lost: fixed ticks (turmoil, VOPR). A million sleepers for a day at 1 ms a tick are 9e13
// visits for nothing; from event to event they are a few thousand million.

import type { Source } from "../gateway/facts.ts";
import type { DeviceView } from "../gateway/view.ts";
import { Board, type BoardOptions, type Sha256 } from "./board.ts";
import { mix, mixBytes } from "./hash.ts";
import { HOST, Host, type HostOptions, type HostStep } from "./host.ts";
import { type Arrival, Network } from "./network.ts";
import { type Observer, Observers } from "./observer.ts";
import { EventQueue } from "./queue.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly sha256: Sha256;
  readonly host?: Partial<HostOptions>;
  /** More events than this in one world are taken for a livelock. Default 1e9. */
  readonly eventsMax?: number;
}

/** Kinds of events, in the order in which they happen at one instant. */
const SCRIPT = 0;
const COMMITTED = 1;
const ARRIVES_UP = 2;
const ARRIVES_DOWN = 3;
const BOARD_WAKES = 4;
const HOST_WAKES = 5;

/** The number of all strangers as a source of events. */
const STRANGER = 0xffffffff;

type Payload = (() => void) | Arrival | Board | number;

export class World {
  now = 0;
  /** Rolling hash over all events so far, 32 bits. */
  hash = 0;
  events = 0;
  readonly host: Host;
  readonly network: Network;
  readonly boards = new Map<string, Board>();
  /** Asked before each of the host's steps; true kills the process there. */
  hostDies: (step: HostStep) => boolean = () => false;
  private readonly options: WorldOptions;
  private readonly queue = new EventQueue<Payload>();
  private readonly observers = new Observers();
  /** When the earliest wake-up of each is in the queue; others of theirs are stale. */
  private readonly armed = new Map<Board | Host, number>();
  private instant = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    const host = { commitMs: [0, 0] as const, clockTrusted: true, ...options.host };
    this.network = new Network(this.observers, (up, source, at, arrival) =>
      this.queue.push(at, up ? ARRIVES_UP : ARRIVES_DOWN, source, arrival),
    );
    this.host = new Host(host, options.seed, options.sha256, {
      transmit: (outgoing, now) => this.network.down(outgoing, now),
      tell: (change) => this.observers.notify("told", change, this.now),
      busyUntil: (at, life) => this.queue.push(at, COMMITTED, HOST, life),
      dies: (step) => this.hostDies(step),
    });
  }

  observe(observer: Observer): void {
    this.observers.add(observer);
  }

  /** Makes a board and enrols it. It has no power yet: see `plug`. */
  add(options: BoardOptions): Board {
    const board = new Board(options, this.options.seed, this.options.sha256);
    if (this.boards.has(board.name)) throw new RangeError(`two boards named ${board.name}`);
    this.boards.set(board.name, board);
    this.network.join(board);
    this.withHost(() => this.host.enrol(board.enrolment, this.now));
    return board;
  }

  /** A second board with the identity and the flash of one: an old image put onto another board. */
  clone(original: Board, other: Partial<BoardOptions> & { readonly name: string }): Board {
    const board = original.clone(other);
    this.boards.set(board.name, board);
    this.network.join(board);
    return board;
  }

  plug(board: Board, cause?: number): void {
    board.boot(this.now, cause);
    this.observers.notify("power", board, true, this.now);
    this.arm(board);
  }

  unplug(board: Board): void {
    board.unplug();
    this.observers.notify("power", board, false, this.now);
  }

  leave(board: Board): void {
    board.leave(this.now);
    this.arm(board);
  }

  startGateway(): void {
    this.host.start(this.now);
    this.observers.notify("gateway", true, this.now);
    this.arm(this.host);
  }

  crashGateway(): void {
    if (!this.host.gateway) return;
    this.host.crash(this.now);
    this.observers.notify("gateway", false, this.now);
  }

  stopGateway(): void {
    this.host.stop(this.now);
    this.observers.notify("gateway", false, this.now);
  }

  /** A stranger's datagram for the gateway, which arrives in this instant. */
  inject(bytes: string, peer: Source): void {
    const { now } = this;
    const board = undefined;
    const deliveries = [{ at: now, bytes }];
    this.observers.notify("sent", { at: now, direction: "up", board, peer, bytes, deliveries });
    this.queue.push(now, ARRIVES_UP, STRANGER, { bytes, peer, board });
  }

  /** A stranger's datagram for a board, under the gateway's address. */
  forge(bytes: string, board: Board): void {
    this.queue.push(this.now, ARRIVES_DOWN, STRANGER, { bytes, peer: board.source, board });
  }

  /** Does something at an instant that is yet to come. */
  at(instant: number, act: () => void): void {
    this.queue.push(instant, SCRIPT, HOST, act);
  }

  view(board: Board): DeviceView | undefined {
    return this.host.view(board.id, this.now);
  }

  /**
   * Lets everything happen that happens until `instant`, which then is now; or, if `enough` says so
   * after some event, until then. Returns whether it did.
   */
  run(instant: number, enough?: () => boolean): boolean {
    while (this.queue.nextAt <= instant) {
      this.step();
      if (enough?.()) return true;
    }
    this.now = instant;
    return false;
  }

  private step(): void {
    const { at, kind, source, payload } = this.queue.pop()!;
    this.instant = at === this.now ? this.instant + 1 : 0;
    this.now = at;
    this.events++;
    if (
      this.events > (this.options.eventsMax ?? 1e9) ||
      this.instant > 1000 + 100 * this.boards.size
    ) {
      throw new Error(`no end of events at ${at} ms, the last of kind ${kind} from ${source}`);
    }
    this.hash = mix(mix(mix(this.hash, at), kind), source);
    if (typeof payload === "function") payload();
    else if (typeof payload === "number") this.hostTurn(kind, payload);
    else if (payload instanceof Board) this.boardWakes(payload, at);
    else this.arrive(kind, payload);
  }

  /** A batch is durable, or something is due; `mark` says whether it still counts. */
  private hostTurn(kind: number, mark: number): void {
    const { host } = this;
    if (kind === COMMITTED) {
      if (mark !== host.life || !host.gateway) return;
      this.withHost(() => host.committed(this.now));
    } else if (this.armed.get(host) === mark) {
      this.armed.delete(host);
      this.withHost(() => host.expire(this.now));
    }
  }

  private arrive(kind: number, { bytes, peer, board }: Arrival): void {
    this.hash = mixBytes(this.hash, bytes);
    if (kind === ARRIVES_UP) {
      const running = this.host.gateway !== undefined;
      this.observers.notify("reached", bytes, peer, this.now, running);
      this.withHost(() => this.host.receive(bytes, peer, this.now));
      this.observers.notify("judged", bytes, peer, this.now);
    } else if (board) {
      const heard = board.hear(bytes, this.now) >= 0;
      this.observers.notify("heard", bytes, board, this.now, heard);
      this.arm(board);
    }
  }

  private boardWakes(board: Board, at: number): void {
    if (this.armed.get(board) !== at) return;
    this.armed.delete(board);
    if (!board.sender) return;
    board.wake(at, (bytes) => this.network.up(board, bytes, at));
    if (board.sender) this.arm(board, at + 1);
    else this.powerLost(board);
  }

  private powerLost(board: Board): void {
    this.observers.notify("power", board, false, this.now);
    this.at(this.now + board.offMs, () => {
      if (!board.sender) this.plug(board);
    });
  }

  /** Runs one turn of the host, and notices whether the process died in it. */
  private withHost(turn: () => void): void {
    const ran = this.host.gateway !== undefined;
    turn();
    if (ran && !this.host.gateway) {
      this.observers.notify("gateway", false, this.now);
    }
    this.arm(this.host);
  }

  /** Puts the next wake-up into the queue, unless an earlier one is there already. */
  private arm(actor: Board | Host, least = this.now): void {
    const at = Math.max(actor.wakeAt, least);
    if (at === Number.POSITIVE_INFINITY || at >= (this.armed.get(actor) ?? Infinity)) return;
    this.armed.set(actor, at);
    if (actor instanceof Board) this.queue.push(at, BOARD_WAKES, actor.id, actor);
    else this.queue.push(at, HOST_WAKES, HOST, at);
  }
}
