// Commands on the board: what the flash knows of the last one begun, and what the application does.
//
// **The application's side** is one function, which `device bundle --app` appends behind this:
//
//     NEXTBEAT.onCommand = function (payload) {
//       if (payload === "on") { D2.set(); return "is on"; }   // done, with a text
//       if (payload === "off") return 1;                      // refused
//       return 3;                                             // unknown command
//     };
//
// It acts at once, and what it returns is the result. What takes longer it begins, and says so:
// there is one result a command. What it throws is a failure with the error's text. Without a
// handler every command is unknown.
//
// **Flash.** Two small files, each written anew: `nbc`, (epoch, cmd) and a check sum, before the
// application acts; `nbr`, a check sum over that and the result, and the result, before the RESULT
// leaves. Cut short, either fails its check: without `nbc` nothing was begun, without `nbr` the
// outcome is unknown. The old result goes before the new one is whole, and by then nobody asks for
// it: the gateway had it before it offered the next command. One file for both lost: rewriting it
// would for an instant forget what was begun, just when it was done.
//
// Wear: 32 + 10 and 32 + 5 + text bytes a command, about 90: 10 000 commands for each erase of an
// ESP32's 896 KB of Storage, and each page stands some 100 000 erases: a command a second for 31
// years. An ESP8266's 16 KB take 180 commands an erase: a command a minute for 34 years.

import { check, config, storage } from "./board.ts";
import { bytesOf } from "./board-chip.ts";
import { getU16, getU32, u16, u32 } from "./bytes.ts";
import { answer, BEGIN, RESULT_MAX, resultOf } from "./commands.ts";
import type { Sender } from "./state.ts";

/** What a file holds if it is whole and belongs to `before`, else "". */
function kept(name: string, before: string): string {
  const file = storage.read(name) || "";
  const text = file.substr(4);
  return check(before + text) === file.substr(0, 4) ? text : "";
}

/** After a boot: the last command begun in the epoch that the flash gave back, and its result. */
export function recallCommand(s: Sender): void {
  const begun = kept("nbc", "");
  if (getU32(begun, 0) === s.epoch) {
    s.cmd = getU16(begun, 4);
    // Begun without a result: nobody knows how it went.
    s.result = kept("nbr", begun) || "\x04";
  }
}

/** Rule 16: begun is on flash before it acts, and the result before the RESULT leaves. */
export function act(s: Sender): string {
  if (s.todo === BEGIN) {
    const begun = u32(s.epoch) + u16(s.cmd);
    // Should the flash be full: what is not begun has failed, and nothing is begun twice.
    s.todo = 0;
    // Until there is another, for an error that is none may throw again when it is told.
    s.result = "\x02";
    let result: string;
    try {
      storage.write("nbc", check(begun) + begun);
      const came = config.onCommand ? config.onCommand(s.payload) : 3;
      result = resultOf(typeof came === "number" || !came ? came : bytesOf(came));
    } catch (error) {
      result = "\x02" + bytesOf("" + error);
    }
    s.result = result.substr(0, RESULT_MAX);
    try {
      storage.write("nbr", check(begun + s.result) + s.result);
    } catch {
      // It is told now; only after a boot nobody would know.
    }
  }
  return answer(s);
}
