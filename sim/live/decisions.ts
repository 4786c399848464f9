// What a network decides about each frame, told with the occasion by which it decided: how a run
// on real sockets and one in virtual time are compared, frame by frame, however their clocks
// differ.

import type { Observer } from "../observer.ts";
import { Occasions } from "../occasion.ts";

/** Told of each frame: whose it is, its occasion, and what became of it at `at`, ms. */
export type OnDecision = (
  id: number,
  direction: "up" | "down",
  high: number,
  low: number,
  fate: string,
  at: number,
) => void;

/** For a world or a stage to be observed by, from its start. */
export function decisions(tell: OnDecision): Observer {
  const occasions = new Occasions();
  let rows = 0;
  return {
    sent({ board, direction, bytes, fate, at }) {
      if (!board) return;
      for (; rows <= board.number; rows++) occasions.add();
      occasions[direction](board.number, bytes);
      tell(board.id, direction, occasions.high, occasions.low, fate, at);
    },
  };
}
