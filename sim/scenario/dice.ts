// Luck for made-up scenarios: a stream for each thing that is drawn, so that one draw more in one
// of them changes nothing in the others.

import { stream } from "../random.ts";

export class Dice {
  private readonly next: () => number;

  constructor(seed: number, entity: number, purpose: string) {
    this.next = stream(seed, entity, `swarm ${purpose}`);
  }

  of<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)]!;
  }

  /** A whole number, both ends included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}
