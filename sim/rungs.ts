// What a board's shell does for its sender's ladder (device/ladder.ts), and which rungs there are
// here: there is one gateway in a world, so its second way is another transport, where a script
// gives it one; and to a deep sleeper each wake is a new socket, a join and a boot already.

import { climb, GATEWAY, REBOOT, REJOIN, SOCKET } from "../device/ladder.ts";
import type { Sender, SenderConfig } from "../device/state.ts";
import type { Board } from "./board.ts";
import type { Shell } from "./board-kind.ts";

/** Reset cause of extension 4. */
const SOFTWARE = 6;
const AWAKE = { ladder: 0xff & ~GATEWAY };
const ASLEEP = { reserve: 1, ladder: AWAKE.ladder & ~(SOCKET | REJOIN | REBOOT) };

/** The configuration of a sender that begins. @param extra see `coldBoot` */
export function configOf({ kind, id, tagKey, roster }: Board, extra: string): SenderConfig {
  return {
    id,
    key: tagKey,
    own: kind.intervalMs,
    reach: kind.reach ?? 0,
    ...(kind.reach === 2 ? ASLEEP : AWAKE),
    random: roster.random,
    extra,
    ...kind.config,
  };
}

/**
 * Climbs a rung if it is time. `time`: on the sender's clock.
 * @returns whether the board goes on: it may be deaf, or boot, for a while
 */
export function climbs(
  board: Board,
  s: Sender,
  time: number,
  now: number,
  shell: Shell | undefined,
): boolean {
  if (s.failed === 0) {
    // As `climb` would, but for the instant, which no board at rest has room for (seldom.ts).
    s.step = s.climbed = 0;
    s.climbAt = s.sentAt;
    return true;
  }
  const rung = climb(s, time);
  if (rung === 0) return true;
  shell?.climbed(board, rung);
  if (rung & (SOCKET | REJOIN | GATEWAY)) shell?.reopen(board, rung === GATEWAY);
  if (rung === REJOIN) {
    board.resolve();
    board.body?.rejoin(now);
  } else if (rung === REBOOT) {
    board.roster.flashes.rungs.set(board.number, s.rungs);
    board.fall(0, SOFTWARE, now);
  }
  return board.on && (board.body?.stage ?? "up") === "up";
}
