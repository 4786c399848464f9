/** The two records written most, as bytes: beats and changes. Layout: see records.ts. */

import { type BeatFact, CAUSES, type Source, STATUSES } from "../facts.ts";
import {
  type AddressForm,
  addressBytes,
  addressForm,
  addressLength,
  addressText,
} from "./addresses.ts";
import { CHECK, open, seal } from "./seal.ts";
import type { WallChange } from "./store.ts";

const TRANSPORTS: readonly Source["transport"][] = ["udp", "mqtt", "sim"];

/** The length of what always stands at the start of a beat, in layout 1; `after` follows. */
const FIXED = 19;

/**
 * `kinds`: bits 0-1 reach, 2-3 transport, 4-5 form of the address, 6 = the tag has 8 bytes, 7 =
 * `after` follows the port, which layout 1 did not have.
 * @param beat `at` on the store's line
 * @param after the flush up to which entries of this device are void (flushes.ts)
 */
export function encodeBeat(key: string, beat: BeatFact, after: number): Buffer {
  const { address, tag, ext } = beat;
  const form = addressForm(address);
  const bytes = addressBytes(form, address);
  const value = Buffer.allocUnsafe(FIXED + 4 + bytes.length + tag.length + ext.length + CHECK);
  value.writeUInt32BE(beat.epoch, 0);
  value.writeUInt32BE(beat.seq, 4);
  const transport = TRANSPORTS.indexOf(beat.transport);
  value[8] = beat.reach | (transport << 2) | (form << 4) | (tag.length === 8 ? 64 : 0) | 128;
  value[9] = beat.promise;
  value[10] = beat.vitals;
  value.writeUIntBE(Math.max(0, beat.at), 11, 6);
  value.writeUInt16BE(beat.port, 17);
  value.writeUInt32BE(after, FIXED);
  value.set(bytes, FIXED + 4);
  value.write(tag + ext, FIXED + 4 + bytes.length, "latin1");
  return seal(key, value);
}

/** The beat, its `at` on the store's line, and the flush up to which entries of it are void. */
export function decodeBeat(id: number, content: Buffer): { beat: BeatFact; after: number } {
  const kinds = content.readUInt8(8);
  const form = ((kinds >> 4) & 3) as AddressForm;
  const addressAt = kinds & 128 ? FIXED + 4 : FIXED;
  const tagAt = addressAt + addressLength(form, content.subarray(addressAt));
  const extAt = tagAt + (kinds & 64 ? 8 : 2);
  const transport = TRANSPORTS[(kinds >> 2) & 3];
  if (transport === undefined || extAt > content.length) throw new Error("not a beat");
  const beat: BeatFact = {
    kind: "beat",
    id,
    epoch: content.readUInt32BE(0),
    seq: content.readUInt32BE(4),
    tag: content.toString("latin1", tagAt, extAt),
    promise: content.readUInt8(9),
    vitals: content.readUInt8(10),
    reach: kinds & 3,
    ext: content.toString("latin1", extAt),
    at: content.readUIntBE(11, 6),
    transport,
    address: addressText(form, content.subarray(addressAt, tagAt)),
    port: content.readUInt16BE(17),
  };
  return { beat, after: kinds & 128 ? content.readUInt32BE(FIXED) : 0 };
}

export function encodeChange(key: string, change: WallChange): Buffer {
  const value = Buffer.allocUnsafe(19 + CHECK);
  value.writeUIntBE(change.id, 0, 3);
  value.writeUInt32BE(change.tseq, 3);
  value.writeUIntBE(Math.max(0, change.at), 7, 6);
  value[13] = (STATUSES.indexOf(change.from) << 4) | STATUSES.indexOf(change.to);
  value[14] = CAUSES.indexOf(change.cause);
  value.writeUInt32BE(change.incident ?? 0, 15);
  return seal(key, value);
}

export function decodeChange(key: string, value: Buffer): WallChange {
  const content = open(key, value);
  const from = STATUSES[content.readUInt8(13) >> 4];
  const to = STATUSES[content.readUInt8(13) & 15];
  const cause = CAUSES[content.readUInt8(14)];
  if (from === undefined || to === undefined || cause === undefined) throw new Error("no change");
  return {
    cursor: Number.parseInt(key.slice(1), 16),
    id: content.readUIntBE(0, 3),
    tseq: content.readUInt32BE(3),
    at: content.readUIntBE(7, 6),
    from,
    to,
    cause,
    incident: content.readUInt32BE(15) || null,
  };
}
