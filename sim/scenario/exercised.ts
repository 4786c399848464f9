// What a run did at all: "sometimes" assertions, as counters. A swarm that never kills the gateway
// between a commit and its ACK proves nothing about that, and says nothing about it either, unless
// somebody counts. Everything that ought to happen stands in the table from the start, with a zero.
//
// It looks on, and after each event at a few numbers: the run is the same with it and without.

import { WELCOME } from "../../device/wire.ts";
import type { Change, Source } from "../../gateway/facts.ts";
import { RESULTS } from "../../gateway/receiver/hints.ts";
import type { Board } from "../board.ts";
import { POWER_CUTS, type PowerCut } from "../board-kind.ts";
import { HOST_STEPS } from "../host.ts";
import type { Observer, Sighting } from "../observer.ts";
import { FAULT_KINDS } from "./faults-schema.ts";
import type { ScenarioRun } from "./run.ts";
import { STRANGER } from "./stranger.ts";

const STATUSES = ["unknown", "present", "late", "absent", "left"];
/** Steps that presence does not know: a doubt comes by degrees, and nobody is unknown again. */
const NEVER = ["unknown > late", "unknown > absent", "present > absent", "absent > late"];
NEVER.push("left > late", "left > absent");
/**
 * What scenarios made up by luck do not come to: `open` is off, nobody has used up his epochs, nor
 * asks for probes; every link takes our frames, and there is one gateway, which a NAT
 * lets in.
 */
const NOT_HERE = ["exhausted", "open-full", "probe", "ignored", "type"];
const LOST = [
  "loss",
  "fault",
  "cut",
  "queue",
  "outage",
  "pattern",
  "dns",
  "access point",
  "broker",
];
LOST.push("nat full", "nat no-mapping", "nat deaf", "stranger");
const SLOW_COMMIT_MS = 1_000;

const change = (from: string, to: string) => `${from} > ${to}`;
const CHANGES = STATUSES.flatMap((from) => STATUSES.map((to) => [from, to] as const))
  .filter(([from, to]) => from !== to && to !== "unknown")
  .map(([from, to]) => change(from, to))
  .filter((name) => !NEVER.includes(name));

/** All that ought to happen in some run or other. */
export const WORTH_SEEING: readonly string[] = [
  ...FAULT_KINDS.map((kind) => `fault: ${kind}`),
  ...HOST_STEPS.map((step) => `gateway dies: ${step}`),
  ...POWER_CUTS.map((step) => `power goes: ${step}`),
  ...CHANGES.map((name) => `status: ${name}`),
  ...RESULTS.filter((name) => !NOT_HERE.includes(name)).map((name) => `gateway hears: ${name}`),
  ...LOST.map((fate) => `lost: ${fate}`),
  "frame: another try",
  "frame: twice on a link",
  "frame: a bit flipped on a link",
  "frame: over MQTT",
  "frame: at a board that does not listen",
  "frame: dropped at the gateway's socket",
  "WELCOME: a new epoch",
  "WELCOME: the same epoch again",
  "board: asleep",
  "board: brown-out",
  "board: another port at its NAT",
  "board: another address at its NAT",
  "disk: a commit of more than 1 s",
  "stranger: refused",
  "stranger: taken, what was withheld",
];

export class Exercised implements Observer {
  readonly counts = new Map<string, number>(WORTH_SEEING.map((name) => [name, 0]));
  private readonly run: ScenarioRun;
  private readonly words = new Map<Board, string>();
  private readonly peers = new Map<Board, Source>();
  private readonly epochs = new Map<Board, string>();
  private readonly counters: Readonly<Record<string, number>>[] = [];
  private fresh = 0;
  private batches = 0;
  private writingAt = -1;
  /** Boards whose power may be cut, and at which step. */
  private readonly cuts: { readonly board: Board; step: PowerCut | undefined }[];

  constructor(run: ScenarioRun, cutting: boolean) {
    this.run = run;
    const { world } = run;
    this.cuts = [...(cutting ? world.boards.values() : [])].map((board) => {
      return { board, step: undefined };
    });
    const dies = world.hostDies;
    world.hostDies = (step) => {
      const fatal = dies(step);
      if (fatal) this.add(`gateway dies: ${step}`);
      return fatal;
    };
    world.observe(this);
    // It was started before anybody could look.
    this.gateway(world.host.gateway !== undefined);
  }

  /** After each event. */
  readonly look = (): false => {
    const { world } = this.run;
    const { disk } = world.host;
    if (disk.batches !== this.batches) {
      const slow = this.writingAt >= 0 && world.now - this.writingAt > SLOW_COMMIT_MS;
      if (slow) this.add("disk: a commit of more than 1 s");
      this.batches = disk.batches;
      this.writingAt = -1;
    }
    if (!disk.pending) this.writingAt = -1;
    else if (this.writingAt < 0) this.writingAt = world.now;
    for (const cut of this.cuts) {
      const { cutAt, on } = cut.board;
      if (cutAt === cut.step) continue;
      if (cut.step && !cutAt && !on) this.add(`power goes: ${cut.step}`);
      cut.step = cutAt;
    }
    return false;
  };

  sent({ board, direction, bytes, peer, deliveries, fate }: Sighting): void {
    if (deliveries.length === 0) this.add(`lost: ${fate}`);
    else if (deliveries.length > 1) this.add("frame: twice on a link");
    if (deliveries.some((delivery) => delivery.bytes !== bytes)) {
      this.add("frame: a bit flipped on a link");
    }
    if (!board) return;
    if (direction === "up") this.said(board, bytes, peer);
    else if (((bytes.charCodeAt(0) >> 3) & 7) === WELCOME) {
      const epoch = bytes.slice(1, 5);
      const again = this.epochs.get(board) === epoch;
      this.add(again ? "WELCOME: the same epoch again" : "WELCOME: a new epoch");
      this.epochs.set(board, epoch);
    }
  }

  judged(_bytes: string, from: Source): void {
    const fresh = this.counters.at(-1)?.fresh ?? 0;
    if (from.address === STRANGER.address) {
      this.add(fresh > this.fresh ? "stranger: taken, what was withheld" : "stranger: refused");
    }
    this.fresh = fresh;
  }

  heard(_bytes: string, _board: Board, _at: number, heard: boolean): void {
    if (!heard) this.add("frame: at a board that does not listen");
  }

  told({ from, to }: Change): void {
    this.add(`status: ${change(from, to)}`);
  }

  power(board: Board, on: boolean): void {
    if (!on && board.body?.brownedOut) this.add("board: brown-out");
  }

  slept(_board: Board, asleep: boolean): void {
    if (asleep) this.add("board: asleep");
  }

  gateway(running: boolean): void {
    const { gateway } = this.run.world.host;
    if (!running || !gateway) return;
    this.counters.push(gateway.counters);
    this.fresh = 0;
  }

  /** The run is over. */
  close(): void {
    const { run } = this;
    for (const { what } of run.result(0).trace.faults) this.add(`fault: ${what}`);
    for (const counters of this.counters) {
      for (const name of RESULTS) this.add(`gateway hears: ${name}`, counters[name]);
    }
    this.add("frame: dropped at the gateway's socket", run.world.host.inbox.dropped);
  }

  private said(board: Board, bytes: string, peer: Source): void {
    if (this.words.get(board) === bytes) this.add("frame: another try");
    this.words.set(board, bytes);
    if (peer.transport === "mqtt") this.add("frame: over MQTT");
    const before = this.peers.get(board);
    if (before === peer) return;
    this.peers.set(board, peer);
    if (!before || !board.path.ap?.nat) return;
    this.add(`board: another ${before.address === peer.address ? "port" : "address"} at its NAT`);
  }

  private add(name: string, times = 1): void {
    if (times > 0) this.counts.set(name, (this.counts.get(name) ?? 0) + times);
  }
}
