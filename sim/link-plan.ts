// A link's model made ready for frames: probabilities as numbers of 2^-32, quantiles as straight
// pieces with their slopes, and what is asked for beyond loss and delay. One plan serves all links
// of a model.

import type { Quantile } from "./exact.ts";
import { type Fade, fadeOf } from "./fade.ts";
import type { LinkModel } from "./link.ts";

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
  /** P(a frame is neither doubled nor held back nor corrupted), in 2^-32. */
  readonly ordinary: number;
  /** Whether there is anything to ask before the luck of loss and delay. */
  readonly special: boolean;
  /** Jitter, or a radio that sleeps. */
  readonly extra: boolean;
}

export function planOf(model: LinkModel): Plan {
  const { goodMs, badMs, outageEveryMs, outageMs } = model;
  const chain = model.netem === undefined;
  const lossGood = chain ? model.lossGood * WORD : 0;
  const lossBad = chain && badMs > 0 ? model.lossBad * WORD : lossGood;
  const outage = outageMs > 0 ? fadeOf(outageEveryMs, outageMs) : undefined;
  return {
    model,
    lossGood,
    lossBad,
    lossMax: Math.max(lossGood, lossBad),
    fade: lossBad === lossGood ? undefined : fadeOf(goodMs, badMs),
    outage,
    delay: pieces(model.delay),
    wake: pieces(model.wake),
    ordinary: (1 - model.duplicate) * (1 - model.reorder) * (1 - model.corrupt) * WORD,
    special:
      !chain ||
      model.partitions.length > 0 ||
      model.mtu > 0 ||
      model.bitsPerSecond > 0 ||
      model.pattern !== undefined ||
      outage !== undefined,
    extra: model.jitterMs > 0 || model.idleMs > 0,
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
