// What facts mean, in the plainest way: a map of records, each with the newest fact of its kind.
// Whether LevelDB agrees is the store's test.

import type { Change, Enrolment, Fact, StoredDevice } from "../../gateway/facts.ts";
import { Archive } from "../../sim/archive.ts";

/** What facts mean: the newest of each kind, by device. */
export class Disk {
  readonly devices = new Map<number, StoredDevice>();
  readonly changes: Change[] = [];
  readonly archive = new Archive();

  commit(facts: readonly Fact[]): void {
    for (const fact of facts) this.#take(fact);
  }

  #take(fact: Fact): void {
    if (fact.kind === "change") this.changes.push(fact.change);
    else if (fact.kind !== "enrol" && fact.kind !== "beat" && fact.kind !== "epoch") {
      this.archive.keep(fact, 0);
      if (fact.kind === "learned") {
        const one = this.devices.get(fact.id);
        if (one) this.devices.set(fact.id, { ...one, learned: fact.bytes });
      }
      if (fact.kind === "payload") {
        const one = this.devices.get(fact.id);
        const { payload, at } = fact;
        if (one) this.devices.set(fact.id, { ...one, payload: { payload, at } });
      }
      const known = fact.kind === "command" && this.devices.get(fact.id);
      if (!known) return;
      const { id } = known.enrolment;
      this.devices.set(id, { ...known, commands: this.archive.commandsOf(id, 0) });
      return;
    }
    const id = fact.kind === "change" ? fact.change.id : fact.id;
    const old = this.devices.get(id);
    if (fact.kind === "enrol") {
      const { enrolment } = fact;
      if (enrolment === null) this.devices.delete(id);
      else this.devices.set(id, { ...(old ?? fresh(enrolment)), enrolment });
      return;
    }
    if (old === undefined) throw new Error(`a fact about ${id}, which is not enrolled`);
    if (fact.kind === "beat") this.devices.set(id, { ...old, beat: fact });
    else if (fact.kind === "epoch") {
      const { restored: _, ...kept } = old;
      this.devices.set(id, { ...kept, issued: fact.issued, epoch: fact.epoch });
    } else {
      const { to: status, cause, tseq } = fact.change;
      this.devices.set(id, { ...old, status, cause, tseq });
    }
  }
}

export function fresh(enrolment: Enrolment): StoredDevice {
  return { enrolment, issued: 0, epoch: 0, beat: null, status: "unknown", cause: null, tseq: 0 };
}
