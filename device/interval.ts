/**
 * Interval codes: a duration in one byte, from 107 ms to 51 days, in steps of 7.2 per cent
 * (protocol, section 3).
 *
 * A promise only has to be an upper bound, so a logarithm is the honest unit: the error is the same
 * share of every duration. Encoding rounds up, never down, so a promise is never shorter than what
 * was meant. What lost: u16 seconds, which cannot say 200 ms and cannot say 20 hours, and u32
 * milliseconds, three bytes longer in every beat.
 */

declare const WITH_SUITE: 0 | 1 | 2 | undefined;

/** Smallest code; also what every duration below 107 ms becomes. */
export const CODE_MIN = 1;
/** Largest code, 51 days; also what every longer duration becomes. 255 is not a duration. */
export const CODE_MAX = 254;

/** The nearest to `x` within `min..max`. */
export function clamp(x: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, x));
}

/** The duration of a code in milliseconds, a whole number. Code 1..254. */
export function intervalMs(code: number): number {
  return typeof WITH_SUITE === "undefined" ? DURATIONS[code]! : duration(code);
}

function duration(code: number): number {
  return Math.round(100 * Math.pow(2, code / 10));
}

/** In Node all durations, by code, which is five times as fast. */
const DURATIONS = /* @__PURE__ */ Array.from({ length: 256 }, (_, code) => duration(code));

/**
 * The smallest code whose duration is at least `ms`, clamped to 1..254. What is not above 107 is 1.
 *
 * The logarithm only finds the place to start, a step or two low (10 / ln 2 is 14.43): rounding in
 * `intervalMs` and in the board's own `log` must not decide, so the comparison does. Two steps
 * instead of up to 254, which would be 60 ms on an ESP32.
 */
export function intervalCode(ms: number): number {
  let code =
    typeof WITH_SUITE === "undefined"
      ? startCode(ms)
      : clamp((Math.log(ms / 100) * 14.4) | 0, 1, 254);
  while (code < 254 && intervalMs(code) < ms) code++;
  return code;
}

/**
 * In Node: a code not above that of `ms`, by a logarithm of shifts. Between two powers of two a
 * line is at most a code too low; 243 is the code before 2^31 ms.
 */
function startCode(ms: number): number {
  if (!(ms > 107)) return 1;
  if (ms >= 2147483648) return 243;
  const octave = 31 - Math.clz32(ms);
  return clamp((10 * (octave + ms / (1 << octave)) - 76.44) | 0, 1, 254);
}
