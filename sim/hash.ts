// A rolling hash over what happened: two runs that agree in it took the same way. It is no defence
// against anybody, so it may be short: a multiplication and a shift for each word (murmur's).

/** `hash` with one number more, of which the low 53 bits count. */
export function mix(hash: number, number: number): number {
  const low = Math.imul(hash ^ number, 0x85ebca6b);
  const high = Math.imul(low ^ (low >>> 13) ^ (number / 0x100000000), 0xc2b2ae35);
  return (high ^ (high >>> 16)) >>> 0;
}

/** `hash` with a byte string more. */
export function mixBytes(hash: number, bytes: string): number {
  let h = hash;
  for (let i = 0; i < bytes.length; i++) {
    h = Math.imul(h ^ bytes.charCodeAt(i), 0x01000193);
  }
  return mix(h, bytes.length);
}
