// The same boards and the same links, between real UDP sockets and in real time: a fleet for a
// gateway that runs somewhere. Only the clock and the transport differ from the world in virtual
// time; what a link does to a frame is keyed by its occasion, and so is the same in both.
//
// A board has a socket of its own, as in life, as long as the system gives them; beyond that boards
// share, and the tag tells whose a frame is (sharers.ts). One heap of alarms serves all deliveries
// and wake-ups.

import type { Socket } from "node:dgram";
import { performance } from "node:perf_hooks";
import { CLEARED } from "../device/sender.ts";
import { HEARTBEAT } from "../device/wire.ts";
import { sha256 } from "../gateway/sha256.ts";
import { type Alarm, Alarms } from "./alarms.ts";
import { Board } from "./board.ts";
import type { BoardOptions } from "./board-kind.ts";
import { Links, LOST } from "./links.ts";
import { bindUdp, closeUdp, filesMax } from "./live/datagrams.ts";
import { Sharers } from "./live/sharers.ts";
import { Durations } from "./live/timing.ts";
import { Occasions } from "./occasion.ts";
import { Roster } from "./roster.ts";

/** Sockets of one fleet: half of the ports that Linux gives to those who do not care which. */
export const SOCKETS_MAX = 14_000;
/** Files that are left to the rest of the process. */
const FILES_SPARE = 200;
/** Round trips kept of each board; the oldest go. */
const ROUND_TRIPS_MAX = 32;
/** Boards that say goodbye in a second, at most. */
const LEAVES_PER_SECOND = 2_000;

export interface FleetOptions {
  /** The gateway: a numeric address and its port. */
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
  readonly seed: number;
  readonly boards: readonly BoardOptions[];
  /** When each board gets power, ms after `open`: the n-th at n * spreadMs. */
  readonly spreadMs: number;
  readonly socketsMax?: number;
}

/** One board of a fleet, and what it has lived through. Instants in ms since `open`. */
export interface Member {
  readonly board: Board;
  /** Its path: numbers among the fleet's links and occasions. */
  readonly up: number;
  readonly down: number;
  readonly occasion: number;
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

interface Wire {
  readonly socket: Socket;
  /** The one board on it, or the several. */
  readonly only: Member | undefined;
  readonly sharers: Sharers<Member> | undefined;
}

export class SocketFleet {
  readonly members: Member[] = [];
  readonly alarms = new Alarms();
  readonly links: Links;
  /** Round trips of all boards, ms. */
  readonly roundTrips = new Durations();
  /** Datagrams that the system refused to send, and frames that were no board's. */
  failures = 0;
  strays = 0;
  private readonly options: FleetOptions;
  private readonly occasions: Occasions;
  private readonly wires: Wire[] = [];
  private startAt = performance.now();
  private closed = false;

  constructor(options: FleetOptions) {
    const { seed, boards } = options;
    this.options = options;
    this.links = new Links(seed, boards.length * 2);
    this.occasions = new Occasions(boards.length);
    const roster = new Roster(seed);
    for (const each of boards) {
      this.members.push({
        board: new Board(each, each, seed, sha256, roster),
        up: this.links.add(each.link.up, each.id, "up"),
        down: this.links.add(each.link.down, each.id, "down"),
        occasion: this.occasions.add(),
        frames: 0,
        beats: 0,
        acked: 0,
        roundTrips: [],
        lastBeat: "",
        sentAt: 0,
        tries: 0,
        wire: undefined,
        alarm: undefined,
      });
    }
  }

  /** Sockets that it has. */
  get sockets(): number {
    return this.wires.length;
  }

  /** Opens the sockets and lets the boards boot, one after the other. @throws without any socket */
  async open(): Promise<void> {
    const { members, options } = this;
    const most = options.socketsMax ?? Math.min(SOCKETS_MAX, filesMax() - FILES_SPARE);
    const sockets = openSockets(options.family, Math.min(members.length, Math.max(1, most)));
    const shared = sockets.length < members.length;
    sockets.forEach((socket, n) => {
      // The last ones of a fleet that shares may still have theirs for themselves.
      const alone = n + sockets.length >= members.length;
      this.serve({
        socket,
        only: alone ? members[n] : undefined,
        sharers: alone || !shared ? undefined : new Sharers(),
      });
    });
    this.startAt = performance.now();
    members.forEach((member, n) => {
      member.wire = this.wires[n % sockets.length]!;
      this.alarms.at(this.startAt + n * options.spreadMs, () => this.plug(member));
    });
    await Promise.resolve();
  }

  /** ms since `open`: the clock of links and boards. */
  now(): number {
    return performance.now() - this.startAt;
  }

  plug(member: Member): void {
    if (this.closed || member.board.on) return;
    member.board.boot(this.now());
    this.arm(member);
  }

  unplug(member: Member): void {
    member.board.unplug();
    this.arm(member);
  }

  /**
   * Everybody says goodbye, one after the other; resolves when that is acknowledged, or `mostMs`
   * after the last one.
   */
  async leave(mostMs: number): Promise<void> {
    const begun = performance.now();
    const gapMs = 1_000 / LEAVES_PER_SECOND;
    this.members.forEach((member, n) => {
      this.alarms.at(begun + n * gapMs, () => {
        member.board.leave(this.now());
        this.arm(member);
      });
    });
    const last = begun + this.members.length * gapMs;
    const left = () => this.members.every(({ board }) => board.wakeAt === Infinity);
    while (performance.now() < last + mostMs && !(performance.now() > last && left())) {
      await new Promise<void>((resolve) => this.alarms.at(performance.now() + 20, resolve));
    }
  }

  /** Can be called again. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.alarms.close();
    await Promise.all(this.wires.map(({ socket }) => closeUdp(socket)));
  }

  private serve(wire: Wire): void {
    const { address, port } = this.options;
    this.wires.push(wire);
    // A gateway that is not there yet answers by ICMP; the board would not know either.
    wire.socket.on("error", () => this.failures++);
    wire.socket.on("message", (message, from) => {
      if (from.port === port && from.address === address) {
        this.down(wire, message.toString("latin1"));
      }
    });
  }

  /** A frame of a board, through its link, to the gateway. */
  private up(member: Member, frame: string): void {
    const { occasions, links } = this;
    this.count(member, frame);
    member.wire!.sharers?.sends(member, frame);
    occasions.up(member.occasion, frame);
    const at = links.submit(member.up, frame, this.now(), occasions.high, occasions.low);
    if (at === LOST) return;
    this.deliverUp(member, at);
    if (links.copyAt >= 0) this.deliverUp(member, links.copyAt);
  }

  private deliverUp({ wire }: Member, at: number): void {
    const bytes = Buffer.from(this.links.frame, "latin1");
    const { port, address } = this.options;
    this.alarms.at(this.startAt + at, () => {
      wire!.socket.send(bytes, port, address, this.sent);
    });
  }

  private readonly sent = (error: Error | null): void => {
    if (error) this.failures++;
  };

  /** A frame of the gateway, through the link of the board that it is for. */
  private down({ only, sharers }: Wire, frame: string): void {
    const member = only ?? sharers?.whose(frame);
    if (!member) {
      this.strays++;
      return;
    }
    const { occasions, links } = this;
    occasions.down(member.occasion, frame);
    const at = links.submit(member.down, frame, this.now(), occasions.high, occasions.low);
    if (at === LOST) return;
    const { frame: bytes, copyAt } = links;
    this.alarms.at(this.startAt + at, () => this.hear(member, bytes));
    if (copyAt >= 0) this.alarms.at(this.startAt + copyAt, () => this.hear(member, bytes));
  }

  private hear(member: Member, frame: string): void {
    const now = this.now();
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

  private count(member: Member, frame: string): void {
    member.frames++;
    if (((frame.charCodeAt(0) >> 3) & 7) !== HEARTBEAT) return;
    if (frame !== member.lastBeat) {
      member.beats++;
      member.lastBeat = frame;
      member.sentAt = this.now();
      member.tries = 0;
    }
    member.tries++;
  }

  /** One alarm a board, at its next wake-up. */
  private arm(member: Member): void {
    const { board, alarm } = member;
    const at = this.startAt + board.wakeAt;
    if (this.closed || (alarm?.act && alarm.at === at)) return;
    this.alarms.cancel(alarm);
    member.alarm = at === Infinity ? undefined : this.alarms.at(at, () => this.wake(member));
  }

  private wake(member: Member): void {
    member.board.wake(this.now(), (frame) => this.up(member, frame));
    this.arm(member);
  }
}

/** As many as the system gives, up to `most`. @throws where it gives none */
function openSockets(family: 4 | 6, most: number): Socket[] {
  const sockets: Socket[] = [];
  try {
    while (sockets.length < most) sockets.push(bindUdp(family));
  } catch (error) {
    if (sockets.length === 0) throw error;
  }
  return sockets;
}
