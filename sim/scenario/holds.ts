// What several faults may do to one thing at a time: a path that two of them cut is whole again
// when both are over, not when the first one is.

export class Holds {
  private readonly counts = new Map<string, number>();

  /** One more reason. True: it is the first. */
  take(key: string): boolean {
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return count === 1;
  }

  /** One less. True: it was the last. */
  drop(key: string): boolean {
    const count = (this.counts.get(key) ?? 1) - 1;
    if (count > 0) this.counts.set(key, count);
    else this.counts.delete(key);
    return count <= 0;
  }
}
