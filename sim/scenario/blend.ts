// A link that turns into another one little by little, as air does: the numbers of the two models
// mixed, quantile by quantile where they are distributions.

import { type Quantile, quantile } from "../exact.ts";
import type { LinkModel } from "../link.ts";

/** Steps of a ramp. */
export const RAMP_STEPS = 16;

/** `share` (0..1) of the way from one model to another; what is no number comes from the nearer. */
export function blend(from: LinkModel, to: LinkModel, share: number): LinkModel {
  if (share >= 1) return to;
  const mix = (a: number, b: number) => a + (b - a) * share;
  const mixed: Record<string, unknown> = { ...(share < 0.5 ? from : to) };
  for (const [name, value] of Object.entries(from)) {
    const other = to[name as keyof LinkModel];
    // A state that one of the two does not have (0) grows out of nothing; it has no mean to mix.
    if (typeof value === "number" && typeof other === "number" && value > 0 && other > 0) {
      mixed[name] = mix(value, other);
    }
  }
  mixed.lossGood = mix(from.lossGood, to.lossGood);
  mixed.lossBad = mix(from.lossBad, to.lossBad);
  mixed.delay = blendTables(from.delay, to.delay, mix);
  return mixed as unknown as LinkModel;
}

function blendTables(
  from: readonly Quantile[],
  to: readonly Quantile[],
  mix: (a: number, b: number) => number,
): Quantile[] {
  const shares = [...new Set([...from, ...to].map(([share]) => share))].sort((a, b) => a - b);
  return shares.map((share) => [share, mix(quantile(from, share), quantile(to, share))]);
}
