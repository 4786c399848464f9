// Commands on a simulated board: what its flash keeps of the last one begun, and where power can
// go. As device/board-commands.ts does it, step by step.

import { answer, BEGIN, INTERRUPTED, resultOf } from "../device/commands.ts";
import type { Memory, Sender } from "../device/state.ts";
import type { Board } from "./board.ts";
import type { Flash } from "./flash.ts";

/** What the sender gets of the flash at boot. */
export function memoryOf({ epoch, limit, acked }: Flash, origin: string): Memory {
  return { epoch, limit, acked, origin };
}

/** A new sender, with the last command that its flash has begun in this epoch. */
export function recalled(sender: Sender, { begun, epoch }: Flash): Sender {
  if (begun === undefined || begun.epoch !== epoch) return sender;
  sender.cmd = begun.cmd;
  sender.result = begun.result || String.fromCharCode(INTERRUPTED);
  return sender;
}

/** Rule 16: does what `todo` asks for and sends the RESULT. Whether the board still has power. */
export function obeyed(
  board: Board,
  s: Sender,
  now: number,
  transmit: (frame: string) => void,
): boolean {
  if (s.todo === 0) return true;
  if (s.todo === BEGIN) {
    if (board.dies("before-begun", now)) return false;
    const begun = { epoch: s.epoch, cmd: s.cmd, result: "" };
    board.flash.begun = begun;
    if (board.dies("after-begun", now)) return false;
    s.result = resultOf(board.kind.onCommand ? board.kind.onCommand(s.payload, board.id) : 3);
    if (board.dies("after-done", now)) return false;
    board.flash.begun = { ...begun, result: s.result };
  }
  const frame = answer(s);
  board.body?.power?.frame("up", frame.length);
  transmit(frame);
  return !board.dies("after-result", now);
}
