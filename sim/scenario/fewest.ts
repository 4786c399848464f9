// The fewest of many with which something still holds: ddmin (Zeller and Hildebrandt, "Simplifying
// and isolating failure-inducing input", TSE 28(2), 2002). Halves, quarters and so on are tried
// alone and left out, until no single one can go. What lost: leaving out one after the other, which
// asks as many questions as there are things, where here a culprit among 60 is found in a dozen.

/** @param holds asked of some of `items`, in their order; it holds for all of them */
export function fewest<T>(
  items: readonly T[],
  holds: (some: readonly T[]) => boolean,
): readonly T[] {
  let kept = items;
  let parts = 2;
  while (kept.length > 1) {
    const size = Math.ceil(kept.length / parts);
    const starts = Array.from({ length: Math.ceil(kept.length / size) }, (_, i) => i * size);
    const alone = starts.map((at) => kept.slice(at, at + size)).find(holds);
    if (alone) {
      kept = alone;
      parts = 2;
      continue;
    }
    const rests = starts.map((at) => [...kept.slice(0, at), ...kept.slice(at + size)]);
    const rest = parts > 2 ? rests.find(holds) : undefined;
    if (rest) {
      kept = rest;
      parts = Math.max(parts - 1, 2);
    } else if (size === 1) break;
    else parts = Math.min(parts * 2, kept.length);
  }
  return kept;
}
