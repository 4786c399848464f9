/**
 * The totals of an hour in bytes: beats, time by what it was, and what the board told of itself.
 *
 * A usual hour takes two bytes, and four where the board told something.
 */

import { type Reading, varint } from "./code.ts";

/** What a device did in an hour, or a part of one. Durations in s; what they leave is unknown. */
export interface Totals {
  readonly heard: number;
  readonly missed: number;
  /** Present or late; absent; deaf, whatever it did; left; under maintenance. */
  readonly up: number;
  readonly down: number;
  readonly deaf: number;
  readonly left: number;
  readonly maintenance: number;
  /** What the newest beat told at the end of it, see `Told`; 0: nothing. */
  readonly told: number;
}

/**
 * What a beat told of its board: its vitals byte << 8 | the round trip of its last ACK (extension
 * 8, an interval code, 0 = not told). A sample an hour is what a battery and the weather need.
 */
export function toldOf(vitals: number, roundTrip: number): number {
  return vitals === VITALS_UNKNOWN && roundTrip === 0 ? 0 : (vitals << 8) | roundTrip;
}

const VITALS_UNKNOWN = 0xf0;

const TIMES = ["down", "deaf", "left", "maintenance"] as const;
const TOLD = 128;

/**
 * ```
 * flags 8, [minutes since the totals before began], heard, [missed], [up], [down], [deaf], ...
 * [told]
 * ```
 * A number in brackets stands where its flag does; without, it is 60, 0, 3600, 0, 0...
 */
export function encodeTotals(totals: Totals, minutesSince: number): string {
  let flags = minutesSince === 60 ? 0 : 1;
  let bytes = (flags === 0 ? "" : varint(minutesSince)) + varint(totals.heard);
  if (totals.missed > 0) {
    flags |= 2;
    bytes += varint(totals.missed);
  }
  if (totals.up !== 3600) {
    flags |= 4;
    bytes += varint(totals.up);
  }
  for (let at = 0; at < TIMES.length; at++) {
    const value = totals[TIMES[at]!];
    if (value === 0) continue;
    flags |= 8 << at;
    bytes += varint(value);
  }
  if (totals.told > 0) {
    flags |= TOLD;
    bytes += varint(totals.told);
  }
  return String.fromCharCode(flags) + bytes;
}

export function readTotals(reading: Reading): { totals: Totals; minutesSince: number } {
  const flags = reading.byte();
  const given = (flag: number, usual: number) => (flags & flag ? reading.varint() : usual);
  const minutesSince = given(1, 60);
  const heard = reading.varint();
  const missed = given(2, 0);
  const up = given(4, 3600);
  const [down, deaf, left, maintenance] = TIMES.map((_, at) => given(8 << at, 0)) as [
    number,
    number,
    number,
    number,
  ];
  const told = given(TOLD, 0);
  return { minutesSince, totals: { heard, missed, up, down, deaf, left, maintenance, told } };
}
