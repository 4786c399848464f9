// The application's side, apart from commands: what it says of itself before each beat, and the
// three things it may ask for. Its script stands behind this one, so its hooks are asked for late.
//
// A hook runs within the loop that beats, so one that throws says nothing and costs nothing; one
// that never returns stops the interpreter, as anywhere.

import { clock, config } from "./board.ts";
import { bytesOf, reboot } from "./board-chip.ts";
import { leave } from "./sender.ts";
import type { Sender } from "./state.ts";
import { alert, load, measure, measureTemperature } from "./vitals.ts";

/**
 * JsVars without which no beat is made any more: with 132 left a client beats, with 66 it is silent
 * for ever. And how long after boot, in ms, a board stays up that never has as many.
 */
const VARS_MIN = 100;
const UP_MIN = 60000;

/** What a hook says, be it as text; NaN if there is none, it failed, or it says no number. */
function asked(hook: (() => number) | undefined): number {
  try {
    // What is null would count as 0 per cent.
    return hook ? parseFloat(hook() as unknown as string) : NaN;
  } catch {
    return NaN;
  }
}

/** Each turn: reboots where the application has leaked what a beat needs. */
export function spare(): void {
  // Counting what nobody refers to any more takes long: only where it may matter.
  if (process.memory(false).free < VARS_MIN && clock() > UP_MIN)
    if (process.memory().free < VARS_MIN) reboot();
}

/** Before a beat: what the board and the application measured. */
export function feel(s: Sender): void {
  measure(s, asked(config.battery), asked(config.signal));
  measureTemperature(s, asked(config.temperature));
}

/** What the application may call. */
export function serve(s: Sender): void {
  config.alert = function (on) {
    alert(s, on, clock());
    config.wake("");
  };
  config.leave = function () {
    leave(s, clock());
    config.wake("");
  };
  config.send = function (payload) {
    load(s, bytesOf(payload));
  };
}
