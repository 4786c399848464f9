// Tables for the terminal: columns as wide as their widest cell, numbers to the right, and never
// wider than the window: columns that do not fit go into further tables below, each with the first
// column again.

export interface TableText {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const GAP = 2;
/** A first column may take so much of the window before its text is cut. */
const FIRST_SHARE = 0.6;

/** How many cells a text takes: marks that combine take none, wide letters are not expected. */
export function width(text: string): number {
  return [...text.replace(/\p{Mark}/gu, "")].length;
}

function cut(text: string, most: number): string {
  return width(text) <= most ? text : `${[...text].slice(0, Math.max(0, most - 1)).join("")}…`;
}

const left = (text: string, n: number) => text + " ".repeat(Math.max(0, n - width(text)));
const right = (text: string, n: number) => " ".repeat(Math.max(0, n - width(text))) + text;

/** Lines of the table, or of the tables that it takes, in at most `columns` cells. */
export function table({ head, rows }: TableText, columns: number): string[] {
  const all = [head, ...rows];
  const widest = (at: number) => Math.max(...all.map((row) => width(row[at] ?? "")));
  const first = Math.min(widest(0), Math.floor(columns * FIRST_SHARE));
  const lines: string[] = [];
  let at = 1;
  do {
    const shown: number[] = [];
    let used = first;
    while (at < head.length && (shown.length === 0 || used + GAP + widest(at) <= columns)) {
      used += GAP + widest(at);
      shown.push(at++);
    }
    if (lines.length > 0) lines.push("");
    for (const row of all) {
      // What says nothing in the columns shown here has no line here.
      if (row !== head && head.length > 1 && shown.every((i) => (row[i] ?? "") === "")) continue;
      const cells = shown.map((i) => right(row[i] ?? "", widest(i)));
      lines.push([left(cut(row[0]!, first), first), ...cells].join(" ".repeat(GAP)).trimEnd());
    }
  } while (at < head.length);
  return lines;
}

/** Text broken between words into lines of at most `columns` cells, each after `indent` blanks. */
export function wrap(text: string, columns: number, indent = 0): string[] {
  const room = Math.max(10, columns - indent);
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(/\s+/)) {
    if (current !== "" && width(current) + 1 + width(word) > room) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  if (current !== "") lines.push(current);
  return lines.map((line) => " ".repeat(indent) + line);
}
