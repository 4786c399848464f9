/**
 * The words that the gateway's core and its callers share: what came in from where, what must go
 * out, what must be on disk first, and what may be told only after that.
 *
 * Why data and not calls: rule 8 of the protocol is an order ("on disk before the frame that tells
 * of it"). As returned data that order can be obeyed by a shell, crashed between any two steps by
 * the simulator, and read in a test. Callbacks into a store lost: the core would then wait, and a
 * core that waits needs a clock.
 *
 * Byte strings everywhere: one character is one byte, 0..255. Instants `at` are milliseconds on the
 * monotonic clock of the process that runs the core; what is older than the process is negative.
 */

import type { Command, Deaf, Evidence, Incident, Notice, Payload, Quiet } from "./affairs.ts";

/**
 * Where a frame came from, and so where its answer goes. Over MQTT and in a simulator `port` is 0.
 */
export interface Source {
  readonly transport: "udp" | "mqtt" | "sim";
  readonly address: string;
  readonly port: number;
}

export interface Outgoing {
  readonly to: Source;
  readonly frame: string;
}

/**
 * The complete answer to one call, in the order in which it must happen: send `send` now; make
 * `commit` durable, atomically and in the order of the tickets; call `gateway.committed(ticket)`;
 * then send and tell `afterCommit`. Ticket 0: nothing to commit and nothing after. `commit` may be
 * empty while `afterCommit` is not: it then waits for the tickets before it.
 */
export interface Effects {
  readonly send: readonly Outgoing[];
  readonly commit: readonly Fact[];
  readonly ticket: number;
  readonly afterCommit: {
    readonly send: readonly Outgoing[];
    readonly changes: readonly Change[];
  };
}

/**
 * What the owner of a device said of it. `key` is 16 bytes; under suite 0 it is unused, and may be
 * "".
 */
export interface Enrolment {
  readonly id: number;
  readonly name: string;
  readonly site: string;
  readonly labels: readonly string[];
  readonly suite: number;
  readonly key: string;
  /** Taken in by `open` at its own word, under suite 0: goes again when absent for a day. */
  readonly open?: boolean;
}

/**
 * The newest accepted beat of a device. `promise` is the interval code, or 255, or 0 where nothing
 * was ever promised (suite 0, whose 255 is ignored); `ext` the raw extensions.
 */
export interface BeatFact {
  readonly kind: "beat";
  readonly id: number;
  readonly epoch: number;
  readonly seq: number;
  readonly tag: string;
  readonly promise: number;
  readonly vitals: number;
  readonly reach: number;
  readonly ext: string;
  readonly at: number;
  readonly transport: Source["transport"];
  readonly address: string;
  readonly port: number;
}

/**
 * Rule 7's two numbers: `issued`, the highest epoch ever put into a WELCOME, and the epoch in force
 * (0: none).
 */
export interface EpochFact {
  readonly kind: "epoch";
  readonly id: number;
  readonly issued: number;
  readonly epoch: number;
}

/** `evidence`: the inputs of the rule that made the change, as they were (causes/evidence.ts). */
export interface ChangeFact {
  readonly kind: "change";
  readonly change: Change;
  readonly evidence?: Evidence | undefined;
}

/**
 * What the detector learned of a device (detector/learned.ts): opaque bytes, written now and then.
 */
export interface LearnedFact {
  readonly kind: "learned";
  readonly id: number;
  readonly bytes: string;
}

/** What a device's own program said last (receiver/payloads.ts): bytes, at most 243. */
export interface PayloadFact extends Payload {
  readonly kind: "payload";
  readonly id: number;
}

/** A command as it now stands; `command: null`: command `n` is forgotten. */
export interface CommandFact {
  readonly kind: "command";
  readonly id: number;
  readonly n: number;
  readonly command: Command | null;
}

/** An incident as it now stands; `null`: forgotten, to keep their number bounded. */
export interface IncidentFact {
  readonly kind: "incident";
  readonly n: number;
  readonly incident: Incident | null;
}

/** A notice in the outbox; `null`: delivered, or given up. */
export interface NoticeFact {
  readonly kind: "notice";
  readonly n: number;
  readonly notice: Notice | null;
}

/** An interval in which we could not have heard; one that goes on is written again and again. */
export interface DeafFact {
  readonly kind: "deaf";
  readonly deaf: Deaf;
}

/** Who is not told of: a mute or a maintenance of one target; `null`: no longer. */
export interface QuietFact {
  readonly kind: "quiet";
  readonly target: string;
  readonly quiet: Quiet | null;
}

/**
 * A piece of history: `part` names it within the device (history.ts), `bytes` is opaque; "" takes
 * it away.
 */
export interface HistoryFact {
  readonly kind: "history";
  readonly id: number;
  readonly part: string;
  readonly bytes: string;
}

/**
 * A device enrolled, changed (same id, new words), or, with `null`, removed together with all facts
 * about it.
 */
export interface EnrolFact {
  readonly kind: "enrol";
  readonly id: number;
  readonly enrolment: Enrolment | null;
}

export type Fact =
  | BeatFact
  | EpochFact
  | ChangeFact
  | EnrolFact
  | LearnedFact
  | PayloadFact
  | CommandFact
  | IncidentFact
  | NoticeFact
  | DeafFact
  | QuietFact
  | HistoryFact;

/** In the order of their numbers in the records. */
export const STATUSES = ["unknown", "present", "late", "absent", "left"] as const;
export type Status = (typeof STATUSES)[number];

export const CAUSES = [
  "returned",
  "first-beat",
  "left",
  "promise-broken",
  "battery",
  "weak-signal",
  "reset-loop",
  "site",
  "gateway-deaf",
  "broker",
  "clock",
  "nat",
  "refused",
  "clash",
  "removed",
] as const;
export type Cause = (typeof CAUSES)[number];

/**
 * One transition of one device. `cursor` counts 1, 2, 3 over the whole gateway, `tseq` per device,
 * both without gaps. `at` is the instant at which the status changed by rule, not the one at which
 * somebody looked.
 */
export interface Change {
  readonly cursor: number;
  readonly id: number;
  readonly tseq: number;
  readonly at: number;
  readonly from: Status;
  readonly to: Status;
  readonly cause: Cause;
  readonly incident: number | null;
}

/** What a store gives back for one device: the newest fact of each kind. */
export interface StoredDevice {
  readonly enrolment: Enrolment;
  readonly issued: number;
  readonly epoch: number;
  readonly beat: BeatFact | null;
  readonly status: Status;
  readonly cause: Cause | null;
  readonly tseq: number;
  /** What the detector had learned; "" or absent: nothing. */
  readonly learned?: string;
  /** What its program said last; absent: nothing. */
  readonly payload?: Payload | undefined;
  /** Commands that the store still has, by `n`. */
  readonly commands?: readonly Command[];
  /**
   * The record came from a backup and no EpochFact was written since. No epoch is then in force,
   * and none pending either: `issued` alone would not say so, since the epochs after the backup are
   * known to nobody here (rule 7).
   */
  readonly restored?: boolean;
}
