/**
 * How history is written in bytes: the minutes of one part as runs, the totals of an hour, and the
 * names of the parts.
 *
 * A minute is two numbers, beats heard and beats missed, and a device that keeps its promises
 * repeats itself: an hour of a board that beats once a minute takes 8 bytes.
 *
 * ```
 * head byte:  kind 3 | low 5
 *   kind 0..3   low + 1 minutes of (0,0), (1,0), (2,0), (0,1): (heard, missed)
 *   kind 4      one minute of (low + 3, 0)
 *   kind 5      one minute of (varint, varint), which follow
 *   kind 6      one minute of (low, 1)
 * ```
 *
 * Names come round again: a part is named by its hour (or its four hours) modulo a ring, so that
 * the disk holds as many as the ring is long, and an old one goes without being looked for: the new
 * one is written over it. What lost: names by date, which need a deletion for each part written,
 * and a scan after a stop. A part that a start of the gateway began in the middle bears its
 * generation besides, lest it overwrite what the process before wrote of the same hour.
 */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
/** Kept by the minute, and by the hour. */
export const BY_MINUTE_HOURS = 48;
export const BY_HOUR_HOURS = 90 * 24;
/** Hours in one part of totals. */
export const BLOCK_HOURS = 4;
/** Rings: longer than what is kept, by what is being gathered. */
const MINUTE_RING = 64;
const BLOCK_RING = 576;
/** A device's hours begin so many of these after the full hour: not all are written at once. */
export const PHASES = 360;
export const PHASE_MS = HOUR_MS / PHASES;
/** No count of a minute is above this. */
export const COUNT_MAX = 65_535;

/** Runs are of kinds below this. */
export const RUN_KINDS = 4;
export const RUN_MAX = 32;

/** The place of a device among the phases. */
export function phaseOf(id: number): number {
  return id % PHASES;
}

/** Kind and low bits of one minute; the low bits of a run count further minutes. */
export function headOf(heard: number, missed: number): number {
  if (missed === 0) {
    if (heard <= 2) return heard << 5;
    return heard <= 34 ? (4 << 5) | (heard - 3) : 5 << 5;
  }
  if (missed !== 1 || heard > 31) return 5 << 5;
  return heard === 0 ? 3 << 5 : (6 << 5) | heard;
}

export function varint(value: number): string {
  if (value < 128) return String.fromCharCode(value);
  let bytes = "";
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128))
    bytes += String.fromCharCode((rest & 127) | 128);
  return bytes + String.fromCharCode(rest);
}

/** A place in bytes. Past the end everything is 0. */
export class Reading {
  at = 0;
  readonly bytes: string;

  constructor(bytes: string) {
    this.bytes = bytes;
  }

  get more(): boolean {
    return this.at < this.bytes.length;
  }

  byte(): number {
    return this.more ? this.bytes.charCodeAt(this.at++) : 0;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1, byte = 128; byte > 127 && scale < 2 ** 42; scale *= 128) {
      byte = this.byte();
      value += (byte & 127) * scale;
    }
    return value;
  }
}

/** Tells each run of equal minutes in turn. */
export function readMinutes(
  reading: Reading,
  tell: (heard: number, missed: number, minutes: number) => void,
): void {
  while (reading.more) {
    const head = reading.byte();
    const kind = head >> 5;
    const low = head & 31;
    if (kind < 3) tell(kind, 0, low + 1);
    else if (kind === 3) tell(0, 1, low + 1);
    else if (kind === 4) tell(low + 3, 0, 1);
    else if (kind === 6) tell(low, 1, 1);
    else {
      const heard = reading.varint();
      tell(heard, reading.varint(), 1);
    }
  }
}

/** Beats heard, and missed, in all minutes of a code. */
export function sumOf(minutes: string): readonly [heard: number, missed: number] {
  let heard = 0;
  let missed = 0;
  for (let at = 0; at < minutes.length; at++) {
    const head = minutes.charCodeAt(at);
    const kind = head >> 5;
    const low = head & 31;
    if (kind < 3) heard += kind * (low + 1);
    else if (kind === 3) missed += low + 1;
    else if (kind === 4) heard += low + 3;
    else if (kind === 6) {
      heard += low;
      missed++;
    } else {
      const reading = new Reading(minutes);
      reading.at = at + 1;
      heard += reading.varint();
      missed += reading.varint();
      at = reading.at - 1;
    }
  }
  return [heard, missed];
}

/** What begins every part: unix seconds of its first minute. */
export function startBytes(unixSeconds: number): string {
  const s = Math.max(0, unixSeconds);
  return String.fromCharCode(
    Math.floor(s / 2 ** 24) & 255,
    (s >> 16) & 255,
    (s >> 8) & 255,
    s & 255,
  );
}

export function readStart(reading: Reading): number {
  let seconds = 0;
  for (let i = 0; i < 4; i++) seconds = seconds * 256 + reading.byte();
  return seconds;
}

/** Which hour of its own a device is in, to the nearest: its hours begin at its phase. */
function hourIndex(id: number, unixSeconds: number): number {
  const phase = Math.floor((phaseOf(id) * PHASE_MS) / MINUTE_MS) * 60;
  return Math.max(0, Math.floor((unixSeconds - phase + 1_800) / 3_600));
}

/** Which four hours. */
export function blockIndex(id: number, unixSeconds: number): number {
  return Math.floor(hourIndex(id, unixSeconds) / BLOCK_HOURS);
}

/** @param generation of the gateway whose start began the part, or undefined: it began on time */
export function minutePart(id: number, unixSeconds: number, generation?: number): string {
  return `m${hex(hourIndex(id, unixSeconds) % MINUTE_RING, 2)}${stub(generation)}`;
}

export function blockPart(id: number, unixSeconds: number, generation?: number): string {
  return `h${hex(blockIndex(id, unixSeconds) % BLOCK_RING, 3)}${stub(generation)}`;
}

/** All parts of a device: from this name, and up to, without, that one. */
export const ALL_PARTS = ["h", "n"] as const;

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

function stub(generation: number | undefined): string {
  return generation === undefined ? "" : `.${hex(generation, 1)}`;
}
