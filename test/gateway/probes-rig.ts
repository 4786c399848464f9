// A gateway that is asked for probes: a board that promised a day, and all answers that leave.

import type { Source } from "../../gateway/facts.ts";
import { Bench, HOME } from "./gateway-bench.ts";
import { Board, P_DAY } from "./gateway-rig.ts";

/** The board's second socket. */
export const SECOND: Source = { ...HOME, port: 40_008 };
/** Codes of 10.4 s and 28.9 s or so. */
export const D_SHORT = 67;
export const D_LONG = 82;

export interface Answer {
  readonly at: number;
  readonly port: number;
  readonly frame: string;
}

/** A bench with a board that promised a day, its last beat, and all PROBEs that go out. */
export function asking(suite = 2, limits = {}) {
  const bench = new Bench({ limits });
  const board = new Board(0x2bd, suite);
  bench.enrol(board);
  bench.meet(board);
  bench.pass(2_000);
  const answers: Answer[] = [];
  bench.onSent = ({ to, frame }) => {
    if (((frame.charCodeAt(0) >> 3) & 7) !== 6) return;
    answers.push({ at: bench.now - began, port: to.port, frame });
  };
  const beat = board.beat({ promise: P_DAY });
  bench.receive(beat);
  const began = bench.now;
  const ask = (delay: number, seq = board.seq) => bench.receive(board.probe(seq, delay), SECOND);
  return { bench, board, beat, ask, answers };
}
