/** Comma-separated values (RFC 4180), with the line at which each row begins. */

import { Usage } from "./errors.ts";

export interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Rows without those that are empty. @param file its name, for errors */
export function readCsv(text: string, file: string): Row[] {
  const rows: Row[] = [];
  let cells: string[] = [];
  let [line, begun] = [1, 1];
  // A cell in quotes, or one without; then what ends it.
  const cell = /"((?:[^"]|"")*)"|([^",\r\n]*)/y;
  cell.lastIndex = text.startsWith("\ufeff") ? 1 : 0;
  for (let at = cell.lastIndex; at <= text.length; ) {
    const [whole, quoted, bare] = cell.exec(text)!;
    cells.push(quoted?.replaceAll('""', '"') ?? bare ?? "");
    line += whole.split("\n").length - 1;
    at += whole.length;
    const end = /^(,|\r?\n|$)/.exec(text.slice(at, at + 2))?.[0];
    if (end === undefined) {
      const given = JSON.stringify(text.slice(at, at + 10));
      throw new Usage(`${file}:${line}: given ${given}, expected a comma or the end of the line`);
    }
    at += end.length;
    if (end !== ",") {
      if (cells.length > 1 || cells[0] !== "") rows.push({ line: begun, cells });
      cells = [];
      begun = ++line;
      if (end === "") break;
    }
    cell.lastIndex = at;
  }
  return rows;
}
