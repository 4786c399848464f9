/**
 * How facts lie on disk, layout 1: one key for each device and kind, so that a beat rewrites the
 * beat alone.
 *
 * ```
 * key                 value, then the CRC-32 of key and value
 * b<id>               beat:   epoch 32, seq 32, kinds 8, promise 8, vitals 8, at 48, port 16,
 *                     address, tag, ext
 * c<cursor>           change: id 24, tseq 32, at 48, from 4, to 4, cause 8, incident 32 (0: none)
 * d<id>               enrolment, JSON
 * e<id>               epochs: issued 32, in force 32, restored 8
 * k<hash of key>      id 24: this key was enrolled; stays when the device goes
 * m<word>             about the store itself: layout, secret, generation, stamp
 * q<key>              a record that could not be read, as it was
 * s<id>               status: tseq 32, status 8, cause 8 (255: none)
 * ```
 * `<id>` is six hex digits, `<cursor>` twelve. A beat over IPv4 is 7 + 35 bytes, and 54 in
 * LevelDB's log (measured): 1 000 devices at a beat a minute write 78 MB a day. JSON for beats
 * lost, at three times that; a check sum of our own is here because LevelDB does not verify its own
 * when it reads tables.
 */

import {
  CAUSES,
  type Cause,
  type Enrolment,
  type EpochFact,
  type Fact,
  STATUSES,
  type Status,
} from "../facts.ts";
import { sha256 } from "../sha256.ts";
import { encodeBeat, encodeChange } from "./beats.ts";
import { CHECK, seal } from "./seal.ts";

export const LAYOUT = 1;

/** Takes the records of one commit; both backends have one. */
export interface Sink {
  put(key: string, value: Buffer): void;
  del(key: string): void;
}

export function idKey(kind: "b" | "d" | "e" | "s", id: number): string {
  return kind + id.toString(16).padStart(6, "0");
}

export function changeKey(cursor: number): string {
  return `c${cursor.toString(16).padStart(12, "0")}`;
}

/**
 * The key under which an enrolled key is remembered: half a SHA-256, so that the file does not tell
 * dead keys.
 */
export function knownKey(key: string): string {
  const digest = sha256(`nextbeat known key${key}`);
  return `k${Buffer.from(digest, "latin1").toString("hex", 0, 16)}`;
}

function sealed(key: string, content: Buffer): Buffer {
  return seal(key, Buffer.concat([content, Buffer.alloc(CHECK)]));
}

export function putText(out: Sink, key: string, content: Buffer | string): void {
  out.put(key, sealed(key, Buffer.from(content as string)));
}

/** Turns a fact into records. `wallAt` maps the core's instants to unix ms. */
export function writeFact(
  out: Sink,
  fact: Fact,
  wallAt: (mono: number) => number,
  changesMax: number,
): void {
  switch (fact.kind) {
    case "beat": {
      const key = idKey("b", fact.id);
      out.put(key, encodeBeat(key, fact, wallAt(fact.at)));
      return;
    }
    case "epoch":
      writeEpochs(out, fact, false);
      return;
    case "change": {
      const { change } = fact;
      const key = changeKey(change.cursor);
      out.put(key, encodeChange(key, { ...change, at: wallAt(change.at) }));
      if (change.cursor > changesMax) out.del(changeKey(change.cursor - changesMax));
      if (change.cause !== "removed") writeStatus(out, change);
      return;
    }
    case "enrol":
      if (fact.enrolment === null) {
        for (const kind of ["b", "d", "e", "s"] as const) out.del(idKey(kind, fact.id));
      } else {
        writeEnrolment(out, fact.enrolment);
      }
      return;
    default:
      return;
  }
}

export function writeEpochs(
  out: Sink,
  { id, issued, epoch }: Pick<EpochFact, "id" | "issued" | "epoch">,
  restored: boolean,
): void {
  const key = idKey("e", id);
  const value = Buffer.alloc(9 + CHECK);
  value.writeUInt32BE(issued, 0);
  value.writeUInt32BE(epoch, 4);
  value.writeUInt8(restored ? 1 : 0, 8);
  out.put(key, seal(key, value));
}

export function writeStatus(
  out: Sink,
  change: { id: number; tseq: number; to: Status; cause: Cause },
): void {
  const key = idKey("s", change.id);
  const value = Buffer.alloc(6 + CHECK);
  value.writeUInt32BE(change.tseq, 0);
  value.writeUInt8(STATUSES.indexOf(change.to), 4);
  value.writeUInt8(CAUSES.indexOf(change.cause), 5);
  out.put(key, seal(key, value));
}

function writeEnrolment(out: Sink, enrolment: Enrolment): void {
  const { id, key, ...words } = enrolment;
  const json = JSON.stringify({ ...words, key: Buffer.from(key, "latin1").toString("hex") });
  putText(out, idKey("d", id), json);
  if (key !== "") {
    const value = Buffer.alloc(3);
    value.writeUIntBE(id, 0, 3);
    putText(out, knownKey(key), value);
  }
}

export function decodeEnrolment(id: number, content: Buffer): Enrolment {
  const words = JSON.parse(content.toString("utf8"));
  const { name, site, labels, suite } = words;
  const key = Buffer.from(String(words.key), "hex").toString("latin1");
  const sound =
    typeof name === "string" &&
    typeof site === "string" &&
    Array.isArray(labels) &&
    labels.every((label) => typeof label === "string") &&
    (suite === 0 || ((suite === 1 || suite === 2) && key.length === 16));
  if (!sound) throw new Error("not an enrolment of this version");
  return { id, name, site, labels, suite, key, ...(words.open === true && { open: true }) };
}

export function decodeEpochs(content: Buffer): {
  issued: number;
  epoch: number;
  restored: boolean;
} {
  return {
    issued: content.readUInt32BE(0),
    epoch: content.readUInt32BE(4),
    restored: content.readUInt8(8) === 1,
  };
}

export function decodeStatus(content: Buffer): { tseq: number; status: Status; cause: Cause } {
  const status = STATUSES[content.readUInt8(4)];
  const cause = CAUSES[content.readUInt8(5)];
  if (status === undefined || cause === undefined) throw new Error("a status unknown here");
  return { tseq: content.readUInt32BE(0), status, cause };
}
