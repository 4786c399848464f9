// What must hold in every run, whatever is done to it. Checkers look on; each keeps what it needs
// to judge by itself, from frames, keys and the disk, and believes neither core. Each invariant has
// a name, listed in the head of the file that checks it: check/beats.ts what boards may say,
// check/answers.ts what the gateway may answer, check/standing.ts what may not change,
// check/changes.ts what people may be told, check/books.ts what must add up, and who must be well
// in the end.
//
// Safety holds always, liveness after the faults are over (TigerBeetle's VOPR makes the same cut).

import type { Change, Source } from "../gateway/facts.ts";
import type { Board } from "./board.ts";
import { AnswerChecker } from "./check/answers.ts";
import { BeatChecker } from "./check/beats.ts";
import { BookChecker } from "./check/books.ts";
import { ChangeChecker } from "./check/changes.ts";
import type { CommandChecker } from "./check/commands.ts";
import { Report, type Violation } from "./check/report.ts";
import { StandingChecker } from "./check/standing.ts";
import type { Observer, Sighting } from "./observer.ts";
import type { World } from "./world.ts";

/** How often everybody is looked at, at most, ms. */
const AUDIT_MS = 10_000;

export class Checkers implements Observer {
  private readonly world: World;
  private readonly report: Report;
  private readonly beats: BeatChecker;
  private readonly answers: AnswerChecker;
  private readonly changes: ChangeChecker;
  private readonly standing: StandingChecker;
  private readonly books: BookChecker;
  private auditAt = AUDIT_MS;
  /** Of commands: the boards' applications tell it what they did. */
  readonly commands: CommandChecker;

  constructor(world: World) {
    this.world = world;
    this.report = new Report(world);
    this.beats = new BeatChecker(this.report);
    this.answers = new AnswerChecker(world, this.report, this.beats);
    this.commands = this.answers.commands;
    this.changes = new ChangeChecker(world, this.report, this.beats, this.answers);
    this.standing = new StandingChecker(world, this.report, this.beats, this.answers);
    this.books = new BookChecker(world, this.report, this.beats);
    world.observe(this);
  }

  get violations(): readonly Violation[] {
    return this.report.violations;
  }

  sent(sighting: Sighting): void {
    this.beats.sent(sighting);
    this.answers.sent(sighting);
    this.standing.sent(sighting);
    this.books.sent(sighting);
  }

  reached(bytes: string, from: Source, at: number, running: boolean): void {
    this.books.reached();
    this.answers.reached(bytes, from, at, running);
  }

  reads(bytes: string, from: Source, at: number): void {
    this.standing.reads(bytes);
    this.answers.reads(bytes, from, at);
  }

  hears(bytes: string, board: Board): void {
    this.standing.hears(bytes, board);
  }

  judged(bytes: string, from: Source, at: number): void {
    this.standing.judged(bytes, from, at);
    if (at < this.auditAt) return;
    this.auditAt = at + Math.max(AUDIT_MS, this.beats.speakers.size * 10);
    this.changes.audit(at);
    this.commands.audit(at);
  }

  heard(bytes: string, board: Board, at: number, heard: boolean): void {
    this.books.heard();
    this.beats.heard(bytes, board, at, heard);
    this.standing.heard(bytes, board, at);
  }

  told(change: Change, at: number): void {
    this.changes.told(change, at);
  }

  power(board: Board, on: boolean, at: number): void {
    this.beats.power(board, on, at);
    this.books.power(board, on, at);
  }

  slept(board: Board, asleep: boolean): void {
    this.beats.slept(board, asleep);
  }

  climbed(board: Board, rung: number): void {
    this.beats.climbed(board, rung);
  }

  gateway(running: boolean, at: number): void {
    this.answers.gateway(running, at);
    this.standing.gateway(running, at);
    this.changes.gateway(running, at);
  }

  /** A fault begins or ends to work on a board: what may no longer be held against it. */
  struck(board: Board, kind: string): void {
    this.beats.struck(board, kind);
    this.books.struck(board, kind);
  }

  /** The run is over. @param calmAt when the last fault was; Infinity: faults went on to the end */
  close(calmAt = Number.POSITIVE_INFINITY): void {
    this.changes.audit(this.world.now);
    this.commands.audit(this.world.now);
    this.books.close(calmAt);
  }
}
