// Tags as words: eight bytes that live for a beat cost a string each, and the collector its time.

/** Four bytes of a byte string from `at`, the first one highest; those that are not there are 0. */
export function wordOf(bytes: string, at: number): number {
  const end = at + 4;
  let word = 0;
  for (let i = at; i < end; i++) word = (word << 8) | (i < bytes.length ? bytes.charCodeAt(i) : 0);
  return word >>> 0;
}

/** The bytes of one word or two. */
export function textOf(a: number, z?: number): string {
  if (z === undefined) {
    return String.fromCharCode(a >>> 24, (a >> 16) & 255, (a >> 8) & 255, a & 255);
  }
  // biome-ignore format: a word a line
  return String.fromCharCode(
    a >>> 24, (a >> 16) & 255, (a >> 8) & 255, a & 255,
    z >>> 24, (z >> 16) & 255, (z >> 8) & 255, z & 255,
  );
}
