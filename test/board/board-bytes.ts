// Byte strings of the virtual interpreter, and what its global `E` makes of them.

import { crc32 } from "node:zlib";

export const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
export const hex = (text: string): string => bytes(text).toString("hex");
const isBytes = (text: string): boolean => [...text].every((c) => c.charCodeAt(0) < 256);

export const E = {
  toString: (data: Uint8Array) => Buffer.from(data).toString("latin1"),
  fromUTF8: (text: string) => (isBytes(text) ? text : Buffer.from(text).toString("latin1")),
  CRC32: (data: string) => crc32(bytes(data)),
};
