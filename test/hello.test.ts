// HELLO under trouble: a round trip of 1.4 s, commits of up to two seconds, HELLOs repeated by the
// network, recorded and replayed by a stranger, boards that lose power or their whole memory
// between any two steps, a gateway that dies between any two effects. While the storm lasts no
// invariant breaks; when it is over every device gets through. No livelock, and rule 10 holds.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "../gateway/sha256.ts";
import type { Board } from "../sim/board.ts";
import { POWER_CUTS } from "../sim/board-kind.ts";
import { Checkers } from "../sim/checkers.ts";
import { HOST_STEPS } from "../sim/host.ts";
import { plainLink } from "../sim/link.ts";
import { World } from "../sim/world.ts";

const BOARDS = 4;
const MINUTE = 60_000;
const STRANGER = { transport: "sim", address: "x", port: 1 } as const;

/** One blow: after `wait` ms it strikes board `who`; `n` chooses where there is a choice. */
interface Blow {
  readonly what: (typeof BLOWS)[number];
  readonly wait: number;
  readonly who: number;
  readonly n: number;
}
const BLOWS = [
  "reboot",
  "lose",
  "cut",
  "unplug",
  "drop-up",
  "drop-down",
  "crash",
  "crash-at",
  "replay-up",
  "replay-down",
  "rebind",
  "leave",
] as const;

const blows = fc.array(
  fc.record({
    what: fc.constantFrom(...BLOWS),
    wait: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 60_000 })),
    who: fc.integer({ min: 1, max: BOARDS }),
    n: fc.nat(1_000),
  }),
  { minLength: 1, maxLength: 40 },
);

class Storm {
  readonly world: World;
  readonly checkers: Checkers;
  readonly heardUp: string[] = [];
  readonly heardDown: string[] = [];
  private readonly boards: Board[] = [];
  private readonly cuts = new Set<string>();

  constructor(seed: number, loss: number) {
    this.world = new World({ seed, sha256, host: { commitMs: [0, 2_000] }, eventsMax: 500_000 });
    this.checkers = new Checkers(this.world);
    const model = {
      ...plainLink(650),
      jitterMs: 100,
      lossGood: loss,
      duplicate: 0.2,
      reorder: 0.2,
      reorderMs: 2_000,
      corrupt: 0.01,
    };
    for (let id = 1; id <= BOARDS; id++) {
      const board = this.world.add({
        name: `b${id}`,
        id,
        suite: 2,
        intervalMs: 5_000 * id,
        link: { name: "storm", about: "", up: model, down: model },
        clockMs: id * 1e7,
        signalVaries: true,
      });
      this.boards.push(board);
      this.world.plug(board);
    }
    this.world.observe({
      sent: ({ board, direction, bytes }) => {
        if (board) (direction === "up" ? this.heardUp : this.heardDown).push(bytes);
      },
      // Whoever kills the process, it is back some time later.
      gateway: (running, at) => {
        if (!running) this.world.at(at + 700, () => this.startGateway());
      },
    });
    this.world.startGateway();
  }

  strike({ what, wait, who, n }: Blow): void {
    const { world, heardUp, heardDown } = this;
    world.run(world.now + wait);
    const board = this.boards[who - 1]!;
    const restart = () => {
      world.unplug(board);
      world.plug(board);
    };
    const blow: Record<typeof what, () => void> = {
      reboot: restart,
      lose: () => {
        if (!this.mayLose(board)) return;
        board.forget();
        restart();
      },
      cut: () => board.cutPower(POWER_CUTS[n % POWER_CUTS.length]!, n * 10),
      unplug: () => world.unplug(board),
      "drop-up": () => {
        this.toggle(board, "up");
      },
      "drop-down": () => {
        this.toggle(board, "down");
      },
      crash: () => world.crashGateway(),
      "crash-at": () => this.crashAt(n),
      "replay-up": () => world.air.inject(heardUp.at(-1 - (n % 20)) ?? "", STRANGER),
      "replay-down": () => world.air.forge(heardDown.at(-1 - (n % 20)) ?? "", board),
      rebind: () => world.network.rebind(board, world.now),
      leave: () => world.leave(board),
    };
    blow[what]();
  }

  private toggle(board: Board, direction: "up" | "down"): void {
    const key = `${board.name} ${direction}`;
    const on = !this.cuts.has(key);
    if (on) this.cuts.add(key);
    else this.cuts.delete(key);
    this.world.network.cut(board, direction, on);
  }

  /**
   * A known limit of rule 7, shown in transcripts/16: within 10 s of a WELCOME whose epoch is not
   * in force yet another HELLO gets the same epoch, so a board that loses everything in between
   * counts from 1 in it again. Giving out another epoch would let a stranger's replays void every
   * WELCOME.
   */
  private mayLose(board: Board): boolean {
    const issued = this.world.host.disk.devices.get(board.id)!;
    return board.flash.epoch <= issued.epoch;
  }

  /** The `n`-th of the host's coming steps of one kind is its last. */
  private crashAt(n: number): void {
    const step = HOST_STEPS[n % HOST_STEPS.length];
    let left = n % 7;
    this.world.hostDies = (now) => {
      if (now !== step || left-- > 0) return false;
      this.world.hostDies = () => false;
      return true;
    };
  }

  private startGateway(): void {
    if (!this.world.host.gateway) this.world.startGateway();
  }

  /** The storm is over: everything has power and a path again. Who left is plugged in once more. */
  calm(): void {
    this.world.hostDies = () => false;
    this.startGateway();
    for (const board of this.boards) {
      board.cutAt = undefined;
      const { network } = this.world;
      network.cut(board, "both", false);
      const calm = { ...board.kind.link.up, lossGood: 0.02, corrupt: 0 };
      network.setLink(board, { ...board.kind.link, up: calm, down: calm }, this.world.now);
      if (!board.sender || board.sender.leaving) {
        this.world.unplug(board);
        this.world.plug(board);
      }
    }
  }

  statuses(): string[] {
    return this.boards.map((board) => this.world.view(board)?.status ?? "no gateway");
  }
}

/** Another seed may be tried with NEXTBEAT_SEED=n, more storms with NEXTBEAT_RUNS=n. */
const SEED = Number(process.env.NEXTBEAT_SEED ?? 7227);
const RUNS = Number(process.env.NEXTBEAT_RUNS ?? 300);

test(`no rule breaks in any of ${RUNS} storms, all get through after it (seed ${SEED})`, () => {
  const losses = fc.constantFrom(0.05, 0.2, 0.4);
  const property = fc.property(fc.nat(), losses, blows, (seed, loss, list) => {
    expect(storms(seed, loss, list).checkers.violations).toEqual([]);
  });
  const run = fc.check(property, { seed: SEED, numRuns: RUNS });
  if (run.failed) throw new Error(fc.defaultReportMessage(run), { cause: run.errorInstance });
});

/** Runs a storm, calms it, and waits until all are present and acknowledged. */
function storms(seed: number, loss: number, list: readonly Blow[]): Storm {
  const storm = new Storm(seed, loss);
  for (const blow of list) storm.strike(blow);
  storm.calm();
  const { world } = storm;
  const calmAt = world.now;
  const through = () => storm.statuses().every((status) => status === "present");
  // Unanswered exchanges are spaced up to as long as the trouble lasted (rule 12), plus a beat's
  // longest back-off (rule 18).
  world.run(calmAt + calmAt + 10 * MINUTE, through);
  expect(storm.statuses()).toEqual(new Array(BOARDS).fill("present"));
  world.run(world.now + 10 * MINUTE);
  for (const board of world.boards.values()) {
    expect(board.sender?.unacked, `${board.name} is acknowledged`).toBeLessThan(4);
  }
  return storm;
}
