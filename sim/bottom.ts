// The events of an agenda whose turn it is: a run, sorted once when its bucket was opened, and a
// small heap of what was pushed since, or of a long bucket that is all one instant. The next event
// is the earlier of the two first ones. Most events pass through the run, which costs a few
// comparisons in one cache line; the alternative, all of them in the heap, costs three times that.

import type { Chunks } from "./chunks.ts";

/** Events of a bucket that becomes a run, at most. */
export const RUN_MAX = 32;
/** Events in the heap beyond which it is long. */
const HEAP_MAX = 128;

export class Bottom {
  private readonly chunks: Chunks;
  /** The chain of all that came here since it was empty. */
  private chain = 0;
  /** Places in the chain that are free again. */
  private spare = new Int32Array(64);
  private spares = 0;
  private readonly runAt = new Float64Array(RUN_MAX);
  private readonly runPlace = new Int32Array(RUN_MAX);
  private runNext = 0;
  private runEnd = 0;
  private heapAt = new Float64Array(64);
  private heapPlace = new Int32Array(64);
  private heapSize = 0;
  private heapMax = HEAP_MAX;

  constructor(chunks: Chunks) {
    this.chunks = chunks;
  }

  get empty(): boolean {
    return this.runNext === this.runEnd && this.heapSize === 0;
  }

  /** Whether so much was added that dealing it out is cheaper. */
  get long(): boolean {
    return this.heapSize > this.heapMax;
  }

  /** The instant of its next event. It is not empty. */
  get nextAt(): number {
    return this.runFirst() ? this.runAt[this.runNext]! : this.heapAt[0]!;
  }

  /** A place for an event that is about to be added. */
  place(): number {
    if (this.spares > 0) return this.spare[--this.spares]!;
    const place = this.chunks.place(this.chain);
    this.chain = place + 1;
    return place;
  }

  /** Adds the event at a place. */
  add(place: number): void {
    const at = this.chunks.instants[place * 3]!;
    if (this.heapSize === this.heapAt.length) this.widen();
    const { heapAt, heapPlace } = this;
    let i = this.heapSize++;
    while (i > 0) {
      const parent = (i - 1) >> 2;
      if (!this.earlier(at, place, parent)) break;
      heapAt[i] = heapAt[parent]!;
      heapPlace[i] = heapPlace[parent]!;
      i = parent;
    }
    heapAt[i] = at;
    heapPlace[i] = place;
  }

  /** Takes the next event out. @returns its place, good until the next call of another method */
  take(): number {
    if (this.runFirst()) return this.runPlace[this.runNext++]!;
    const place = this.heapPlace[0]!;
    this.sink();
    if (this.spares === this.spare.length) {
      const spare = new Int32Array(2 * this.spares);
      spare.set(this.spare);
      this.spare = spare;
    }
    this.spare[this.spares++] = place;
    return place;
  }

  /** Takes over a chain of so many events, while it is empty. */
  open(chain: number, found: number): void {
    const { chunks } = this;
    this.clear();
    this.chain = chain;
    const short = found <= RUN_MAX;
    for (let end = chain; end > 0; end = chunks.rest(end)) {
      for (let place = chunks.begin(end); place < end; place++) {
        if (short) this.insert(place);
        else this.add(place);
      }
    }
    this.heapMax += this.heapSize;
  }

  /**
   * Copies all that is left to a chain and surveys that. If it is of more than one instant, this is
   * empty then; if not, nothing has changed but when it is `long`. @returns the chain, or 0
   */
  lift(): number {
    const { chunks } = this;
    let chain = 0;
    const keep = (from: number) => {
      const place = chunks.place(chain);
      chain = place + 1;
      chunks.copy(from, place);
    };
    for (let i = this.runNext; i < this.runEnd; i++) keep(this.runPlace[i]!);
    for (let i = 0; i < this.heapSize; i++) keep(this.heapPlace[i]!);
    chunks.survey(chain);
    if (chunks.first < chunks.last) {
      this.clear();
      return chain;
    }
    chunks.free(chain);
    this.heapMax = 2 * this.heapSize;
    return 0;
  }

  /** Frees the memory of all that was here. */
  clear(): void {
    this.chunks.free(this.chain);
    this.chain = this.spares = this.runNext = this.runEnd = this.heapSize = 0;
    this.heapMax = HEAP_MAX;
  }

  private insert(place: number): void {
    const { runAt, runPlace, chunks } = this;
    const at = chunks.instants[place * 3]!;
    let hole = this.runEnd++;
    for (; hole > 0; hole--) {
      const before = runAt[hole - 1]!;
      if (at > before || (at === before && chunks.wins(runPlace[hole - 1]!, place))) break;
      runAt[hole] = before;
      runPlace[hole] = runPlace[hole - 1]!;
    }
    runAt[hole] = at;
    runPlace[hole] = place;
  }

  private runFirst(): boolean {
    if (this.heapSize === 0) return true;
    const i = this.runNext;
    return i < this.runEnd && this.earlier(this.runAt[i]!, this.runPlace[i]!, 0);
  }

  /** The order: whether the event of instant `at` at `place` comes before the heap's `i`-th. */
  private earlier(at: number, place: number, i: number): boolean {
    const other = this.heapAt[i]!;
    return at !== other ? at < other : this.chunks.wins(place, this.heapPlace[i]!);
  }

  private sink(): void {
    const { heapAt, heapPlace } = this;
    const last = --this.heapSize;
    const at = heapAt[last]!;
    const place = heapPlace[last]!;
    let i = 0;
    for (let child = 1; child < last; child = 4 * i + 1) {
      let least = child;
      for (const end = Math.min(child + 4, last); ++child < end; )
        if (this.earlier(heapAt[child]!, heapPlace[child]!, least)) least = child;
      if (this.earlier(at, place, least)) break;
      heapAt[i] = heapAt[least]!;
      heapPlace[i] = heapPlace[least]!;
      i = least;
    }
    heapAt[i] = at;
    heapPlace[i] = place;
  }

  private widen(): void {
    const heapAt = new Float64Array(2 * this.heapSize);
    const heapPlace = new Int32Array(2 * this.heapSize);
    heapAt.set(this.heapAt);
    heapPlace.set(this.heapPlace);
    this.heapAt = heapAt;
    this.heapPlace = heapPlace;
  }
}
