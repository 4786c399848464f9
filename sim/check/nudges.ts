// What the gateway may say unasked (rule 17).
//
//   earned-nudge   a NUDGE is bound to a beat of that board which reached the gateway, and goes to
//                  where that beat came from
//   rare-nudge     a board gets no two within 5 s, since it would not obey the second

import type { Nudge } from "../../device/decode.ts";
import { computeTag, equalTags } from "../../device/tag.ts";
import { DOWN, NUDGE, tagInput } from "../../device/wire.ts";
import type { Source } from "../../gateway/facts.ts";
import { NUDGE_MIN_MS } from "../../gateway/nudge.ts";
import { sameSource } from "../../gateway/receiver/source.ts";
import type { Speaker } from "./beats.ts";
import type { Report } from "./report.ts";

export class NudgeChecker {
  private readonly report: Report;
  /** When each board got its last one. */
  private readonly lastAt = new Map<number, number>();

  constructor(report: Report) {
    this.report = report;
  }

  /** A gateway that starts anew does not know of the nudges of the one before. */
  started(): void {
    this.lastAt.clear();
  }

  /** Whether the NUDGE is for a beat of this board that came from there. */
  earned({ board, key, beats }: Speaker, nudge: Nudge, peer: Source, at: number): boolean {
    const earned = beats.some(({ epoch, seq, frame, reachedAt, from }) => {
      if (reachedAt === undefined || frame.seq16 !== nudge.seq16) return false;
      const input = tagInput(DOWN, NUDGE, epoch, seq, nudge.body, frame.tag);
      if (!equalTags(computeTag(key, input), nudge.tag)) return false;
      return from.some((source) => sameSource(source, peer));
    });
    if (!earned) return false;
    const before = this.lastAt.get(board.id) ?? -Infinity;
    if (at - before < NUDGE_MIN_MS - 1) {
      const what = `${board.name}: two NUDGEs within ${Math.round(at - before)} ms`;
      this.report.broken("rare-nudge", at, what, board);
    }
    this.lastAt.set(board.id, at);
    return true;
  }
}
