/**
 * Chaskey-12, the MAC of suite 2: for boards whose firmware has no native SHA-256.
 *
 * Add, rotate, xor on four 32-bit words and nothing else, which an interpreter does best: 3.2
 * million host instructions a tag on Espruino against 4.4 for SipHash-2-4, and 128-bit keys where
 * HalfSipHash has 64. Twelve rounds, the number that ISO/IEC 29192-6 took in, and not the paper's
 * eight, of which seven have been attacked. Source: N. Mouha et al., "Chaskey: An Efficient MAC
 * Algorithm for 32-bit Microcontrollers", SAC 2014.
 */

/** Key K, then K1 = 2K and K2 = 4K in GF(2^128): twelve words, little-endian like the paper's. */
export type ChaskeyKey = Int32Array;

function word(bytes: string, at: number): number {
  return (
    bytes.charCodeAt(at) |
    (bytes.charCodeAt(at + 1) << 8) |
    (bytes.charCodeAt(at + 2) << 16) |
    (bytes.charCodeAt(at + 3) << 24)
  );
}

/** The key schedule of a 16-byte key. */
export function chaskeySubkeys(key: string): ChaskeyKey {
  const k = new Int32Array(12);
  for (let i = 0; i < 4; i++) k[i] = word(key, i * 4);
  for (let i = 4; i < 12; i++) {
    const carry = k[i % 4 ? i - 5 : i - 1]! >>> 31;
    k[i] = (k[i - 4]! << 1) ^ (i % 4 ? carry : carry * 0x87);
  }
  return k;
}

/** The 16-byte tag of a byte string of any length. */
export function chaskey12(k: ChaskeyKey, message: string): string {
  const length = message.length;
  const whole = length > 0 && length % 16 === 0;
  const last = whole ? 4 : 8;
  const padded = whole ? message : message + String.fromCharCode(1);
  let a = k[0]!;
  let b = k[1]!;
  let c = k[2]!;
  let d = k[3]!;
  for (let at = 0; ; at += 16) {
    a ^= word(padded, at);
    b ^= word(padded, at + 4);
    c ^= word(padded, at + 8);
    d ^= word(padded, at + 12);
    const end = at + 16 >= length;
    if (end) {
      a ^= k[last]!;
      b ^= k[last + 1]!;
      c ^= k[last + 2]!;
      d ^= k[last + 3]!;
    }
    for (let round = 0; round < 12; round++) {
      a = (a + b) | 0;
      b = ((b << 5) | (b >>> 27)) ^ a;
      c = (c + d) | 0;
      d = ((d << 8) | (d >>> 24)) ^ c;
      a = (((a << 16) | (a >>> 16)) + d) | 0;
      d = ((d << 13) | (d >>> 19)) ^ a;
      c = (c + b) | 0;
      b = ((b << 7) | (b >>> 25)) ^ c;
      c = (c << 16) | (c >>> 16);
    }
    if (end) break;
  }
  a ^= k[last]!;
  b ^= k[last + 1]!;
  c ^= k[last + 2]!;
  d ^= k[last + 3]!;
  // biome-ignore format: one word a line, lowest byte first
  return String.fromCharCode(
    a & 255, (a >> 8) & 255, (a >> 16) & 255, a >>> 24,
    b & 255, (b >> 8) & 255, (b >> 16) & 255, b >>> 24,
    c & 255, (c >> 8) & 255, (c >> 16) & 255, c >>> 24,
    d & 255, (d >> 8) & 255, (d >> 16) & 255, d >>> 24,
  );
}
