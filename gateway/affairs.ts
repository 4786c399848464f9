/**
 * What the core keeps beside records and changes: evidence, commands, incidents, notices, deaf
 * intervals, and who is not told of. Plain data, as facts.ts has it; each has its file with the
 * rules.
 */

import type { Cause, Source } from "./facts.ts";

/**
 * Numbers and words by name, as causes/evidence.ts lists them. Names that end in `At` are instants,
 * and are mapped to the wall clock on their way to the disk.
 */
export type Evidence = Readonly<Record<string, number | string>>;

/** Surface: the states of a command. */
export const COMMAND_STATES = [
  "queued",
  "offered",
  "done",
  "refused",
  "failed",
  "expired",
  "superseded",
] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

/**
 * One command to one device. `n` counts 1, 2, 3 per device for ever; `cmd` is its number on the
 * wire in `epoch`, 0 until it was first sent. `result`: the payload of the RESULT, `code` its code
 * (-1: none came).
 */
export interface Command {
  readonly n: number;
  readonly cmd: number;
  readonly epoch: number;
  readonly payload: string;
  readonly supersede: string;
  readonly state: CommandState;
  readonly queuedAt: number;
  readonly notAfterAt: number;
  readonly offeredAt: number | null;
  readonly doneAt: number | null;
  readonly code: number;
  readonly result: string;
}

/**
 * What a device's own program said, and when it came: bytes, at most 243 (receiver/payloads.ts).
 */
export interface Payload {
  readonly payload: string;
  readonly at: number;
}

/**
 * Changes with one cause. `scope`: what broke: "device:<id>", "site:<name>", "address:<address>",
 * "broker" or "fleet"; "gateway" is ourselves, deaf, without members.
 * `members`: devices that joined, by id, bounded; `joined` counts them all, `away` those not back.
 */
export interface Incident {
  readonly n: number;
  readonly cause: Cause;
  readonly scope: string;
  readonly openedAt: number;
  readonly closedAt: number | null;
  readonly ackedAt: number | null;
  readonly remindedAt: number | null;
  readonly members: readonly number[];
  readonly joined: number;
  readonly away: number;
  /** Routes that were told of it (outbox.ts): they hear of its end. Absent: nobody yet. */
  readonly told?: readonly string[];
  /** It opened during a mute or a maintenance, which kept it from being told. */
  readonly hushed?: Quiet["kind"];
}

/**
 * A message to people about one incident over one route, waiting to be delivered. `n` counts 1, 2,
 * 3 over the gateway and makes the idempotency key.
 */
export interface Notice {
  readonly n: number;
  readonly incident: number;
  readonly kind: "opened" | "closed" | "reminder";
  readonly route: string;
  readonly madeAt: number;
  /** What it says, whole sentences; and the same as data (JSON). */
  readonly text: string;
  readonly body: string;
}

/** Why we could not have heard; the label `why` of `nextbeat_deaf_seconds_total`. */
export const DEAFNESS = [
  "stopped",
  "suspended",
  "overflow",
  "broker",
  "network",
  "store",
  "clock",
  "self-beat",
] as const;
export type Deafness = (typeof DEAFNESS)[number];

/** `toAt` null: it goes on. `transport` null: all of them. */
export interface Deaf {
  readonly n: number;
  readonly why: Deafness;
  readonly transport: Source["transport"] | null;
  readonly fromAt: number;
  readonly toAt: number | null;
}

/** `target`: "device:<id>" or "site:<name>". `untilAt` null: until it is taken away. */
export interface Quiet {
  readonly target: string;
  readonly kind: "mute" | "maintenance";
  readonly fromAt: number;
  readonly untilAt: number | null;
}

/** What a store gives back beside the devices. Lists are in the order of their numbers. */
export interface Affairs {
  readonly incidents: readonly Incident[];
  readonly notices: readonly Notice[];
  readonly deaf: readonly Deaf[];
  readonly quiets: readonly Quiet[];
  /** The highest number ever given to an incident, a notice and a deaf interval. */
  readonly lastIncident: number;
  readonly lastNotice: number;
  readonly lastDeaf: number;
}

/** The same with every instant (a number whose name ends in `At`) mapped to another clock. */
export function mapInstants<Thing extends object>(
  thing: Thing,
  map: (at: number) => number,
): Thing {
  const mapped: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(thing)) {
    mapped[name] = name.endsWith("At") && typeof value === "number" ? map(value) : value;
  }
  return mapped as Thing;
}
