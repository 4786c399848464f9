// What must add up at the end, and who must be well again.
//
//   ledger    every frame that was handed to a path was lost, arrived, or is still under way
//   energy    the times in all states of a board add up to the run
//   recovers  once the faults are over, every board with power is heard again
//
// Liveness is asked for only after calm, and after the time that the protocol itself allows: a
// HELLO may wait for as long as the silence lasted (rule 12), a beat for eight intervals (rule 18).

import type { Board } from "../board.ts";
import { POWER_STATES } from "../board-power.ts";
import type { Observer, Sighting } from "../observer.ts";
import type { World } from "../world.ts";
import type { BeatChecker } from "./beats.ts";
import type { Report } from "./report.ts";

const HOUR_MS = 3_600_000;

export class BookChecker implements Observer {
  private readonly world: World;
  private readonly report: Report;
  private readonly beats: BeatChecker;
  private underWay = 0;
  private readonly left = new Set<Board>();
  private readonly bootedAt = new Map<Board, number>();

  constructor(world: World, report: Report, beats: BeatChecker) {
    this.world = world;
    this.report = report;
    this.beats = beats;
  }

  sent({ deliveries }: Sighting): void {
    this.underWay += deliveries.length;
  }

  reached(): void {
    this.underWay--;
  }

  heard(): void {
    this.underWay--;
  }

  power(board: Board, on: boolean, at: number): void {
    if (!on) return;
    this.bootedAt.set(board, at);
    this.left.delete(board);
  }

  struck(board: Board, kind: string): void {
    if (kind === "leave") this.left.add(board);
  }

  /** @param calmAt when the last fault was over; Infinity: there was no calm */
  close(calmAt: number): void {
    const { world, report } = this;
    const { now } = world;
    if (this.underWay !== world.air.size) {
      const what = `${this.underWay} frames neither lost nor arrived, ${world.air.size} under way`;
      report.broken("ledger", now, what);
    }
    for (const board of world.boards.values()) {
      const power = board.body?.power;
      if (!power) continue;
      const sum = POWER_STATES.reduce((total, state) => total + power.timeOf(state, now), 0);
      if (Math.abs(sum - now) > 1e-3) {
        report.broken("energy", now, `${board.name}: ${sum} ms in all states`, board);
      }
    }
    if (calmAt < now) this.recovered(calmAt);
  }

  private recovered(calmAt: number): void {
    const { world, report } = this;
    for (const board of world.boards.values()) {
      const speaker = this.beats.speakers.get(board.id);
      if (!board.on || board.held > 0 || this.left.has(board) || speaker?.twins) continue;
      const { intervalMs: own } = board.kind;
      const since = Math.max(calmAt, this.bootedAt.get(board) ?? 0);
      // Twice: the first HELLO after the calm may be lost with all its tries.
      const patience = 24 * own + 2 * Math.min(since, HOUR_MS) + HOUR_MS / 12;
      if (world.now < since + patience) continue;
      if (!world.host.gateway) report.broken("recovers", world.now, "there is no gateway", board);
      else if ((speaker?.reachedAt ?? 0) < since) {
        const what = `${board.name} was not heard since the calm began at ${Math.round(since)}`;
        report.broken("recovers", world.now, what, board);
      }
    }
  }
}
