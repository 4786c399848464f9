// Makes long series as wide as the picture, and keeps what stands out: of the values that fall on
// one pixel, the least and the most are drawn. Skipping to every n-th lost: a peak of one second in
// a day is then there or not by chance, and it is what people look for.

export interface Bin {
  /** Of the bucket at which it starts. */
  readonly first: number;
  /** One past its last bucket. */
  readonly end: number;
}

/** Cuts `length` buckets into at most `most` bins of nearly equal size, none empty. */
export function bins(length: number, most: number): Bin[] {
  const n = Math.min(length, Math.max(1, Math.floor(most)));
  const list: Bin[] = [];
  for (let k = 0; k < n; k++)
    list.push({ first: Math.floor((k * length) / n), end: Math.floor(((k + 1) * length) / n) });
  return list;
}

export function least(values: readonly number[], { first, end }: Bin): number {
  let found = values[first]!;
  for (let i = first + 1; i < end; i++) if (values[i]! < found) found = values[i]!;
  return found;
}

export function most(values: readonly number[], { first, end }: Bin): number {
  let found = values[first]!;
  for (let i = first + 1; i < end; i++) if (values[i]! > found) found = values[i]!;
  return found;
}

/** Index of the first greatest value; -1 of none. */
export function peak(values: readonly number[]): number {
  let at = values.length === 0 ? -1 : 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[at]!) at = i;
  return at;
}
