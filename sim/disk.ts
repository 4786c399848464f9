// The gateway's disk: what survives a crash, and how long it takes to get there.
//
// One batch is being written while the next one gathers, as in the real store: facts become durable
// together or not at all, in the order of their tickets. A crash in the middle of a batch leaves it
// whole or absent, by a draw; the gateway cannot know which, and must be right either way.
//
// Everything read from it is in world time, because a gateway's own monotonic clock ends with its
// process. The real stores map instants over the wall clock in the same way. What lost: running one
// of them here. Promises settle in an order that the event queue does not see.

import type { Effects, Enrolment, Fact, StoredDevice } from "../gateway/facts.ts";
import { Archive } from "./archive.ts";
import { Changes } from "./changes.ts";
import { Shelf } from "./shelf.ts";

/** Effects of one call, waiting for their ticket, and what their instants must be shifted by. */
interface Waiting {
  readonly effects: Effects;
  readonly shiftMs: number;
}

export class Disk {
  readonly devices = new Shelf();
  readonly archive = new Archive();
  /** The newest changes that were made durable, in the order of their cursors; world time. */
  readonly changes = new Changes();
  generation = 0;
  /** When the last process ended, undefined before the first: the stamp that real stores keep. */
  stoppedAt: number | undefined;
  /** Batches written. */
  batches = 0;
  private writing: Waiting[] = [];
  private gathered: Waiting[] = [];

  /**
   * Takes effects with a ticket.
   * @param shiftMs world time minus the gateway's monotonic time
   */
  gather(effects: Effects, shiftMs: number): void {
    this.gathered.push({ effects, shiftMs });
  }

  /** Starts the next batch if the disk is free. True: it is being written; call `finish` later. */
  begin(): boolean {
    if (this.writing.length > 0 || this.gathered.length === 0) return false;
    this.writing = this.gathered;
    this.gathered = [];
    return true;
  }

  /** Whether the batch being written holds any fact: one that only waited its turn is instant. */
  get weighs(): boolean {
    return this.writing.some(({ effects }) => effects.commit.length > 0);
  }

  /** Whether anything is written or gathered. */
  get pending(): boolean {
    return this.writing.length + this.gathered.length > 0;
  }

  /** The batch is durable. Returns its effects in the order of their tickets. */
  finish(): Effects[] {
    const batch = this.writing;
    this.writing = [];
    this.batches++;
    for (const { effects, shiftMs } of batch) {
      for (const fact of effects.commit) this.keep(fact, shiftMs);
    }
    return batch.map(({ effects }) => effects);
  }

  /** Power is gone. `lucky`: the batch being written made it all the same. */
  crash(now: number, lucky: boolean): void {
    if (lucky && this.writing.length > 0) this.finish();
    this.stoppedAt = now;
    this.writing = [];
    this.gathered = [];
  }

  /** A device enrolled while no gateway runs. */
  enrol(enrolment: Enrolment): void {
    this.devices.enrol(enrolment);
  }

  /** The devices as a gateway of monotonic time (world time - shiftMs) must be given them. */
  *load(shiftMs: number): IterableIterator<StoredDevice> {
    for (const id of this.devices.ids()) {
      const { shiftMs: kept, ...device } = this.devices.get(id)!;
      const { beat } = device;
      const learned = this.archive.learned.get(id) ?? "";
      const commands = this.archive.commandsOf(id, shiftMs);
      const told = this.archive.payloads.get(id);
      const payload = told && { ...told, at: told.at - shiftMs };
      const whole = { ...device, learned, payload, commands };
      yield beat ? { ...whole, beat: { ...beat, at: beat.at + kept - shiftMs } } : whole;
    }
  }

  private keep(fact: Fact, shiftMs: number): void {
    const { devices } = this;
    switch (fact.kind) {
      case "enrol":
        if (fact.enrolment) devices.enrol(fact.enrolment);
        else {
          devices.remove(fact.id);
          this.archive.forget(fact.id);
        }
        return;
      case "beat":
        devices.putBeat(fact, shiftMs);
        return;
      case "epoch":
        devices.putEpoch(fact.id, fact.issued, fact.epoch);
        return;
      case "change": {
        const { change } = fact;
        this.changes.push(change, change.at + shiftMs);
        if (devices.has(change.id)) devices.putChange(change);
        return;
      }
      case "history":
        // No simulation reads it, and a day of a million boards is more than memory holds.
        return;
      default:
        this.archive.keep(fact, shiftMs);
    }
  }
}
