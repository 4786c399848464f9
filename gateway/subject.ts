/**
 * A device as a notice speaks of it: its newest state, also where nobody may be told of it yet,
 * since the notice goes to disk with it.
 */

import type { Records } from "./records.ts";
import * as row from "./rows.ts";
import { batteryOf, type DeviceView, signalOf } from "./view.ts";

export type Subject = Pick<
  DeviceView,
  "id" | "name" | "site" | "labels" | "seenAt" | "dueAt" | "battery" | "signal"
>;

/** Undefined: there is no such device. */
export function subjectOf(records: Records, id: number): Subject | undefined {
  const slot = records.roster.slotOf(id);
  if (slot < 0) return undefined;
  const { name, site, labels } = records.roster.enrolment(slot);
  const heard = records.source[slot] !== undefined;
  const at = records.rows.floats[slot * row.FLOATS + row.AT]!;
  const vitals = records.rows.bytes[slot * row.BYTES + row.VITALS]!;
  const promiseMs = records.promiseMs(slot);
  return {
    ...{ id, name, site, labels },
    seenAt: heard ? at : null,
    dueAt: promiseMs === 0 ? null : at + promiseMs,
    battery: heard ? batteryOf(vitals) : null,
    signal: signalOf(vitals),
  };
}

/** Devices enrolled at a site. */
export function devicesAt(records: Records, site: string): number {
  let count = 0;
  for (const slot of records.roster.slots()) {
    if (records.roster.site(slot) === site) count++;
  }
  return count;
}
