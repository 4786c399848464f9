/**
 * CRC-16 with polynomial 0x5935 (Koopman 0xAC9A), initial 0xFFFF, no reflection, no final xor: the
 * check of suite 0.
 *
 * This polynomial and not CCITT's, because it keeps Hamming distance 5 up to 241 data bits: all of
 * a plain beat (P. Koopman, "Best CRC Polynomials"). Bit by bit and not by table: 15 JsVars instead
 * of 63 on the board, and a table takes half a second to fill there. It is no security whatever.
 */

/** The CRC of a byte string, 0..65535. */
export function crc16(message: string): number {
  let crc = 0xffff;
  for (let at = 0; at < message.length; at++) {
    crc ^= message.charCodeAt(at) << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x15935 : 0);
  }
  return crc;
}
