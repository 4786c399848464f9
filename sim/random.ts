// Luck without a generator. A draw is a pure function of (seed, entity, purpose, n): the n-th time
// that this entity needs luck for this purpose. There is no state but the counter n, so a device
// added, a fault injected or a feature switched on changes nobody else's luck, and two runs that
// differ in one thing can be compared draw by draw.
//
// The function is Threefry-2x32 with 13 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011), the shortest form that passes BigCrush: key = (seed,
// entity), counter = (purpose, n). For one key it is a bijection of the counter, so no two draws of
// an entity share their input. The alternative that lost: a murmur-like mix of everything into 32
// bits is ten times faster, but with 80 000 streams two of them are the same one by the birthday
// bound (3 in 4), and its quality is a guess. One generator for the whole world lost as well: one
// draw more anywhere, and every later draw of everybody changes.

/** The low word of the call before: a pair of results would be an object a call. */
let lowWord = 0;

/**
 * Two 32-bit words out of a 64-bit key and a 64-bit counter; only 32-bit integer steps. The high
 * one is returned, as a signed integer; `threefryLow` gives the other.
 */
export function threefryHigh(k0: number, k1: number, c0: number, c1: number): number {
  const k2 = 0x1bd11bda ^ k0 ^ k1;
  let a = (c0 + k0) | 0;
  let b = (c1 + k1) | 0;
  // A round adds, rotates, xors; every fourth round the key goes in again.
  a = (a + b) | 0;
  b = ((b << 13) | (b >>> 19)) ^ a;
  a = (a + b) | 0;
  b = ((b << 15) | (b >>> 17)) ^ a;
  a = (a + b) | 0;
  b = ((b << 26) | (b >>> 6)) ^ a;
  a = (a + b) | 0;
  b = ((b << 6) | (b >>> 26)) ^ a;
  a = (a + k1) | 0;
  b = (b + k2 + 1) | 0;
  a = (a + b) | 0;
  b = ((b << 17) | (b >>> 15)) ^ a;
  a = (a + b) | 0;
  b = ((b << 29) | (b >>> 3)) ^ a;
  a = (a + b) | 0;
  b = ((b << 16) | (b >>> 16)) ^ a;
  a = (a + b) | 0;
  b = ((b << 24) | (b >>> 8)) ^ a;
  a = (a + k2) | 0;
  b = (b + k0 + 2) | 0;
  a = (a + b) | 0;
  b = ((b << 13) | (b >>> 19)) ^ a;
  a = (a + b) | 0;
  b = ((b << 15) | (b >>> 17)) ^ a;
  a = (a + b) | 0;
  b = ((b << 26) | (b >>> 6)) ^ a;
  a = (a + b) | 0;
  b = ((b << 6) | (b >>> 26)) ^ a;
  a = (a + k0) | 0;
  b = (b + k1 + 3) | 0;
  a = (a + b) | 0;
  b = ((b << 17) | (b >>> 15)) ^ a;
  lowWord = b;
  return a;
}

/** The low word that belongs to what `threefryHigh` returned last, a signed integer. */
export function threefryLow(): number {
  return lowWord;
}

/** Both words, 0..4294967295. */
export function threefry(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const high = threefryHigh(k0, k1, c0, c1);
  return [high >>> 0, threefryLow() >>> 0];
}

/** The number of a purpose: FNV-1a over its name. Two dozen names; a test looks for collisions. */
export function purposeOf(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** The n-th draw of `entity` for a purpose (see `purposeOf`), in [0, 1) with 53 bits. */
export function draw(seed: number, entity: number, purpose: number, n: number): number {
  const high = threefryHigh(seed, entity, purpose, n) >>> 0;
  return (high * 0x200000 + (threefryLow() >>> 11)) / 0x20000000000000;
}

/**
 * The draws of one entity for one purpose, in order.
 * @param seed of the whole run, 32 bits count
 * @param entity who needs the luck: a device's id, or any other number that does not depend on
 *   who else is there
 * @param purpose what for, in words: "beat jitter"
 */
export function stream(seed: number, entity: number, purpose: string): () => number {
  const number = purposeOf(purpose);
  let n = 0;
  return () => draw(seed, entity, number, n++);
}

/** `length` random bytes of one entity for one purpose, as a byte string: keys, salts, noise. */
export function randomBytes(seed: number, entity: number, purpose: string, length: number): string {
  const next = stream(seed, entity, purpose);
  let bytes = "";
  while (bytes.length < length) bytes += String.fromCharCode(Math.floor(next() * 256));
  return bytes;
}
