// Frames under way: from the instant at which a path lets them pass to the one at which somebody
// may hear them. The queue knows them by number; their places are used again, so a world that runs
// for a year holds no more of them than were ever in the air at once.

import type { Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";
import { mixBytes } from "./hash.ts";
import { HOST } from "./host.ts";
import type { Machine } from "./machine.ts";
import type { Observers } from "./observer.ts";
import { type Timeline, us } from "./timeline.ts";

export class Air {
  /** Frames that have left and not arrived. */
  size = 0;
  private readonly timeline: Timeline;
  private readonly observers: Observers;
  private readonly kinds: { readonly up: number; readonly down: number };
  private readonly frames: string[] = [];
  private readonly peers: (Source | undefined)[] = [];
  private readonly boards: (Board | undefined)[] = [];
  private readonly free: number[] = [];

  /** @param kinds of the events of arrival at the gateway, and at a board */
  constructor(timeline: Timeline, observers: Observers, kinds: Air["kinds"]) {
    this.timeline = timeline;
    this.observers = observers;
    this.kinds = kinds;
  }

  /** A frame of a board, or for one, that arrives at `at`, ms. */
  readonly carry = (up: boolean, board: Board, at: number, bytes: string, peer: Source): void => {
    const { agenda } = this.timeline;
    const flight = this.add(bytes, peer, board);
    agenda.push(us(at), up ? this.kinds.up : this.kinds.down, up ? board.id : HOST, flight);
  };

  /** A stranger's datagram for the gateway, which arrives in this instant. */
  inject(bytes: string, peer: Source): void {
    const { timeline, observers } = this;
    const { now } = timeline;
    const board = undefined;
    if (observers.any) {
      const deliveries = [{ at: now, bytes }];
      const seen = { at: now, board, peer, bytes, deliveries, fate: "passed" };
      observers.notify("sent", { ...seen, direction: "up" });
    }
    timeline.agenda.push(us(now), this.kinds.up, HOST, this.add(bytes, peer, board));
  }

  /** A stranger's datagram for a board, under the gateway's address. */
  forge(bytes: string, board: Board): void {
    this.carry(false, board, this.timeline.now, bytes, board.path.source);
  }

  arrivesUp(flight: number, machine: Machine): void {
    const { timeline, observers } = this;
    const bytes = this.frames[flight]!;
    const from = this.peers[flight]!;
    this.remove(flight);
    timeline.hash = mixBytes(timeline.hash, bytes);
    if (observers.any) {
      const running = machine.host.gateway !== undefined;
      observers.notify("reached", bytes, from, timeline.now, running);
    }
    machine.arrive(bytes, from);
  }

  /** Returns the board if it listened. */
  arrivesDown(flight: number): Board | undefined {
    const { timeline, observers } = this;
    const bytes = this.frames[flight]!;
    const board = this.boards[flight]!;
    this.remove(flight);
    timeline.hash = mixBytes(timeline.hash, bytes);
    if (observers.any) observers.notify("hears", bytes, board, timeline.now);
    const heard = board.hear(bytes, timeline.now) >= 0;
    if (observers.any) observers.notify("heard", bytes, board, timeline.now, heard);
    return heard ? board : undefined;
  }

  private add(bytes: string, peer: Source, board: Board | undefined): number {
    const flight = this.free.pop() ?? this.frames.length;
    this.size++;
    this.frames[flight] = bytes;
    this.peers[flight] = peer;
    this.boards[flight] = board;
    return flight;
  }

  private remove(flight: number): void {
    this.size--;
    this.frames[flight] = "";
    this.peers[flight] = undefined;
    this.boards[flight] = undefined;
    this.free.push(flight);
  }
}
