// Boards and their gateway in a storm: what a stranger records and says again, paths cut one way,
// a gateway that dies between any two effects and is back some time later, and the calm behind it.
// Which blows fall, how often, and what must hold then is each storm's own. What lost: one list of
// blows for all; what is fair game differs from storm to storm, and a seed of one would then change
// with the other.

import { sha256 } from "../../gateway/sha256.ts";
import type { Board } from "../../sim/board.ts";
import type { BoardOptions, PowerCut } from "../../sim/board-kind.ts";
import { Checkers } from "../../sim/checkers.ts";
import { HOST_STEPS } from "../../sim/host.ts";
import { type LinkModel, plainLink } from "../../sim/link.ts";
import { World } from "../../sim/world.ts";

const STRANGER = { transport: "sim", address: "x", port: 1 } as const;
/** Of a gateway that died until it runs again. */
const BACK_MS = 700;
/** So many of the last frames a stranger may say again. */
const RECORDED = 20;

/** A link that repeats, reorders and spoils frames. @param loss of those each way */
export function stormLink(delayMs: number, loss: number): LinkModel {
  const noise = { jitterMs: 100, duplicate: 0.2, reorder: 0.2, reorderMs: 2_000, corrupt: 0.01 };
  return { ...plainLink(delayMs), ...noise, lossGood: loss };
}

/** Blows that storms have in common; `n` chooses where there is a choice. */
export interface Blows {
  reboot: () => void;
  cut: () => void;
  "drop-up": () => void;
  "drop-down": () => void;
  crash: () => void;
  "crash-at": () => void;
  "replay-up": () => void;
  "replay-down": () => void;
  rebind: () => void;
}

export class Trouble {
  readonly world: World;
  readonly checkers: Checkers;
  readonly boards: Board[] = [];
  readonly #heardUp: string[] = [];
  readonly #heardDown: string[] = [];
  readonly #dropping = new Set<string>();

  /** @param commitMs how long the gateway's disk takes */
  constructor(seed: number, commitMs: [number, number]) {
    this.world = new World({ seed, sha256, host: { commitMs }, eventsMax: 500_000 });
    this.checkers = new Checkers(this.world);
  }

  /** Begins, with these boards. */
  begin(link: LinkModel, boards: readonly Omit<BoardOptions, "name" | "link">[]): void {
    for (const board of boards) {
      const { id } = board;
      const path = { name: "storm", about: "", up: link, down: link };
      const more = { name: `b${id}`, link: path, signalVaries: true };
      const added = this.world.add({ ...board, ...more });
      this.boards.push(added);
      this.world.plug(added);
    }
    this.world.observe({
      sent: ({ board, direction, bytes }) => {
        if (board) (direction === "up" ? this.#heardUp : this.#heardDown).push(bytes);
      },
      // Whoever kills the process.
      gateway: (running, at) => {
        if (!running) this.world.at(at + BACK_MS, () => this.#startGateway());
      },
    });
    this.world.startGateway();
  }

  restart(board: Board): void {
    this.world.unplug(board);
    this.world.plug(board);
  }

  blows(board: Board, n: number, cuts: readonly PowerCut[]): Blows {
    const { world } = this;
    const recorded = (list: readonly string[]) => list.at(-1 - (n % RECORDED)) ?? "";
    return {
      reboot: () => this.restart(board),
      cut: () => board.cutPower(cuts[n % cuts.length]!, n * 10),
      "drop-up": () => this.#toggle(board, "up"),
      "drop-down": () => this.#toggle(board, "down"),
      crash: () => world.crashGateway(),
      "crash-at": () => this.#crashAt(n),
      "replay-up": () => world.air.inject(recorded(this.#heardUp), STRANGER),
      "replay-down": () => world.air.forge(recorded(this.#heardDown), board),
      rebind: () => world.network.rebind(board, world.now),
    };
  }

  /** The storm is over: everything has power and a path again. */
  calm(): void {
    const { world } = this;
    world.hostDies = () => false;
    this.#startGateway();
    for (const board of this.boards) {
      board.cutAt = undefined;
      world.network.cut(board, "both", false);
      const calm = { ...board.kind.link.up, lossGood: 0.02, corrupt: 0 };
      world.network.setLink(board, { ...board.kind.link, up: calm, down: calm }, world.now);
    }
  }

  #toggle(board: Board, direction: "up" | "down"): void {
    const key = `${board.name} ${direction}`;
    const on = !this.#dropping.has(key);
    if (on) this.#dropping.add(key);
    else this.#dropping.delete(key);
    this.world.network.cut(board, direction, on);
  }

  /** The `n`-th of the host's coming steps of one kind is its last. */
  #crashAt(n: number): void {
    const step = HOST_STEPS[n % HOST_STEPS.length];
    let left = n % 7;
    this.world.hostDies = (now) => {
      if (now !== step || left-- > 0) return false;
      this.world.hostDies = () => false;
      return true;
    };
  }

  #startGateway(): void {
    if (!this.world.host.gateway) this.world.startGateway();
  }
}
