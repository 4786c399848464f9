// What a board may say: its numbers, its tries, its promises, its silence. Everything is judged
// from its frames, its key and its own clock, never from what its sender believes.
//
//   one-beat       rule 10: (epoch, seq) of a key only grows, so it never stands in two beats
//   own-epoch      rules 10, 11: a beat is sealed under the epoch that the sender holds
//   few-tries      rule 13: the same bytes leave at most three times, and again for each make-up;
//                  rule 12: HELLO three times
//   keeps-promise  rule 14: on its own clock, a board with power sends its next beat in time
//   unheard        rule 12: at most 16 beats without an ACK in one epoch, over boots too
//   gives-up       an hour without an answer, and it says no more than rules 12 and 18 allow

import { decodeUp, type Heartbeat } from "../../device/decode.ts";
import { intervalMs } from "../../device/interval.ts";
import { REJOIN } from "../../device/ladder.ts";
import { TRIES_MAX, UNACKED_AFTER_BOOT, UNACKED_MAX } from "../../device/schedule.ts";
import { computeTag, equalTags, SUITE_CRC, type TagKey, tagBytes } from "../../device/tag.ts";
import { ACK, HEARTBEAT, LEAVING, RESULT, tagInput, UP, WELCOME } from "../../device/wire.ts";
import type { Source } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";
import type { Observer, Sighting } from "../observer.ts";
import type { Report } from "./report.ts";

const HOUR_MS = 3_600_000;
/** A gap of U(0.9, 1) of eight intervals is the shortest that a board unheard for long keeps. */
const SHORTEST_GAPS = 7.2;
/** HELLO exchanges an hour, once they have doubled for an hour already. */
const HELLOS_PER_HOUR = 4;

/** A beat as its board sent it, with the numbers that do not travel. */
export interface Beat {
  readonly board: Board;
  readonly epoch: number;
  readonly seq: number;
  readonly frame: Heartbeat;
  readonly bytes: string;
  /** What it promises: under suite 0, which has no goodbye, 255 is the promise before it. */
  readonly promise: number;
  /** When it first reached a gateway that ran; undefined: not yet. */
  reachedAt: number | undefined;
  acked: boolean;
  /** Where it and its tries came from; when it was acknowledged in the last second. */
  readonly from: Source[];
  readonly acks: number[];
}

/** What is remembered of one identity; twins share it. */
export interface Speaker {
  readonly board: Board;
  readonly key: TagKey;
  /** The newest beat, and those before it whose ACK may still come, newest first. */
  beats: Beat[];
  /** Twins with one identity repeat each other's numbers: nothing about them is held against it. */
  twins: boolean;
  /** When its newest frame that was a beat reached the gateway. */
  reachedAt: number;
  bytes: string;
  tries: number;
  /** Beats in one epoch without an ACK, over boots too; and those since it has power. */
  unacked: number;
  unackedNow: number;
  /** Whether an ACK reached it since it has power. */
  acked: boolean;
  /** Since when it has power; the last beat since then, on its own clock: what it promised. */
  promisedBy: number;
  /** What the beat before the one being tried promised. */
  dueBy: number;
  /** The last answer that it heard, and what it said since an hour after that. */
  answeredAt: number;
  hourAt: number;
  hourFrames: number;
  /** The newest epoch of which it heard an ACK. */
  ackedEpoch: number;
  /** Its clock was moved by hand: what it promises by it cannot be judged any more. */
  clockMoved: boolean;
}

/** Beats of a board that an ACK may still be for: the link holds frames back for seconds. */
const BEATS_KEPT = 64;

export class BeatChecker implements Observer {
  readonly speakers = new Map<number, Speaker>();
  private readonly report: Report;

  constructor(report: Report) {
    this.report = report;
  }

  speakerOf(board: Board): Speaker {
    let speaker = this.speakers.get(board.id);
    if (!speaker) {
      speaker = {
        board,
        key: board.tagKey,
        beats: [],
        twins: false,
        reachedAt: 0,
        bytes: "",
        ...{ tries: 0, unacked: 0, unackedNow: 0, acked: false },
        promisedBy: Number.POSITIVE_INFINITY,
        dueBy: Number.POSITIVE_INFINITY,
        ...{ answeredAt: 0, hourAt: 0, hourFrames: 0 },
        ackedEpoch: 0,
        clockMoved: false,
      };
      this.speakers.set(board.id, speaker);
    }
    return speaker;
  }

  sent({ board, direction, bytes, at }: Sighting): void {
    if (!board || direction !== "up") return;
    const speaker = this.speakerOf(board);
    this.silence(speaker, at);
    // As often as it is asked for; what it says is for the checkers of commands.
    if (((bytes.charCodeAt(0) >> 3) & 7) === RESULT) return;
    if (bytes === speaker.bytes) {
      if (speaker.twins) return;
      const beats = ((bytes.charCodeAt(0) >> 3) & 7) === HEARTBEAT;
      if (beats) this.inTime(speaker, board, at);
      speaker.tries++;
      if (speaker.tries > TRIES_MAX * (beats ? setsOf(board) : 1)) {
        this.report.broken("few-tries", at, `${board.name} sends it again`, board);
      }
      return;
    }
    // Twins speak in turns: a try of one of them is no new beat.
    if (speaker.twins && speaker.beats.some((beat) => beat.bytes === bytes)) return;
    speaker.bytes = bytes;
    speaker.tries = 1;
    const frame = decodeUp(bytes, tagBytes(board.suite));
    if (typeof frame === "string") {
      this.report.broken("own-epoch", at, `${board.name} says what is ${frame}`, board);
    } else if (frame.type === HEARTBEAT) this.beat(speaker, board, frame, bytes, at);
  }

  heard(bytes: string, board: Board, at: number, heard: boolean): void {
    if (!heard) return;
    const speaker = this.speakerOf(board);
    const type = (bytes.charCodeAt(0) >> 3) & 7;
    if (type !== ACK && type !== WELCOME) return;
    // Genuine or not: at worst a stranger's noise grants a board more patience than it deserves.
    speaker.answeredAt = at;
    const low = (bytes.charCodeAt(1) << 8) | bytes.charCodeAt(2);
    if (type !== ACK || low !== speaker.beats[0]?.frame.seq16) return;
    speaker.unacked = speaker.unackedNow = 0;
    speaker.acked = true;
    speaker.ackedEpoch = speaker.beats[0].epoch;
  }

  /** Rule 12: an epoch of which no beat was acknowledged is not used in a later wake. */
  slept(board: Board, asleep: boolean): void {
    const speaker = this.speakerOf(board);
    if (!asleep || speaker.ackedEpoch === speaker.beats[0]?.epoch) return;
    speaker.promisedBy = speaker.dueBy = Number.POSITIVE_INFINITY;
  }

  power(board: Board, _on: boolean, at: number): void {
    const speaker = this.speakerOf(board);
    speaker.promisedBy = speaker.dueBy = Number.POSITIVE_INFINITY;
    speaker.answeredAt = at;
    // A boot may send the same bytes once more, as it may reserve and not send.
    speaker.bytes = "";
    speaker.unackedNow = 0;
    speaker.acked = false;
  }

  climbed(board: Board, rung: number): void {
    if (rung !== REJOIN) return;
    // Who leaves its network cannot speak until it is back, and knew that nobody hears it.
    const speaker = this.speakerOf(board);
    speaker.promisedBy = speaker.dueBy = Number.POSITIVE_INFINITY;
  }

  struck(board: Board, kind: string): void {
    const speaker = this.speakerOf(board);
    if (kind === "clock" || kind === "drift") speaker.clockMoved = true;
    // Without its access point a board cannot speak, whatever it promised.
    if (kind === "ap") speaker.promisedBy = speaker.dueBy = Number.POSITIVE_INFINITY;
    if (kind === "clone") speaker.twins = true;
  }

  private beat(speaker: Speaker, board: Board, frame: Heartbeat, bytes: string, at: number): void {
    const { key, beats } = speaker;
    const { sender } = board;
    if (!sender) return;
    const { epoch, seq } = sender;
    const { twins } = speaker;
    const say = (invariant: string, what: string) =>
      twins ? undefined : this.report.broken(invariant, at, `${board.name} ${what}`, board);
    const tag = computeTag(key, tagInput(UP, HEARTBEAT, epoch, seq, frame.body, ""));
    if (!equalTags(tag, frame.tag)) say("own-epoch", `seals beat ${seq} under another epoch`);
    const last = beats[0];
    if (last && (epoch < last.epoch || (epoch === last.epoch && seq <= last.seq))) {
      say("one-beat", `uses (${epoch}, ${seq}) after (${last.epoch}, ${last.seq})`);
    }
    const fate = { reachedAt: undefined, acked: false, from: [], acks: [] };
    const isWord = frame.promise !== LEAVING || board.suite !== SUITE_CRC;
    const before = beats.find(({ reachedAt }) => reachedAt !== undefined) ?? last;
    const promise = isWord ? frame.promise : (before?.promise ?? 0);
    beats.unshift({ board, epoch, seq, frame, bytes, promise, ...fate });
    if (beats.length > BEATS_KEPT) beats.pop();
    const same = last?.epoch === epoch;
    speaker.unacked = same ? speaker.unacked + 1 : 1;
    speaker.unackedNow = same ? speaker.unackedNow + 1 : 1;
    if (speaker.unacked > UNACKED_MAX) say("unheard", `sends ${speaker.unacked} beats unheard`);
    speaker.dueBy = speaker.promisedBy;
    this.inTime(speaker, board, at);
    // After 16 beats unheard, or 13 since a boot, it may only say HELLO (rule 12), whatever was
    // promised.
    const most = speaker.acked || board.kind.reach === 2 ? UNACKED_MAX : UNACKED_AFTER_BOOT;
    const spent = speaker.unackedNow >= most;
    const silent = frame.promise === LEAVING || promise === 0 || spent;
    speaker.promisedBy = silent ? Number.POSITIVE_INFINITY : board.local(at) + intervalMs(promise);
  }

  /** A try of a beat leaves: as the one before it promised, on the board's own clock. */
  private inTime(speaker: Speaker, board: Board, at: number): void {
    const late = board.local(at) - speaker.dueBy;
    if (late <= 0 || speaker.clockMoved || speaker.twins) return;
    const what = `${board.name} is ${Math.round(late)} ms late on its own clock`;
    this.report.broken("keeps-promise", at, what, board);
    speaker.dueBy = Number.POSITIVE_INFINITY;
  }

  /** Counts what it says hour by hour, once an hour has passed without an answer. */
  private silence(speaker: Speaker, at: number): void {
    if (at < speaker.answeredAt + HOUR_MS) {
      speaker.hourAt = speaker.answeredAt + HOUR_MS;
      speaker.hourFrames = 0;
      return;
    }
    if (at >= speaker.hourAt + HOUR_MS) {
      speaker.hourAt = at;
      speaker.hourFrames = 0;
    }
    speaker.hourFrames++;
    const { intervalMs: own } = speaker.board.kind;
    const beats = Math.ceil(HOUR_MS / (SHORTEST_GAPS * own)) + 1;
    const sets = Math.min(beats, UNACKED_MAX) * setsOf(speaker.board);
    const most = TRIES_MAX * (sets + HELLOS_PER_HOUR);
    if (speaker.hourFrames !== most + 1) return;
    const what = `${speaker.board.name} says more than ${most} frames an hour to nobody`;
    this.report.broken("gives-up", at, what, speaker.board);
  }
}

/** How often a beat's tries may begin: its own, and its make-ups. */
function setsOf({ kind }: Board): number {
  return 1 + (kind.config?.makeUps ?? 0);
}
