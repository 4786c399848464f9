/** Instants and durations as a person reads them in a terminal. */

/** "7 s ago", "2 h 5 min ago"; what lies ahead is "in 7 s". */
export function ago(ms: number): string {
  return ms < 0 ? `in ${span(-ms)}` : `${span(ms)} ago`;
}

/** At most two units, rounded down. */
export function span(ms: number): string {
  const s = Math.floor(ms / 1_000);
  if (s < 120) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return two(min, "min", s % 60, "s");
  const h = Math.floor(min / 60);
  if (h < 48) return two(h, "h", min % 60, "min");
  return two(Math.floor(h / 24), "d", h % 24, "h");
}

function two(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}
