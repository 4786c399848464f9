// Who is who in a scenario's fleet. A board's id keys all of its luck, so it must not change when a
// group before it grows or shrinks: each group begins at a whole block of ids.

import type { Group } from "./types.ts";

const BLOCK = 0x10000;

/** The first id of each group. The n-th board of a group, from 1, has the id n - 1 above it. */
export function firstIds(fleet: readonly Group[]): number[] {
  let next = 1;
  return fleet.map(({ count }) => {
    const first = next;
    next += Math.max(1, Math.ceil(count / BLOCK)) * BLOCK;
    return first;
  });
}

/** The numbers of the boards of a group, from 1. */
export function numbersOf({ count, only }: Group): readonly number[] {
  return only ?? Array.from({ length: count }, (_, i) => i + 1);
}

/** The name of the n-th board of a group, from 1. */
export function boardName({ group }: Group, n: number): string {
  return `${group}-${n}`;
}
