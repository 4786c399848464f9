/**
 * The words for values: durations, vitals, states, extensions, each in one place and one way.
 *
 * Apart from `describe.ts`, since what shows a device in a list needs the same words without a
 * frame. Durations are written as the command line takes them (`1h30m`), in two units at most: a
 * promise is exact to 7 per cent anyway.
 */

import { getU16, getU32 } from "./bytes.ts";
import {
  EXT_ACKED,
  EXT_BATTERY,
  EXT_CAUSE,
  EXT_FIRMWARE,
  EXT_HEARD,
  EXT_MEMORY,
  EXT_PAYLOAD,
  EXT_RECOVERY,
  EXT_SIGNAL,
  EXT_SPREAD,
  EXT_TEMPERATURE,
  EXT_TIME,
  EXT_TIMES,
  EXT_UPTIME,
  type Extension,
} from "./extensions.ts";
import { CODE_MAX, CODE_MIN, intervalMs } from "./interval.ts";
import { LEAVING } from "./wire.ts";

const CAUSES = [
  "unknown",
  "power on",
  "deep-sleep wake",
  "watchdog",
  "brown-out",
  "crash",
  "software",
  "button",
];

const UNITS = [
  { name: "d", ms: 86400000 },
  { name: "h", ms: 3600000 },
  { name: "m", ms: 60000 },
  { name: "s", ms: 1000 },
  { name: "ms", ms: 1 },
];

/**
 * Milliseconds of a duration as it is written: `90s`, `1h30m`, `700ms`, `1.4s`; undefined if none.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(d|h|ms|m|s))+$/.test(text)) return undefined;
  const part = /(\d+(?:\.\d+)?)(d|h|ms|m|s)/g;
  let sum = 0;
  for (let found = part.exec(text); found; found = part.exec(text)) {
    const unit = found[2];
    sum += Number(found[1]) * UNITS.filter((u) => u.name === unit)[0]!.ms;
  }
  return sum;
}

/** A duration of `ms` >= 0 in at most two units: `250ms`, `2.5s`, `63s`, `5m`, `1h30m`, `7d2h`. */
export function duration(ms: number): string {
  if (ms < 1000) return Math.round(ms) + "ms";
  if (ms < 9950) return Math.round(ms / 100) / 10 + "s";
  if (ms < 119500) return Math.round(ms / 1000) + "s";
  if (ms < 3599500) return pair(Math.round(ms / 1000), 60, "m", "s");
  if (ms < 86370000) return pair(Math.round(ms / 60000), 60, "h", "m");
  return pair(Math.round(ms / 3600000), 24, "d", "h");
}

function pair(n: number, base: number, large: string, small: string): string {
  return Math.floor(n / base) + large + (n % base ? (n % base) + small : "");
}

/** An id as people see it: six lower-case hex digits. */
export function idText(id: number): string {
  return ("00000" + id.toString(16)).slice(-6);
}

/** Bytes in hex, cut after `max` of them. */
export function hex(bytes: string, max: number): string {
  let s = "";
  for (let at = 0; at < bytes.length && at < max; at++) {
    s += ("0" + bytes.charCodeAt(at).toString(16)).slice(-2);
  }
  return bytes.length > max ? s + "..." : s;
}

/** The application's bytes: as text where they are text. */
export function payloadText(bytes: string): string {
  if (bytes === "") return "no payload";
  const text = /^[ -~]{1,40}$/.test(bytes) ? JSON.stringify(bytes) : hex(bytes, 20);
  return "payload of " + bytes.length + (bytes.length === 1 ? " byte " : " bytes ") + text;
}

/** An interval code as a duration. */
export function codeText(code: number): string {
  return code < CODE_MIN || code > CODE_MAX
    ? "no duration (" + code + ")"
    : duration(intervalMs(code));
}

/** A pace: 0 and 255 ask for nothing. */
export function paceText(pace: number): string {
  return pace < CODE_MIN || pace > CODE_MAX ? "own pace" : "pace " + codeText(pace);
}

/** A promise. */
export function promiseText(promise: number): string {
  return promise === LEAVING ? "leaving, nothing promised" : "next within " + codeText(promise);
}

/** Vitals in words (section 2): battery, the application's alert if it is set, signal. */
export function vitalsText(vitals: number): string {
  const battery = vitals >> 4;
  const signal = vitals & 7;
  return (
    (battery <= 10
      ? "battery " + battery * 10 + " %"
      : battery === 14
        ? "external power"
        : "battery unknown") +
    (vitals & 8 ? ", ALERT" : "") +
    (signal === 0 ? ", signal unknown" : ", signal " + (8 * signal - 98) + " dBm")
  );
}

/** The state byte of an ACK or a WELCOME. */
export function stateText(state: number): string {
  const waiting = state & 15;
  const commands =
    waiting === 15 ? "15 or more commands" : waiting + (waiting === 1 ? " command" : " commands");
  return "generation " + (state >> 4) + ", " + commands + " waiting";
}

/** Unix seconds in UTC. */
export function timeText(seconds: number): string {
  return seconds === 0
    ? "clock not trusted"
    : "time " + new Date(seconds * 1000).toISOString().replace(".000", "");
}

/** How many of 16 beats, and which: newest last, as one reads. */
function beatsText(word: string, bits: number): string {
  let count = 0;
  let picture = "";
  for (let bit = 15; bit >= 0; bit--) {
    count += (bits >> bit) & 1;
    picture += (bits >> bit) & 1 ? "x" : ".";
  }
  return count + " of the last 16 beats " + word + " " + picture;
}

function signedByte(byte: number): number {
  return (byte << 24) >> 24;
}

function signalText(value: string): string {
  const dBm = "signal " + signedByte(value.charCodeAt(0)) + " dBm";
  return value.length < 2 ? dBm : dBm + " on channel " + value.charCodeAt(1);
}

/** What a board did about a silence, in the order of the bits: the rungs of ladder.ts. */
const RUNGS = ["tried again", "make-up", "new socket", "Wi-Fi joined again"];
RUNGS.push("next gateway", "reboot", "backed off");

/** The bits of extension 14 in words: "new socket, Wi-Fi joined again". */
export function recoveryText(bits: number): string {
  let text = "";
  for (let bit = 0; bit < 8; bit++) {
    if ((bits >> bit) & 1) text += (text && ", ") + (RUNGS[bit] || "rung " + bit);
  }
  return text || "nothing";
}

/** An extension that counts (`countedExtensions`), by name. */
export function extensionText(e: Extension): string {
  const value = e.value;
  const first = value.charCodeAt(0);
  switch (e.type) {
    case EXT_UPTIME:
      return "up " + codeText(first);
    case EXT_BATTERY:
      return "battery " + getU16(value, 0) + " mV";
    case EXT_TEMPERATURE:
      return "temperature " + ((getU16(value, 0) << 16) >> 16) / 100 + " C";
    case EXT_CAUSE:
      return "reset by " + (CAUSES[first] || "cause " + first);
    case EXT_SIGNAL:
      return signalText(value);
    case EXT_MEMORY:
      return "free memory " + first + " %";
    case EXT_FIRMWARE:
      return "firmware " + hex(value, 8);
    case EXT_TIMES:
      return "joined in " + codeText(first) + ", round trip " + codeText(value.charCodeAt(1));
    case EXT_ACKED:
      return beatsText("acknowledged", getU16(value, 0));
    case EXT_TIME:
      return timeText(getU32(value, 0));
    case EXT_PAYLOAD:
      return payloadText(value);
    case EXT_HEARD:
      return beatsText("heard", getU16(value, 0));
    case EXT_SPREAD:
      return "first beats spread over " + codeText(first);
    case EXT_RECOVERY:
      return "recovered: " + recoveryText(first);
    default:
      return "extension " + e.type + (value === "" ? "" : " " + hex(value, 8));
  }
}
