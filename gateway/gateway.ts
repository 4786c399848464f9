/**
 * The gateway core: frames, enrolments and time go in; effects come out. A composition of receiver, presence and
 * deadlines over one table of records.
 */

import type { Cause, Effects, Enrolment, Source, Status, StoredDevice } from "./facts.ts";

export interface Limits {
  /** Devices enrolled and taken in by `open` together. */
  readonly devicesMax: number;
  /** Senders of refused frames that are remembered, oldest out (rule 1). */
  readonly hintsMax: number;
  /** Devices taken in by `open`. */
  readonly openMax: number;
  /** Rule 9: a longer promise is honoured and shown. */
  readonly promiseMax: number;
  /** Rule 8: the longest time that a beat may live in memory alone. */
  readonly flushMs: number;
  /** The least grace. */
  readonly graceMs: number;
  /** The greatest number of devices' facts in one commit of the lazy flush. */
  readonly flushMax: number;
}

export interface GatewayOptions {
  /** 0..15, another one at each start of the gateway. */
  readonly generation: number;
  /** At least 16 bytes, kept over restarts; keys `mapped`. */
  readonly secret: string;
  readonly sha256: (message: string) => string;
  /** Unix seconds at the monotonic instant `now`; 0 = the clock is not trusted. */
  readonly unixSeconds: (now: number) => number;
  /** How long no gateway ran before this start; undefined = unknown, which counts as long. */
  readonly stoppedMs?: number | undefined;
  /** The cursor of the last change that the store knows. */
  readonly cursor?: number;
  /** Take in unknown ids under suite 0. */
  readonly open?: boolean;
  /** The pace asked of a device, an interval code; 0 = its own. */
  readonly pace?: (id: number) => number;
  readonly limits?: Partial<Limits>;
}

export interface DeviceView {
  readonly id: number;
  readonly name: string;
  readonly site: string;
  readonly labels: readonly string[];
  readonly suite: number;
  readonly status: Status;
  readonly cause: Cause | null;
  readonly tseq: number;
  /** Instants in ms, monotonic; null = never heard, or nothing promised. */
  readonly seenAt: number | null;
  readonly dueAt: number | null;
  readonly deadlineAt: number | null;
  readonly promiseMs: number | null;
  /** The promise is above `promiseMax` (rule 9). */
  readonly promiseLong: boolean;
  readonly reach: number;
  readonly transport: Source["transport"] | null;
  readonly address: string | null;
  readonly port: number | null;
  readonly epoch: number;
  readonly seq: number;
  readonly battery: number | "external" | null;
  readonly signal: number | null;
  readonly alert: boolean;
  /** Beats with the number of the last accepted one but another tag (rule 3). */
  readonly clashes: number;
  readonly clashAt: number | null;
  /** Taken in by `open`, not enrolled. */
  readonly open: boolean;
  readonly lossUp: number | null;
  readonly lossDown: number | null;
  readonly waiting: number;
}

/** What is remembered of frames that changed nothing and were not answered (rule 1). */
export interface Hint {
  readonly id: number;
  readonly reason: string;
  readonly address: string;
  readonly at: number;
  readonly count: number;
}

const NOTHING: Effects = {
  send: [],
  commit: [],
  ticket: 0,
  afterCommit: { send: [], changes: [] },
};

export class Gateway {
  /** Call `expire` no later than this; earlier is harmless. Infinity: nothing is due. */
  readonly wakeAt: number = Infinity;
  readonly counters: Record<string, number> = {};
  readonly hints: ReadonlyMap<string, Hint> = new Map();

  constructor(_options: GatewayOptions, _devices: Iterable<StoredDevice>, _now: number) {}

  handle(_frame: string, _from: Source, _now: number): Effects {
    return NOTHING;
  }
  expire(_now: number): Effects {
    return NOTHING;
  }
  flush(_now: number): Effects {
    return NOTHING;
  }
  committed(_ticket: number): void {}
  enrol(_enrolment: Enrolment, _now: number): Effects {
    return NOTHING;
  }
  remove(_id: number, _now: number): Effects {
    return NOTHING;
  }
  /** The lowest id that is not taken, or 0 when none is. */
  freeId(): number {
    return 1;
  }
  byName(_name: string): number | undefined {
    return undefined;
  }
  view(_id: number, _now: number): DeviceView | undefined {
    return undefined;
  }
  *views(_now: number): IterableIterator<DeviceView> {}
  counts(_now: number): Record<Status, number> {
    return { unknown: 0, present: 0, late: 0, absent: 0, left: 0 };
  }
}
