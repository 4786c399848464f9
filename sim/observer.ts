// What can be seen of a world while it runs. Checkers, transcripts and reports only look on:
// nothing that they do can change what happens, so a run with a checker is the run without it. A
// world that nobody looks at makes none of what is seen: watching costs only who watches.

import type { Change, Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";

/** A frame that arrives, as it arrives. */
export interface Delivery {
  readonly at: number;
  readonly bytes: string;
}

/** A frame on its way: as submitted, and what the path made of it (nothing: lost). */
export interface Sighting {
  readonly at: number;
  readonly direction: "up" | "down";
  /** The board that sent it or that it is for; undefined: a stranger, to or from `peer`. */
  readonly board: Board | undefined;
  readonly peer: Source;
  readonly bytes: string;
  readonly deliveries: readonly Delivery[];
  /** "passed", or why not: a link's fate, or the NAT, the broker, the name of the gateway. */
  readonly fate: string;
}

/** Whoever wants to see what happens. All calls come in the order of events. */
export interface Observer {
  /** A frame leaves a board, the gateway or a stranger. */
  sent?(sighting: Sighting): void;
  /** A frame reaches the gateway's socket; `running`: somebody listens there. */
  reached?(bytes: string, from: Source, at: number, running: boolean): void;
  /** The gateway is about to read a frame: now, or when its process gets to it. */
  reads?(bytes: string, from: Source, at: number): void;
  /** It has dealt with that frame. */
  judged?(bytes: string, from: Source, at: number): void;
  /** A board is about to hear a frame. */
  hears?(bytes: string, board: Board, at: number): void;
  /** A frame has reached a board; `heard`: it had power and its radio was on. */
  heard?(bytes: string, board: Board, at: number, heard: boolean): void;
  /** A change is told, `at` or a little after it happened. */
  told?(change: Change, at: number): void;
  /** Power came to a board or left it. */
  power?(board: Board, on: boolean, at: number): void;
  /** A board went to sleep, or woke. */
  slept?(board: Board, asleep: boolean, at: number): void;
  /** A board climbs a rung of its ladder (device/ladder.ts). */
  climbed?(board: Board, rung: number, at: number): void;
  gateway?(running: boolean, at: number): void;
}

type Watched = keyof Observer;

/** All who look on, called in the order in which they came. */
export class Observers {
  /** Whether anybody looks on. */
  any = false;
  private readonly all: Observer[] = [];

  add(observer: Observer): void {
    this.all.push(observer);
    this.any = true;
  }

  notify<K extends Watched>(what: K, ...seen: Parameters<NonNullable<Observer[K]>>): void {
    for (const observer of this.all) {
      (observer[what] as ((...seen: unknown[]) => void) | undefined)?.(...seen);
    }
  }
}
