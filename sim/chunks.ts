// The events of an agenda, as they lie in memory: chains of chunks of 16 entries of 24 bytes, all
// in one buffer. An event is written and read in a cache line or two, those of a chain in a row,
// and what an agenda wastes is at most one open chunk for each chain. The alternative, an array for
// each field, touches five lines for every event; linked lists touch one more.
//
// A chain is known by its *end*, the place for its next entry; 0 is an empty chain. The order of
// entries in a chain means nothing.

/** Entries of a chunk, as a shift. */
const CHUNK = 4;
/** Words of an entry: two are the instant; kind and the high 24 bits of its number; source; the
 * number's low 32 bits; payload. */
const WORDS = 6;

export class Chunks {
  /** What `survey` found in a chain. */
  first = 0;
  last = 0;
  /** Of the entry at place n: the instant at 3 n; its other words from 6 n + 2. */
  instants = new Float64Array(0);
  words = new Uint32Array(0);
  /** Events put so far, which is the number of the next one: its low 32 bits, and the others. */
  private number = 0;
  private turns = 0;
  /** Of each chunk: the one before it in its chain, -1 = none. */
  private before = new Int32Array(0);
  /** The chunks in nobody's use, as a chain, -1 = none. */
  private unused = -1;

  get bytes(): number {
    return this.words.byteLength + this.before.byteLength;
  }

  /** The place for one more entry of a chain with this end: in its last chunk, or in a new one. */
  place(end: number): number {
    if ((end & ((1 << CHUNK) - 1)) !== 0) return end;
    if (this.unused < 0) this.grow();
    const chunk = this.unused;
    this.unused = this.before[chunk]!;
    this.before[chunk] = (end >> CHUNK) - 1;
    return chunk << CHUNK;
  }

  put(place: number, at: number, kind: number, source: number, payload: number): void {
    this.instants[place * (WORDS / 2)] = at;
    const { words } = this;
    const word = place * WORDS;
    words[word + 2] = (kind << 24) | this.turns;
    words[word + 3] = source;
    words[word + 4] = this.number;
    words[word + 5] = payload;
    this.number = (this.number + 1) | 0;
    if (this.number === 0) this.turns++;
  }

  copy(from: number, to: number): void {
    const { instants, words } = this;
    instants[to * (WORDS / 2)] = instants[from * (WORDS / 2)]!;
    const old = from * WORDS;
    const word = to * WORDS;
    words[word + 2] = words[old + 2]!;
    words[word + 3] = words[old + 3]!;
    words[word + 4] = words[old + 4]!;
    words[word + 5] = words[old + 5]!;
  }

  /** First entry of the chunk in which a chain with this end ends. */
  begin(end: number): number {
    return ((end - 1) >> CHUNK) << CHUNK;
  }

  /** The end of a chain without its last chunk; 0 = that was all. */
  rest(end: number): number {
    return (this.before[(end - 1) >> CHUNK]! + 1) << CHUNK;
  }

  /** Frees the last chunk of a chain. @returns the end of the others */
  drop(end: number): number {
    const rest = this.rest(end);
    this.give((end - 1) >> CHUNK);
    return rest;
  }

  /** Frees a chain. */
  free(chain: number): void {
    for (let end = chain; end > 0; ) end = this.drop(end);
  }

  /** Events of a chain. */
  count(chain: number): number {
    let found = 0;
    for (let end = chain; end > 0; end = this.rest(end)) found += end - this.begin(end);
    return found;
  }

  /** Finds the first and the last instant of a chain. */
  survey(chain: number): void {
    let first = Number.POSITIVE_INFINITY;
    let last = 0;
    for (let end = chain; end > 0; end = this.rest(end)) {
      for (let entry = this.begin(end); entry < end; entry++) {
        const at = this.instants[entry * (WORDS / 2)]!;
        if (at < first) first = at;
        if (at > last) last = at;
      }
    }
    this.first = first;
    this.last = last;
  }

  /** Whether the event at `a` is before that at `b`, of the same instant. A draw ends the run. */
  wins(a: number, b: number): boolean {
    const { words } = this;
    const of = a * WORDS + 2;
    const other = b * WORDS + 2;
    const kinds = (words[of]! >>> 24) - (words[other]! >>> 24);
    if (kinds !== 0) return kinds < 0;
    if (words[of + 1] !== words[other + 1]) return words[of + 1]! < words[other + 1]!;
    if (words[of] !== words[other]) return words[of]! < words[other]!;
    if (words[of + 2] !== words[other + 2]) return words[of + 2]! < words[other + 2]!;
    throw new Error(`two events without an order at ${this.instants[a * (WORDS / 2)]} us`);
  }

  private grow(): void {
    const from = this.before.length;
    const to = from + Math.max(from >> 1, 64);
    const before = new Int32Array(to);
    before.set(this.before);
    this.before = before;
    const words = new Uint32Array((to << CHUNK) * WORDS);
    words.set(this.words);
    this.words = words;
    this.instants = new Float64Array(words.buffer);
    for (let chunk = to - 1; chunk >= from; chunk--) this.give(chunk);
  }

  private give(chunk: number): void {
    this.before[chunk] = this.unused;
    this.unused = chunk;
  }
}
