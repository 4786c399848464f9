/** Tables for a terminal: the first column to the left, figures to the right. */

/** Rows under their heads, two spaces between columns. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows];
  const widths = heads.map((_, at) => Math.max(...all.map((row) => (row[at] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join("  ")
      .trimEnd();
  return all.map(line).join("\n");
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median with the range, to `digits` places. */
export function spread(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} [${low.toFixed(digits)}-${high.toFixed(digits)}]`;
}

/** Thousands in groups. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en").replaceAll(",", " ");
}

export function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

/** A line of a verdict. @returns whether it held, for the exit code */
export function verdict(held: boolean, claim: string, found: string): boolean {
  console.log(`${held ? "ok    " : "BROKEN"} ${claim}: ${found}`);
  return held;
}
