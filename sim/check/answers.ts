// What the gateway may say to whom: every frame down is judged against the frames up that reached
// it, and against what its disk held when it spoke.
//
//   honest-ack   rules 1, 5: an ACK verifies for the bytes of a beat that reached the gateway
//   right-place  rules 3, 5: it goes where that beat, or a try of it, came from
//   few-repeats  rule 3: duplicates are acknowledged at most four times a second
//   disk-first   rule 8: an epoch, and a longer promise, are on disk before they are told
//   new-epoch    rule 7: a WELCOME is for a nonce that reached the gateway, above what is in force
//   no-gift      no address gets more frames, or more bytes, than came from it
//   unmoved      rules 1 to 4: a frame that is no fresh beat moves nothing of its device

import { type Ack, decodeDown, decodeUp, frameId, type Welcome } from "../../device/decode.ts";
import { computeTag, equalTags, tagBytes } from "../../device/tag.ts";
import { ACK, DOWN, HELLO, tagInput, WELCOME } from "../../device/wire.ts";
import type { Source } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";
import type { Observer, Sighting } from "../observer.ts";
import type { World } from "../world.ts";
import type { Beat, BeatChecker } from "./beats.ts";
import type { Report } from "./report.ts";

/** ACKs of one beat in a second: its own, and four to duplicates. */
const REPEATS_MAX = 5;
/** HELLOs of a board that a WELCOME may still answer. */
const HELLOS_KEPT = 8;

/** What one board's frames allow the gateway to say. */
interface Earned {
  /** HELLOs that reached it, newest first: nonce, and where from. */
  hellos: { readonly nonce: string; readonly from: Source }[];
  /** The highest epoch that an ACK told to be in force. */
  inForce: number;
}

export class AnswerChecker implements Observer {
  /** The newest beat of each device that the gateway acknowledged. */
  readonly accepted = new Map<number, Beat>();
  private readonly world: World;
  private readonly report: Report;
  private readonly beats: BeatChecker;
  private readonly earned = new Map<number, Earned>();
  private readonly balances = new Map<string, { frames: number; bytes: number }>();
  /** What the gateway knew of a device before it read the frame that just reached it. */
  private before = "";

  constructor(world: World, report: Report, beats: BeatChecker) {
    this.world = world;
    this.report = report;
    this.beats = beats;
  }

  reached(bytes: string, from: Source, at: number, running: boolean): void {
    if (!running) return;
    this.balance(bytes, from, at, 1);
    const id = frameId(bytes);
    const beat = this.beatOf(id, bytes);
    this.before = beat ? "" : this.standing(id);
    if (beat) {
      if (beat.reachedAt === undefined) this.beats.speakers.get(id)!.reachedAt = at;
      beat.reachedAt ??= at;
      if (!beat.from.some((other) => same(other, from))) beat.from.push(from);
      return;
    }
    const frame = decodeUp(bytes, tagBytes(this.beats.speakers.get(id)?.board.suite ?? 2));
    if (typeof frame !== "string" && frame.type === HELLO) {
      const { hellos } = this.earnedOf(id);
      hellos.unshift({ nonce: frame.nonce, from });
      if (hellos.length > HELLOS_KEPT) hellos.pop();
    }
  }

  judged(bytes: string, _from: Source, at: number): void {
    const id = frameId(bytes);
    // A gateway that died in this turn knows nothing any more.
    if (this.before === "" || !this.world.host.gateway) return;
    if (this.standing(id) === this.before) return;
    const board = this.beats.speakers.get(id)?.board;
    // Twins: the other one's beat is genuine, and moves what it may move.
    if (this.beats.speakers.get(id)?.twins) return;
    this.report.broken("unmoved", at, `a frame that is no beat moves ${board?.name ?? id}`, board);
  }

  sent({ board, direction, bytes, peer, at }: Sighting): void {
    if (direction !== "down") return;
    this.balance(bytes, peer, at, -1);
    if (!board) return;
    const frame = decodeDown(bytes, tagBytes(board.suite));
    if (typeof frame === "string") {
      this.report.broken("honest-ack", at, `${frame} for ${board.name}`, board);
    } else if (frame.type === WELCOME) this.welcomed(board, frame, peer, at);
    else if (frame.type === ACK) this.acknowledged(board, frame, peer, at);
  }

  private acknowledged(board: Board, ack: Ack, peer: Source, at: number): void {
    const say = (invariant: string, what: string) =>
      this.report.broken(invariant, at, `${board.name}: ${what}`, board);
    const { key, beats, twins } = this.beats.speakerOf(board);
    const beat = beats.find(({ epoch, seq, frame }) => {
      if (frame.seq16 !== ack.seq16) return false;
      return equalTags(
        computeTag(key, tagInput(DOWN, ACK, epoch, seq, ack.body, frame.tag)),
        ack.tag,
      );
    });
    if (beat?.reachedAt === undefined) {
      if (!twins) say("honest-ack", "an ACK that no beat earned");
      return;
    }
    const earned = this.earnedOf(board.id);
    if (!beat.from.some((source) => same(source, peer))) {
      say("right-place", `an ACK to ${peer.address}:${peer.port}, from where that beat never came`);
    }
    const { acks } = beat;
    acks.push(at);
    while (acks[0]! <= at - 1_000) acks.shift();
    if (acks.length > REPEATS_MAX)
      say("few-repeats", `${acks.length} ACKs of one beat in a second`);
    this.onDisk(board, beat, say);
    beat.acked = true;
    earned.inForce = Math.max(earned.inForce, beat.epoch);
    const last = this.accepted.get(board.id);
    const newer =
      !last || beat.epoch > last.epoch || (beat.epoch === last.epoch && beat.seq > last.seq);
    if (newer) this.accepted.set(board.id, beat);
  }

  private onDisk(board: Board, beat: Beat, say: (invariant: string, what: string) => void): void {
    const stored = this.world.host.disk.devices.get(board.id);
    const promise = stored?.beat?.promise ?? 0;
    // A newer beat may have joined the same commit.
    const newer = stored?.beat && stored.epoch === beat.epoch && stored.beat.seq > beat.seq;
    if (!stored || stored.epoch < beat.epoch) {
      say("disk-first", `ACK in epoch ${beat.epoch}, on disk ${stored?.epoch}`);
    } else if (stored.epoch === beat.epoch && !newer && promise < beat.frame.promise) {
      say("disk-first", `ACK for promise ${beat.frame.promise}, on disk ${promise}`);
    }
  }

  private welcomed(board: Board, welcome: Welcome, peer: Source, at: number): void {
    const say = (invariant: string, what: string) =>
      this.report.broken(invariant, at, `${board.name}: ${what}`, board);
    const { epoch } = welcome;
    const issued = this.world.host.disk.devices.get(board.id)?.issued ?? 0;
    if (issued < epoch) say("disk-first", `WELCOME ${epoch}, on disk ${issued}`);
    const earned = this.earnedOf(board.id);
    if (epoch <= earned.inForce) say("new-epoch", `WELCOME ${epoch}, in force ${earned.inForce}`);
    const { key } = this.beats.speakerOf(board);
    const answers = earned.hellos.some(({ nonce, from }) => {
      const input = tagInput(DOWN, WELCOME, 0, 0, welcome.body, nonce);
      return same(from, peer) && equalTags(computeTag(key, input), welcome.tag);
    });
    if (!answers) say("new-epoch", `WELCOME ${epoch} for no HELLO that came from there`);
  }

  private balance(bytes: string, { address, port }: Source, at: number, sign: 1 | -1): void {
    const peer = `${address}:${port}`;
    const sums = this.balances.get(peer) ?? { frames: 0, bytes: 0 };
    this.balances.set(peer, sums);
    sums.frames += sign;
    sums.bytes += sign * bytes.length;
    if (sums.frames >= 0 && sums.bytes >= 0) return;
    this.report.broken("no-gift", at, `${peer} got more than came from it`);
  }

  private beatOf(id: number, bytes: string): Beat | undefined {
    return this.beats.speakers.get(id)?.beats.find((beat) => beat.bytes === bytes);
  }

  /** What must not change by a frame that is no fresh beat. */
  private standing(id: number): string {
    const view = this.world.host.view(id, this.world.now);
    return view ? `${view.epoch} ${view.seq} ${view.seenAt} ${view.promiseMs}` : "unknown";
  }

  private earnedOf(id: number): Earned {
    let earned = this.earned.get(id);
    if (!earned) {
      earned = { hellos: [], inForce: 0 };
      this.earned.set(id, earned);
    }
    return earned;
  }
}

function same(a: Source, b: Source): boolean {
  return a.address === b.address && a.port === b.port && a.transport === b.transport;
}
