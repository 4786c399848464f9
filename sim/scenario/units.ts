// Quantities as people write them in a scenario, and back: durations, shares, sizes, rates, ranges.
//
// A number without its unit is refused where a unit is possible: `run: 60` is a minute to one
// reader and an hour to the next. What is printed parses to the same bits, since a scenario made
// smaller by the program must fail as the one did from which it was made.

import { parseDuration } from "../../device/words.ts";

/** Word for "as long as the run lasts"; Infinity in a scenario. */
export const END = "end";

const DURATION_UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;
const SIZES: Readonly<Record<string, number>> = { B: 1, kB: 1e3, KiB: 1024, MB: 1e6, MiB: 2 ** 20 };
const RATES: Readonly<Record<string, number>> = { "bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6 };

/** ms of `90s`, `1h30m`, `0`; with a `-` in front where time may run backwards. */
export function readDuration(word: string | number): number | undefined {
  if (word === 0 || word === "0") return 0;
  return typeof word === "string" ? parseDuration(word) : undefined;
}

/** The shortest of the exact ways to write a duration >= 0; Infinity is `end`. */
export function writeDuration(ms: number): string | number {
  if (ms === 0) return 0;
  if (ms === Number.POSITIVE_INFINITY) return END;
  const text = ms % 1_000 === 0 ? wholeUnits(ms) : `${ms / 1_000}s`;
  return ms >= 1_000 && parseDuration(text) === ms ? text : `${ms}ms`;
}

function wholeUnits(ms: number): string {
  let rest = ms;
  let text = "";
  for (const [unit, length] of DURATION_UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

/** 0..1 of `5%` or `0.05`. */
export function readShare(word: string | number): number | undefined {
  const percent = typeof word === "string" ? /^(\d+(?:\.\d+)?) ?%$/.exec(word)?.[1] : undefined;
  const share = percent === undefined ? word : ofPercent(percent);
  return typeof share === "number" && share >= 0 && share <= 1 ? share : undefined;
}

export function writeShare(share: number): string | number {
  const text = percentOf(share);
  return text === undefined || share === 0 ? share : `${text}%`;
}

/** The share nearest to a percentage; 99.9 / 100 is another number than 0.999. */
export function ofPercent(digits: string): number {
  return Number(`${digits}e-2`);
}

/** The percentage that is this share exactly, in plain digits; undefined if there is none. */
export function percentOf(share: number): string | undefined {
  const text = String(Number(`${share}e2`));
  return /^[\d.]+$/.test(text) && ofPercent(text) === share ? text : undefined;
}

/** Bytes of `512`, `16kB`, `64KiB`. */
export function readSize(word: string | number): number | undefined {
  return readScaled(word, SIZES);
}

export function writeSize(bytes: number): string | number {
  return bytes > 0 && bytes % 1e3 === 0 ? `${bytes / 1e3}kB` : bytes;
}

/** Bits a second of `9600bit/s`, `256kbit/s`; `0`: no limit. */
export function readRate(word: string | number): number | undefined {
  return typeof word === "number" && word !== 0 ? undefined : readScaled(word, RATES);
}

export function writeRate(rate: number): string | number {
  return rate === 0 ? 0 : rate % 1e3 === 0 ? `${rate / 1e3}kbit/s` : `${rate}bit/s`;
}

function readScaled(
  word: string | number,
  units: Readonly<Record<string, number>>,
): number | undefined {
  if (typeof word === "number") return Number.isSafeInteger(word) && word >= 0 ? word : undefined;
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([A-Za-z/]+)$/.exec(word) ?? [];
  const scale = units[unit ?? ""];
  const value = scale === undefined ? undefined : Number(digits) * scale;
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

/** Both ends of `20ms..80ms`, read by `read`; of one value alone, that value twice. */
export function readSpan(
  word: string | number,
  read: (word: string | number) => number | undefined,
): [number, number] | undefined {
  const [from, to, more] = typeof word === "string" ? word.split("..") : [word];
  const least = read(from!);
  const most = to === undefined ? least : read(to);
  if (least === undefined || most === undefined || more !== undefined) return undefined;
  return least <= most ? [least, most] : undefined;
}

export function writeSpan(
  [least, most]: readonly [number, number],
  write: (value: number) => string | number,
): string | number {
  return least === most ? write(least) : `${write(least)}..${write(most)}`;
}

/** A whole number >= 0 out of a part of `1..20`. */
export function readWhole(word: string | number): number | undefined {
  const number = Number(word);
  const digits = typeof word === "number" || /^\d+$/.test(word);
  return digits && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
