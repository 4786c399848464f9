// What must hold of commands (rules 8, 15 and 16). Who did what is told by the boards' applications
// (`acted`); what became of it, by what the gateway tells people.
//
//   earned-command   a COMMAND is bound to a beat of that board which reached the gateway, goes to
//                    where it came from, is not sent after its not-after, and stands on the disk as
//                    offered under that number
//   at-most-once     no board acts on more commands than were ever sent to it
//   outcome-true     what is told as done was done; what expired, was superseded or was never
//                    offered was not
//   outcome-kept     what was told of a command that ended is told for ever

import type { Command as CommandFrame } from "../../device/decode.ts";
import { computeTag, equalTags } from "../../device/tag.ts";
import { COMMAND, DOWN, tagInput } from "../../device/wire.ts";
import type { CommandState } from "../../gateway/affairs.ts";
import type { Source } from "../../gateway/facts.ts";
import { sameSource } from "../../gateway/receiver/source.ts";
import type { World } from "../world.ts";
import type { Speaker } from "./beats.ts";
import type { Report } from "./report.ts";

/** The newest that was told of a command. */
interface Told {
  readonly id: number;
  readonly payload: string;
  readonly state: CommandState;
  readonly code: number;
}

export class CommandChecker {
  private readonly world: World;
  private readonly report: Report;
  /** By id and n. */
  private readonly told = new Map<string, Told>();
  /** How often, by id and payload. */
  private readonly acts = new Map<string, number>();

  constructor(world: World, report: Report) {
    this.world = world;
    this.report = report;
  }

  /** The application of a board did what a payload asks. */
  acted(id: number, payload: string): void {
    const key = `${id} ${payload}`;
    this.acts.set(key, (this.acts.get(key) ?? 0) + 1);
  }

  /** Whether the COMMAND is for a beat of this board that came from there. */
  earned({ board, key, beats }: Speaker, frame: CommandFrame, peer: Source, at: number): boolean {
    const beat = beats.find(({ epoch, seq, frame: beat, reachedAt, from }) => {
      if (reachedAt === undefined || beat.seq16 !== frame.seq16) return false;
      const input = tagInput(DOWN, COMMAND, epoch, seq, frame.body, beat.tag);
      if (!equalTags(computeTag(key, input), frame.tag)) return false;
      return from.some((source) => sameSource(source, peer));
    });
    if (beat === undefined) return false;
    const stored = this.world.host.disk.archive
      .commandsOf(board.id, 0)
      .find(({ cmd, epoch, state }) => {
        return cmd === frame.cmd && epoch === beat.epoch && state === "offered";
      });
    const say = (what: string) =>
      this.report.broken(
        "earned-command",
        at,
        `${board.name}: COMMAND ${frame.cmd} ${what}`,
        board,
      );
    if (stored === undefined || stored.payload !== frame.payload) say("is not on disk as offered");
    // A microsecond: instants of the host are sums of two numbers.
    else if (at >= stored.notAfterAt + 0.001) say("after its not-after");
    return true;
  }

  /** What is told now must agree with what was told, and with what was done. */
  audit(at: number): void {
    const { gateway } = this.world.host;
    if (gateway === undefined) return;
    const { commands } = gateway.requests;
    if (this.told.size === 0 && Object.values(commands).every((count) => count === 0)) return;
    for (const { id } of this.world.boards.values()) {
      for (const { n, payload, state, code } of gateway.requests.commandsOf(id, 0)) {
        const key = `${id} ${n}`;
        const before = this.told.get(key);
        this.told.set(key, { id, payload, state, code });
        if (before === undefined || before.state === "queued" || before.state === state) continue;
        if (before.state === "offered" && state !== "queued") continue;
        const what = `command ${n} of ${id} is ${state}, and was told as ${before.state}`;
        this.report.broken("outcome-kept", at, what);
      }
    }
    this.outcomes(at);
  }

  private outcomes(at: number): void {
    const sums = new Map<string, { least: number; most: number }>();
    for (const { id, payload, state, code } of this.told.values()) {
      const key = `${id} ${payload}`;
      const sum = sums.get(key) ?? { least: 0, most: 0 };
      if (state === "done") sum.least++;
      // Failed: it tried, or nobody knows; refused, offered: it may have.
      const never = state === "queued" || state === "expired" || state === "superseded";
      if (!never && !(state === "refused" && code === 3)) sum.most++;
      sums.set(key, sum);
    }
    for (const [key, { least, most }] of sums) {
      const acts = this.acts.get(key) ?? 0;
      const what = `${JSON.stringify(key)} was done ${acts} times, told as ${least} to ${most}`;
      if (acts < least) this.report.broken("outcome-true", at, what);
      if (acts > most) this.report.broken("at-most-once", at, what);
    }
  }
}
