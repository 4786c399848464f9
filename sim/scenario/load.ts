// What the gateway had to bear: frames in and out by bucket, and in the busiest second of each, for
// a herd that comes back within two seconds is lost in the mean of a minute.

import type { Trace } from "../result.ts";

interface Way {
  readonly frames: number[];
  /** Most frames in one second of each bucket. */
  readonly most: number[];
  /** The second that is being counted, and its frames. */
  second: number;
  inSecond: number;
  /** Most frames in any second that is over. */
  max: number;
}

export class Load {
  readonly rx: Way = { frames: [], most: [], second: 0, inSecond: 0, max: 0 };
  readonly tx: Way = { frames: [], most: [], second: 0, inSecond: 0, max: 0 };
  private readonly bucketMs: number;

  constructor(bucketMs: number) {
    this.bucketMs = bucketMs;
  }

  /** A frame went this way at `at`, which never falls. */
  count(way: Way, at: number): void {
    const second = Math.floor(at / 1_000);
    if (second !== way.second) this.close(way, second);
    way.inSecond++;
    const bucket = Math.floor(at / this.bucketMs);
    way.frames[bucket] = (way.frames[bucket] ?? 0) + 1;
  }

  /** Most frames that went this way in any second so far. */
  peak(way: Way): number {
    return Math.max(way.max, way.inSecond);
  }

  trace(buckets: number): Trace["load"] {
    for (const way of [this.rx, this.tx]) this.close(way, way.second);
    const whole = (list: readonly number[]) =>
      Array.from({ length: buckets }, (_, i) => list[i] ?? 0);
    return {
      bucketMs: this.bucketMs,
      rx: whole(this.rx.frames),
      tx: whole(this.tx.frames),
      rxMost: whole(this.rx.most),
      txMost: whole(this.tx.most),
    };
  }

  private close(way: Way, next: number): void {
    const bucket = Math.floor((way.second * 1_000) / this.bucketMs);
    way.most[bucket] = Math.max(way.most[bucket] ?? 0, way.inSecond);
    way.max = Math.max(way.max, way.inSecond);
    way.second = next;
    way.inSecond = 0;
  }
}
