/**
 * A limit on the size of MQTT packets, which the library that parses them does not have: it would
 * keep 256 MB for whoever announces so much. The lengths are read beside it, from the same bytes.
 *
 *   +------+------------------+------
 *   | type | length, 1-4 x 7b | body
 *   +------+------------------+------
 */

import type { Duplex } from "node:stream";

/**
 * Calls `tooLong` once, with the length announced, when a packet is longer than `most` bytes, its
 * header not counted, or its length has more than four bytes. Whoever reads the stream goes on.
 * @param most of a packet that has so many `before` it
 */
export function watchPackets(
  stream: Duplex,
  most: (before: number) => number,
  tooLong: (length: number) => void,
): void {
  /** Bytes of the header that were read, and of the body that are still to come. */
  let header = 0;
  let length = 0;
  let left = 0;
  let before = 0;
  const onData = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length; ) {
      if (left > 0) {
        const skipped = Math.min(left, bytes.length - at);
        left -= skipped;
        at += skipped;
        continue;
      }
      const byte = bytes[at++]!;
      if (header++ === 0) continue;
      length += (byte & 127) * 128 ** (header - 2);
      const last = byte < 128;
      if (length > most(before) || (!last && header > 4)) {
        stream.off("data", onData);
        tooLong(length);
        return;
      }
      if (!last) continue;
      before++;
      left = length;
      header = 0;
      length = 0;
    }
  };
  stream.on("data", onData);
}
