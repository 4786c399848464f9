/**
 * Every number that the gateway's core decides by, on one page: first those that the protocol
 * fixes, then ours.
 *
 * On one page because a limit is only worth something if one can find it, and because the second
 * half may change with experience and the first may not. What lost: each number beside its use,
 * where nobody sees that two of them contradict each other.
 */

import { intervalMs } from "../device/interval.ts";
import { LEAVING } from "../device/wire.ts";

// ---- Specification

/** A seq or an epoch cannot be above this (sections 2 and 5, rule 7). */
export const NUMBER_MAX = 0xffffffff;
/** Rule 7: a pending epoch is given again while its last WELCOME is younger than this, in ms. */
export const WELCOME_AGAIN_MS = 10_000;
/** Rule 7: 2025-01-01 in unix seconds, from where epochs made by a trusted clock count. */
export const EPOCH_ZERO = 1_735_689_600;
/** Rule 3: duplicates of one device acknowledged within any `DUPLICATES_MS`. */
export const DUPLICATES_MAX = 4;
export const DUPLICATES_MS = 1_000;
/** Suite 0: a longer promise is credited as this, in ms, since anybody can make one. */
export const CRC_PROMISE_MAX = 3_600_000;
/** Suite 0: an id taken in by `open` goes when absent, or never heard, for so many ms. */
export const OPEN_ABSENT_MS = 86_400_000;
/**
 * Rule 18: after a stop longer than `LONG_STOP` promises a device may be backing off, and is
 * granted `DOUBT` of them.
 */
export const LONG_STOP = 3;
export const DOUBT = 8;
/** Rule 12: the longest gap between two HELLOs without an answer, and one exchange, in ms. */
export const HELLO_GAP_MAX = 3_600_000;
export const HELLO_MS = 5_000;
/** A COMMAND's payload in bytes, its highest number, and sends of one in a window. */
export const COMMAND_PAYLOAD_MAX = 243;
export const CMD_MAX = 65_535;
export const COMMAND_SENDS_MAX = 3;
/** PROBE: so many of one device in so many ms; sends of an answer, and their distance in ms. */
export const PROBES_MAX = 6;
export const PROBES_MS = 60_000;
export const PROBE_COPIES = 3;
export const PROBE_COPY_MS = 200;

// ---- Implementation

export interface Limits {
  /** Devices enrolled and taken in by `open` together. */
  readonly devicesMax: number;
  /** Senders of refused frames that are remembered, oldest out (rule 1). */
  readonly hintsMax: number;
  /** Devices taken in by `open`. */
  readonly openMax: number;
  /** Rule 9: a promise above this, in ms, is honoured and shown. */
  readonly promiseMax: number;
  /** Rule 8: in so many ms any beat is on disk. Half of it is ours, half the disk's. */
  readonly flushMs: number;
  /** Beats in one lazy commit; the next follows at once, after the frames that wait. */
  readonly flushMax: number;
  /** The least grace, in ms. */
  readonly graceMs: number;
  /** False alarms that one device may cause in a year, on average (detector.ts). */
  readonly falseAlarms: number;
  /** The same for the devices of a site, by its name: a real-time fleet chooses its own. */
  readonly falseAlarmsAt: Readonly<Record<string, number>>;
  /** Promises that must break in a row before a verdict: at least, and at most. */
  readonly missesMin: number;
  readonly missesMax: number;
  /** Notices that wait to be delivered (outbox.ts). */
  readonly noticesMax: number;
  /** Devices of which a PROBE is remembered (receiver/probes.ts): 300 bytes each. */
  readonly probersMax: number;
  /** Commands waiting for one device, and for all of them. */
  readonly commandsPerDevice: number;
  readonly commandsMax: number;
  /** Outcomes of commands kept for one device, and for all of them, the oldest out. */
  readonly outcomesPerDevice: number;
  readonly outcomesMax: number;
}

export const LIMITS: Limits = {
  devicesMax: 250_000,
  hintsMax: 256,
  openMax: 256,
  promiseMax: 7 * 86_400_000,
  flushMs: 1_000,
  flushMax: 1_024,
  graceMs: 250,
  falseAlarms: 1,
  falseAlarmsAt: {},
  missesMin: 1,
  missesMax: 10_000,
  noticesMax: 1_000,
  probersMax: 16_384,
  commandsPerDevice: 32,
  commandsMax: 50_000,
  outcomesPerDevice: 16,
  outcomesMax: 50_000,
};

/** How long a command may wait, in ms: the bounds, and where nobody says. */
export const NOT_AFTER_MIN_MS = 1_000;
export const NOT_AFTER_MAX_MS = 30 * 86_400_000;
export const NOT_AFTER_DEFAULT_MS = 86_400_000;
/** Characters of a supersede key. */
export const SUPERSEDE_MAX = 64;
/** The wait for a RESULT, in ms: before any sample, its bounds, and the most for a sleeper. */
export const COMMAND_RTO_FIRST = 500;
export const COMMAND_RTO_MIN = 200;
export const COMMAND_RTO_MAX = 3_000;
export const COMMAND_RTO_SLEEPER = 600;
/** Rule 15: a sleeper listens 15 s in all, less what the way to it takes. */
export const COMMAND_WINDOW_MS = 13_000;
/** The longest wait between two NUDGEs for a command, in ms: each costs the device a beat. */
export const CALL_MAX_MS = 300_000;

/** Characters of a name, of a site and of one label; labels of one device. */
export const NAME_MAX = 64;
export const SITE_MAX = 64;
export const LABEL_MAX = 64;
export const LABELS_MAX = 16;
/** Bytes of a key, and the fewest of the secret that keys `mapped`. */
export const KEY_BYTES = 16;
export const SECRET_MIN = 16;
/**
 * Characters of an address that a hint keeps: an IPv6 address with its zone, or the start of a
 * topic.
 */
export const HINT_ADDRESS_MAX = 64;
/** A commit may take so long, ms: an SD card collects its garbage for a second or two. */
export const STALL_MS = 5_000;
/** A clash is shown for so many ms after the last one. */
export const CLASH_SHOWN_MS = 86_400_000;

const PROMISE_MS = new Float64Array(256);
for (let code = 1; code < LEAVING; code++) PROMISE_MS[code] = intervalMs(code);

/**
 * What a promise is worth in ms under a suite; 0 for 255 and for none: nothing is promised then.
 */
export function creditedMs(promise: number, suite: number): number {
  const ms = PROMISE_MS[promise]!;
  return suite === 0 && ms > CRC_PROMISE_MAX ? CRC_PROMISE_MAX : ms;
}
