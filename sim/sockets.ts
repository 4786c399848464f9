// The same boards and the same links, between real UDP sockets and in real time: a fleet for a
// gateway that runs somewhere. Only the clock and the transport differ from the world in virtual
// time; what a link does to the n-th frame of a board is the same draw in both.
//
// A board has a socket of its own, as in life, as long as there are `SOCKETS_MAX`; beyond that
// boards share. What comes down a shared socket does not say for whom it is, so it is offered to
// all of them, and the path down is that of the socket's first board.

import { createSocket, type Socket } from "node:dgram";
import { performance } from "node:perf_hooks";
import { CLEARED } from "../device/sender.ts";
import { HEARTBEAT } from "../device/wire.ts";
import { sha256 } from "../gateway/sha256.ts";
import { type Alarm, Alarms } from "./alarms.ts";
import { Board, type BoardOptions } from "./board.ts";
import { submit } from "./link.ts";

/** Sockets of one fleet: below the usual limit of 1024 open files, twice over on most systems. */
export const SOCKETS_MAX = 512;
/** Round trips kept of each board; the oldest go. */
const ROUND_TRIPS_MAX = 256;
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

/** One board of a fleet, and what it has lived through. */
export interface Member {
  readonly board: Board;
  /** Frames handed to the link; heartbeats without their repetitions; those acknowledged. */
  frames: number;
  beats: number;
  acked: number;
  /** The first round trip of beats that were sent once, ms. */
  readonly roundTrips: number[];
  lastBeat: string;
  sentAt: number;
  tries: number;
}

interface Wire {
  readonly socket: Socket;
  readonly members: Member[];
}

export class SocketFleet {
  readonly members: Member[] = [];
  readonly alarms = new Alarms();
  /** Datagrams that the system refused to send. */
  failures = 0;
  private readonly options: FleetOptions;
  private readonly wires: Wire[] = [];
  private readonly wireOf = new Map<Member, Wire>();
  private readonly armed = new Map<Member, Alarm>();
  private closed = false;

  constructor(options: FleetOptions) {
    this.options = options;
    for (const each of options.boards) {
      this.members.push({
        board: new Board(each, options.seed, sha256),
        frames: 0,
        beats: 0,
        acked: 0,
        roundTrips: [],
        lastBeat: "",
        sentAt: 0,
        tries: 0,
      });
    }
  }

  /** Opens the sockets and lets the boards boot, one after the other. */
  async open(): Promise<void> {
    const { members, options } = this;
    const count = Math.min(members.length, options.socketsMax ?? SOCKETS_MAX);
    for (let i = 0; i < count; i++) this.wires.push(await this.openWire());
    members.forEach((member, n) => {
      const wire = this.wires[n % count]!;
      wire.members.push(member);
      this.wireOf.set(member, wire);
      this.alarms.at(performance.now() + n * options.spreadMs, () => this.plug(member));
    });
  }

  plug(member: Member): void {
    if (this.closed || member.board.sender) return;
    member.board.boot(performance.now());
    this.arm(member);
  }

  unplug(member: Member): void {
    member.board.unplug();
    this.arm(member);
  }

  /** Everybody says goodbye; resolves when that is acknowledged, or after `mostMs`. */
  async leave(mostMs: number): Promise<void> {
    for (const member of this.members) {
      member.board.leave(performance.now());
      this.arm(member);
    }
    const left = () => this.members.every(({ board }) => board.wakeAt === Infinity);
    const end = performance.now() + mostMs;
    while (!left() && performance.now() < end) {
      await new Promise<void>((resolve) => this.alarms.at(performance.now() + 20, resolve));
    }
  }

  /** Can be called again. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.alarms.close();
    await Promise.all(
      this.wires.map(({ socket }) => new Promise<void>((done) => socket.close(() => done()))),
    );
  }

  private openWire(): Promise<Wire> {
    const { family, address, port } = this.options;
    const socket = createSocket(family === 4 ? "udp4" : "udp6");
    const wire: Wire = { socket, members: [] };
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, () => {
        socket.off("error", reject);
        // A gateway that is not there yet answers by ICMP; the board would not know either.
        socket.on("error", () => this.failures++);
        socket.on("message", (message, from) => {
          if (from.port === port && sameHost(from.address, address)) {
            this.down(wire, message.toString("latin1"));
          }
        });
        resolve(wire);
      });
    });
  }

  /** A frame of a board, through its link, to the gateway. */
  private up(member: Member, frame: string): void {
    const { address, port } = this.options;
    const { socket } = this.wireOf.get(member)!;
    this.count(member, frame);
    for (const { at, bytes } of submit(member.board.up, frame, performance.now())) {
      this.alarms.at(at, () => {
        socket.send(Buffer.from(bytes, "latin1"), port, address, (error) => {
          if (error) this.failures++;
        });
      });
    }
  }

  /** A frame of the gateway, through the link of the socket's first board, to whom it concerns. */
  private down({ members }: Wire, frame: string): void {
    for (const { at, bytes } of submit(members[0]!.board.down, frame, performance.now())) {
      this.alarms.at(at, () => {
        for (const member of members) if (this.hear(member, bytes)) break;
      });
    }
  }

  /** Whether the frame was this board's. */
  private hear(member: Member, frame: string): boolean {
    const now = performance.now();
    const result = member.board.hear(frame, now);
    if (result === CLEARED) {
      member.acked++;
      if (member.tries === 1) member.roundTrips.push(now - member.sentAt);
      if (member.roundTrips.length > ROUND_TRIPS_MAX) member.roundTrips.shift();
    }
    this.arm(member);
    return result > 0;
  }

  private count(member: Member, frame: string): void {
    member.frames++;
    if (((frame.charCodeAt(0) >> 3) & 7) !== HEARTBEAT) return;
    if (frame !== member.lastBeat) {
      member.beats++;
      member.lastBeat = frame;
      member.sentAt = performance.now();
      member.tries = 0;
    }
    member.tries++;
  }

  /** One alarm a board, at its next wake-up. */
  private arm(member: Member): void {
    const { board } = member;
    const armed = this.armed.get(member);
    const at = board.wakeAt;
    if (this.closed || armed?.at === at) return;
    this.alarms.cancel(armed);
    this.armed.delete(member);
    if (at === Infinity) return;
    const wake = () => {
      this.armed.delete(member);
      board.wake(performance.now(), (frame) => this.up(member, frame));
      this.arm(member);
    };
    this.armed.set(member, this.alarms.at(at, wake));
  }
}

function sameHost(from: string, to: string): boolean {
  return from === to || from.replace(/^::ffff:/, "") === to;
}
