// What the gateway may tell people: changes without gaps, no doubt within a promise, nobody's death
// overlooked, everybody back at once.
//
//   no-gap         changes of a device count 1, 2, 3 on disk, each from where the last one led;
//                  what is told is there, and is told once
//   no-false-doubt nobody is called late or absent within the promise of an accepted beat
//   restart-quiet  nor within a promise after the gateway began to listen (rule 18: eight of them
//                  after a long silence of its own, or its own law's hour)
//   found-in-time  who is silent is told of: two promises and the grace after the last beat
//   flushed        rule 8: a beat is on disk within the flush interval and a commit
//   back-at-once   who is heard again is told present as soon as the disk has it

import { intervalMs } from "../../device/interval.ts";
import { SUITE_CRC } from "../../device/tag.ts";
import { LEAVING } from "../../device/wire.ts";
import { graceOf } from "../../gateway/detector/rhythm.ts";
import { silenceMs } from "../../gateway/detector/silence.ts";
import type { Change, Status } from "../../gateway/facts.ts";
import { LONG_STOP } from "../../gateway/limits.ts";
import type { Observer } from "../observer.ts";
import type { World } from "../world.ts";
import type { AnswerChecker } from "./answers.ts";
import type { Beat, BeatChecker } from "./beats.ts";
import type { Report } from "./report.ts";

/** How late a verdict may be told: the flush, a commit, the turn that waits for it, ms. */
const TELL_MS = 5_000;
/** What a promise is worth at most under suite 0. */
const HOUR_MS = 3_600_000;

export class ChangeChecker implements Observer {
  private readonly world: World;
  private readonly report: Report;
  private readonly beats: BeatChecker;
  private readonly answers: AnswerChecker;
  /** The newest change told; changes on disk looked at; the last one of each device. */
  private cursor = 0;
  private walked = 0;
  private readonly last = new Map<number, Pick<Change, "tseq" | "to">>();
  private readonly status = new Map<number, Status>();
  private startedAt = 0;
  private stoppedAt = 0;
  private away = false;

  constructor(world: World, report: Report, beats: BeatChecker, answers: AnswerChecker) {
    this.world = world;
    this.report = report;
    this.beats = beats;
    this.answers = answers;
  }

  gateway(running: boolean, at: number): void {
    if (running) {
      this.startedAt = at;
      this.away = this.stoppedAt > 0;
    } else this.stoppedAt = at;
  }

  told(change: Change, at: number): void {
    this.walk(at);
    this.status.set(change.id, change.to);
    const stored = this.world.host.disk.changes.get(change.cursor);
    const isStored =
      stored?.id === change.id && stored.tseq === change.tseq && stored.to === change.to;
    if (!isStored) this.say("no-gap", change, at, "is not on disk");
    if (change.cursor <= this.cursor) this.say("no-gap", change, at, "is told again");
    this.cursor = change.cursor;
    if (change.to !== "late" && change.to !== "absent") return;
    const heard = this.heardBefore(change);
    if (!heard) return;
    const until = livesUntil(heard);
    if (change.at < until) {
      this.say("no-false-doubt", change, at, `promised until ${until}`);
    } else if (this.away && heard.reachedAt! < this.startedAt) {
      if (change.at < this.startedAt + this.promises(change.id, Math.min)) {
        this.say("restart-quiet", change, at, `the gateway listens since ${this.startedAt}`);
      }
    }
  }

  /** Looks at everybody: whom the gateway should have told of by now. */
  audit(now: number): void {
    const { host } = this.world;
    this.walk(now);
    if (!host.gateway || host.inbox.suspended || host.inbox.size > 0) return;
    if (now < host.stalledUntil + TELL_MS || now < this.startedAt + TELL_MS) return;
    const tellMs = TELL_MS + 2 * host.commitMs[1];
    const began = this.away ? this.startedAt : 0;
    const quietUntil = Math.max(began, host.resumedAt, host.stalledUntil);
    for (const [id, beat] of this.answers.accepted) {
      const { promise } = beat;
      if (promise === LEAVING || promise === 0 || beat.reachedAt === undefined) continue;
      this.flushed(beat, now);
      if (this.beats.speakers.get(id)?.twins) continue;
      // After a crash it may know an older beat only, with a longer promise.
      const promised = this.away ? this.promises(id, Math.max) : credited(beat);
      const heardAt = this.beats.speakers.get(id)!.reachedAt;
      const status = this.status.get(id) ?? "unknown";
      const grace = graceOf(promised, host.graceMs);
      const deafMs = host.clockTrusted ? quietUntil - this.sentAfter(id) : Number.POSITIVE_INFINITY;
      const excused = quietUntil + silenceMs(promised, Math.max(deafMs, LONG_STOP * promised + 1));
      const bound = Math.max(heardAt + promised, excused) + promised + grace;
      if (now > bound + tellMs && status === "present") {
        const what = `silent since ${Math.round(heardAt)} ms, promised ${promised}, still present`;
        this.report.broken("found-in-time", now, `${beat.board.name}: ${what}`, beat.board);
      }
      // A beat that a crash took before its change was on disk is nobody's word.
      const { reachedAt } = beat;
      const stands = reachedAt > quietUntil && now > reachedAt + tellMs;
      if (stands && now < reachedAt + credited(beat) && status === "absent") {
        const what = `heard at ${Math.round(reachedAt)} ms and still ${status}`;
        this.report.broken("back-at-once", now, `${beat.board.name}: ${what}`, beat.board);
      }
    }
  }

  /** When, at the earliest, its newest beat was sent: it may have waited in the socket. */
  private sentAfter(id: number): number {
    const { resumedAt, ears } = this.world.host;
    const { reachedAt, beats } = this.beats.speakers.get(id)!;
    if (reachedAt < resumedAt || reachedAt > resumedAt + TELL_MS) return reachedAt;
    return beats.find((beat) => beat.reachedAt! < ears.suspendedAt)?.reachedAt ?? 0;
  }

  private flushed(beat: Beat, now: number): void {
    const { host } = this.world;
    const within = host.flushMs + 2 * host.commitMs[1] + TELL_MS;
    const { reachedAt, epoch, seq, board } = beat;
    if (reachedAt! < this.startedAt || now < Math.max(reachedAt!, host.stalledUntil) + within)
      return;
    const stored = host.disk.devices.get(board.id);
    const there = stored?.beat && (stored.beat.epoch > epoch || stored.beat.seq >= seq);
    if (there) return;
    const what = `beat (${epoch}, ${seq}) is not on disk ${Math.round(now - reachedAt!)} ms later`;
    this.report.broken("flushed", now, `${board.name}: ${what}`, board);
  }

  /** The shortest, or the longest, promise of the newest beats that reached the gateway, ms. */
  private promises(id: number, pick: (...all: number[]) => number): number {
    const reached = this.beats.speakers
      .get(id)!
      .beats.filter((beat) => beat.reachedAt !== undefined);
    return pick(
      ...reached.filter(({ promise }) => promise !== LEAVING && promise > 0).map(credited),
    );
  }

  /** The newest beat accepted before a change: one that came during its commit proves nothing. */
  private heardBefore({ id, at }: Change): Beat | undefined {
    return this.beats.speakers
      .get(id)
      ?.beats.find(({ acked, reachedAt }) => acked && reachedAt !== undefined && reachedAt <= at);
  }

  /** Changes on disk that were not looked at yet. A crash may keep one from being told, no more. */
  private walk(at: number): void {
    const { changes } = this.world.host.disk;
    while (this.walked < changes.size) {
      const change = changes.get(++this.walked)!;
      const last = this.last.get(change.id) ?? { tseq: 0, to: "unknown" };
      const follows = change.tseq === last.tseq + 1 && change.from === last.to;
      if (!follows || change.cursor !== this.walked) {
        this.say("no-gap", change, at, `follows change ${last.tseq} to ${last.to}`);
      }
      this.last.set(change.id, change);
      this.status.set(change.id, change.to);
    }
  }

  private say(invariant: string, { id, tseq, from, to, at }: Change, now: number, what: string) {
    const board = this.beats.speakers.get(id)?.board;
    const name = board?.name ?? String(id);
    const change = `change ${tseq} of ${name}, ${from} to ${to} at ${at}`;
    this.report.broken(invariant, now, `${change}, ${what}`, board);
  }
}

/** What a beat promised, ms: under suite 0 an hour at most. */
function credited({ promise, board }: Beat): number {
  const promised = intervalMs(promise);
  return board.suite === SUITE_CRC ? Math.min(promised, HOUR_MS) : promised;
}

/** Until when an accepted beat promised life; a goodbye promises for ever to be silent. */
function livesUntil(beat: Beat): number {
  if (beat.promise === LEAVING) return Number.POSITIVE_INFINITY;
  return beat.promise === 0 ? 0 : beat.reachedAt! + credited(beat);
}
