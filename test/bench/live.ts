/** Real boards for the benches: the sender core over real sockets and a link of the simulator. */

import type { BoardOptions } from "../../sim/board-kind.ts";
import type { LinkPreset } from "../../sim/presets.ts";
import { type Member, SocketFleet } from "../../sim/sockets.ts";

export interface LiveOptions {
  readonly boards: number;
  /** Id of the first one. */
  readonly firstId: number;
  readonly intervalMs: number;
  readonly link: LinkPreset;
  readonly seed: number;
  /** Of the gateway. */
  readonly port: number;
  readonly socketsMax?: number;
}

/** Suites 1 and 2 in turns. `open` lets them boot over one interval. */
export function liveFleet(options: LiveOptions): SocketFleet {
  const { intervalMs, link, seed, port, socketsMax } = options;
  const boards = Array.from({ length: options.boards }, (_, n): BoardOptions => {
    const id = options.firstId + n;
    return { name: `live-${id}`, id, suite: 1 + (id % 2), intervalMs, link };
  });
  return new SocketFleet({
    address: "127.0.0.1",
    family: 4,
    port,
    seed,
    boards,
    spreadMs: intervalMs / boards.length,
    ...(socketsMax === undefined ? {} : { socketsMax }),
  });
}

/** The newest beat of a board, if it was acknowledged. */
export function acknowledgedBeat({ board, lastBeat }: Member): string | undefined {
  const { sender } = board;
  return sender && lastBeat !== "" && sender.ackTag === lastBeat.slice(-8) ? lastBeat : undefined;
}

export const sleep = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

/** Resolves to whether `condition` came to hold within `mostMs`. */
export async function until(condition: () => boolean, mostMs: number): Promise<boolean> {
  const end = performance.now() + mostMs;
  while (!condition()) {
    if (performance.now() > end) return false;
    await sleep(10);
  }
  return true;
}
