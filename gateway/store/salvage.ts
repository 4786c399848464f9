/**
 * Records out of damaged blocks (level-table.ts). One flipped bit spoils a record or sixteen, but
 * LevelDB's repair drops the whole block, and the keys of forty boards may lie in one. Each record
 * has a check sum of its own, so what matches it is as good as new.
 *
 * A record that was deleted, or written anew, may come back where the table that says so is gone:
 * that is true of LevelDB's repair as well, and it is why nothing is believed after one (rule 7).
 */

import { entriesIn, type TableDamage } from "./level-table.ts";
import { open } from "./seal.ts";

/** Behind a key: the kind of entry in the low byte, above it the number of its write. */
const SUFFIX = 8;
const VALUE = 1;

interface Entry {
  readonly write: number;
  /** Undefined: deleted. */
  readonly value: Buffer | undefined;
}

/** What stands in damaged blocks and can be trusted, by key, the newest of each. */
export function salvage(damage: readonly TableDamage[]): Map<string, Buffer> {
  const newest = new Map<string, Entry>();
  for (const block of damage.flatMap(({ blocks }) => blocks)) {
    for (const [long, value] of entriesIn(block)) {
      const end = long.length - SUFFIX;
      if (end < 1) continue;
      const key = long.toString("utf8", 0, end);
      const write = long.readUIntLE(end + 1, 6);
      const kept = long[end] === VALUE;
      if ((newest.get(key)?.write ?? -1) >= write || (kept && !isSealed(key, value))) continue;
      newest.set(key, { write, value: kept ? value : undefined });
    }
  }
  const found = new Map<string, Buffer>();
  for (const [key, { value }] of newest) if (value !== undefined) found.set(key, value);
  return found;
}

function isSealed(key: string, value: Buffer): boolean {
  try {
    open(key, value);
    return true;
  } catch {
    return false;
  }
}
