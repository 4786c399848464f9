// Commands under trouble: frames lost, repeated, out of order, recorded and replayed by a stranger;
// boards that lose power between any two steps of a command, or their whole memory; a gateway that
// dies between any two effects. No board acts on a command twice, and what is told of each is true,
// and is told in the end. The storms themselves; commands-storm.test.ts runs them, and
// commands-mutants.test.ts runs them on cores with a bug.

import * as fc from "fast-check";
import type { CommandState } from "../gateway/affairs.ts";
import { sha256 } from "../gateway/sha256.ts";
import { commandsOf } from "../sim/asking.ts";
import type { Board } from "../sim/board.ts";
import { COMMAND_CUTS, POWER_CUTS } from "../sim/board-kind.ts";
import type { Violation } from "../sim/check/report.ts";
import { Checkers } from "../sim/checkers.ts";
import { HOST_STEPS } from "../sim/host.ts";
import { plainLink } from "../sim/link.ts";
import { stream } from "../sim/random.ts";
import { World } from "../sim/world.ts";

const MINUTE = 60_000;
const STRANGER = { transport: "sim", address: "x", port: 1 } as const;
const CUTS = [...POWER_CUTS, ...COMMAND_CUTS];
const KINDS = [
  { suite: 2, intervalMs: 5_000, reach: 0 },
  { suite: 1, intervalMs: 20_000, reach: 2 },
  { suite: 2, intervalMs: 60_000, reach: 0 },
  { suite: 2, intervalMs: 30_000, reach: 1 },
];
const BOARDS = KINDS.length;

/** One blow: after `wait` ms it strikes board `who`; `n` chooses where there is a choice. */
export interface Blow {
  readonly what: (typeof BLOWS)[number];
  readonly wait: number;
  readonly who: number;
  readonly n: number;
}
const BLOWS = [
  "send",
  "send",
  "send",
  "send",
  "supersede",
  "withdraw",
  "reboot",
  "lose",
  "cut",
  "drop-up",
  "drop-down",
  "crash",
  "crash-at",
  "replay-up",
  "replay-down",
  "rebind",
] as const;

export const blows = fc.array(
  fc.record({
    what: fc.constantFrom(...BLOWS),
    wait: fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 30_000 })),
    who: fc.integer({ min: 1, max: BOARDS }),
    n: fc.nat(1_000),
  }),
  { minLength: 5, maxLength: 60, size: "max" },
);

class Storm {
  readonly world: World;
  readonly checkers: Checkers;
  private readonly heardUp: string[] = [];
  private readonly heardDown: string[] = [];
  private readonly boards: Board[] = [];
  private readonly cuts = new Set<string>();
  private sends = 0;

  constructor(seed: number, loss: number) {
    this.world = new World({ seed, sha256, host: { commitMs: [0, 500] }, eventsMax: 500_000 });
    this.checkers = new Checkers(this.world);
    const noise = { jitterMs: 100, duplicate: 0.2, reorder: 0.2, reorderMs: 2_000, corrupt: 0.01 };
    const model = { ...plainLink(20), ...noise, lossGood: loss };
    KINDS.forEach((kind, at) => {
      const board = this.world.add({
        ...kind,
        name: `b${at + 1}`,
        id: at + 1,
        link: { name: "storm", about: "", up: model, down: model },
        clockMs: at * 1e7,
        signalVaries: true,
        onCommand: (payload, id) => this.obey(payload, id),
      });
      this.boards.push(board);
      this.world.plug(board);
    });
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

  /** Each payload is one command's; a tenth of them are refused, and a tenth fails. */
  private obey(payload: string, id: number): string | number {
    const luck = Number(payload.split(" ")[1]) % 10;
    if (luck < 2) return luck + 1;
    this.checkers.commands.acted(id, payload);
    return `did ${payload}`;
  }

  strike({ what, wait, who, n }: Blow): void {
    const { world, heardUp, heardDown } = this;
    world.run(world.now + wait);
    this.checkers.commands.audit(world.now);
    const board = this.boards[who - 1]!;
    const restart = () => {
      world.unplug(board);
      world.plug(board);
    };
    const blow: Record<typeof what, () => void> = {
      send: () => this.send(board, n, ""),
      supersede: () => this.send(board, n, "key"),
      withdraw: () => {
        world.machine.ask(({ requests }, now) => requests.withdraw(board.id, 1 + (n % 9), now));
      },
      reboot: restart,
      lose: () => {
        // A known limit of rule 7, shown in transcripts/16: see hello.test.ts.
        if (board.flash.epoch > world.host.disk.devices.get(board.id)!.epoch) return;
        board.forget();
        restart();
      },
      cut: () => board.cutPower(CUTS[n % CUTS.length]!, n * 10),
      "drop-up": () => this.toggle(board, "up"),
      "drop-down": () => this.toggle(board, "down"),
      crash: () => world.crashGateway(),
      "crash-at": () => this.crashAt(n),
      "replay-up": () => world.air.inject(heardUp.at(-1 - (n % 20)) ?? "", STRANGER),
      "replay-down": () => world.air.forge(heardDown.at(-1 - (n % 20)) ?? "", board),
      rebind: () => world.network.rebind(board, world.now),
    };
    blow[what]();
  }

  private send(board: Board, n: number, supersede: string): void {
    const notAfterMs = n % 4 === 0 ? 1_000 + n * 10 : n % 4 === 1 ? 20_000 : 5 * MINUTE;
    const order = { payload: `${board.name} ${this.sends++}`, notAfterMs, supersede };
    this.world.machine.ask(({ requests }, now) => requests.send(board.id, order, now));
  }

  private toggle(board: Board, direction: "up" | "down"): void {
    const key = `${board.name} ${direction}`;
    const on = !this.cuts.has(key);
    if (on) this.cuts.add(key);
    else this.cuts.delete(key);
    this.world.network.cut(board, direction, on);
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

  /** The storm is over: everything has power and a path again. */
  calm(): void {
    this.world.hostDies = () => false;
    this.startGateway();
    for (const board of this.boards) {
      board.cutAt = undefined;
      const { network, now } = this.world;
      network.cut(board, "both", false);
      const calm = { ...board.kind.link.up, lossGood: 0.02, corrupt: 0 };
      network.setLink(board, { ...board.kind.link, up: calm, down: calm }, now);
    }
  }

  states(): CommandState[] {
    const { host, now } = this.world;
    return this.boards.flatMap(({ id }) => commandsOf(host, id, now).map(({ state }) => state));
  }
}

/** What a storm showed. */
export interface Ride {
  readonly violations: readonly Violation[];
  /** Whether all commands have ended 20 minutes after it. */
  readonly ended: boolean;
  readonly states: readonly CommandState[];
}

export function ride(seed: number, loss: number, list: readonly Blow[]): Ride {
  const storm = new Storm(seed, loss);
  for (const blow of list) storm.strike(blow);
  storm.calm();
  const { world, checkers } = storm;
  const over = () => storm.states().every((s) => s !== "queued" && s !== "offered");
  const ended = world.run(world.now + 20 * MINUTE, () => over() && !!world.host.gateway);
  checkers.commands.audit(world.now);
  return { violations: checkers.violations, ended: ended || over(), states: storm.states() };
}

/** Blows drawn from a seed alone. */
export function drawn(seed: number, count: number): Blow[] {
  const luck = stream(seed, 1, "blows");
  return Array.from({ length: count }, () => ({
    what: BLOWS[Math.floor(luck() * BLOWS.length)]!,
    wait: Math.floor(luck() * (luck() < 0.5 ? 1_000 : 30_000)),
    who: 1 + Math.floor(luck() * BOARDS),
    n: Math.floor(luck() * 1_000),
  }));
}
