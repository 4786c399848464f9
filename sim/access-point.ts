// An access point goes off, or comes back: then who was on it, and is awake, joins again.

import type { AccessPoint } from "./path.ts";
import type { World } from "./world.ts";

export function switchAccessPoint(
  { now, stir }: Pick<World, "now"> & { stir: (board: AccessPoint["boards"][number]) => void },
  ap: AccessPoint,
  on: boolean,
): void {
  ap.on = on;
  if (!on) return;
  for (const board of ap.boards) {
    if (board.on) board.body?.rejoin(now);
    stir(board);
  }
}
