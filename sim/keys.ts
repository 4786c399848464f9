// Identities from a file: JSON as `nextbeat device add --json` prints it, one object or a list, or
// CSV with a header that names at least `id` and `key`. Ids and keys are hex.

import { readFileSync } from "node:fs";
import { reason, Usage } from "../gateway/cli/errors.ts";

export interface Identity {
  readonly id: number;
  readonly name: string;
  readonly suite: number;
  /** 16 bytes. */
  readonly key: string;
}

const SUITE_DEFAULT = 1;

/** The first `count` identities of a file. @throws Usage that names the entry */
export function readKeys(path: string, count: number): Identity[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Usage(`--keys ${path}: ${reason(error)}`);
  }
  const rows = /^\s*[[{]/.test(text) ? readJson(text, path) : readCsv(text);
  if (rows.length < count) {
    throw new Usage(`--keys ${path}: has ${rows.length} boards, --devices asks for ${count}`);
  }
  return rows.slice(0, count).map((row, n) => identityOf(row, `--keys ${path}: board ${n + 1}`));
}

type Row = Readonly<Record<string, unknown>>;

function readJson(text: string, path: string): Row[] {
  try {
    const given: unknown = JSON.parse(text);
    return (Array.isArray(given) ? given : [given]) as Row[];
  } catch (error) {
    throw new Usage(`--keys ${path}: no JSON: ${(error as Error).message}`);
  }
}

function readCsv(text: string): Row[] {
  const [header = "", ...lines] = text.trim().split(/\r?\n/);
  const names = header.split(",").map((name) => name.trim());
  return lines.map((line) => {
    const cells = line.split(",").map((cell) => cell.trim());
    return Object.fromEntries(names.map((name, i) => [name, cells[i]]));
  });
}

/** @throws Usage that begins with `where` */
export function identityOf(row: Row, where: string): Identity {
  const id = String(row.id);
  const key = String(row.key ?? "");
  const suite = Number(row.suite ?? SUITE_DEFAULT);
  if (!/^[0-9a-f]{1,6}$/i.test(id)) throw new Usage(`${where}: id ${id}, expected six hex digits`);
  if (![0, 1, 2].includes(suite)) throw new Usage(`${where}: suite ${suite}, expected 0, 1 or 2`);
  if (suite !== 0 && !/^[0-9a-f]{32}$/i.test(key)) {
    throw new Usage(`${where}: the key is not 32 hex digits`);
  }
  return {
    id: Number.parseInt(id, 16),
    name: String(row.name ?? id),
    suite,
    key: Buffer.from(key, "hex").toString("latin1"),
  };
}
