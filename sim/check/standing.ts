// What a frame must not change that is nothing new: at the gateway a duplicate, a stale beat,
// noise; at a board whatever the gateway did not send to it.
//
//   unmoved   rules 1 to 4: only a fresh beat moves what the gateway knows of a device
//   believes  rule 11: a board believes nothing that the gateway did not say to it

import { frameId } from "../../device/decode.ts";
import type { Source } from "../../gateway/facts.ts";
import type { Board } from "../board.ts";
import type { Observer, Sighting } from "../observer.ts";
import type { World } from "../world.ts";
import type { AnswerChecker } from "./answers.ts";
import type { BeatChecker } from "./beats.ts";
import type { Report } from "./report.ts";

/** Frames to a board that may still arrive as they were sent. */
const SAID_KEPT = 64;

export class StandingChecker implements Observer {
  private readonly world: World;
  private readonly report: Report;
  private readonly beats: BeatChecker;
  private readonly answers: AnswerChecker;
  private startedAt = 0;
  /** What the gateway, and a board, knew before the frame; "": it may well change that. */
  private known = "";
  private believed = "";
  private readonly said = new Map<number, string[]>();

  constructor(world: World, report: Report, beats: BeatChecker, answers: AnswerChecker) {
    this.world = world;
    this.report = report;
    this.beats = beats;
    this.answers = answers;
  }

  gateway(running: boolean, at: number): void {
    if (running) this.startedAt = at;
  }

  sent({ board, direction, bytes }: Sighting): void {
    if (direction !== "down" || !board) return;
    const said = this.said.get(board.id) ?? [];
    this.said.set(board.id, said);
    said.push(bytes);
    if (said.length > SAID_KEPT) said.shift();
  }

  /** The gateway is about to read a frame. */
  reads(bytes: string): void {
    const id = frameId(bytes);
    const speaker = this.beats.speakers.get(id);
    const beat = speaker?.beats.find((other) => other.bytes === bytes);
    const last = this.answers.accepted.get(id);
    // A crash may take what was accepted before it (rule 8): only this life of it is judged.
    const old =
      last?.reachedAt !== undefined &&
      last.reachedAt >= this.startedAt &&
      beat !== undefined &&
      (beat.epoch < last.epoch || (beat.epoch === last.epoch && beat.seq <= last.seq));
    this.known = (beat && !old) || speaker?.twins ? "" : this.standing(id);
  }

  judged(bytes: string, _from: Source, at: number): void {
    const { known } = this;
    const id = frameId(bytes);
    // A gateway that died in this turn knows nothing any more.
    if (known === "" || !this.world.host.gateway || this.standing(id) === known) return;
    const board = this.beats.speakers.get(id)?.board;
    const what = `a frame that is no fresh beat moves ${board?.name ?? id}`;
    this.report.broken("unmoved", at, what, board);
  }

  /** A board is about to hear a frame. */
  hears(bytes: string, board: Board): void {
    const said = this.said.get(board.id)?.includes(bytes);
    this.believed = said ? "" : beliefs(board);
  }

  heard(_bytes: string, board: Board, at: number): void {
    if (this.believed === "" || beliefs(board) === this.believed) return;
    const what = `${board.name} believes what the gateway did not say`;
    this.report.broken("believes", at, what, board);
  }

  private standing(id: number): string {
    const view = this.world.host.view(id, this.world.now);
    if (!view) return "unknown";
    const { epoch, seq, seenAt, promiseMs, address, port } = view;
    return `${epoch} ${seq} ${seenAt} ${promiseMs} ${address} ${port}`;
  }
}

/** What a board holds to be true. */
function beliefs(board: Board): string {
  const { sender } = board;
  if (!sender) return "no power";
  const { epoch, seq, unacked, ackSeq, ready, heard, beatAt } = sender;
  return `${epoch} ${seq} ${unacked} ${ackSeq} ${ready} ${heard} ${beatAt}`;
}
