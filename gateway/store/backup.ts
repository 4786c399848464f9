/**
 * A backup file: every record of a store as it was at one instant, behind a line that says what it
 * is, before a count and a SHA-256 over all of it.
 *
 * ```
 * "nextbeat backup 1\n"
 * for each record: length of key 16, length of value 32, key, value
 * 0 (16), count of records (32), SHA-256 of all bytes before (32 bytes)
 * ```
 * A copy of LevelDB's own files lost: they are only whole together with a manifest of the same
 * instant, which a running gateway will not hold still; and an archive format would be a program
 * more for what ten lines read.
 */

import { createHash } from "node:crypto";
import type { Shelf } from "./shelf.ts";

const MAGIC = "nextbeat backup 1\n";
/** Bytes that are handed on at once. */
const CHUNK = 65_536;
/** The count and the SHA-256. */
const END = 38;
/** No record of ours is longer. */
const RECORD_MAX = 16 * 1_048_576;

export async function* backupOf(shelf: Shelf): AsyncIterable<Buffer> {
  const hash = createHash("sha256");
  let held: Buffer[] = [Buffer.from(MAGIC)];
  let bytes = 0;
  let count = 0;
  for await (const [key, value] of shelf.range("a", "{")) {
    const name = Buffer.from(key);
    const lengths = Buffer.alloc(6);
    lengths.writeUInt16BE(name.length, 0);
    lengths.writeUInt32BE(value.length, 2);
    held.push(lengths, name, value);
    bytes += 6 + name.length + value.length;
    count++;
    if (bytes < CHUNK) continue;
    const chunk = Buffer.concat(held);
    hash.update(chunk);
    yield chunk;
    held = [];
    bytes = 0;
  }
  const last = Buffer.alloc(6);
  last.writeUInt32BE(count, 2);
  const chunk = Buffer.concat([...held, last]);
  yield Buffer.concat([chunk, hash.update(chunk).digest()]);
}

/** The file is no backup, or not a whole one. */
export class BadBackup extends Error {}

/**
 * The records of a backup file, as they come in. Throws BadBackup at its end, if not before, where
 * a byte is not as it was written: nothing of it may be used until then.
 */
export async function* readBackup(chunks: AsyncIterable<Buffer>): AsyncIterable<[string, Buffer]> {
  const hash = createHash("sha256");
  let held: Buffer = Buffer.alloc(0);
  let started = false;
  let count = 0;
  for await (const chunk of chunks) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    if (!started) {
      if (held.length < MAGIC.length) continue;
      if (held.toString("latin1", 0, MAGIC.length) !== MAGIC) throw new BadBackup(NO_BACKUP);
      started = true;
      at = MAGIC.length;
    }
    for (let end = endOf(held, at); end > 0; end = endOf(held, at)) {
      const keyEnd = at + 6 + held.readUInt16BE(at);
      yield [held.toString("utf8", at + 6, keyEnd), held.subarray(keyEnd, end)];
      count++;
      at = end;
    }
    hash.update(held.subarray(0, at));
    held = held.subarray(at);
  }
  if (!started) throw new BadBackup(NO_BACKUP);
  if (held.length !== END || held.readUInt16BE(0) !== 0) {
    throw new BadBackup(`it ends after ${count} records, and is not whole`);
  }
  hash.update(held.subarray(0, 6));
  if (held.readUInt32BE(2) !== count || !hash.digest().equals(held.subarray(6))) {
    throw new BadBackup("its check sum does not match: it is damaged");
  }
}

const NO_BACKUP = `it does not begin with ${JSON.stringify(MAGIC)}: it is no backup`;

/** Where the record at `at` ends; 0: not all of it is there, or there is none. */
function endOf(held: Buffer, at: number): number {
  if (held.length < at + 6) return 0;
  const key = held.readUInt16BE(at);
  if (key === 0) return 0;
  const value = held.readUInt32BE(at + 2);
  if (value > RECORD_MAX) throw new BadBackup("a record is longer than any: it is damaged");
  const end = at + 6 + key + value;
  return end <= held.length ? end : 0;
}
