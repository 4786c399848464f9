// The names of NATs, boards, batteries and clocks that a scenario may use.

import { BATTERIES, BOARDS, CLOCKS } from "../boards.ts";
import { NAT_PRESETS } from "../nat.ts";

/** The name for no NAT: the board's address is the one seen. */
export const NO_NAT = "none";
export const NAT_NAMES = NAT_PRESETS.filter(({ model }) => model).map(({ name }) => name);
export const BOARD_NAMES = Object.keys(BOARDS);
export const BATTERY_NAMES = Object.keys(BATTERIES);
export const CLOCK_NAMES = Object.keys(CLOCKS);
