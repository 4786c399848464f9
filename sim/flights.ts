// Frames under way: what the queue's numbers stand for. Places are used again, so a world that runs
// for a year holds no more of them than were ever in the air at once.

import type { Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";

export class Flights {
  /** How many there are now. */
  size = 0;
  private readonly frames: string[] = [];
  private readonly peers: (Source | undefined)[] = [];
  private readonly boards: (Board | undefined)[] = [];
  private readonly free: number[] = [];

  /** @param board whose path it is on; undefined: a stranger's. @returns its number */
  add(bytes: string, peer: Source, board: Board | undefined): number {
    this.size++;
    const flight = this.free.pop() ?? this.frames.length;
    this.frames[flight] = bytes;
    this.peers[flight] = peer;
    this.boards[flight] = board;
    return flight;
  }

  bytes(flight: number): string {
    return this.frames[flight]!;
  }

  peer(flight: number): Source {
    return this.peers[flight]!;
  }

  board(flight: number): Board | undefined {
    return this.boards[flight];
  }

  remove(flight: number): void {
    this.size--;
    this.frames[flight] = "";
    this.peers[flight] = undefined;
    this.boards[flight] = undefined;
    this.free.push(flight);
  }
}
