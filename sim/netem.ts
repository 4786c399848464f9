// The same link for Linux: what to say to `tc qdisc add dev DEVICE root`, so that a model can be
// tried on real hosts, and a real host's results be held against the simulator's.
//
// netem's chain ticks per packet, so the line is right for one spacing of packets only, which is
// why there is no line for a link as such. Delays agree in mean and standard deviation, not in
// shape, and unlike here they overtake each other. What netem does not have is left out: radios
// that sleep, outages, patterns, frames held back (its `reorder` sends some at once instead). Its
// queue of 1000 packets is part of its delay and would drop what is delayed long (iproute2 issue
// 56).

import { type Quantile, quantileMean } from "./exact.ts";
import { type LinkModel, netemAt } from "./link.ts";

const LIMIT = 100_000;

/** The `netem` line of a model, for packets `spacingMs` apart. */
export function netemOf(model: LinkModel, spacingMs: number): string {
  const { jitterMs, duplicate, corrupt, bitsPerSecond } = model;
  const words = [`netem limit ${LIMIT}`];
  const mean = quantileMean(model.delay) + jitterMs / 2;
  const spread = Math.sqrt(quantileVariance(model.delay) + (jitterMs * jitterMs) / 12);
  if (mean > 0) words.push(`delay ${short(mean)}ms`);
  if (spread >= 0.001) words.push(`${short(spread)}ms distribution normal`);
  const { p, r, lossBad, lossGood } = netemAt(model, spacingMs);
  if (p > 0 && lossBad !== lossGood) {
    words.push("loss gemodel", ...[p, r, lossBad, lossGood].map(percent));
  } else if (lossGood > 0) words.push("loss random", percent(lossGood));
  if (duplicate > 0) words.push("duplicate", percent(duplicate));
  if (corrupt > 0) words.push("corrupt", percent(corrupt));
  if (bitsPerSecond > 0) words.push(`rate ${Math.round(bitsPerSecond)}bit`);
  return words.join(" ");
}

function quantileVariance(table: readonly Quantile[]): number {
  const mean = quantileMean(table);
  let square = 0;
  for (let i = 1; i < table.length; i++) {
    const [fromShare, from] = table[i - 1]!;
    const [toShare, to] = table[i]!;
    square += ((from * from + from * to + to * to) / 3) * (toShare - fromShare);
  }
  return Math.max(0, square - mean * mean);
}

function percent(share: number): string {
  return `${short(share * 100)}%`;
}

/** Four digits that count, and no exponent, which `tc` would take for a unit. */
function short(value: number): string {
  return String(Number(value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(value))))));
}
