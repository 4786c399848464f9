// The oracle: what really happened to every board, beside what the gateway was told. It judges each
// change that a person would hear of: a death found, or a false alarm. A verdict is false when its
// board had power, and its path was open, all the time since the last beat that was accepted; what
// the air alone took is no excuse, since the promise has counted that.
//
// Its figures are kept by board in plain objects of few numbers, and added up by group at the end.

import { REBOOT, REJOIN } from "../../device/ladder.ts";
import type { Change, Source } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";
import type { Observer, Sighting } from "../observer.ts";
import type { World } from "../world.ts";
import type { Cast } from "./cast.ts";
import type { Strike } from "./faults.ts";
import { beginLife, type Life } from "./life.ts";
import { STRANGER } from "./stranger.ts";

const HEARTBEAT = 0;
const ACK = 1;
const HELLO = 2;
/** Round trips kept of a board. */
const ROUND_TRIPS_MAX = 1_000;

export class Ledger implements Observer {
  readonly lives: Life[];
  /** Frames and bytes at the gateway's socket, strangers' with them. */
  rx = 0;
  tx = 0;
  bytesIn = 0;
  bytesOut = 0;
  private readonly world: World;
  private readonly byId = new Map<number, Life>();
  private readonly byBoard = new Map<Board, Life>();
  /** Frames that were taken for fresh: by strangers they must not be once more. */
  private readonly taken = new Set<string>();
  private readonly attacked: boolean;
  private fresh = 0;
  private clash = 0;
  private stale = 0;

  constructor(world: World, cast: Cast, attacked: boolean) {
    this.world = world;
    this.attacked = attacked;
    this.lives = cast.members.map(beginLife);
    for (const life of this.lives) {
      this.byId.set(life.member.board.id, life);
      this.byBoard.set(life.member.board, life);
    }
    world.observe(this);
  }

  lifeOf(board: Board): Life | undefined {
    return this.byBoard.get(board);
  }

  /** A fault begins or ends to keep a board from being heard, or present. */
  struck({ member, kind, on }: Strike, now: number): void {
    const life = this.byBoard.get(member.board)!;
    if (kind === "leave") life.left = true;
    if (!BLOCKS.has(kind)) return;
    life.blocks += on ? 1 : -1;
    life.excusedAt = now;
    if (on && life.blocks === 1) life.blockedAt = now;
    if (!on && life.blocks === 0) this.back(life, now);
  }

  sent({ board, direction, bytes, at, peer }: Sighting): void {
    if (direction === "down") {
      this.tx++;
      this.bytesOut += bytes.length;
      return;
    }
    const life = board && this.byBoard.get(board);
    if (!life) return;
    if (life.from !== peer) {
      if (life.from !== undefined) life.rebinds++;
      life.from = peer;
    }
    life.tries++;
    if (bytes === life.word) return;
    life.word = bytes;
    life.saidAt = at;
    life.tries = 1;
    const type = (bytes.charCodeAt(0) >> 3) & 7;
    life.heard = type !== HEARTBEAT;
    life.clean = type === HEARTBEAT && life.blocks === 0;
    if (life.clean) life.cleanBeats++;
    if (type === HEARTBEAT) life.beats++;
    else if (type === HELLO) life.hellos++;
  }

  reached(bytes: string): void {
    this.rx++;
    this.bytesIn += bytes.length;
  }

  reads(): void {
    const counters = this.world.host.gateway?.counters;
    this.fresh = counters?.fresh ?? 0;
    this.clash = counters?.clash ?? 0;
    this.stale = counters?.stale ?? 0;
  }

  judged(bytes: string, from: Source, at: number): void {
    const counters = this.world.host.gateway?.counters;
    const life = this.byId.get(idOf(bytes));
    if (!counters || !life) return;
    if (counters.clash !== this.clash) life.clashes++;
    if (counters.stale !== this.stale) life.stale++;
    if (counters.fresh === this.fresh) return;
    if (life.clean && bytes === life.word) life.cleanAccepted++;
    if (this.attacked) {
      if (from === STRANGER && this.taken.has(bytes)) life.replaysTaken++;
      this.taken.add(bytes);
    }
    if (life.offAt >= 0 && life.on) {
      this.found(life);
      life.offAt = -1;
    }
    life.acceptedAt = at;
    life.promiseMs = this.world.host.view(life.member.board.id, at)?.promiseMs ?? 0;
  }

  heard(bytes: string, board: Board, at: number, heard: boolean): void {
    const life = this.byBoard.get(board);
    if (!heard || !life || life.heard || ((bytes.charCodeAt(0) >> 3) & 7) !== ACK) return;
    // The same low 16 bits of seq: this beat's ACK, genuine or not; the checkers say which.
    if (bytes.charCodeAt(1) !== life.word.charCodeAt(4)) return;
    if (bytes.charCodeAt(2) !== life.word.charCodeAt(5)) return;
    life.heard = true;
    life.acked++;
    if (life.clean) life.cleanAcked++;
    if (life.tries === 1 && life.roundTrips.length < ROUND_TRIPS_MAX) {
      life.roundTrips.push(at - life.saidAt);
    }
  }

  power(board: Board, on: boolean, at: number): void {
    const life = this.byBoard.get(board);
    if (!life) return;
    life.excusedAt = at;
    life.on = on;
    if (on) {
      life.left = false;
      this.back(life, at);
      return;
    }
    if (board.body?.brownedOut) life.brownOuts++;
    // A board that boots, and dies before anybody hears it, has died once.
    if (life.offAt >= 0) return;
    life.offAt = at;
    life.lateTold = life.absentTold = null;
  }

  climbed(board: Board, rung: number, at: number): void {
    const life = this.byBoard.get(board);
    if (!life) return;
    life.rungs++;
    // For a while it cannot speak.
    if (rung === REJOIN || rung === REBOOT) life.excusedAt = at;
  }

  told(change: Change, at: number): void {
    const life = this.byId.get(change.id);
    if (!life) return;
    life.changes++;
    life.status = change.to;
    const excused = life.offAt >= 0 || life.blocks > 0 || life.excusedAt >= life.acceptedAt;
    if (change.to === "late") {
      if (excused) life.lateTold ??= at;
      else life.falseLate++;
    } else if (change.to === "absent") {
      life.alarms++;
      if (excused) life.absentTold ??= at;
      else life.falseAbsent++;
    } else if (change.to === "present" && life.backAt >= 0) {
      life.returns.push(at - life.backAt);
      life.backAt = -1;
    }
  }

  /** The run is over: who is still without power was found, or was missed. */
  close(): void {
    for (const life of this.lives) if (life.offAt >= 0) this.found(life);
  }

  private back(life: Life, now: number): void {
    const reachable = life.on && life.blocks === 0 && life.status !== "present";
    life.backAt = reachable ? now : -1;
  }

  /** One loss of power is over: a death, if it was found or lasted longer than any detector may. */
  private found(life: Life): void {
    const { member, offAt, acceptedAt, promiseMs, lateTold, absentTold } = life;
    const bound = 2 * promiseMs * 1.02 + 5_000;
    const judged = acceptedAt >= 0 && !life.left && this.world.now > acceptedAt + bound;
    if (absentTold === null && !judged) return;
    if (acceptedAt < 0) return;
    life.detections.push({
      board: member.board.name,
      group: member.group.group,
      diedAt: offAt,
      promiseLeftMs: Math.max(0, acceptedAt + promiseMs - offAt),
      promiseMs,
      lateMs: lateTold === null ? null : Math.max(0, lateTold - offAt),
      absentMs: absentTold === null ? null : Math.max(0, absentTold - offAt),
    });
  }
}

/** Faults that keep a board from being heard, or from being answered. */
const BLOCKS = new Set<string>(["cut", "ap", "dns", "nat-full", "nat-deaf", "broker"]);

function idOf(bytes: string): number {
  return (bytes.charCodeAt(1) << 16) | (bytes.charCodeAt(2) << 8) | bytes.charCodeAt(3);
}
