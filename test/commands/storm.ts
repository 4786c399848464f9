// Commands under trouble: frames lost, repeated, out of order, recorded and replayed by a stranger;
// boards that lose power between any two steps of a command, or their whole memory; a gateway that
// dies between any two effects. No board acts on a command twice, and what is told of each is true,
// and is told in the end. The storms themselves; storm.test.ts runs them, and
// mutants.test.ts runs them on cores with a bug.

import * as fc from "fast-check";
import type { CommandState } from "../../gateway/affairs.ts";
import { commandsOf } from "../../sim/asking.ts";
import type { Board } from "../../sim/board.ts";
import { COMMAND_CUTS, POWER_CUTS } from "../../sim/board-kind.ts";
import type { Violation } from "../../sim/check/report.ts";
import { stream } from "../../sim/random.ts";
import { stormLink, Trouble } from "./storm-rig.ts";

const MINUTE = 60_000;
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

class Storm extends Trouble {
  private sends = 0;

  constructor(seed: number, loss: number) {
    super(seed, [0, 500]);
    const onCommand = (payload: string, id: number) => this.obey(payload, id);
    this.begin(
      stormLink(20, loss),
      KINDS.map((kind, at) => ({ ...kind, id: at + 1, clockMs: at * 1e7, onCommand })),
    );
  }

  /** Each payload is one command's; a tenth of them are refused, and a tenth fails. */
  private obey(payload: string, id: number): string | number {
    const luck = Number(payload.split(" ")[1]) % 10;
    if (luck < 2) return luck + 1;
    this.checkers.commands.acted(id, payload);
    return `did ${payload}`;
  }

  strike({ what, wait, who, n }: Blow): void {
    const { world } = this;
    world.run(world.now + wait);
    this.checkers.commands.audit(world.now);
    const board = this.boards[who - 1]!;
    const blow: Record<typeof what, () => void> = {
      ...this.blows(board, n, CUTS),
      send: () => this.send(board, n, ""),
      supersede: () => this.send(board, n, "key"),
      withdraw: () => {
        world.machine.ask(({ requests }, now) => requests.withdraw(board.id, 1 + (n % 9), now));
      },
      lose: () => {
        // A known limit of rule 7, shown in transcripts/16: see hello.test.ts.
        if (board.flash.epoch > world.host.disk.devices.get(board.id)!.epoch) return;
        board.forget();
        this.restart(board);
      },
    };
    blow[what]();
  }

  private send(board: Board, n: number, supersede: string): void {
    const notAfterMs = n % 4 === 0 ? 1_000 + n * 10 : n % 4 === 1 ? 20_000 : 5 * MINUTE;
    const order = { payload: `${board.name} ${this.sends++}`, notAfterMs, supersede };
    this.world.machine.ask(({ requests }, now) => requests.send(board.id, order, now));
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
