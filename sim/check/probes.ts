// What the gateway may say late (PROBE, protocol section 5).
//
//   earned-probe   a PROBE down answers one that the gateway read, under a beat that it had read
//                  then; it goes to where that came from, and not before the delay is over
//   three-probes   it goes there three times at most, however often it was asked for

import { decodeUp } from "../../device/decode.ts";
import { intervalMs } from "../../device/interval.ts";
import { computeTag, tagBytes } from "../../device/tag.ts";
import { DOWN, encodeProbeDown, PROBE, tagInput } from "../../device/wire.ts";
import type { Source } from "../../gateway/facts.ts";
import { PROBE_COPIES } from "../../gateway/limits.ts";
import { sameSource } from "../../gateway/receiver/source.ts";
import type { Speaker } from "./beats.ts";
import type { Report } from "./report.ts";

/** Questions of a board that are remembered: six a minute, and at most 2 h 15 min each. */
const KEPT = 1_000;

interface Question {
  readonly answer: string;
  readonly from: Source;
  readonly dueAt: number;
  copies: number;
}

export class ProbeChecker {
  private readonly report: Report;
  private readonly questions = new Map<number, Question[]>();

  constructor(report: Report) {
    this.report = report;
  }

  /** A gateway that starts anew has forgotten what was asked. */
  started(): void {
    this.questions.clear();
  }

  /** The gateway reads a frame; if it is a PROBE, it may be answered. */
  reads({ board, key, beats }: Speaker, bytes: string, from: Source, at: number): void {
    const probe = decodeUp(bytes, tagBytes(board.suite));
    if (typeof probe === "string" || probe.type !== PROBE) return;
    const body = encodeProbeDown(probe.seq16, probe.delay);
    const list = this.questions.get(board.id) ?? [];
    this.questions.set(board.id, list);
    for (const { epoch, seq, frame, reachedAt } of beats) {
      if (reachedAt === undefined || frame.seq16 !== probe.seq16) continue;
      const answer = body + computeTag(key, tagInput(DOWN, PROBE, epoch, seq, body, frame.tag));
      if (list.some((other) => other.answer === answer && sameSource(other.from, from))) continue;
      list.push({ answer, from, dueAt: at + intervalMs(probe.delay), copies: 0 });
      if (list.length > KEPT) list.shift();
    }
  }

  /** Whether a PROBE down was asked for, from there, and is due. */
  earned({ board }: Speaker, bytes: string, peer: Source, at: number): boolean {
    const same = this.questions.get(board.id)?.filter(({ answer }) => answer === bytes) ?? [];
    const question = same.find(({ from }) => sameSource(from, peer));
    if (question === undefined || at < question.dueAt - 1) return false;
    question.copies++;
    // For one beat a delay is answered once, wherever it was asked from.
    if (same.reduce((sum, { copies }) => sum + copies, 0) > PROBE_COPIES) {
      this.report.broken("three-probes", at, `${board.name}: one answer too many`, board);
    }
    return true;
  }
}
