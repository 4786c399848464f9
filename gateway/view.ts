/**
 * One device as people and programs see it, drawn from its record.
 *
 * A view is made when somebody asks and kept by nobody. Its status is the one that may be told
 * (`told.ts`); all else is as the newest beat had it. What lost: a view kept up to date by every
 * beat, for the few that are ever looked at.
 */

import type { Deadlines } from "./deadlines.ts";
import type { Detector } from "./detector.ts";
import type { Cause, Source, Status } from "./facts.ts";
import { CLASH_SHOWN_MS } from "./limits.ts";
import { ALERT } from "./receiver/beats.ts";
import type { Records } from "./records.ts";
import * as row from "./rows.ts";
import type { Told } from "./told.ts";

/** Instants are ms on the monotonic clock; `null`: unknown, or none. */
export interface DeviceView {
  readonly id: number;
  readonly name: string;
  readonly site: string;
  readonly labels: readonly string[];
  readonly suite: number;
  readonly status: Status;
  /** Of the last change. */
  readonly cause: Cause | null;
  readonly tseq: number;
  readonly seenAt: number | null;
  /** When the promise ends; null also for a device that left. */
  readonly dueAt: number | null;
  /** When the status changes for the worse if nothing is heard. */
  readonly deadlineAt: number | null;
  /** When it is called absent if nothing more is heard, and in how many ms. Null: not here. */
  readonly absentAt: number | null;
  readonly knownInMs: number | null;
  readonly promiseMs: number | null;
  /** The promise is above `promiseMax`: honoured, and shown (rule 9). */
  readonly promiseLong: boolean;
  /** 0 awake, 1 light sleep, 2 deep sleep. */
  readonly reach: number;
  readonly transport: Source["transport"] | null;
  readonly address: string | null;
  readonly port: number | null;
  /** In force, 0 = none; and the last accepted seq under it. */
  readonly epoch: number;
  readonly seq: number;
  /** Per cent, in tenths. */
  readonly battery: number | "external" | null;
  /** dBm. */
  readonly signal: number | null;
  readonly alert: boolean;
  /**
   * Beats under the number of another (rule 3) since the start, and the last one; forgotten when a
   * day has passed.
   */
  readonly clashes: number;
  readonly clashAt: number | null;
  /** Taken in by `open`. */
  readonly open: boolean;
  /** Shares of 1: promises kept in the last hours, beats lost on the way up, ACKs down. */
  readonly kept: number | null;
  readonly lossUp: number | null;
  readonly lossDown: number | null;
  /** Its last beats since our start, newest last: "1" heard, "0" not. */
  readonly recent: string;
  /** What its program said last, as bytes, and when; null: nothing. */
  readonly payload: string | null;
  readonly payloadAt: number | null;
  /** Commands waiting. */
  readonly waiting: number;
}

export function viewOf(
  records: Records,
  deadlines: Deadlines,
  changes: Told,
  detector: Detector,
  promiseMax: number,
  waiting: number,
  slot: number,
  now: number,
): DeviceView {
  const { words, bytes, floats } = records.rows;
  const w = slot * row.WORDS;
  const b = slot * row.BYTES;
  const { id, name, site, labels, suite, open } = records.roster.enrolment(slot);
  const source = records.source[slot];
  const { status, cause, tseq } = changes.of(slot);
  const told = records.payloads.get(slot);
  const at = floats[slot * row.FLOATS + row.AT]!;
  const vitals = bytes[b + row.VITALS]!;
  const promiseMs = records.promiseMs(slot);
  const here = status === "present" || status === "late";
  const deadlineAt = deadlines.get(slot);
  const clash = records.clashes.get(slot);
  const clashed = clash !== undefined && now - clash.at < CLASH_SHOWN_MS;
  const absentAt = here ? absentAfter(detector, status, deadlineAt, slot) : null;
  return {
    id,
    name,
    site,
    labels,
    suite,
    status,
    cause,
    tseq,
    seenAt: source === undefined ? null : at,
    dueAt: promiseMs === 0 ? null : at + promiseMs,
    deadlineAt: here && deadlineAt !== Infinity ? deadlineAt : null,
    absentAt,
    knownInMs: absentAt === null ? null : Math.max(0, Math.round(absentAt - now)),
    promiseMs: promiseMs === 0 ? null : promiseMs,
    promiseLong: promiseMs > promiseMax,
    reach: bytes[b + row.REACH]!,
    transport: source?.transport ?? null,
    address: source?.address ?? null,
    port: source?.port ?? null,
    epoch: words[w + row.EPOCH]!,
    seq: words[w + row.SEQ]!,
    battery: source === undefined ? null : batteryOf(vitals),
    signal: signalOf(vitals),
    alert: (vitals & ALERT) !== 0,
    clashes: clashed ? clash.count : 0,
    clashAt: clashed ? clash.at : null,
    open: open === true,
    kept: source === undefined ? null : detector.kept(slot),
    lossUp: source === undefined ? null : detector.lossUp(slot),
    lossDown: source === undefined ? null : detector.lossDown(slot),
    recent: detector.recent(slot),
    payload: told?.payload ?? null,
    payloadAt: told?.at ?? null,
    waiting,
  };
}

function absentAfter(
  detector: Detector,
  status: Status,
  deadlineAt: number,
  slot: number,
): number | null {
  if (deadlineAt === Infinity) return null;
  return status === "late" ? deadlineAt : detector.absentAt(slot, deadlineAt);
}

/** Bits 7-4: tenths, 14 = external power, all else unknown. */
export function batteryOf(vitals: number): number | "external" | null {
  const tenths = vitals >> 4;
  if (tenths <= 10) return tenths * 10;
  return tenths === 14 ? "external" : null;
}

/** Bits 2-0: 1..7 for -90..-42 dBm in steps of 8. */
export function signalOf(vitals: number): number | null {
  const step = vitals & 7;
  return step === 0 ? null : -98 + 8 * step;
}
