/**
 * Durations as people read them, in sentences and tables: "2 min 5 s". How they are written, on the
 * command line, in files and in beats, is `1h30m` (device/words.ts), which can be read back; the
 * simulator tells them with fractions of a second and rounded (sim/duration.ts). In a sentence they
 * are rounded down: what is "2 min" ago is so for the next minute. What lost: one way for all,
 * since nobody wants a promise broken by 4 s told as 0 min, nor an outage of a week in seconds.
 */

/** At most two units, rounded down. */
export function span(ms: number): string {
  const s = Math.floor(ms / 1_000);
  if (s < 120) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return twoUnits(min, "min", s % 60, "s");
  const h = Math.floor(min / 60);
  if (h < 48) return twoUnits(h, "h", min % 60, "min");
  return twoUnits(Math.floor(h / 24), "d", h % 24, "h");
}

/** Also of what is too short for `span`: to the hundredth of a second. */
export function exact(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms / 10) / 100} s` : span(ms);
}

/** "7 s ago", "2 h 5 min ago"; what lies ahead is "in 7 s". */
export function ago(ms: number): string {
  return ms < 0 ? `in ${span(-ms)}` : `${span(ms)} ago`;
}

/** "2 h 5 min", or "2 h" where nothing is left over. */
export function twoUnits(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}
