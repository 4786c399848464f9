// A bench whose history can be read as HTTP reads it: the parts that its disk has, and over them
// those that the core still holds. Its wall clock is its monotonic one.

import type { GatewayOptions } from "../../gateway/gateway.ts";
import { PHASES } from "../../gateway/history/code.ts";
import {
  hoursOf,
  minutesOf,
  type Piece,
  type Step,
  type Uptime,
  uptimeOf,
  type Window,
} from "../../gateway/history/read.ts";
import { Bench } from "../gateway/gateway-bench.ts";
import { Board } from "../gateway/gateway-rig.ts";

export const MINUTE = 60_000;
export const HOUR = 3_600_000;

export class HistoryBench extends Bench {
  constructor(options: Partial<GatewayOptions> = {}) {
    super(options);
    // A full hour: parts, minutes and phases begin at round numbers.
    this.now = 1_000 * HOUR;
    this.restart(undefined);
  }

  pieces(id: number): Piece[] {
    const stored = [...this.disk.archive.history]
      .filter(([key]) => key.startsWith(`${id} `))
      .map(([key, bytes]) => ({ part: key.slice(`${id} `.length), bytes }));
    return [...stored, ...this.core.requests.historyOf(id, this.now)];
  }

  window(id: number, hours: number): Window {
    return {
      id,
      pieces: this.pieces(id),
      from: this.now - hours * HOUR,
      to: this.now,
      deafMs: (from, to) => this.core.requests.deafMs(id, from, to),
    };
  }

  minutes(id: number, hours = 1): Step[] {
    return minutesOf(this.window(id, hours));
  }

  hours(id: number, hours = 24): Step[] {
    return hoursOf(this.window(id, hours));
  }

  uptime(id: number, hours = 24): Uptime {
    return uptimeOf(this.window(id, hours));
  }

  /** The process ends in order, and the next one begins after `ms`. */
  stop(ms: number): void {
    this.obey(this.core.flush(this.now));
    this.crash(ms);
  }

  /** The process dies, and the next one begins after `ms`. */
  crash(ms: number): void {
    this.now += ms;
    this.generation = (this.generation + 1) & 15;
    this.restart(ms, { affairs: this.disk.archive.affairs(0), generation: this.generation });
  }

  private generation = 5;
}

/** Minutes in one line each of heard and missed: "1 1 2+1 ?" (`+`: missed, `?`: not known). */
export function line(steps: readonly Step[]): string {
  return steps
    .map(({ heard, missed }) => (heard === null ? "?" : missed ? `${heard}+${missed}` : `${heard}`))
    .join(" ");
}

export function known(steps: readonly Step[]): { heard: number; missed: number; unknown: number } {
  let [heard, missed, unknown] = [0, 0, 0];
  for (const step of steps) {
    heard += step.heard ?? 0;
    missed += step.missed ?? 0;
    if (step.heard === null) unknown++;
  }
  return { heard, missed, unknown };
}

/** A board whose hours are full ones, met at a full hour. */
export function met(id = PHASES, suite = 2): { bench: HistoryBench; board: Board } {
  const bench = new HistoryBench();
  const board = new Board(id, suite);
  bench.enrol(board);
  bench.meet(board);
  return { bench, board };
}

/** Beats each minute, in the middle of it. */
export function beats(bench: HistoryBench, board: Board, minutes: number): void {
  for (let i = 0; i < minutes; i++) {
    bench.pass(MINUTE / 2);
    bench.receive(board.beat());
    bench.pass(MINUTE / 2);
  }
}
