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

import type { Clock } from "../clock.ts";
import type { Change, Fact, StoredDevice } from "../facts.ts";

/** A change as the store keeps it. `at`: unix ms, an estimate. */
export type WallChange = Change;

/**
 * What a start gets to know. Instants of beats are mapped to this process's monotonic clock, and
 * may be negative.
 */
export interface Loaded {
  readonly devices: StoredDevice[];
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
  /** Changes with a cursor above `after`, oldest first, at most `limit`. */
  changes(after: number, limit: number): Promise<WallChange[]>;
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
}

/** A few years of a restless fleet, and at most about 50 MB on disk. */
export const CHANGES_MAX = 1_000_000;

/** Another process has the store open. */
export class StoreBusy extends Error {}
/** Written by a later version of this program. */
export class StoreTooNew extends Error {}
