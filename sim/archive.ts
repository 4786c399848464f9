// What a disk holds beside the records: the newest of each affair (gateway/affairs.ts), its
// instants as world time. Also what a test's disk holds.

import { type Affairs, type Command, mapInstants, type Payload } from "../gateway/affairs.ts";
import type { Fact } from "../gateway/facts.ts";

/** The facts that are no enrolment, beat, epoch or change. */
export type AffairFact = Exclude<Fact, { kind: "enrol" | "beat" | "epoch" | "change" }>;

export class Archive {
  readonly learned = new Map<number, string>();
  readonly payloads = new Map<number, Payload>();
  readonly history = new Map<string, string>();
  private readonly commands = new Map<number, Map<number, Command>>();
  private readonly incidents = new Map<number, Affairs["incidents"][number]>();
  private readonly notices = new Map<number, Affairs["notices"][number]>();
  private readonly deaf = new Map<number, Affairs["deaf"][number]>();
  private readonly quiets = new Map<string, Affairs["quiets"][number]>();
  private lastIncident = 0;
  private lastNotice = 0;
  private lastDeaf = 0;

  /** @param shiftMs what makes world time of the instants in the fact */
  keep(fact: AffairFact, shiftMs: number): void {
    const world = <Thing extends object>(thing: Thing) => mapInstants(thing, (at) => at + shiftMs);
    switch (fact.kind) {
      case "learned":
        this.learned.set(fact.id, fact.bytes);
        return;
      case "payload":
        this.payloads.set(fact.id, { payload: fact.payload, at: fact.at + shiftMs });
        return;
      case "command": {
        const mine = this.commands.get(fact.id) ?? new Map<number, Command>();
        this.commands.set(fact.id, mine);
        if (fact.command) mine.set(fact.n, world(fact.command));
        else mine.delete(fact.n);
        return;
      }
      case "incident":
        this.lastIncident = Math.max(this.lastIncident, fact.n);
        if (fact.incident) this.incidents.set(fact.n, world(fact.incident));
        else this.incidents.delete(fact.n);
        return;
      case "notice":
        this.lastNotice = Math.max(this.lastNotice, fact.n);
        if (fact.notice) this.notices.set(fact.n, world(fact.notice));
        else this.notices.delete(fact.n);
        return;
      case "deaf":
        this.lastDeaf = Math.max(this.lastDeaf, fact.deaf.n);
        this.deaf.set(fact.deaf.n, world(fact.deaf));
        return;
      case "quiet":
        if (fact.quiet) this.quiets.set(fact.target, world(fact.quiet));
        else this.quiets.delete(fact.target);
        return;
      case "history":
        this.history.set(`${fact.id} ${fact.part}`, fact.bytes);
        return;
      default:
        fact satisfies never;
    }
  }

  /** A device is gone, and all about it. */
  forget(id: number): void {
    this.learned.delete(id);
    this.payloads.delete(id);
    this.commands.delete(id);
    for (const key of this.history.keys()) if (key.startsWith(`${id} `)) this.history.delete(key);
  }

  /** The commands of a device for a gateway of monotonic time (world time - shiftMs). */
  commandsOf(id: number, shiftMs: number): Command[] {
    const mine = [...(this.commands.get(id)?.values() ?? [])];
    return mine
      .sort((a, b) => a.n - b.n)
      .map((command) => mapInstants(command, (at) => at - shiftMs));
  }

  affairs(shiftMs: number): Affairs {
    const mono = (at: number) => at - shiftMs;
    const inOrder = <Thing extends { n: number }>(things: Map<number, Thing>): Thing[] =>
      [...things.values()].sort((a, b) => a.n - b.n).map((thing) => mapInstants(thing, mono));
    return {
      incidents: inOrder(this.incidents),
      notices: inOrder(this.notices),
      deaf: inOrder(this.deaf),
      quiets: [...this.quiets.values()].map((quiet) => mapInstants(quiet, mono)),
      lastIncident: this.lastIncident,
      lastNotice: this.lastNotice,
      lastDeaf: this.lastDeaf,
    };
  }
}
