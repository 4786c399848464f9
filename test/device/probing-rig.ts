// Boards that look for the life of their NAT binding, in virtual time: one behind each NAT, and
// what there is to be said of it.

import { lifeMs } from "../../device/binding-state.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { commandsOf } from "../../sim/asking.ts";
import type { BoardOptions } from "../../sim/board-kind.ts";
import type { HostOptions } from "../../sim/host.ts";
import type { NatModel } from "../../sim/nat.ts";
import type { AccessPoint } from "../../sim/path.ts";
import { linkPreset } from "../../sim/presets.ts";
import type { Prober } from "../../sim/probing.ts";
import { World } from "../../sim/world.ts";

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
      onCommand: () => 0,
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

/** Runs until the search is over. @returns minutes; probes that it took, and those that failed */
export function searched({ world, board }: Home, within = 3 * DAY) {
  let [probes, voids, phase] = [0, 0, 0];
  const lives = new Set<number>();
  const began = world.now;
  const done = world.run(within, () => {
    const { binding } = board;
    if (binding.phase === 4 && phase !== 4) probes++;
    if (binding.phase === 4) lives.add(binding.at);
    // The beat that was to prove a silence failed as well: nothing was learned.
    if (phase === 5 && binding.phase === 0 && binding.pause > 10 * MINUTE) voids++;
    phase = binding.phase;
    return atRest(board);
  });
  return { done, probes, voids, lives, minutes: (world.now - began) / MINUTE };
}

/** Queues a command. @returns how many ms it takes until it is done, or `withinMs` */
export function commanded({ world, board }: Home, withinMs = 30 * SECOND): number {
  const order = { payload: "x", notAfterMs: HOUR, supersede: "" };
  const sent = world.machine.ask((gateway, now) => gateway.requests.send(board.id, order, now));
  const from = world.now;
  const isDone = () =>
    commandsOf(world.host, board.id, world.now).some(
      ({ n, state }) => n === sent?.n && state === "done",
    );
  while (world.now < from + withinMs && !isDone()) world.run(world.now + 50);
  return world.now - from;
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
