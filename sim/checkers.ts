// What must hold in every run, whatever is done to it. The checkers look on; each keeps what it
// needs to judge by itself, from frames and keys, and believes neither core.
//
//   one-beat      rule 10: no (epoch, seq) of a key stands in two different beats
//   honest-ack    rules 1, 5: an ACK verifies for the bytes of a beat that reached the gateway
//   disk-first    rule 8: an epoch, and a promise longer than the stored one, before it is told
//   no-gap        changes of a device count 1, 2, 3 on disk, each from where the last one led; what
//                 is told is there, and is told once
//   no-false-doubt  nobody is called late or absent within the promise of an accepted beat
//   no-gift       no address gets more frames, or more bytes, than came from it

import { type Ack, decodeDown, decodeUp, frameId, type Heartbeat } from "../device/decode.ts";
import { intervalMs } from "../device/interval.ts";
import { computeTag, equalTags, type TagKey, tagBytes } from "../device/tag.ts";
import { ACK, DOWN, HEARTBEAT, LEAVING, tagInput, UP, WELCOME } from "../device/wire.ts";
import type { Change, Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";
import type { Observer, Sighting } from "./observer.ts";
import type { Strike } from "./scenario/faults.ts";
import type { World } from "./world.ts";

const VIOLATIONS_MAX = 20;

export interface Violation {
  readonly invariant: string;
  readonly at: number;
  readonly what: string;
}

/** A beat as its board sent it, with the numbers that do not travel. */
interface Beat {
  readonly epoch: number;
  readonly seq: number;
  readonly frame: Heartbeat;
  readonly bytes: string;
  /** When it first reached a gateway that ran; undefined: not yet. */
  reachedAt: number | undefined;
  acked: boolean;
}

interface Known {
  readonly board: Board;
  readonly key: TagKey;
  /** By their bytes. */
  readonly beats: Map<string, Beat>;
  /** Every (epoch, seq) in use. */
  readonly numbers: Set<string>;
  /** Beats in the order of their first ACK. */
  readonly accepted: Beat[];
}

export class Checkers implements Observer {
  readonly violations: Violation[] = [];
  private readonly known = new Map<number, Known>();
  private readonly balances = new Map<string, { frames: number; bytes: number }>();
  /** The newest change told; changes on disk looked at; the last one of each device. */
  private cursor = 0;
  private walked = 0;
  private readonly last = new Map<number, Pick<Change, "tseq" | "to">>();
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
    world.observe(this);
  }

  /** A fault begins or ends to work on a board. */
  struck(_strike: Strike, _now: number): void {}

  /** The run is over. */
  close(): void {}

  sent(sighting: Sighting): void {
    const { board, direction, bytes, peer, at } = sighting;
    if (direction === "down") this.balance(bytes, peer, at, -1);
    if (!board) return;
    if (direction === "up") this.boardSays(board, bytes, at);
    else this.gatewaySays(board, bytes, at);
  }

  reached(bytes: string, from: Source, at: number, running: boolean): void {
    if (!running) return;
    this.balance(bytes, from, at, 1);
    const beat = this.known.get(frameId(bytes))?.beats.get(bytes);
    if (beat) beat.reachedAt ??= at;
  }

  told(change: Change, at: number): void {
    this.walk(at);
    const stored = this.world.host.disk.changes[change.cursor - 1];
    const same = stored?.id === change.id && stored.tseq === change.tseq && stored.to === change.to;
    if (!same) this.violated("no-gap", at, `${say(change)} is not on disk`);
    if (change.cursor <= this.cursor) this.violated("no-gap", at, `${say(change)} told again`);
    this.cursor = change.cursor;
    // A change is told after its commit: a beat that came in between does not speak against it.
    const heard = this.known.get(change.id)?.accepted.findLast((b) => b.reachedAt! <= change.at);
    const doubt = change.to === "late" || change.to === "absent";
    if (doubt && heard && change.at < livesUntil(heard)) {
      this.violated("no-false-doubt", at, `${say(change)}, promised until ${livesUntil(heard)}`);
    }
  }

  /** Changes on disk that were not looked at yet. A crash may keep one from being told, no more. */
  private walk(at: number): void {
    const { changes } = this.world.host.disk;
    while (this.walked < changes.length) {
      const change = changes[this.walked++]!;
      const last = this.last.get(change.id) ?? { tseq: 0, to: "unknown" };
      const follows = change.tseq === last.tseq + 1 && change.from === last.to;
      if (!follows || change.cursor !== this.walked) {
        this.violated("no-gap", at, `${say(change)} after ${last.tseq} to ${last.to}`);
      }
      this.last.set(change.id, change);
    }
  }

  private knownOf(board: Board): Known {
    let known = this.known.get(board.id);
    if (!known) {
      known = {
        board,
        key: board.key,
        beats: new Map(),
        numbers: new Set(),
        accepted: [],
      };
      this.known.set(board.id, known);
    }
    return known;
  }

  private boardSays(board: Board, bytes: string, at: number): void {
    const frame = decodeUp(bytes, tagBytes(board.suite));
    const { sender } = board;
    const { beats, numbers, key } = this.knownOf(board);
    if (!sender || typeof frame === "string" || frame.type !== HEARTBEAT || beats.has(bytes)) {
      return;
    }
    const { epoch, seq } = sender;
    const tag = computeTag(key, tagInput(UP, HEARTBEAT, epoch, seq, frame.body, ""));
    if (!equalTags(tag, frame.tag)) {
      this.violated("one-beat", at, `${board.name} seals beat ${seq} under another epoch`);
    }
    if (numbers.has(`${epoch} ${seq}`)) {
      this.violated("one-beat", at, `${board.name} uses (${epoch}, ${seq}) for two beats`);
    }
    numbers.add(`${epoch} ${seq}`);
    beats.set(bytes, { epoch, seq, frame, bytes, reachedAt: undefined, acked: false });
  }

  private gatewaySays(board: Board, bytes: string, at: number): void {
    const frame = decodeDown(bytes, tagBytes(board.suite));
    if (typeof frame === "string") {
      this.violated("honest-ack", at, `a malformed frame for ${board.name}: ${frame}`);
    } else if (frame.type === WELCOME) {
      const issued = this.world.host.disk.devices.get(board.id)?.issued ?? 0;
      if (issued < frame.epoch) {
        this.violated("disk-first", at, `WELCOME ${frame.epoch}, on disk ${issued}`);
      }
    } else if (frame.type === ACK) {
      this.acknowledged(this.knownOf(board), frame, at);
    }
  }

  private acknowledged(known: Known, ack: Ack, at: number): void {
    const { board } = known;
    const beat = [...known.beats.values()].reverse().find((candidate) => {
      if (candidate.frame.seq16 !== ack.seq16) return false;
      const { epoch, seq, frame } = candidate;
      const input = tagInput(DOWN, ACK, epoch, seq, ack.body, frame.tag);
      return equalTags(computeTag(known.key, input), ack.tag);
    });
    if (beat?.reachedAt === undefined) {
      this.violated("honest-ack", at, `an ACK for ${board.name} that no beat earned`);
      return;
    }
    const stored = this.world.host.disk.devices.get(board.id);
    const promise = stored?.beat?.promise ?? 0;
    // A newer beat may have joined the same commit.
    const newer = stored?.beat && stored.epoch === beat.epoch && stored.beat.seq > beat.seq;
    if (!stored || stored.epoch < beat.epoch) {
      this.violated("disk-first", at, `ACK in epoch ${beat.epoch}, on disk ${stored?.epoch}`);
    } else if (stored.epoch === beat.epoch && !newer && promise < beat.frame.promise) {
      const what = `ACK for promise ${beat.frame.promise}, on disk ${promise}`;
      this.violated("disk-first", at, `${board.name}: ${what}`);
    }
    if (!beat.acked) known.accepted.push(beat);
    beat.acked = true;
  }

  private balance(bytes: string, { address, port }: Source, at: number, sign: 1 | -1): void {
    const peer = `${address}:${port}`;
    const sums = this.balances.get(peer) ?? { frames: 0, bytes: 0 };
    this.balances.set(peer, sums);
    sums.frames += sign;
    sums.bytes += sign * bytes.length;
    if (sums.frames < 0 || sums.bytes < 0) {
      this.violated("no-gift", at, `${peer} got more than came from it`);
    }
  }

  private violated(invariant: string, at: number, what: string): void {
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push({ invariant, at, what });
  }
}

/** Until when an accepted beat promised life; a goodbye promises for ever to be silent. */
function livesUntil({ frame, reachedAt }: Beat): number {
  return frame.promise === LEAVING
    ? Number.POSITIVE_INFINITY
    : (reachedAt ?? 0) + intervalMs(frame.promise);
}

function say({ id, tseq, from, to, at }: Change): string {
  return `change ${tseq} of ${id}, ${from} to ${to} at ${at}`;
}
