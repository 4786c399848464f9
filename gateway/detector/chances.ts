/**
 * When a board that is alive, and of which nothing arrives, speaks again: the instants at which
 * silence becomes evidence. Lengths are in intervals of the board, counted from the last beat that
 * was heard; the promise of that beat ends at 1.
 *
 * A board whose beats are lost hears no ACK and backs off (rule 18), and behind the fourth it says
 * HELLO too, at growing distances (rule 12), and beats at once when it is answered:
 *
 *   heard   1   2   3       5   6       8   9           12 ...          17 ...
 *     B     b   b   b       bh  h       h   b            h               b
 *
 * Between two of these instants nothing is learned, however long one waits. So a verdict belongs
 * right behind one of them, and k counts them. What lost: deadlines at 1, 2, 3, 4 promises; from
 * the fourth on they wait for what nobody sends.
 */

/** Rule 18: the gap behind a beat with `unacked` ones before it, in intervals. */
export function backedOff(unacked: number): number {
  return unacked < 2 ? 1 : unacked < 4 ? 1 << (unacked - 1) : 8;
}

/** Rule 12: what an unanswered HELLO exchange takes, and how far apart they get, in ms. */
const HELLO_MS = 5_000;
const HELLO_GAP_MAX = 3_600_000;
/** Rule 12: beats in a row without an ACK behind which a board says HELLO. */
const PATIENT = 3;

export interface Chance {
  /** In intervals behind the beat that was heard. */
  readonly x: number;
  /** Its number: so many chances were missed when this one is. */
  readonly k: number;
}

/**
 * The first chance at or behind `x`, from the `least`th to the `most`th.
 * @param unacked beats in a row that had no ACK when the one that was heard was made (extension 9).
 *   0: its own ACK, too, is taken to have arrived. Else no ACK is, which is the longer wait.
 * @param intervalMs of the board
 */
export function chanceFrom(
  x: number,
  unacked: number,
  intervalMs: number,
  least: number,
  most: number,
): Chance {
  const hello = HELLO_MS / intervalMs;
  const gapMax = Math.max(1, HELLO_GAP_MAX / intervalMs);
  let count = unacked === 0 ? 0 : unacked + 1;
  let beat = 1;
  let next = Infinity;
  let gap = 1;
  for (let k = 1; ; k++) {
    const at = Math.min(beat, next);
    const beats = beat <= next;
    if (beats) beat += backedOff(count++);
    const asks = !beats || (count > PATIENT && next === Infinity);
    // The tries of an exchange are chances all the while that it lasts.
    const end = asks ? at + hello : at;
    if (k >= most || (k >= least && end >= x - 1e-9)) return { x: clamp(x, at, end), k };
    if (asks) {
      next = end + gap;
      gap = Math.min(2 * gap, gapMax);
      // A beat that falls due in an exchange waits for its end.
      beat = Math.max(beat, end);
    }
  }
}

function clamp(x: number, least: number, most: number): number {
  return Math.max(least, Math.min(x, most));
}
