// Boards that look for the life of their NAT binding, in virtual time: one behind each NAT, and what
// there is to be said of it.

import { lifeMs } from "../device/binding-state.ts";
import { sha256 } from "../gateway/sha256.ts";
import type { BoardOptions } from "../sim/board-kind.ts";
import type { HostOptions } from "../sim/host.ts";
import type { NatModel } from "../sim/nat.ts";
import type { AccessPoint } from "../sim/path.ts";
import { type LinkPreset, linkPreset } from "../sim/presets.ts";
import { Prober } from "../sim/probing.ts";
import { World } from "../sim/world.ts";

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

export interface Home {
  readonly world: World;
  readonly board: Prober;
  readonly ap: AccessPoint;
}

/** A world with one such board behind a NAT; undefined: none. */
export function home(
  nat: NatModel | undefined,
  seed: number,
  more: Partial<BoardOptions> = {},
  host: Partial<HostOptions> = {},
): Home {
  const world = new World({ seed, sha256, host });
  const ap = world.network.accessPoint("home", nat, 1_000_000);
  const board = world.add(
    {
      ...{ name: "b", id: 1, suite: 2, intervalMs: HOUR, probes: true, clockPpm: 100 },
      link: linkPreset("lan")!,
      ...more,
    },
    ap,
  );
  world.at(1, () => world.plug(board));
  world.startGateway();
  return { world, board: board as Prober, ap };
}

/** The search is over, for now. */
export function atRest({ binding }: Prober): boolean {
  return binding.phase === 0 && binding.high - binding.low < 2 && binding.ackTag !== "";
}

/** Runs until the search is over. @returns minutes, and probes that it took */
export function searched({ world, board }: Home, within = 3 * DAY) {
  let probes = 0;
  let phase = 0;
  const began = world.now;
  const done = world.run(within, () => {
    const { binding } = board;
    // Each probe is one question in the fourth phase.
    if (binding.phase === 4 && phase !== 4) probes++;
    phase = binding.phase;
    return atRest(board);
  });
  return { done, probes, minutes: (world.now - began) / MINUTE };
}

/** The life that it uses, ms; 0: none was proven. */
export function found({ binding }: Prober): number {
  return binding.used < 0 ? 0 : lifeMs(binding.used);
}

/** Index of the longest life that a router keeps idle bindings for `ms`; -1: none of them. */
export function truth(ms: number): number {
  let index = -1;
  while (index < 10 && lifeMs(index + 1) < ms) index++;
  return index;
}

export function lossy(name: string): LinkPreset {
  return linkPreset(name)!;
}
