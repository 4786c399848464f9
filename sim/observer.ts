// What can be seen of a world while it runs. Checkers, transcripts and reports only look on:
// nothing that they do can change what happens, so a run with a checker is the run without it.

import type { Change, Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";
import type { Delivery } from "./link.ts";

/** A frame on its way: as submitted, and what the link made of it (nothing: lost). */
export interface Sighting {
  readonly at: number;
  readonly direction: "up" | "down";
  /** The board that sent it or that it is for; undefined: a stranger, to or from `peer`. */
  readonly board: Board | undefined;
  readonly peer: Source;
  readonly bytes: string;
  readonly deliveries: readonly Delivery[];
}

/** Whoever wants to see what happens. All calls come in the order of events. */
export interface Observer {
  /** A frame leaves a board, the gateway or a stranger. */
  sent?(sighting: Sighting): void;
  /** A frame reaches the gateway's socket; `running`: somebody listens there. */
  reached?(bytes: string, from: Source, at: number, running: boolean): void;
  /** The gateway has dealt with the frame that just reached it. */
  judged?(bytes: string, from: Source, at: number): void;
  /** A frame reaches a board; `heard`: it had power and its radio was on. */
  heard?(bytes: string, board: Board, at: number, heard: boolean): void;
  /** A change is told, `at` or a little after it happened. */
  told?(change: Change, at: number): void;
  /** Power came to a board or left it. */
  power?(board: Board, on: boolean, at: number): void;
  gateway?(running: boolean, at: number): void;
}

type Watched = keyof Observer;

/** All who look on, called in the order in which they came. */
export class Observers {
  private readonly all: Observer[] = [];

  add(observer: Observer): void {
    this.all.push(observer);
  }

  notify<K extends Watched>(what: K, ...seen: Parameters<NonNullable<Observer[K]>>): void {
    for (const observer of this.all) {
      (observer[what] as ((...seen: unknown[]) => void) | undefined)?.(...seen);
    }
  }
}
