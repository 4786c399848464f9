/**
 * Integers in byte strings, big-endian: one character is one byte.
 *
 * Each length has its name for readers, and on the board all of them are one function, which is
 * shorter than shifts written out and no slower there, where a call costs as much as two shifts.
 * Node, where nothing defines WITH_SUITE, is faster with three and four written out.
 */

declare const WITH_SUITE: 0 | 1 | 2 | undefined;

/** The low `count` bytes of an integer, the highest first. Bits above the 32nd are lost. */
function pack(n: number, count: number): string {
  return count-- ? pack(n >> 8, count) + String.fromCharCode(n & 255) : "";
}

/** One byte, from the low 8 bits of an integer. */
export function u8(n: number): string {
  return pack(n, 1);
}

/** Two bytes, from the low 16 bits of an integer. */
export function u16(n: number): string {
  return pack(n, 2);
}

/** Three bytes, from the low 24 bits of an integer. */
export function u24(n: number): string {
  return typeof WITH_SUITE === "undefined"
    ? String.fromCharCode((n >> 16) & 255, (n >> 8) & 255, n & 255)
    : pack(n, 3);
}

/** Four bytes, from an integer 0..4294967295. */
export function u32(n: number): string {
  return typeof WITH_SUITE === "undefined"
    ? String.fromCharCode(n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255)
    : pack(n, 4);
}

/** The integer in `count` bytes from `at`, highest first; they must stand in `bytes`. */
function unpack(bytes: string, at: number, count: number): number {
  return count-- ? unpack(bytes, at, count) * 256 + bytes.charCodeAt(at + count) : 0;
}

/** Two bytes at `at`. */
export function getU16(bytes: string, at: number): number {
  return unpack(bytes, at, 2);
}

/** Three bytes at `at`. */
export function getU24(bytes: string, at: number): number {
  return typeof WITH_SUITE === "undefined"
    ? (bytes.charCodeAt(at) << 16) | (bytes.charCodeAt(at + 1) << 8) | bytes.charCodeAt(at + 2)
    : unpack(bytes, at, 3);
}

/** Four bytes at `at`, 0..4294967295. */
export function getU32(bytes: string, at: number): number {
  return unpack(bytes, at, 4);
}
