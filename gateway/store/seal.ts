/**
 * The check sum at the end of every record: CRC-32 over key and value, so a record under a wrong
 * key fails too.
 */

import { crc32 } from "node:zlib";

/** Takes the records of one commit; both backends have one. */
export interface Sink {
  put(key: string, value: Buffer): void;
  del(key: string): void;
}

/** Bytes of the check sum. */
export const CHECK = 4;

/** Fills in the check sum: `value` has its last four bytes to spare. */
export function seal(key: string, value: Buffer): Buffer {
  const end = value.length - CHECK;
  value.writeUInt32BE(crc32(value.subarray(0, end), crc32(key)), end);
  return value;
}

/** The value without its check sum. Throws where it does not match. */
export function open(key: string, value: Buffer): Buffer {
  const end = value.length - CHECK;
  if (end < 0) throw new Error(`${value.length} bytes, too short for a record`);
  const content = value.subarray(0, end);
  if (crc32(content, crc32(key)) !== value.readUInt32BE(end)) {
    throw new Error("the check sum does not match");
  }
  return content;
}

/** `content`, sealed, under a key. */
export function putText(out: Sink, key: string, content: Buffer | string): void {
  const bytes = Buffer.from(content as string);
  out.put(key, seal(key, Buffer.concat([bytes, Buffer.alloc(CHECK)])));
}
