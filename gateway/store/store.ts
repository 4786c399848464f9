/**
 * What the gateway must not forget, behind one small interface: facts go in by commits, and at the
 * next start the newest fact of each kind comes back for every device.
 *
 * A commit is a promise because that is what rule 8 of the protocol waits for; commits become
 * durable in the order in which they were asked for, each all or nothing. A query language lost:
 * the core holds every record in memory, so the disk is read at start, for the list of changes, and
 * for nothing else.
 *
 * The core counts time on the monotonic clock of its process, which means nothing to the next one.
 * A store therefore writes wall-clock estimates, and a stamp of the last moment at which it was
 * alive: what lies between a fact and the stamp was measured by one process, and holds whatever the
 * wall clock did afterwards.
 */

import type { Affairs, Evidence } from "../affairs.ts";
import type { Clock } from "../clock.ts";
import type { Change, Fact, StoredDevice } from "../facts.ts";

/** A change as the store keeps it. `at`: unix ms, an estimate. */
export type WallChange = Change;

/** A piece of a device's history: bytes of history.ts. */
export interface HistoryPiece {
  readonly part: string;
  readonly bytes: string;
}

/**
 * What a start gets to know. Instants are mapped to this process's monotonic clock, and may be
 * negative.
 */
export interface Loaded {
  readonly devices: StoredDevice[];
  readonly affairs: Affairs;
  /** Cursor of the last change, 0 = none yet. */
  readonly cursor: number;
  /** 0..15; already counted up for this start, and durable. */
  readonly generation: number;
  /** 32 bytes, made at the first start and kept. */
  readonly secret: string;
  /** How long no gateway was alive; undefined where the wall clock cannot tell. */
  readonly stoppedMs: number | undefined;
  /** Records that could not be read, now set aside: each with its place and the reason. */
  readonly quarantined: string[];
}

/**
 * `run`: a gateway starts; the generation counts up and the stamp is kept fresh. `edit`: a command
 * changes enrolments while no gateway runs; nothing else moves.
 */
export type Purpose = "run" | "edit";

export interface Store {
  /** Once, before all else. Rejects with StoreBusy, StoreTooNew, or what the disk says. */
  open(purpose?: Purpose): Promise<Loaded>;
  /** Resolves when the facts, all of them, are on disk, and after every commit before it. */
  commit(facts: readonly Fact[]): Promise<void>;
  /** Resolves when a write that was begun after this call is on disk: it writes the stamp. */
  alive(): Promise<void>;
  /** Changes with a cursor above `after`, oldest first, at most `limit`. */
  changes(after: number, limit: number): Promise<WallChange[]>;
  /** Changes of one device with a `tseq` below `before`, newest first, at most `limit`. */
  changesOf(id: number, before: number, limit: number): Promise<WallChange[]>;
  /** Evidence of a change, its instants in unix ms; undefined: it had none, or it is too old. */
  evidence(cursor: number): Promise<Evidence | undefined>;
  /** History of one device: `fromPart` <= part < `toPart`, in the order of the parts. */
  history(id: number, fromPart: string, toPart: string): Promise<HistoryPiece[]>;
  /**
   * A consistent copy of all that is durable now, as the bytes of a backup file (backup.ts). What
   * is committed meanwhile is not in it.
   */
  backup(): AsyncIterable<Buffer>;
  /** Whether this key (16 bytes) was ever enrolled here; true also when its device is gone. */
  keyKnown(key: string): boolean;
  /** Waits for the commits under way, writes the last stamp, lets go of the folder. */
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly clock: Clock;
  /** Changes kept; the oldest go first. */
  readonly changesMax?: number;
  /**
   * Called after each durable write with its duration in ms and the number of commits that joined
   * in it.
   */
  readonly onWrite?: (ms: number, commits: number) => void;
  /** A record was found unreadable while running, and is set aside: its place and the reason. */
  readonly onQuarantined?: (why: string) => void;
}

/** A few years of a restless fleet, and at most about 80 MB on disk with their index. */
export const CHANGES_MAX = 1_000_000;

/** Evidence is kept for so many of the newest changes: about 250 bytes each, 25 MB. */
export const EVIDENCE_MAX = 100_000;
/** Deaf intervals kept: the oldest go first. */
export const DEAF_MAX = 1_000;
/** Closed incidents kept; those that are open are all kept. */
export const INCIDENTS_MAX = 1_000;

/** Another process has the store open. */
export class StoreBusy extends Error {}
/** Written by a later version of this program. */
export class StoreTooNew extends Error {}
