// The same boards and the same links, between real UDP sockets and in real time: a fleet for a
// gateway that runs somewhere. Only the clock and the transport differ from the world in virtual
// time; what the network does to a frame is keyed by its occasion, and so is the same in both.

import { performance } from "node:perf_hooks";
import { CLEARED } from "../device/sender.ts";
import { HEARTBEAT } from "../device/wire.ts";
import type { Source } from "../gateway/facts.ts";
import type { Alarm, Alarms } from "./alarms.ts";
import type { Board } from "./board.ts";
import type { BoardOptions } from "./board-kind.ts";
import type { Links } from "./links.ts";
import { type Broker, Clients } from "./live/clients.ts";
import { BOARD_FAULTS, Stage } from "./live/stage.ts";
import { Durations } from "./live/timing.ts";
import { type Wire, Wires } from "./live/wires.ts";
import type { Scenario } from "./scenario/types.ts";

/** Round trips kept of each board; the oldest go. */
const ROUND_TRIPS_MAX = 32;
/** Boards that say goodbye in a second, at most. */
const LEAVES_PER_SECOND = 2_000;
const LEFT_LOOK_MS = 20;
/** Who wakes late by less, ms, says what was due then: else each beat would put off all others. */
const KEPT_MS = 50;

export interface FleetOptions {
  /** The gateway: a numeric address and its port. */
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
  readonly seed: number;
  /** With a scenario: what its boards are told apart by, by id. */
  readonly boards: readonly BoardOptions[];
  /** When each board gets power, ms from the start: the n-th at n * spreadMs. */
  readonly spreadMs: number;
  readonly socketsMax?: number;
  /** A broker that the gateway is at, too: the boards are its clients. */
  readonly broker?: Broker | undefined;
  /** Its boards, and what goes wrong with them. */
  readonly scenario?: Scenario | undefined;
  /** When time begins, on the clock of `performance.now()`; default: at `open`. */
  readonly startAt?: number;
  /** See Alarms: beats that keep to their instants, for a tenth of a core. */
  readonly exact?: boolean;
}

/** One board of a fleet, and what it has lived through. Instants in ms from the start. */
export interface Member {
  readonly board: Board;
  /** Frames handed to the link; heartbeats without their repetitions; those acknowledged. */
  frames: number;
  beats: number;
  acked: number;
  /** The latest first round trips of beats that were sent once, ms. */
  readonly roundTrips: number[];
  lastBeat: string;
  sentAt: number;
  tries: number;
  wire: Wire | undefined;
  alarm: Alarm | undefined;
}

export class SocketFleet {
  readonly members: Member[] = [];
  /** Round trips of all boards, ms. */
  readonly roundTrips = new Durations();
  private readonly options: FleetOptions;
  private readonly stage: Stage;
  readonly wires: Wires<Member> | Clients<Member>;
  private closed = false;

  constructor(options: FleetOptions) {
    const { seed, boards, scenario, broker, exact = false } = options;
    this.options = options;
    const hear = (_member: Member, to: Source, frame: string) => this.down(to, frame);
    this.wires = broker ? new Clients(broker, hear) : new Wires(options, hear);
    this.stage = new Stage({
      seed,
      exact,
      transport: broker ? "mqtt" : "udp",
      carry: (up, board, at, bytes) => this.carry(up, this.members[board.number]!, at, bytes),
      stagehand: {
        made: (board) => this.members.push(newMember(board)),
        plug: (board) => this.plug(this.members[board.number]!),
        unplug: (board) => this.unplug(this.members[board.number]!),
        leave: (board) => this.leaves(this.members[board.number]!),
        stir: (board) => this.arm(this.members[board.number]!),
      },
    });
    for (const each of boards) {
      if (scenario) this.stage.secrets.set(each.id, each);
      else this.stage.make(each, each);
    }
  }

  get alarms(): Alarms {
    return this.stage.alarms;
  }

  get links(): Links {
    return this.stage.network.links;
  }

  /** Sockets that it has. */
  get sockets(): number {
    return this.wires.count;
  }

  /** Datagrams that the system refused to send. */
  get failures(): number {
    return this.wires.failures;
  }

  /** Lets the boards boot, one after the other, or as the scenario says. @throws without sockets */
  open(): Promise<void> {
    const { options, stage } = this;
    const { scenario, socketsMax, spreadMs, boards } = options;
    this.wires.share(boards.length, socketsMax);
    stage.startAt = options.startAt ?? performance.now();
    if (scenario) stage.play(scenario, BOARD_FAULTS);
    else this.inTurn(0, spreadMs, (member) => this.plug(member));
    return Promise.resolve();
  }

  plug(member: Member): void {
    if (this.closed || member.board.on) return;
    member.board.boot(this.stage.now);
    this.arm(member);
  }

  unplug(member: Member): void {
    member.board.unplug(this.stage.now);
    this.arm(member);
  }

  /**
   * Everybody says goodbye, one after the other; resolves when that is acknowledged, or `mostMs`
   * after the last one.
   */
  async leave(mostMs: number): Promise<void> {
    const { stage, members } = this;
    const begun = stage.now;
    const gapMs = 1_000 / LEAVES_PER_SECOND;
    this.inTurn(begun, gapMs, (member) => this.leaves(member));
    const last = begun + members.length * gapMs;
    const left = () => members.every(({ board }) => board.wakeAt === Infinity);
    while (stage.now < last + mostMs && !(stage.now > last && left())) {
      await new Promise<void>((resolve) => stage.at(stage.now + LEFT_LOOK_MS, resolve));
    }
  }

  /** Can be called again. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.alarms.close();
    await this.wires.close();
  }

  /** Does it to one member after the other. */
  private inTurn(from: number, gapMs: number, act: (member: Member) => void): void {
    for (const [n, member] of this.members.entries()) {
      this.stage.at(from + n * gapMs, () => act(member));
    }
  }

  private leaves(member: Member): void {
    member.board.leave(this.stage.now);
    this.arm(member);
  }

  private down(to: Source, frame: string): void {
    this.stage.network.down({ to, frame }, this.stage.now);
  }

  /** The network lets a frame through, which is to arrive at `at`. */
  private carry(up: boolean, member: Member, at: number, bytes: string): void {
    const { stage, wires } = this;
    const arrive = up ? wires.take(member, bytes) : () => this.hear(member, bytes);
    if (arrive) stage.at(at, arrive);
  }

  private hear(member: Member, frame: string): void {
    const { now } = this.stage;
    const result = member.board.hear(frame, now);
    if (result === CLEARED) {
      member.acked++;
      if (member.tries === 1) {
        this.roundTrips.add(now - member.sentAt);
        member.roundTrips.push(now - member.sentAt);
      }
      if (member.roundTrips.length > ROUND_TRIPS_MAX) member.roundTrips.shift();
    }
    if (result > 0) this.arm(member);
  }

  private count(member: Member, frame: string, now: number): void {
    member.frames++;
    if (((frame.charCodeAt(0) >> 3) & 7) !== HEARTBEAT) return;
    if (frame !== member.lastBeat) {
      member.beats++;
      member.lastBeat = frame;
      member.sentAt = now;
      member.tries = 0;
    }
    member.tries++;
  }

  /** One alarm a board, at its next wake-up. */
  private arm(member: Member): void {
    const { board, alarm } = member;
    const at = this.stage.startAt + board.wakeAt;
    if (this.closed || (alarm?.act && alarm.at === at)) return;
    this.alarms.cancel(alarm);
    member.alarm = at === Infinity ? undefined : this.alarms.at(at, () => this.wake(member));
  }

  private wake(member: Member): void {
    const { stage } = this;
    const { board } = member;
    const { now } = stage;
    if (!board.on) return;
    const due = board.wakeAt;
    const send = (frame: string) => {
      this.count(member, frame, now);
      stage.network.up(board, frame, now);
    };
    board.wake(now - due < KEPT_MS ? Math.min(due, now) : now, send, stage.shell);
    // Its power went at a step of a send, as a fault wanted it.
    if (!board.on) stage.at(now + board.offMs, () => stage.plug(board));
    this.arm(member);
  }
}

function newMember(board: Board): Member {
  return {
    board,
    frames: 0,
    beats: 0,
    acked: 0,
    roundTrips: [],
    lastBeat: "",
    sentAt: 0,
    tries: 0,
    wire: undefined,
    alarm: undefined,
  };
}
