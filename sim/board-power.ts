// What a board takes in each of its states, and how long what comes by itself lasts: data, which
// power.ts turns into charge. The states are those that a measurement can tell apart; what lost: a
// current for each activity of the program, which nobody has measured.

import type { Quantile } from "./exact.ts";

/**
 * The first four come by themselves (see above), but may be entered as well. "awake" is CPU on and
 * radio listening, "light" keeps memory and the place on the network, "deep" boots again at its
 * end, "off" has no power.
 */
export const POWER_STATES = [
  "boot",
  "tx",
  "rx",
  "tail",
  "join",
  "awake",
  "light",
  "deep",
  "off",
] as const;
export type PowerState = (typeof POWER_STATES)[number];

/** A board's draws. Currents are of the whole board at its battery. */
export interface BoardPower {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  /** Mean current in each state, whole nA. */
  readonly nA: Readonly<Record<PowerState, number>>;
  /** What it takes for moments while its radio is on: what breaks a weak battery's voltage. */
  readonly peakNA: number;
  /** From power or the end of deep sleep until its program runs. */
  readonly bootMs: number;
  /**
   * A wake between two links of a chain of sleeps: radio off, a mark on flash, asleep again; in
   * time at the boot's current. 0: its timer holds any sleep.
   */
  readonly linkMs: number;
  /** It gives up joining after so long. */
  readonly joinMaxMs: number;
  /** Then until it is on the network: after power-on, after deep sleep, after a lost connection. */
  readonly attachMs: readonly Quantile[];
  readonly joinMs: readonly Quantile[];
  readonly joinAgainMs: readonly Quantile[];
  /** Time on air of a frame of n bytes: frameUs + byteUs (n + overheadBytes). */
  readonly air: {
    readonly frameUs: number;
    readonly byteUs: number;
    readonly overheadBytes: number;
  };
  /** How long its radio stays connected after the last frame, while it would sleep already. */
  readonly tailMs: number;
  /** Below this voltage it resets. */
  readonly brownOutV: number;
}
