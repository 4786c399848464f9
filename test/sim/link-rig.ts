// A link by itself, for tests: frames a spacing apart, each an occasion of its own.

import type { Direction, LinkModel } from "../../sim/link.ts";
import { Links, LOST } from "../../sim/links.ts";

export const SEED = 42;
export const FRAME = "0123456789abcdef";

export class Lone {
  readonly links: Links;
  private readonly link: number;
  private nth = 0;

  constructor(model: LinkModel, entity = 1, direction: Direction = "up", seed = SEED) {
    this.links = new Links(seed);
    this.link = this.links.add(model, entity, direction);
  }

  /** The next frame. @returns its arrival, or LOST */
  submit(now: number, bytes = FRAME): number {
    const n = this.nth++;
    return this.links.submit(this.link, bytes, now, n >>> 16, (n & 0xffff) << 16);
  }

  /** How much later it arrives. */
  delay(now: number): number {
    return this.submit(now) - now;
  }

  passes(now: number, bytes = FRAME): boolean {
    return this.submit(now, bytes) !== LOST;
  }

  get counts() {
    return this.links.counts(this.link);
  }

  cut(on: boolean): void {
    this.links.setCut(this.link, on);
  }

  lose(share: number): void {
    this.links.setLoss(this.link, share);
  }

  become(model: LinkModel, now: number): void {
    this.links.setModel(this.link, model, now);
  }

  /** 1 for each of `count` frames, `spacing` ms apart, that is lost. */
  losses(count: number, spacing: number): Uint8Array {
    const lost = new Uint8Array(count);
    for (let n = 0; n < count; n++) if (!this.passes(n * spacing)) lost[n] = 1;
    return lost;
  }
}

/** Share of the elements that are not 0. */
export function share(flags: Uint8Array): number {
  let sum = 0;
  for (const flag of flags) if (flag !== 0) sum++;
  return sum / flags.length;
}

/** Five standard deviations of the share of `count` independent events that happen with `p`. */
export function fiveSigma(p: number, count: number): number {
  return 5 * Math.sqrt((p * (1 - p)) / count);
}
