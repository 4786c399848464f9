// How long things took, many of them, without keeping them: bins that are exact to the microsecond
// up to 256 and to 0.8 % above (the layout of HdrHistogram), 13 kB whatever is counted. A list of
// samples lost: at 20 000 a second it is either cut off or grows for ever, and sorting it stops the
// very thing that is measured.

/** Bins for each power of two above 256. */
const FINE = 128;
const BINS = 256 + (31 - 8) * FINE;
const US_MAX = 2 ** 31 - 1;

/** Durations or errors in ms; below 0 counts as 0, above 35 minutes as that. */
export class Durations {
  count = 0;
  /** Exact; Infinity and 0 where there is none. */
  least = Number.POSITIVE_INFINITY;
  most = 0;
  private readonly bins = new Uint32Array(BINS);

  add(ms: number): void {
    this.count++;
    if (ms < this.least) this.least = ms;
    if (ms > this.most) this.most = ms;
    const us = Math.min(Math.max(Math.round(ms * 1000), 0), US_MAX);
    if (us < 256) this.bins[us]!++;
    else {
      const power = 31 - Math.clz32(us);
      this.bins[256 + (power - 8) * FINE + ((us >>> (power - 7)) & (FINE - 1))]!++;
    }
  }

  /** What a share of them does not exceed, never said smaller than it is; null: there are none. */
  quantile(part: number): number | null {
    if (this.count === 0) return null;
    let left = Math.max(1, Math.ceil(part * this.count));
    let bin = -1;
    while (left > 0) left -= this.bins[++bin]!;
    return Math.min(upperEdge(bin) / 1000, this.most);
  }

  /** p50, p99 and the longest. */
  figures(): Figures {
    return { p50: this.quantile(0.5), p99: this.quantile(0.99), max: this.quantile(1) };
  }

  clear(): void {
    this.count = this.most = 0;
    this.least = Number.POSITIVE_INFINITY;
    this.bins.fill(0);
  }
}

/** ms; null where nothing was measured. */
export interface Figures {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** us */
function upperEdge(bin: number): number {
  if (bin < 256) return bin;
  const power = 8 + Math.floor((bin - 256) / FINE);
  const fine = (bin - 256) % FINE;
  return 2 ** power + (fine + 1) * 2 ** (power - 7) - 1;
}
