// What one lane shows, as much as a picture can tell apart and no more: marks of one kind in the
// same sliver of the run are one mark with a count, and sleeps less than a sliver apart one sleep.
// Keeping the first few thousand lost: of a week it showed two days, and then boards that seemed to
// fall silent.

import type { LaneMark, LaneSpan } from "../result.ts";

/** Slivers that a run is cut into; a wide screen has fewer pixels for it. */
const SLIVERS = 2_048;

export class Track {
  readonly marks: LaneMark[] = [];
  readonly spans: LaneSpan[] = [];
  private readonly sliverMs: number;
  /** Of each kind the place of the last mark, and the sliver that it is of. */
  private readonly last = new Map<LaneMark["kind"], { sliver: number; place: number }>();
  /** Place of the last sleep. */
  private sleep = -1;

  constructor(runMs: number) {
    this.sliverMs = runMs / SLIVERS;
  }

  mark(at: number, kind: LaneMark["kind"]): void {
    const sliver = Math.floor(at / this.sliverMs);
    const last = this.last.get(kind);
    if (last?.sliver === sliver) {
      const mark = this.marks[last.place]!;
      this.marks[last.place] = { ...mark, n: (mark.n ?? 1) + 1 };
      return;
    }
    this.last.set(kind, { sliver, place: this.marks.length });
    this.marks.push({ at, kind });
  }

  span(from: number, until: number, kind: LaneSpan["kind"]): void {
    if (kind === "asleep") {
      const last = this.spans[this.sleep];
      if (last && from - last.until < this.sliverMs) {
        this.spans[this.sleep] = { ...last, until };
        return;
      }
      this.sleep = this.spans.length;
    }
    this.spans.push({ from, until, kind });
  }
}

/** Those of whom most was told, the groups in turn: each has its lanes beside the noisiest. */
export function mostToTell<T extends { readonly group: string; readonly told: number }>(
  all: readonly T[],
): T[] {
  const places = new Map<string, number>();
  const sorted = [...all].sort((a, b) => b.told - a.told);
  const turns = sorted.map((one) => {
    const turn = places.get(one.group) ?? 0;
    places.set(one.group, turn + 1);
    return { one, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ one }) => one);
}
