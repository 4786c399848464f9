// What happens next: events in whole microseconds, ordered by (instant, kind, source, number of
// that source's event). A strict order that does not depend on which source pushed first, so a
// device more in the fleet cannot reorder two events of others. One counter numbers the events of
// all sources: it is asked only between two of the same source, and among those it gives the order
// that a counter of their own would give, without a table to miss the cache in.
//
// A ladder queue (Tang, Goh, Thng, "Ladder queue", ACM TOMACS 15, 2005), made for caches. A rung is
// a row of buckets; what is beyond its last one lies in one bucket more. Nothing is sorted until
// its bucket's turn comes: one of few events becomes the *bottom*, an ordered run; one of many is
// dealt out to a rung of its own, whose width follows from what is in it. So nobody chooses a
// width, any mix of microseconds and months does, and an event is moved two or three times in its
// life, each time among memory that is read and written in rows. Events of one instant cannot be
// dealt out; they, and what is pushed before the next bucket's turn, go to a small heap beside the
// run.
//
// What lost: one heap, each level of which is a cache miss; one ring of buckets, which needs to
// know their width and walks what is beyond again and again. Nothing is removed from the middle:
// who re-arms a wake-up lets the old event come and finds it stale.

import { Bottom, RUN_MAX } from "./bottom.ts";
import { Chunks } from "./chunks.ts";

/** Buckets of a rung at most: as many open chunks as caches hold. */
const BUCKETS_MAX = 1024;

/**
 * Rungs at most. Of those that `settle` makes at most two are within one bucket of another, and a
 * bucket is at most a quarter of what its rung spans: fewer than 54 for the 53 bits of an instant.
 */
const RUNGS_MAX = 64 + 54;
/** `lift` makes no further one. */
const RUNGS_LIFTED = 64;

class Rung {
  /** Of each bucket, and behind them of what is beyond, the chain of its events. */
  readonly ends = new Int32Array(BUCKETS_MAX + 1);
  start = 0;
  /** Buckets a microsecond, a power of two: products with it are exact. */
  scale = 1;
  buckets = 0;
  /** The bucket whose turn it was last. */
  current = 0;
}

export class Agenda {
  /** The instant of the event popped last, us. Nothing can be pushed before it. */
  now = 0;
  /** Events pending. */
  size = 0;
  /** The event popped last, as it was pushed. */
  at = 0;
  kind = 0;
  source = 0;
  payload = 0;
  private readonly chunks = new Chunks();
  /** The coarsest first: that one has no bucket but the one beyond. */
  private readonly rungs = [new Rung()];
  private depth = 1;
  /** Of each rung: from this instant on an event belongs to it, unless a coarser one takes it. */
  private readonly edges = new Float64Array(RUNGS_MAX);
  private readonly bottom = new Bottom(this.chunks);

  /**
   * @param at whole microseconds, not before `now`
   * @param kind 0..255, what is first among events of one instant
   * @param source 0..4294967295, whose event it is
   * @param payload 0..4294967295
   */
  push(at: number, kind: number, source: number, payload: number): void {
    if (!Number.isSafeInteger(at) || at < this.now)
      throw new RangeError(`event at ${at} us, which is not a whole instant from ${this.now} on`);
    if ((kind & 255) !== kind || source >>> 0 !== source || payload >>> 0 !== payload)
      throw new RangeError(`event of kind ${kind}, source ${source}, payload ${payload}`);
    this.size++;
    let depth = 0;
    while (depth < this.depth && at < this.edges[depth]!) depth++;
    if (depth === this.depth) {
      const place = this.bottom.place();
      this.chunks.put(place, at, kind, source, payload);
      this.bottom.add(place);
      if (this.bottom.long) this.lift();
    } else {
      const { ends, start, scale, buckets } = this.rungs[depth]!;
      const x = (at - start) * scale;
      const bucket = x < buckets ? x | 0 : buckets;
      const place = this.chunks.place(ends[bucket]!);
      ends[bucket] = place + 1;
      this.chunks.put(place, at, kind, source, payload);
    }
  }

  /** The instant of the next event, Infinity if there is none. */
  get nextAt(): number {
    if (this.size === 0) return Number.POSITIVE_INFINITY;
    if (this.bottom.empty) this.settle();
    return this.bottom.nextAt;
  }

  /** Bytes that the events take, and what is kept for more of them. */
  get bytes(): number {
    return this.chunks.bytes + this.rungs.length * 4 * (BUCKETS_MAX + 1);
  }

  /** Takes the next event: its fields are then this object's. False: there is none. */
  pop(): boolean {
    if (this.size === 0) return false;
    if (this.bottom.empty) this.settle();
    const place = this.bottom.take();
    const { instants, words } = this.chunks;
    const at = instants[place * 3]!;
    if (at < this.now) throw new Error(`event at ${at} us after one at ${this.now} us`);
    this.size--;
    this.now = at;
    this.at = at;
    this.kind = words[place * 6 + 2]! >>> 24;
    this.source = words[place * 6 + 3]!;
    this.payload = words[place * 6 + 5]!;
    return true;
  }

  /** Makes the next bucket that has events the bottom, which is empty. There are events. */
  private settle(): void {
    const { chunks } = this;
    for (;;) {
      const rung = this.rungs[this.depth - 1]!;
      const { ends, buckets } = rung;
      let bucket = rung.current;
      while (bucket < buckets && ends[bucket] === 0) bucket++;
      rung.current = bucket;
      const chain = ends[bucket]!;
      if (chain === 0) {
        this.depth--;
        continue;
      }
      ends[bucket] = 0;
      const found = chunks.count(chain);
      const beyond = bucket === buckets;
      if (beyond || found > RUN_MAX) chunks.survey(chain);
      this.edges[this.depth - 1] = beyond
        ? chunks.last + 1
        : rung.start + (bucket + 1) / rung.scale;
      if (found <= RUN_MAX || chunks.first === chunks.last) {
        this.bottom.open(chain, found);
        return;
      }
      this.deal(chain, found);
    }
  }

  /** Deals a chain that was surveyed out to a rung finer than all others. */
  private deal(chain: number, found: number): void {
    const { chunks } = this;
    const { first, last } = chunks;
    const rung = this.rungs[this.depth] ?? new Rung();
    this.rungs[this.depth] = rung;
    this.edges[this.depth++] = first;
    const buckets = Math.min(BUCKETS_MAX, found >> 2);
    let width = 1;
    while (width * buckets <= last - first) width *= 2;
    const scale = 1 / width;
    rung.start = first;
    rung.scale = scale;
    rung.buckets = buckets;
    rung.current = 0;
    for (let end = chain; end > 0; end = chunks.drop(end)) {
      for (let from = chunks.begin(end); from < end; from++) {
        const bucket = ((chunks.instants[from * 3]! - first) * scale) | 0;
        const place = chunks.place(rung.ends[bucket]!);
        rung.ends[bucket] = place + 1;
        chunks.copy(from, place);
      }
    }
  }

  /** The bottom has become long: a rung for all of it. */
  private lift(): void {
    if (this.depth >= RUNGS_LIFTED) return;
    const chain = this.bottom.lift();
    if (chain > 0) this.deal(chain, this.chunks.count(chain));
  }
}
