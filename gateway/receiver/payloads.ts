/**
 * What a board's own program says (extension 11): kept as it came, the newest of each device, and
 * told to whoever listens. It is on disk before the beat is acknowledged (rule 8), since the board
 * then forgets it. Where an ACK is lost the board says it again: it arrives at least once.
 *
 * A list of all that ever came lost: this is a keepalive, and what wants a time series has one
 * (MQTT, the event stream).
 */

import { EXT_PAYLOAD, readExtensions } from "../../device/extensions.ts";
import { UP } from "../../device/wire.ts";
import type { Payload } from "../affairs.ts";
import type { Draft } from "../effects.ts";
import type { Records } from "../records.ts";

/**
 * The application's own bytes in a beat whose extensions stand from `from` to `end`. They are read
 * only where one of their bytes looks like it: after a lost ACK sixteen beats in a row have one
 * that does not.
 */
export function payloadIn(frame: string, from: number, end: number): string | undefined {
  for (let at = from; at < end; at++) {
    if (frame.charCodeAt(at) >> 4 !== EXT_PAYLOAD) continue;
    const list = readExtensions(frame.substring(from, end), UP) ?? [];
    return list.find(({ type }) => type === EXT_PAYLOAD)?.value;
  }
  return undefined;
}

/** It came with the beat of now. */
export function keepPayload(
  records: Records,
  slot: number,
  payload: string,
  now: number,
  draft: Draft,
): void {
  const told: Payload = { payload, at: now };
  records.payloads.set(slot, told);
  draft.store({ kind: "payload", id: records.roster.id(slot), ...told });
}
