// What the gateway may say to whom: every frame down is judged against the frames up that reached
// it, and against what its disk held when it spoke.
//
//   honest-ack   rules 1, 5: an ACK verifies for the bytes of a beat that reached the gateway
//   right-place  rules 3, 5: it goes where that beat, or a try of it, came from
//   few-repeats  rule 3: duplicates are acknowledged at most four times a second
//   disk-first   rule 8: an epoch, and a longer promise, are on disk before they are told
//   new-epoch    rule 7: a WELCOME is for a nonce that reached the gateway, above what is in force
//   no-gift      no address gets more answers, or more bytes of them, than came from it
//   one-acked    rule 3: of two beats under one number only one is acknowledged

import { type Ack, decodeDown, decodeUp, frameId, type Welcome } from "../../device/decode.ts";
import { computeTag, equalTags, tagBytes } from "../../device/tag.ts";
import {
  ACK,
  COMMAND,
  DOWN,
  HELLO,
  NUDGE,
  PROBE,
  RESULT,
  tagInput,
  WELCOME,
} from "../../device/wire.ts";
import type { Source } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";
import type { Observer, Sighting } from "../observer.ts";
import type { World } from "../world.ts";
import type { Beat, BeatChecker, Speaker } from "./beats.ts";
import { CommandChecker } from "./commands.ts";
import { NudgeChecker } from "./nudges.ts";
import { ProbeChecker } from "./probes.ts";
import type { Report } from "./report.ts";

/** ACKs of one beat in a second: its own, and four to duplicates. */
const REPEATS_MAX = 5;
/** What a frame breaks that was not earned, by its type; an ACK: honest-ack. */
const INVARIANTS: Record<number, string> = {
  [WELCOME]: "new-epoch",
  [NUDGE]: "earned-nudge",
  [COMMAND]: "earned-command",
  [PROBE]: "earned-probe",
};
/** HELLOs of a board that a WELCOME may still answer: a disk may stall for minutes. */
const HELLOS_KEPT = 256;

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
  /** Whose frames came from an address: behind one NAT they may change places. */
  private readonly speakersAt = new Map<string, Set<number>>();
  private readonly nudges: NudgeChecker;
  private readonly probes: ProbeChecker;
  readonly commands: CommandChecker;
  private startedAt = 0;

  constructor(world: World, report: Report, beats: BeatChecker) {
    this.world = world;
    this.report = report;
    this.beats = beats;
    this.nudges = new NudgeChecker(report);
    this.probes = new ProbeChecker(report);
    this.commands = new CommandChecker(world, report);
  }

  gateway(running: boolean, at: number): void {
    if (!running) return;
    this.startedAt = at;
    this.nudges.started();
    this.probes.started();
  }

  reached(bytes: string, from: Source, at: number, running: boolean): void {
    if (!running) return;
    this.balance(bytes, from, at, 1);
    if (((bytes.charCodeAt(0) >> 3) & 7) !== RESULT) return;
    // The ACK that ends the window goes to where the beat came from (rule 5).
    for (const other of this.accepted.get(frameId(bytes))?.from ?? []) {
      if (!same(other, from)) this.balance(bytes, other, at, 1);
    }
  }

  /** The gateway reads it: what waited in its socket was not heard before. */
  reads(bytes: string, from: Source, at: number): void {
    const id = frameId(bytes);
    const speaker = this.beats.speakers.get(id);
    if (!speaker) return;
    const place = placeOf(from);
    const ids = this.speakersAt.get(place);
    if (ids) ids.add(id);
    else this.speakersAt.set(place, new Set([id]));
    const beat = speaker.beats.find((other) => other.bytes === bytes);
    if (beat) {
      if (beat.reachedAt === undefined) speaker.reachedAt = at;
      beat.reachedAt ??= at;
      if (!beat.from.some((other) => same(other, from))) beat.from.push(from);
      return;
    }
    const frame = decodeUp(bytes, tagBytes(speaker.board.suite));
    this.probes.reads(speaker, bytes, from, at);
    if (typeof frame === "string" || frame.type !== HELLO) return;
    const { nonce } = frame;
    const { hellos } = this.earnedOf(id);
    if (hellos.some((hello) => hello.nonce === nonce && same(hello.from, from))) return;
    hellos.unshift({ nonce, from });
    if (hellos.length > HELLOS_KEPT) hellos.pop();
  }

  sent({ board, direction, bytes, peer, at }: Sighting): void {
    if (direction !== "down") return;
    const type = (bytes.charCodeAt(0) >> 3) & 7;
    if (type !== NUDGE && type !== COMMAND && type !== PROBE) this.balance(bytes, peer, at, -1);
    // Whose it is only the tag says; whose it most likely is comes first.
    const ids = new Set(board ? [board.id] : []);
    for (const id of this.speakersAt.get(placeOf(peer)) ?? []) ids.add(id);
    let reason = "nobody";
    for (const id of ids) {
      const speaker = this.beats.speakers.get(id);
      if (!speaker) continue;
      const frame = decodeDown(bytes, tagBytes(speaker.board.suite));
      if (typeof frame === "string") reason = frame;
      else if (frame.type === WELCOME && this.welcomed(speaker, frame, peer, at)) return;
      else if (frame.type === ACK && this.acknowledged(speaker, frame, peer, at)) return;
      else if (frame.type === NUDGE && this.nudges.earned(speaker, frame, peer, at)) return;
      else if (frame.type === PROBE && this.probes.earned(speaker, bytes, peer, at)) return;
      else if (frame.type === COMMAND && this.commands.earned(speaker, frame, peer, at)) return;
    }
    if (ids.size === 0) return;
    const invariant = INVARIANTS[type] ?? "honest-ack";
    const place = `${peer.address}:${peer.port}`;
    this.report.broken(invariant, at, `a frame to ${place} that ${reason} there earned`, board);
  }

  /** Whether the ACK is for a beat of this board that reached the gateway. */
  private acknowledged(speaker: Speaker, ack: Ack, peer: Source, at: number): boolean {
    const { board, key, beats } = speaker;
    const say = (invariant: string, what: string) =>
      this.report.broken(invariant, at, `${board.name}: ${what}`, board);
    const beat = beats.find(({ epoch, seq, frame }) => {
      if (frame.seq16 !== ack.seq16) return false;
      const input = tagInput(DOWN, ACK, epoch, seq, ack.body, frame.tag);
      return equalTags(computeTag(key, input), ack.tag);
    });
    if (beat?.reachedAt === undefined) return false;
    if (!beat.from.some((source) => same(source, peer))) {
      say("right-place", `an ACK to ${placeOf(peer)}, from where that beat never came`);
    }
    this.repeated(beat, at, say);
    const twin = beats.find(
      (other) => other !== beat && other.epoch === beat.epoch && other.seq === beat.seq,
    );
    // A crash may take the first one's beat (rule 8), and the other one's is then the first.
    if (twin?.acked && twin.reachedAt! >= this.startedAt) {
      say("one-acked", `two beats (${beat.epoch}, ${beat.seq}) are both acknowledged`);
    }
    this.onDisk(board, beat, say);
    beat.acked = true;
    const earned = this.earnedOf(board.id);
    earned.inForce = Math.max(earned.inForce, beat.epoch);
    const last = this.accepted.get(board.id);
    const newer =
      !last || beat.epoch > last.epoch || (beat.epoch === last.epoch && beat.seq > last.seq);
    if (newer) this.accepted.set(board.id, beat);
    return true;
  }

  private repeated({ acks }: Beat, at: number, say: (invariant: string, what: string) => void) {
    acks.push(at);
    while (acks[0]! <= at - 1_000) acks.shift();
    if (acks.length > REPEATS_MAX)
      say("few-repeats", `${acks.length} ACKs of one beat in a second`);
  }

  private onDisk(board: Board, beat: Beat, say: (invariant: string, what: string) => void): void {
    const stored = this.world.host.disk.devices.get(board.id);
    const promise = stored?.beat?.promise ?? 0;
    // A newer beat may have joined the same commit.
    const newer = stored?.beat && stored.epoch === beat.epoch && stored.beat.seq > beat.seq;
    if (!stored || stored.epoch < beat.epoch) {
      say("disk-first", `ACK in epoch ${beat.epoch}, on disk ${stored?.epoch}`);
    } else if (stored.epoch === beat.epoch && !newer && promise < beat.promise) {
      say("disk-first", `ACK for promise ${beat.promise}, on disk ${promise}`);
    }
  }

  /** Whether the WELCOME is for a HELLO of this board that came from there. */
  private welcomed(speaker: Speaker, welcome: Welcome, peer: Source, at: number): boolean {
    const { board, key } = speaker;
    const earned = this.earnedOf(board.id);
    const answers = earned.hellos.some(({ nonce, from }) => {
      const input = tagInput(DOWN, WELCOME, 0, 0, welcome.body, nonce);
      return same(from, peer) && equalTags(computeTag(key, input), welcome.tag);
    });
    if (!answers) return false;
    const say = (invariant: string, what: string) =>
      this.report.broken(invariant, at, `${board.name}: ${what}`, board);
    const { epoch } = welcome;
    const issued = this.world.host.disk.devices.get(board.id)?.issued ?? 0;
    if (issued < epoch) say("disk-first", `WELCOME ${epoch}, on disk ${issued}`);
    if (epoch <= earned.inForce) say("new-epoch", `WELCOME ${epoch}, in force ${earned.inForce}`);
    return true;
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

  private earnedOf(id: number): Earned {
    let earned = this.earned.get(id);
    if (!earned) {
      earned = { hellos: [], inForce: 0 };
      this.earned.set(id, earned);
    }
    return earned;
  }
}

function placeOf({ address, port }: Source): string {
  return `${address}:${port}`;
}

function same(a: Source, b: Source): boolean {
  return a.address === b.address && a.port === b.port && a.transport === b.transport;
}
