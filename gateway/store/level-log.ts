/**
 * Whether LevelDB will find its log whole. Its own recovery drops what it cannot read without a
 * word, and begins as if that had never been written; but what was synced was told, so whoever
 * starts must know that some of it is gone. Reading the lines of LevelDB's own `LOG` lost: it says
 * nothing of a last page that is garbage, which it takes for a write cut short.
 *
 * A log is blocks of 32 768 bytes, each of records: CRC-32C 32 (masked), length 16, type 8,
 * content; little-endian. A record that the file ends in the middle of is a write that a crash cut
 * short: nobody was told of it, and it is no damage.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const BLOCK = 32_768;
const HEADER = 7;
/** Whole, first, middle, last. */
const TYPE_MAX = 4;
/** Castagnoli's polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;
const MASK = 0xa282ead8;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

export interface LogDamage {
  /** In the folder of the store. */
  readonly name: string;
  /** The first byte that cannot be read, and how many there are. */
  readonly from: number;
  readonly size: number;
}

/** Logs in the folder of a closed store that are damaged. */
export function damagedLogs(folder: string): LogDamage[] {
  const found: LogDamage[] = [];
  for (const name of readdirSync(folder).filter((file) => /^\d+\.log$/.test(file))) {
    const log = readFileSync(join(folder, name));
    const from = firstDamage(log);
    if (from >= 0) found.push({ name, from, size: log.length });
  }
  return found;
}

/** The first byte of a log that is neither right nor a write cut short; -1: none. */
export function firstDamage(log: Buffer): number {
  for (let at = 0; at < log.length; ) {
    const left = BLOCK - (at % BLOCK);
    if (left < HEADER) {
      at += left;
      continue;
    }
    if (at + HEADER > log.length) return -1;
    const length = log.readUInt16LE(at + 4);
    const type = log.readUInt8(at + 6);
    if (type === 0 || type > TYPE_MAX || HEADER + length > left) return at;
    const end = at + HEADER + length;
    if (end > log.length) return -1;
    if (maskedCrc(log, at + 6, end) !== log.readUInt32LE(at)) return at;
    at = end;
  }
  return -1;
}

/** Of `bytes` from `from` up to `end`, as LevelDB writes it. */
export function maskedCrc(bytes: Buffer, from: number, to: number): number {
  let crc = 0xffffffff;
  for (let at = from; at < to; at++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[at]!) & 255]!;
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + MASK) >>> 0;
}
