// What the ledger writes down of one board.

import type { Source, Status } from "../../gateway/facts.ts";
import type { Detection } from "../result.ts";
import type { Member } from "./cast.ts";

/** What a board lived through. Instants in ms, -1: never. */
export interface Life {
  readonly member: Member;
  beats: number;
  acked: number;
  hellos: number;
  rebinds: number;
  /** Rungs of its ladder that it climbed. */
  rungs: number;
  changes: number;
  alarms: number;
  falseLate: number;
  falseAbsent: number;
  clashes: number;
  stale: number;
  replaysTaken: number;
  brownOuts: number;
  /** Beats said while no fault stood in their way; those of them that were accepted, and acked. */
  cleanBeats: number;
  cleanAccepted: number;
  cleanAcked: number;
  readonly roundTrips: number[];
  readonly returns: number[];
  readonly detections: Detection[];
  /** Its last word said, when first, how often, and whether it was acknowledged. */
  word: string;
  saidAt: number;
  tries: number;
  heard: boolean;
  clean: boolean;
  from: Source | undefined;
  /** The last beat accepted, and what it promised; when power went, if none was heard since. */
  acceptedAt: number;
  promiseMs: number;
  offAt: number;
  on: boolean;
  blocks: number;
  blockedAt: number;
  /** The last instant at which it had no power or no path. */
  excusedAt: number;
  /** Since when it could be present, and is not told so. */
  backAt: number;
  lateTold: number | null;
  absentTold: number | null;
  left: boolean;
  status: Status;
}

export function beginLife(member: Member): Life {
  return {
    member,
    beats: 0,
    acked: 0,
    hellos: 0,
    rebinds: 0,
    rungs: 0,
    changes: 0,
    alarms: 0,
    falseLate: 0,
    falseAbsent: 0,
    clashes: 0,
    stale: 0,
    replaysTaken: 0,
    brownOuts: 0,
    cleanBeats: 0,
    cleanAccepted: 0,
    cleanAcked: 0,
    clean: false,
    roundTrips: [],
    returns: [],
    detections: [],
    word: "",
    saidAt: -1,
    tries: 0,
    heard: true,
    from: undefined,
    acceptedAt: -1,
    promiseMs: 0,
    offAt: -1,
    on: false,
    blocks: 0,
    blockedAt: -1,
    excusedAt: -1,
    backAt: -1,
    lateTold: null,
    absentTold: null,
    left: false,
    status: "unknown",
  };
}
