// The world in virtual time: boards with the real sender core, one host with the real gateway core,
// paths between them, and one queue of events that says what happens next.
//
// Time is whole microseconds in the queue and milliseconds, as the cores count, everywhere else. A
// frame takes at least one, so nothing is heard in the instant in which it was said. At one instant
// the script comes first, then the disk, then arrivals, then the wake-ups: what has arrived is
// heard before a deadline is judged, as in the real shell. A rolling hash over every event
// (instant, kind, source, bytes) makes two runs comparable; a bound on events makes a livelock an
// error and not a hang.
//
// What lost: fixed ticks (turmoil, VOPR). A million sleepers for a day at 1 ms a tick are 9e13
// visits for nothing; from event to event they are a few thousand million.

import type { Source } from "../gateway/facts.ts";
import type { DeviceView } from "../gateway/view.ts";
import { Agenda } from "./agenda.ts";
import { Board, type BoardKind, type BoardOptions, BROWN_OUT, type Sha256 } from "./board.ts";
import { Flights } from "./flights.ts";
import { mix, mixBytes } from "./hash.ts";
import { HOST, Host, type HostOptions, type HostStep } from "./host.ts";
import { type AccessPoint, Network } from "./network.ts";
import { type Observer, Observers } from "./observer.ts";
import { Roster } from "./roster.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly sha256: Sha256;
  readonly host?: Partial<HostOptions>;
  /** More events than this in one world are taken for a livelock. Default 1e10. */
  readonly eventsMax?: number;
}

/** Kinds of events, in the order in which they happen at one instant. */
const SCRIPT = 0;
const COMMITTED = 1;
const ARRIVES_UP = 2;
const HOST_READS = 3;
const ARRIVES_DOWN = 4;
const BOARD_WAKES = 5;
const HOST_WAKES = 6;

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
  private readonly agenda = new Agenda();
  private readonly observers = new Observers();
  private readonly roster: Roster;
  private readonly flights = new Flights();
  private readonly inOrder: Board[] = [];
  private readonly scripts = new Map<number, () => void>();
  private scripted = 0;
  /** Of each board, us: when it is due, and its earliest wake-up in the queue; others are stale. */
  private due = new Float64Array(64).fill(Number.POSITIVE_INFINITY);
  private armed = new Float64Array(64).fill(Number.POSITIVE_INFINITY);
  private hostArmed = Number.POSITIVE_INFINITY;
  private readsArmed = Number.POSITIVE_INFINITY;
  private instant = 0;
  private waking: Board | undefined;
  private readonly transmit = (frame: string): void => {
    this.network.up(this.waking!, frame, this.now);
  };

  constructor(options: WorldOptions) {
    const { seed, sha256 } = options;
    this.options = options;
    this.roster = new Roster(seed);
    const host = { commitMs: [0, 0] as const, clockTrusted: true, ...options.host };
    this.network = new Network(seed, this.boards, this.observers, (up, board, at, bytes, peer) => {
      const flight = this.flights.add(bytes, peer, board);
      this.agenda.push(us(at), up ? ARRIVES_UP : ARRIVES_DOWN, up ? board.id : HOST, flight);
    });
    this.host = new Host(host, seed, sha256, {
      transmit: (outgoing, now) => this.network.down(outgoing, now),
      tell: (change) => this.observers.notify("told", change, this.now),
      busyUntil: (at, life) => this.agenda.push(us(at), COMMITTED, HOST, life),
      dies: (step) => this.hostDies(step),
    });
  }

  observe(observer: Observer): void {
    this.observers.add(observer);
  }

  /** Makes a board and enrols it. It has no power yet: see `plug`. */
  add(options: BoardOptions, ap?: AccessPoint, transport?: "udp" | "mqtt"): Board {
    return this.make(options, options, ap, transport);
  }

  /** The same for one of many of a kind, which then share what they have in common. */
  make(
    identity: Pick<BoardOptions, "name" | "id" | "key" | "salt">,
    kind: BoardKind,
    ap?: AccessPoint,
    transport?: "udp" | "mqtt",
  ): Board {
    const board = new Board(identity, kind, this.options.seed, this.options.sha256, this.roster);
    if (this.boards.has(board.name)) throw new RangeError(`two boards named ${board.name}`);
    this.settle(board, ap, transport);
    this.withHost(() => this.host.enrol(board.enrolment, this.now));
    return board;
  }

  /** A second board with the identity and the flash of one: an old image put onto another board. */
  clone(original: Board, other: Partial<BoardKind> & { readonly name: string }): Board {
    const board = original.clone(other);
    this.settle(board, undefined, "udp");
    return board;
  }

  /** Power comes on, if nothing holds it back. `cause`: reset cause of extension 4. */
  plug(board: Board, cause?: number): void {
    if (board.held > 0) return;
    board.boot(this.now, cause);
    this.observers.notify("power", board, true, this.now);
    this.arm(board);
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
    this.arm(board);
  }

  startGateway(): void {
    this.host.start(this.now);
    this.observers.notify("gateway", true, this.now);
    this.armHost();
  }

  crashGateway(): void {
    if (!this.host.gateway) return;
    this.host.crash(this.now);
    this.observers.notify("gateway", false, this.now);
  }

  stopGateway(): void {
    if (!this.host.gateway) return;
    this.host.stop(this.now);
    this.observers.notify("gateway", false, this.now);
  }

  /** The gateway's process does not run, or runs again; its socket goes on taking frames. */
  suspendGateway(on: boolean): void {
    this.host.inbox.suspended = on;
    if (!on) this.armHost();
  }

  /** A stranger's datagram for the gateway, which arrives in this instant. */
  inject(bytes: string, peer: Source): void {
    const { now } = this;
    const board = undefined;
    if (this.observers.any) {
      const deliveries = [{ at: now, bytes }];
      const seen = { at: now, board, peer, bytes, deliveries, fate: "passed" };
      this.observers.notify("sent", { ...seen, direction: "up" });
    }
    this.agenda.push(us(now), ARRIVES_UP, HOST, this.flights.add(bytes, peer, undefined));
  }

  /** A stranger's datagram for a board, under the gateway's address. */
  forge(bytes: string, board: Board): void {
    const flight = this.flights.add(bytes, board.path.source, board);
    this.agenda.push(us(this.now), ARRIVES_DOWN, HOST, flight);
  }

  /** Does something at an instant that is yet to come. */
  at(instant: number, act: () => void): void {
    const script = this.scripted++;
    this.scripts.set(script, act);
    this.agenda.push(us(instant), SCRIPT, HOST, script);
  }

  view(board: Board): DeviceView | undefined {
    return this.host.view(board.id, this.now);
  }

  /** What a board has to do may have changed: it has another clock, or lost its access point. */
  stir(board: Board): void {
    this.arm(board);
  }

  /**
   * Lets everything happen that happens until `instant`, which then is now; or, if `enough` says so
   * after some event, until then. Returns whether it did.
   */
  run(instant: number, enough?: () => boolean): boolean {
    const end = Math.round(instant * 1_000);
    while (this.agenda.nextAt <= end) {
      this.step();
      if (enough?.()) return true;
    }
    this.now = instant;
    return false;
  }

  private settle(board: Board, ap: AccessPoint | undefined, transport?: "udp" | "mqtt"): void {
    const slot = this.inOrder.push(board) - 1;
    board.number = slot;
    if (slot === this.armed.length) {
      for (const column of ["due", "armed"] as const) {
        const wider = new Float64Array(slot * 2).fill(Number.POSITIVE_INFINITY);
        wider.set(this[column]);
        this[column] = wider;
      }
    }
    this.boards.set(board.name, board);
    this.network.join(board, ap, transport);
  }

  private step(): void {
    const { agenda } = this;
    agenda.pop();
    const { at, kind, source, payload } = agenda;
    const now = at / 1_000;
    this.instant = now === this.now ? this.instant + 1 : 0;
    this.now = now;
    this.events++;
    if (
      this.events > (this.options.eventsMax ?? 1e10) ||
      this.instant > 1000 + 100 * this.inOrder.length
    ) {
      throw new Error(`no end of events at ${now} ms, the last of kind ${kind} from ${source}`);
    }
    this.hash = mix(mix(this.hash, at), kind * 0x1000000 + source);
    switch (kind) {
      case BOARD_WAKES:
        this.boardWakes(payload, at);
        break;
      case ARRIVES_UP:
        this.arrivesUp(payload);
        break;
      case ARRIVES_DOWN:
        this.arrivesDown(payload);
        break;
      case SCRIPT:
        this.play(payload);
        break;
      default:
        this.hostTurn(kind, at, payload);
    }
  }

  private play(script: number): void {
    const act = this.scripts.get(script)!;
    this.scripts.delete(script);
    act();
  }

  /** A batch is durable, a frame can be read, or something is due. */
  private hostTurn(kind: number, at: number, payload: number): void {
    const { host, now } = this;
    if (kind === COMMITTED) {
      if (payload === host.life && host.gateway) this.withHost(() => host.committed(now));
    } else if (kind === HOST_READS) {
      if (this.readsArmed !== at) return;
      this.readsArmed = Number.POSITIVE_INFINITY;
      const waiting = host.inbox.readAt <= now ? host.inbox.next() : undefined;
      if (waiting) this.judge(waiting.bytes, waiting.from);
      this.armHost();
    } else if (this.hostArmed === at) {
      this.hostArmed = Number.POSITIVE_INFINITY;
      // What waits in the socket is read first: a verdict must not overtake a beat. Reading, or
      // running again, arms the host anew.
      if (host.inbox.suspended) return;
      if (host.inbox.size === 0) this.withHost(() => host.expire(now), at + 1);
      else host.write(now);
    }
  }

  private arrivesUp(flight: number): void {
    const { host, now, flights } = this;
    const bytes = flights.bytes(flight);
    const from = flights.peer(flight);
    flights.remove(flight);
    this.hash = mixBytes(this.hash, bytes);
    if (this.observers.any) {
      this.observers.notify("reached", bytes, from, now, host.gateway !== undefined);
    }
    if (!host.gateway) return;
    if (host.inbox.idle(now)) this.judge(bytes, from);
    else {
      host.inbox.add(bytes, from);
      this.armHost();
    }
  }

  /** The gateway reads one frame. */
  private judge(bytes: string, from: Source): void {
    const { host, now } = this;
    host.inbox.took(now);
    host.receive(bytes, from, now);
    if (this.observers.any) this.observers.notify("judged", bytes, from, now);
    if (!host.gateway) this.observers.notify("gateway", false, now);
    this.armHost();
  }

  private arrivesDown(flight: number): void {
    const { now, flights } = this;
    const bytes = flights.bytes(flight);
    const board = flights.board(flight)!;
    flights.remove(flight);
    this.hash = mixBytes(this.hash, bytes);
    const heard = board.hear(bytes, now) >= 0;
    if (this.observers.any) this.observers.notify("heard", bytes, board, now, heard);
    if (heard) this.arm(board);
  }

  private boardWakes(number: number, at: number): void {
    if (this.armed[number] !== at) return;
    this.armed[number] = Number.POSITIVE_INFINITY;
    // What it was armed for may be over, as a retry is whose beat was acknowledged.
    if (this.due[number]! > at) {
      this.push(number, this.due[number]!);
      return;
    }
    const board = this.inOrder[number]!;
    if (!board.on) return;
    const slept = board.asleep;
    this.waking = board;
    board.wake(this.now, this.transmit);
    if (board.asleep !== slept && this.observers.any) {
      this.observers.notify("slept", board, board.asleep, this.now);
    }
    if (board.on) this.arm(board, at + 1);
    else this.powerLost(board);
  }

  private powerLost(board: Board): void {
    const brownOut = board.brownedOut;
    this.observers.notify("power", board, false, this.now);
    this.at(this.now + board.offMs, () => {
      if (!board.on) this.plug(board, brownOut ? BROWN_OUT : undefined);
    });
  }

  /** Runs one turn of the host, and notices whether the process died in it. */
  private withHost(turn: () => void, least?: number): void {
    const ran = this.host.gateway !== undefined;
    turn();
    if (ran && !this.host.gateway) this.observers.notify("gateway", false, this.now);
    this.armHost(least);
  }

  /** Puts the next wake-up into the queue, unless an earlier one is there already. */
  private arm(board: Board, least = us(this.now)): void {
    const { number, wakeAt } = board;
    const at = Math.max(Math.ceil(wakeAt * 1_000), least);
    this.due[number] = at;
    if (at < this.armed[number]!) this.push(number, at);
  }

  private push(number: number, at: number): void {
    if (at === Number.POSITIVE_INFINITY) return;
    this.armed[number] = at;
    this.agenda.push(at, BOARD_WAKES, this.inOrder[number]!.id, number);
  }

  private armHost(least = us(this.now)): void {
    const { host, now } = this;
    if (!host.gateway) return;
    const at = Math.max(Math.ceil(host.wakeAt * 1_000), least);
    if (at < this.hostArmed) {
      this.hostArmed = at;
      this.agenda.push(at, HOST_WAKES, HOST, 0);
    }
    const readAt = Math.max(Math.ceil(host.inbox.readAt * 1_000), us(now));
    if (readAt < this.readsArmed) {
      this.readsArmed = readAt;
      this.agenda.push(readAt, HOST_READS, HOST, 0);
    }
  }
}

/** An instant of the world in whole microseconds. */
function us(ms: number): number {
  return Math.round(ms * 1_000);
}
