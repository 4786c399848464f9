// Figures for people: how many digits, which unit. One place, so that a duration reads alike in
// the table, beside the axis and under the pointer. Durations in words are sim/duration.ts.

import { sayDuration } from "../duration.ts";

/** Narrow and not broken: between thousands, and between a number and its unit. */
const THIN = "\u202f";

/** `12 345`, `1.23`, `0.0042`: whole from a hundred on, else three digits that count. */
export function sayNumber(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "–";
  const size = Math.abs(value);
  if (value !== 0 && size < 1e-4) return scientific(value);
  const text = size >= 100 || Number.isInteger(value) ? value.toFixed(0) : threeDigits(value);
  const [whole, rest] = text.split(".") as [string, string | undefined];
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
  return (rest === undefined ? grouped : `${grouped}.${rest}`).replace("-", "−");
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  const decimals = size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : size >= 0.01 ? 4 : 5;
  return value.toFixed(decimals).replace(/\.?0+$/, "");
}

function scientific(value: number): string {
  const [digits, power] = value.toExponential(1).split("e") as [string, string];
  return `${digits.replace("-", "−")}×10${superscript(power)}`;
}

/** Digits of an exponent, raised: `-5` to `⁻⁵`. */
export function superscript(power: string): string {
  const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  return power.replace("+", "").replace(/[-\d]/g, (c) => (c === "-" ? "⁻" : raised[Number(c)]!));
}

/** `4.2 %`, `100 %`, `0.013 %`: never rounded to 0 or 100 what is not. */
export function sayShare(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent}${THIN}%`;
  const left = Math.min(Math.abs(percent), Math.abs(100 - percent));
  const decimals = left >= 10 ? 1 : left >= 1 ? 1 : left >= 0.1 ? 2 : 3;
  return `${percent.toFixed(decimals)}${THIN}%`.replace("-", "−");
}

/** `50 %` beside an axis: as many digits as the tick has. */
export function sharePlain(share: number): string {
  return `${sayNumber(Number((share * 100).toPrecision(6)))}${THIN}%`;
}

/** `1 min 4 s`, `−20 ms`; fractions of a ms where they are all there is. */
export function sayMs(ms: number): string {
  const size = Math.abs(ms);
  const words = size > 0 && size < 10 ? `${threeDigits(size)} ms` : sayDuration(size);
  return (ms < 0 ? `−${words}` : words).replaceAll(" ", "\u00a0");
}

/** `1 board`, `2 boards`, `no board`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return n === 0 ? `no ${one}` : n === 1 ? `1 ${one}` : `${sayNumber(n)}\u00a0${many}`;
}

/** For terminals and tables of text: the same with plain spaces. */
export function plain(text: string): string {
  return text.replace(/[\u00a0\u202f]/g, " ");
}
