// What must hold in every run, whatever is done to it. The checkers look on; each keeps what it
// needs to judge by itself, from frames and keys, and believes neither core.
//
//   one-beat      rule 10: no (epoch, seq) of a key stands in two different beats
//   honest-ack    rules 1, 5: an ACK verifies for the bytes of a beat that reached the gateway
//   disk-first    rule 8: an epoch, and a promise longer than the stored one, before it is told
//   no-gap        changes of a device count 1, 2, 3, each from where the last one led; once told
//                 they are on disk
//   no-false-doubt  nobody is called late or absent within the promise of an accepted beat
//   no-gift       a stranger gets no more frames, and no more bytes, than it sent

import { type Ack, decodeDown, decodeUp, frameId, type Heartbeat } from "../device/decode.ts";
import { intervalMs } from "../device/interval.ts";
import { computeTag, equalTags, tagBytes } from "../device/tag.ts";
import { ACK, DOWN, HEARTBEAT, LEAVING, tagInput, UP, WELCOME } from "../device/wire.ts";
import type { Change, Source, Status } from "../gateway/facts.ts";
import type { Board } from "./board.ts";
import type { Observer, Sighting } from "./observer.ts";
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
  /** By their bytes. */
  readonly beats: Map<string, Beat>;
  /** Every (epoch, seq) in use. */
  readonly numbers: Set<string>;
  /** The newest beat that was acknowledged for the first time. */
  accepted: Beat | undefined;
  tseq: number;
  status: Status;
}

export class Checkers implements Observer {
  readonly violations: Violation[] = [];
  private readonly known = new Map<number, Known>();
  private readonly strangers = new Map<string, { frames: number; bytes: number }>();
  private cursor = 0;
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
    world.observe(this);
  }

  sent(sighting: Sighting): void {
    const { board, direction, bytes, peer, at } = sighting;
    if (!board) this.stranger(direction, bytes, peer, at);
    else if (direction === "up") this.boardSays(board, bytes, at);
    else this.gatewaySays(board, bytes, at);
  }

  reached(bytes: string, _from: Source, at: number, running: boolean): void {
    if (!running) return;
    const beat = this.known.get(frameId(bytes))?.beats.get(bytes);
    if (beat) beat.reachedAt ??= at;
  }

  told(change: Change, at: number): void {
    const known = this.known.get(change.id);
    const { tseq, status } = known ?? { tseq: 0, status: "unknown" };
    if (change.tseq !== tseq + 1 || change.cursor <= this.cursor || change.from !== status) {
      this.violated("no-gap", at, `${say(change)} after ${tseq} to ${status}`);
    }
    this.cursor = change.cursor;
    if (this.world.host.disk.cursor < change.cursor) {
      this.violated("no-gap", at, `${say(change)} is not on disk`);
    }
    if (!known) return;
    known.tseq = change.tseq;
    known.status = change.to;
    const doubt = change.to === "late" || change.to === "absent";
    if (doubt && known.accepted && change.at < livesUntil(known.accepted)) {
      const until = livesUntil(known.accepted);
      this.violated("no-false-doubt", at, `${say(change)}, promised until ${until}`);
    }
  }

  private knownOf(board: Board): Known {
    let known = this.known.get(board.id);
    if (!known) {
      known = {
        board,
        beats: new Map(),
        numbers: new Set(),
        accepted: undefined,
        tseq: 0,
        status: "unknown",
      };
      this.known.set(board.id, known);
    }
    return known;
  }

  private boardSays(board: Board, bytes: string, at: number): void {
    const frame = decodeUp(bytes, tagBytes(board.suite));
    const { sender } = board;
    const { beats, numbers } = this.knownOf(board);
    if (!sender || typeof frame === "string" || frame.type !== HEARTBEAT || beats.has(bytes)) {
      return;
    }
    const { epoch, seq } = sender;
    const tag = computeTag(board.key, tagInput(UP, HEARTBEAT, epoch, seq, frame.body, ""));
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
      return equalTags(computeTag(board.key, input), ack.tag);
    });
    if (beat?.reachedAt === undefined) {
      this.violated("honest-ack", at, `an ACK for ${board.name} that no beat earned`);
      return;
    }
    const stored = this.world.host.disk.devices.get(board.id);
    const promise = stored?.beat?.promise ?? 0;
    if (!stored || stored.epoch !== beat.epoch) {
      this.violated("disk-first", at, `ACK in epoch ${beat.epoch}, on disk ${stored?.epoch}`);
    } else if (promise < beat.frame.promise) {
      const what = `ACK for promise ${beat.frame.promise}, on disk ${promise}`;
      this.violated("disk-first", at, `${board.name}: ${what}`);
    }
    if (!beat.acked) known.accepted = beat;
    beat.acked = true;
  }

  private stranger(direction: string, bytes: string, { address }: Source, at: number): void {
    const sums = this.strangers.get(address) ?? { frames: 0, bytes: 0 };
    this.strangers.set(address, sums);
    const sign = direction === "up" ? 1 : -1;
    sums.frames += sign;
    sums.bytes += sign * bytes.length;
    if (sums.frames < 0 || sums.bytes < 0) {
      this.violated("no-gift", at, `${address} got more than it sent`);
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
