// Somebody with bad intent and good ears: hears every frame that boards send, and says them again
// later, or says noise. It knows no key. What it hears is kept in a ring of the last so many frames
// of each fault, since nobody replays a year.

import type { Source } from "../../gateway/facts.ts";
import type { Sighting } from "../observer.ts";
import type { World } from "../world.ts";
import type { Cast } from "./cast.ts";
import type { Act, Where } from "./types.ts";

/** Where strangers' frames come from: never the address of a board. */
export const STRANGER: Source = { transport: "sim", address: "stranger", port: 1 };
/** Frames that it remembers. */
const MEMORY_MAX = 20_000;
const NOISE_BYTES_MAX = 64;

interface Heard {
  readonly at: number;
  readonly bytes: string;
}

export class Stranger {
  private readonly world: World;
  private readonly cast: Cast;
  private readonly heard: Heard[] = [];
  private next = 0;

  constructor(world: World, cast: Cast, listens: boolean) {
    this.world = world;
    this.cast = cast;
    if (listens) world.observe({ sent: (sighting) => this.overhear(sighting) });
  }

  /** Starts to disturb, until `until`; `luck` chooses what it says. */
  begin(
    act: Extract<Act, { do: "replay" | "flood" }> & { readonly where: Where },
    until: number,
    luck: () => number,
  ): void {
    const { world } = this;
    const names = new Set(this.cast.whom(act.where, 0, 0).map(({ board }) => board.id));
    const gap = 1_000 / act.perSecond;
    const speak = () => {
      if (world.now > until) return;
      const bytes =
        act.do === "replay" ? this.recall(names, world.now - act.delayMs, luck) : this.noise(luck);
      if (bytes !== "" && world.host.gateway) world.air.inject(bytes, STRANGER);
      world.at(world.now + gap * (0.5 + luck()), speak);
    };
    speak();
  }

  private overhear({ direction, board, bytes, at }: Sighting): void {
    if (direction !== "up" || !board) return;
    this.heard[this.next % MEMORY_MAX] = { at, bytes };
    this.next++;
  }

  /** One of the frames of these boards heard before `before`; "": none. */
  private recall(ids: ReadonlySet<number>, before: number, luck: () => number): string {
    for (let look = 0; look < 16 && this.heard.length > 0; look++) {
      const { at, bytes } = this.heard[Math.floor(luck() * this.heard.length)]!;
      const id = (bytes.charCodeAt(1) << 16) | (bytes.charCodeAt(2) << 8) | bytes.charCodeAt(3);
      if (at <= before && ids.has(id)) return bytes;
    }
    return "";
  }

  /** Half of the time random bytes, else a frame that was heard with a bit flipped. */
  private noise(luck: () => number): string {
    const frame = this.heard[Math.floor(luck() * this.heard.length)]?.bytes;
    if (frame === undefined || luck() < 0.5) {
      const length = Math.floor(luck() * NOISE_BYTES_MAX);
      let bytes = "";
      for (let i = 0; i < length; i++) bytes += String.fromCharCode(Math.floor(luck() * 256));
      return bytes;
    }
    const at = Math.floor(luck() * frame.length);
    const flipped = frame.charCodeAt(at) ^ (1 << Math.floor(luck() * 8));
    return frame.slice(0, at) + String.fromCharCode(flipped) + frame.slice(at + 1);
  }
}
