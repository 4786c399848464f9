// A world in real time: the same network as in virtual time, with its links, NATs and occasions,
// whose deliveries wait for the clock instead of standing in a queue. Whoever holds the sockets,
// the proxy or a fleet, hands frames in and is told when to let them out. So the live modes share
// with the virtual one not a model but the very objects: the same scenario and seed lose the same
// frames.
//
// A scenario's cast and faults are played as they are; a fault that a mode cannot do (the gateway
// is not ours to kill) keeps its number, since that keys its luck, and meets nobody.

import { performance } from "node:perf_hooks";
import { sha256 } from "../../gateway/sha256.ts";
import { Alarms } from "../alarms.ts";
import { Board } from "../board.ts";
import type { BoardKind, BoardOptions, Shell } from "../board-kind.ts";
import { Names } from "../names.ts";
import { type Carry, Network } from "../network.ts";
import { type Observer, Observers } from "../observer.ts";
import type { AccessPoint } from "../path.ts";
import { Roster } from "../roster.ts";
import { Cast } from "../scenario/cast.ts";
import { Faults } from "../scenario/faults.ts";
import type { Fault, FaultKind, Scenario } from "../scenario/types.ts";
import type { World } from "../world.ts";

/** What the faults of a path need, which is all that stands between two sockets. */
export const PATH_FAULTS: readonly FaultKind[] = [
  "link",
  "cut",
  "loss",
  "nat",
  "nat-full",
  "nat-deaf",
  "nat-set",
  "ap",
];
/** Of boards that are ours, too. */
export const BOARD_FAULTS: readonly FaultKind[] = [
  ...PATH_FAULTS,
  "power",
  "die",
  "reboot",
  "forget",
  "leave",
  "powercut",
  "clone",
  "clock",
  "drift",
];

/** What is done to boards, where boards are ours. */
export interface Stagehand {
  /** A board has joined the network. */
  made(board: Board): void;
  plug(board: Board): void;
  unplug(board: Board): void;
  leave(board: Board): void;
  /** What the board has to do may have changed. */
  stir(board: Board): void;
}

export interface StageOptions {
  readonly seed: number;
  /** Where a frame goes, and when, ms since `startAt`. */
  readonly carry: Carry;
  readonly stagehand?: Stagehand;
  /** The origin of time, on the clock of `performance.now()`. Default: now. */
  readonly startAt?: number | undefined;
  /** See Alarms. */
  readonly exact?: boolean;
  /** What the boards speak, whatever a scenario says. Default "udp". */
  readonly transport?: "udp" | "mqtt";
}

type Identity = Pick<BoardOptions, "name" | "id" | "key" | "salt">;

/** What a cast and its faults ask of a world here. */
type Played = Pick<
  World,
  | "now"
  | "at"
  | "make"
  | "clone"
  | "network"
  | "plug"
  | "unplug"
  | "hold"
  | "release"
  | "leave"
  | "stir"
> & { hostDies: World["hostDies"] };

export class Stage implements Played {
  readonly network: Network;
  readonly alarms: Alarms;
  readonly boards: Names;
  /** On the clock of `performance.now()`. */
  startAt: number;
  /** There is no host here that could die. */
  hostDies: World["hostDies"] = () => false;
  /** What is known of boards beyond name and id: keys and salts. */
  readonly secrets = new Map<number, Pick<BoardOptions, "key" | "salt">>();
  private readonly seed: number;
  private readonly transport: "udp" | "mqtt";
  private readonly stagehand: Stagehand;
  private readonly observers = new Observers();
  private readonly roster: Roster;

  constructor(options: StageOptions) {
    const { seed, carry, stagehand = NOBODY, startAt, exact = false } = options;
    this.seed = seed;
    this.transport = options.transport ?? "udp";
    this.stagehand = stagehand;
    this.startAt = startAt ?? performance.now();
    this.alarms = new Alarms(exact);
    this.roster = new Roster(seed, sha256);
    this.boards = new Names(this.roster.boards);
    this.network = new Network(seed, this.boards, this.observers, carry);
  }

  /** A board's own doing to its way out. */
  readonly shell: Shell = {
    reopen: (board) => this.network.reopen(board, this.now),
    climbed: nothing,
  };

  /** ms since `startAt`. */
  get now(): number {
    return performance.now() - this.startAt;
  }

  at(instant: number, act: () => void): void {
    this.alarms.at(this.startAt + instant, act);
  }

  observe(observer: Observer): void {
    this.observers.add(observer);
  }

  /** Its transport is the stage's, whatever a scenario says. */
  make(identity: Identity, kind: BoardKind, ap?: AccessPoint): Board {
    const whole = { ...identity, ...this.secrets.get(identity.id) };
    const { name } = identity;
    if (this.boards.has(name)) throw new RangeError(`two boards named ${name}`);
    return this.enter(new Board(whole, kind, this.roster), ap);
  }

  clone(original: Board, other: Partial<BoardKind> & { readonly name: string }): Board {
    return this.enter(original.clone(other));
  }

  /** Makes the boards of a scenario, and lets those of its faults happen that `can` names. */
  play(scenario: Scenario, can: readonly FaultKind[]): Cast {
    const faults = scenario.faults.map((fault) => (can.includes(fault.do) ? fault : idle(fault)));
    const played = { ...scenario, faults };
    const world = this as Played as World;
    const cast = new Cast(played, this.seed, world);
    new Faults(played, this.seed, world, cast, nothing);
    return cast;
  }

  plug(board: Board): void {
    if (board.held === 0) this.stagehand.plug(board);
  }

  unplug(board: Board): void {
    this.stagehand.unplug(board);
  }

  hold(board: Board): void {
    board.held++;
    if (board.on) this.unplug(board);
  }

  release(board: Board): void {
    board.held--;
    if (board.held === 0 && !board.on) this.plug(board);
  }

  leave(board: Board): void {
    this.stagehand.leave(board);
  }

  stir(board: Board): void {
    this.stagehand.stir(board);
  }

  private enter(board: Board, ap?: AccessPoint): Board {
    this.boards.add(board);
    this.network.join(board, ap, this.transport);
    this.stagehand.made(board);
    return board;
  }
}

const nothing = () => {};
const NOBODY: Stagehand = {
  made: nothing,
  plug: nothing,
  unplug: nothing,
  leave: nothing,
  stir: nothing,
};

/** Does nothing to nobody at the same times. */
function idle({ atMs, everyMs, random, untilMs }: Fault): Fault {
  const where = { names: [], share: 1 };
  return { atMs, everyMs, random, untilMs, where, do: "leave" };
}
