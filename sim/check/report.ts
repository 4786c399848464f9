// Where checkers say what they found: which invariant, when, and the last events of the board, kept
// as what observers saw anyway and put into words only when something is wrong.

import { describe } from "../../device/describe.ts";
import { tagBytes } from "../../device/tag.ts";
import { DOWN, UP } from "../../device/wire.ts";
import type { Change } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";
import { sayInstant } from "../duration.ts";
import type { Observer, Sighting } from "../observer.ts";
import type { World } from "../world.ts";

/** Violations that are kept of a run, and events told with each. */
const VIOLATIONS_MAX = 20;
const LAST_MAX = 50;
/** Events kept to look back over: of all boards. */
const MEMORY_MAX = 20_000;

export interface Violation {
  readonly invariant: string;
  /** Instant of the world, ms. */
  readonly at: number;
  readonly what: string;
  /** The last events of the board, oldest first, a line each. */
  readonly last: readonly string[];
}

interface Remembered {
  readonly at: number;
  readonly board: Board | undefined;
  readonly id: number;
  readonly say: () => string;
}

export class Report implements Observer {
  readonly violations: Violation[] = [];
  /** All that were found; the first so many are kept. */
  found = 0;
  private readonly memory: Remembered[] = [];
  private next = 0;

  constructor(world: World) {
    world.observe(this);
  }

  /** An invariant does not hold. `board`: whose, if it is somebody's. */
  broken(invariant: string, at: number, what: string, board?: Board): void {
    this.found++;
    if (this.violations.length >= VIOLATIONS_MAX) return;
    this.violations.push({ invariant, at, what, last: board ? this.lastOf(board.id) : [] });
  }

  sent(sighting: Sighting): void {
    const { at, board } = sighting;
    this.remember({ at, board, id: board?.id ?? 0, say: () => saySighting(sighting) });
  }

  told(change: Change, at: number): void {
    const say = () => `${change.to}, was ${change.from}: ${change.cause}`;
    this.remember({ at, board: undefined, id: change.id, say });
  }

  power(board: Board, on: boolean, at: number): void {
    this.remember({ at, board, id: board.id, say: () => (on ? "power on" : "power off") });
  }

  gateway(running: boolean, at: number): void {
    const say = () => (running ? "the gateway starts" : "the gateway is down");
    this.remember({ at, board: undefined, id: EVERYBODY, say });
  }

  private remember(event: Remembered): void {
    this.memory[this.next++ % MEMORY_MAX] = event;
  }

  private lastOf(id: number): string[] {
    const { memory, next } = this;
    const lines: string[] = [];
    for (let i = next - 1; i >= Math.max(0, next - MEMORY_MAX); i--) {
      if (lines.length >= LAST_MAX) break;
      const event = memory[i % MEMORY_MAX]!;
      if (event.id !== id && event.id !== EVERYBODY) continue;
      lines.push(`${sayInstant(event.at)}  ${event.say()}`);
    }
    return lines.reverse();
  }
}

const EVERYBODY = -1;

function saySighting({ direction, bytes, board, fate, deliveries }: Sighting): string {
  const up = direction === "up";
  const text = describe(bytes, up ? UP : DOWN, tagBytes(board?.suite ?? 2));
  const arrow = up ? "-->" : "<--";
  return `${arrow} ${deliveries.length === 0 ? `lost (${fate})` : "passed"}  ${text}`;
}
