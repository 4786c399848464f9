// The application's side, apart from commands: what it says of itself before each beat, and the
// three things it may ask for. Its script stands behind this one, so its hooks are asked for late.
//
// A hook runs within the loop that beats, so one that throws says nothing and costs nothing; one
// that never returns stops the interpreter, as anywhere.

import { clock, config } from "./board.ts";
import { leave } from "./sender.ts";
import type { Sender } from "./state.ts";
import { alert, load, measure, measureTemperature } from "./vitals.ts";

/** What a hook says; NaN if there is none, or it failed. */
function asked(hook: (() => number) | undefined): number {
  try {
    return hook ? hook() : NaN;
  } catch {
    return NaN;
  }
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
    load(s, payload);
  };
}
