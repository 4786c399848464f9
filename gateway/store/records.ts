/**
 * How facts lie on disk, layout 2: one key for each device and kind, and one for each piece of what
 * a device has many of.
 *
 * ```
 * key                 value, then the CRC-32 of key and value
 * b<id>               beat:   epoch 32, seq 32, kinds 8, promise 8, vitals 8, at 48, port 16,
 *                     after 32, address, tag, ext
 * c<cursor>           change: id 24, tseq 32, at 48, from 4, to 4, cause 8, incident 32 (0: none)
 * d<id>               enrolment, JSON
 * e<id>               epochs: issued 32, in force 32, restored 8
 * f<n>                many beats at once (flushes.ts)
 * h<id><part>         a piece of history, bytes of history.ts
 * i<n>                incident, JSON
 * k<hash of key>      id 24: this key was enrolled; stays when the device goes
 * l<id>               what the detector learned, bytes of detector/learned.ts
 * m<word>             about the store itself (meta.ts)
 * n<n>                notice in the outbox, JSON
 * o<n>                deaf interval, JSON
 * p<id>               what its program said last: at 48, bytes
 * q<key>              a record that could not be read, as it was
 * s<id>               status: tseq 32, status 8, cause 8 (255: none)
 * t<id><tseq>         cursor 48 of that change
 * u<target>           who is not told of, JSON
 * v<cursor>           evidence of a change, JSON
 * w<id><n>            command, JSON
 * ```
 * `<id>` is six hex digits, `<tseq>` eight, `<cursor>` and `<n>` twelve. A check sum of our own is
 * here because LevelDB does not verify its own when it reads tables. The changes of one device are
 * found by `t`, 25 bytes a change: a chain from each change to the one before it would be 6, but
 * whoever writes the next one must then know the last, which is a look at the disk or memory for
 * each device.
 *
 * Changes and evidence are on the wall clock, for people. All else is on the store's own line of
 * time (meta.ts), which no step of the wall clock moves.
 *
 * Layout 1 had b, c, d, e, k, m, q and s, as they still are, but for `after`.
 */

import type { Payload } from "../affairs.ts";
import {
  CAUSES,
  type Cause,
  type Enrolment,
  type EpochFact,
  type Fact,
  STATUSES,
  type Status,
} from "../facts.ts";
import { putThing } from "./affairs.ts";
import { encodeChange } from "./beats.ts";
import {
  changeKey,
  commandKey,
  historyKey,
  idKey,
  knownKey,
  numberKey,
  quietKey,
  turnKey,
} from "./keys.ts";
import { CHECK, open, putText, type Sink, seal } from "./seal.ts";
import { DEAF_MAX, EVIDENCE_MAX } from "./store.ts";

export const LAYOUT = 2;

/** The core's instants as unix ms, and on the store's line. */
export interface Times {
  readonly wallAt: (mono: number) => number;
  readonly lineAt: (mono: number) => number;
}

/** Turns a fact into records; beats go by flushes.ts. */
export function writeFact(
  out: Sink,
  fact: Exclude<Fact, { kind: "beat" }>,
  { wallAt, lineAt }: Times,
): void {
  switch (fact.kind) {
    case "epoch":
      writeEpochs(out, fact, false);
      break;
    case "change":
      writeChange(out, fact, wallAt);
      break;
    case "enrol":
      if (fact.enrolment !== null) writeEnrolment(out, fact.enrolment);
      else
        for (const kind of ["b", "d", "e", "l", "p", "s"] as const) out.del(idKey(kind, fact.id));
      break;
    case "learned":
      putBytes(out, idKey("l", fact.id), fact.bytes);
      break;
    case "payload":
      writePayload(out, fact, lineAt);
      break;
    case "history":
      putBytes(out, historyKey(fact.id, fact.part), fact.bytes);
      break;
    case "command":
      putOrDel(out, commandKey(fact.id, fact.n), fact.command, lineAt);
      break;
    case "incident":
      putOrDel(out, numberKey("i", fact.n), fact.incident, lineAt);
      break;
    case "notice":
      putOrDel(out, numberKey("n", fact.n), fact.notice, lineAt);
      break;
    case "quiet":
      putOrDel(out, quietKey(fact.target), fact.quiet, lineAt);
      break;
    case "deaf":
      if (fact.deaf.n > DEAF_MAX) out.del(numberKey("o", fact.deaf.n - DEAF_MAX));
      putThing(out, numberKey("o", fact.deaf.n), fact.deaf, lineAt);
      break;
    default:
      fact satisfies never;
  }
}

function writePayload(
  out: Sink,
  { id, payload, at }: Extract<Fact, { kind: "payload" }>,
  lineAt: (mono: number) => number,
): void {
  const when = Buffer.alloc(6);
  when.writeUIntBE(Math.max(0, Math.round(lineAt(at))), 0, 6);
  putText(out, idKey("p", id), Buffer.concat([when, Buffer.from(payload, "latin1")]));
}

/** `at` is on the store's line. */
export function decodePayload(content: Buffer): Payload {
  return { at: content.readUIntBE(0, 6), payload: content.toString("latin1", 6) };
}

/** "" takes the record away. */
function putBytes(out: Sink, key: string, bytes: string): void {
  if (bytes === "") out.del(key);
  else putText(out, key, Buffer.from(bytes, "latin1"));
}

function putOrDel(
  out: Sink,
  key: string,
  thing: Parameters<typeof putThing>[2] | null,
  map: (at: number) => number,
): void {
  if (thing === null) out.del(key);
  else putThing(out, key, thing, map);
}

function writeChange(
  out: Sink,
  { change, evidence }: Extract<Fact, { kind: "change" }>,
  wallAt: (mono: number) => number,
): void {
  const { cursor, id, tseq } = change;
  const key = changeKey(cursor);
  out.put(key, encodeChange(key, { ...change, at: wallAt(change.at) }));
  if (evidence !== undefined && Object.keys(evidence).length > 0) {
    putThing(out, numberKey("v", cursor), evidence, wallAt);
  }
  if (cursor > EVIDENCE_MAX) out.del(numberKey("v", cursor - EVIDENCE_MAX));
  // A device that is removed leaves its changes in the list of all, and nothing of its own.
  if (change.cause === "removed") return;
  writeStatus(out, change);
  writeTurn(out, id, tseq, cursor);
}

export function writeTurn(out: Sink, id: number, tseq: number, cursor: number): void {
  const content = Buffer.alloc(6);
  content.writeUIntBE(cursor, 0, 6);
  putText(out, turnKey(id, tseq), content);
}

/** The cursor of the change that is this turn of a device. */
export function decodeTurn(key: string, value: Buffer): number {
  return open(key, value).readUIntBE(0, 6);
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
