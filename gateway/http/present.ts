/**
 * What programs and people get to see of devices and changes: ids in hex, instants as ISO 8601 in
 * UTC.
 */

import type { Clock } from "../clock.ts";
import { idText } from "../enrolment.ts";
import type { WallChange } from "../store/store.ts";
import type { DeviceView } from "../view.ts";
import type { ChangeJson, DeviceJson } from "./answers.ts";

export function deviceJson(view: DeviceView, clock: Clock): DeviceJson {
  const iso = (at: number | null) =>
    at === null ? null : new Date(clock.wallAt(at)).toISOString();
  const { seenAt, dueAt, deadlineAt, absentAt, clashAt, reach, address, port, ...same } = view;
  return {
    id: idText(view.id),
    name: same.name,
    site: same.site,
    labels: same.labels,
    suite: same.suite,
    status: same.status,
    cause: same.cause,
    tseq: same.tseq,
    seenAt: iso(seenAt),
    dueAt: iso(dueAt),
    deadlineAt: iso(deadlineAt),
    absentAt: iso(absentAt),
    knownInMs: same.knownInMs,
    promiseMs: same.promiseMs,
    reach: seenAt === null ? null : reach,
    transport: same.transport,
    address: address === null ? null : place(address, port),
    epoch: same.epoch,
    seq: same.seq,
    battery: same.battery,
    signal: same.signal,
    alert: same.alert,
    kept: same.kept,
    lossUp: same.lossUp,
    lossDown: same.lossDown,
    waiting: same.waiting,
    clashes: same.clashes,
    clashAt: iso(clashAt),
    promiseLong: same.promiseLong,
    open: same.open,
  };
}

export function changeJson(change: WallChange): ChangeJson {
  const { cursor, tseq, from, to, cause, incident } = change;
  const at = new Date(change.at).toISOString();
  return { cursor, id: idText(change.id), tseq, at, from, to, cause, incident };
}

function place(address: string, port: number | null): string {
  if (!port) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
