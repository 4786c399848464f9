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
  const { seenAt, dueAt, deadlineAt, absentAt, clashAt, payloadAt, reach, address, port, ...same } =
    view;
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
    recent: same.recent,
    ...payloadJson(same.payload),
    payloadAt: iso(payloadAt),
    waiting: same.waiting,
    clashes: same.clashes,
    clashAt: iso(clashAt),
    promiseLong: same.promiseLong,
    open: same.open,
  };
}

/** What a board's own program said. */
export function payloadJson(payload: string | null) {
  if (payload === null) return { payload, payloadHex: null };
  return { payload: textOf(payload), payloadHex: hexOf(payload) };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Bytes as text; null where they are none. */
export function textOf(bytes: string): string | null {
  try {
    return UTF8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return null;
  }
}

export function hexOf(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("hex");
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
