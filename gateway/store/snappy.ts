/**
 * Unpacks Snappy (its format description of 2011-10-05), in which LevelDB keeps the blocks of its
 * tables. Only indexes and damaged blocks are read here (level-table.ts), so it is short and not
 * fast, and where the bytes are no Snappy any more it gives what came before. A package for it
 * lost to forty lines.
 *
 * ```
 * length varint, then: literal  00 in the low bits of a tag; what stands there
 *                      copy     01, 10, 11: so many bytes from so far back, with an offset of
 *                               11, 16 or 32 bits; it may overlap what it makes
 * ```
 */

/** More than any block of LevelDB's has: a length is not believed before it is seen. */
const LENGTH_MAX = 16 * 1024 * 1024;

export function unpack(packed: Buffer): Buffer {
  const [length, next] = lengthOf(packed);
  const out = Buffer.alloc(Math.min(length, LENGTH_MAX));
  let done = 0;
  for (let at = next; at < packed.length; ) {
    const tag = packed[at++]!;
    const [size, back, width] = pieceAt(packed, at, tag);
    at += width;
    if (back > done || done + size > out.length || (back === 0 && at + size > packed.length)) break;
    if (back === 0) {
      packed.copy(out, done, at, at + size);
      at += size;
      done += size;
    } else for (const end = done + size; done < end; done++) out[done] = out[done - back]!;
  }
  return out.subarray(0, done);
}

/** Bytes of the piece, from how far back (0: a literal), and the bytes behind the tag for that. */
function pieceAt(packed: Buffer, at: number, tag: number): [number, number, number] {
  const upper = tag >> 2;
  const kind = tag & 3;
  if (kind === 0 && upper < 60) return [upper + 1, 0, 0];
  if (kind === 0) return [numberAt(packed, at, upper - 59) + 1, 0, upper - 59];
  if (kind === 1) return [(upper & 7) + 4, ((tag >> 5) << 8) | numberAt(packed, at, 1), 1];
  const width = kind === 2 ? 2 : 4;
  // A copy from nowhere is no literal.
  return [upper + 1, numberAt(packed, at, width) || Infinity, width];
}

/** Little-endian; beyond the end there are zeros. */
function numberAt(bytes: Buffer, at: number, width: number): number {
  let value = 0;
  for (let n = 0; n < width; n++) value += (bytes[at + n] ?? 0) * 256 ** n;
  return value;
}

function lengthOf(packed: Buffer): [number, number] {
  let value = 0;
  for (let at = 0; at < 5; at++) {
    const byte = packed[at] ?? 0;
    value += (byte & 127) * 128 ** at;
    if (byte < 128) return [value, at + 1];
  }
  return [0, packed.length];
}
