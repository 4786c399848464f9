// A link's model made ready for frames: probabilities as numbers of 2^-32, quantiles as straight
// pieces with their slopes, and whether anything is asked for beyond loss and delay. One plan serves
// all links of a model.

import type { Quantile } from "./exact.ts";
import { type Fade, fadeOf } from "./fade.ts";
import { badShare, type LinkModel } from "./link.ts";

const WORD = 0x100000000;

export interface Plan {
  readonly model: LinkModel;
  /** P(loss) by state, and the greater of both, in 2^-32; netem's chain has its own. */
  readonly lossGood: number;
  readonly lossBad: number;
  readonly lossMax: number;
  readonly fade: Fade | undefined;
  readonly outage: Fade | undefined;
  readonly delay: Float64Array;
  readonly wake: Float64Array;
  /** Whether there is anything to ask before the luck of loss and delay. */
  readonly special: boolean;
  /** Jitter, or a radio that sleeps. */
  readonly extra: boolean;
  /** Frames may be doubled, held back or corrupted. */
  readonly odd: boolean;
}

export function planOf(model: LinkModel): Plan {
  const chain = model.netem === undefined;
  const lossGood = chain ? model.lossGood * WORD : 0;
  const lossBad = chain && badShare(model) > 0 ? model.lossBad * WORD : 0;
  const { outageEveryMs, outageMs } = model;
  const outage = outageMs > 0 ? fadeOf(outageEveryMs, outageMs) : undefined;
  return {
    model,
    lossGood,
    lossBad,
    lossMax: Math.max(lossGood, lossBad),
    fade: lossBad !== lossGood && model.badMs > 0 ? fadeOf(model.goodMs, model.badMs) : undefined,
    outage,
    delay: pieces(model.delay),
    wake: pieces(model.wake),
    special:
      !chain ||
      model.partitions.length > 0 ||
      model.mtu > 0 ||
      model.bitsPerSecond > 0 ||
      model.pattern !== undefined ||
      outage !== undefined,
    extra: model.jitterMs > 0 || model.idleMs > 0,
    odd: model.duplicate > 0 || model.reorder > 0 || model.corrupt > 0,
  };
}

/** Of each piece: the share at its end and at its start, the value there, and the slope. */
function pieces(table: readonly Quantile[]): Float64Array {
  const flat = new Float64Array((table.length - 1) * 4);
  for (let i = 1; i < table.length; i++) {
    const [fromShare, from] = table[i - 1]!;
    const [toShare, to] = table[i]!;
    flat.set([toShare, fromShare, from, (to - from) / (toShare - fromShare)], (i - 1) * 4);
  }
  return flat;
}

/** The value at `u`, 0 <= u < 1; see `quantile` in exact.ts. */
export function valueAt(table: Float64Array, u: number): number {
  let i = 0;
  while (u > table[i]!) i += 4;
  return table[i + 2]! + (u - table[i + 1]!) * table[i + 3]!;
}
