// What can go wrong in a scenario, one schema a kind. A fault is written with short words (`for`,
// `spread`) and stands in the scenario with its unit in the name (`forMs`); one table maps both
// ways.

import { z } from "zod";
import { oneOf } from "../../gateway/near.ts";
import { POWER_CUTS } from "../board-kind.ts";
import { HOST_STEPS } from "../host.ts";
import * as leaf from "./leaves.ts";
import { Link } from "./link-schema.ts";
import { Nat } from "./nat-schema.ts";
import type { Act, Fault, FaultKind, Where } from "./types.ts";

/** Written word to the name of the field, where they differ. */
export const FIELD_NAMES: Readonly<Record<string, string>> = {
  for: "forMs",
  spread: "spreadMs",
  back: "backMs",
  by: "byMs",
  ramp: "rampMs",
  delay: "delayMs",
  commit: "commitMs",
};

/** Whom a kind of fault can meet. */
export type Target = "boards" | "gateway" | "broker";
const TARGET_NAMES: Record<Target, readonly string[]> = {
  boards: ["fleet"],
  gateway: ["gateway"],
  broker: ["broker"],
};

/** Faults of one scenario. */
export const FAULTS_MAX = 1_000;
const LUCK = "whose luck it has: a place in the list, from 0; default: its own";

const name = leaf.text(60);
const WhereSchema = z
  .union([
    name,
    leaf.list(name, 1, 100, "names"),
    leaf.map({
      names: leaf.list(name, 1, 100, "names").optional(),
      share: leaf.share(),
    }),
  ])
  .meta({
    id: "where",
    description: "names of groups, boards (group-3), access points, or gateway, broker, fleet",
  })
  .optional();

/** What every fault may say: when, and whom it meets. */
export const WHEN = {
  at: leaf.duration().describe("first time, from the start of the run"),
  every: z
    .union([leaf.someDuration(), leaf.map({ random: leaf.someDuration() })])
    .describe("again and again: so often, or with exponential gaps of this mean")
    .optional(),
  until: leaf.someDuration().describe("last time; default: the calm, or the end").optional(),
  where: WhereSchema,
  luck: leaf
    .whole(0, FAULTS_MAX - 1)
    .describe(LUCK)
    .optional(),
};

const lasting = leaf.durationOrEnd().prefault("end");
const least0 = leaf.duration().prefault(0);
const direction = leaf.word(["up", "down", "both"]).prefault("both");
const perSecond = leaf.number(0.001, 100_000);

function act<const K extends FaultKind, S extends z.ZodRawShape>(kind: K, about: string, shape: S) {
  return leaf.map({ ...WHEN, do: z.literal(kind), ...shape }).describe(about);
}

const ON_BOARDS = [
  act("power", "no power for so long", { for: lasting, spread: least0, back: least0 }),
  act("die", "never comes back", { spread: least0 }),
  act("battery", "its charge is now this share", { share: leaf.share().prefault(1) }),
  act("reboot", "boots again, flash kept", {}),
  act("forget", "flash wiped, and boots", {}),
  act("leave", "says goodbye", {}),
  act("powercut", "power goes at a step of the next send", {
    step: leaf.word(POWER_CUTS),
    for: lasting,
  }),
  act("clone", "a second board with this identity and flash", {}),
  act("clock", "the board's clock jumps", { by: leaf.step() }),
  act("drift", "the board's clock runs this fast", { ppm: leaf.number(-50_000, 50_000) }),
] as const;

const ON_PATHS = [
  act("link", "another link", { to: Link, ramp: least0, for: lasting }),
  act("cut", "nothing passes", { direction, for: lasting }),
  act("loss", "a share of frames is lost besides", {
    share: leaf.share(),
    direction,
    for: lasting,
  }),
  act("nat", "mappings, address or all of it changes", {
    change: leaf.word(["rebind", "readdress", "reboot"]).prefault("rebind"),
  }),
  act("nat-full", "no new mapping", { for: lasting }),
  act("nat-deaf", "nothing comes in", { for: lasting }),
  act("nat-set", "another NAT", { to: Nat }),
  act("ap", "the access point is off", { for: lasting }),
  act("dns", "names do not resolve", { for: lasting }),
] as const;

const ON_GATEWAY = [
  act("crash", "kill -9, at a step or at once", {
    step: leaf.word(HOST_STEPS).optional(),
    for: lasting,
  }),
  act("stop", "an orderly stop", { for: lasting }),
  act("disk", "commits take so long", { commit: leaf.wholeDurations(), for: lasting }),
  act("stall", "no commit ends", { for: lasting }),
  act("suspend", "the process does not run", { for: lasting }),
  act("wall", "the wall clock jumps", { by: leaf.step() }),
] as const;

const ON_BROKER = [act("broker", "the broker is down", { for: lasting })] as const;

const OF_STRANGERS = [
  act("replay", "sends again what it heard", { perSecond, delay: least0, for: lasting }),
  act("flood", "noise, and frames with a flipped bit", { perSecond, for: lasting }),
] as const;

const kindOf = (each: { shape: { do: z.ZodLiteral } }) => each.shape.do.value as FaultKind;
const GATEWAY_KINDS: readonly FaultKind[] = ON_GATEWAY.map(kindOf);
const ALL = [...ON_BOARDS, ...ON_PATHS, ...ON_GATEWAY, ...ON_BROKER, ...OF_STRANGERS] as const;
export const FAULT_KINDS: readonly FaultKind[] = ALL.map(kindOf);

export const FaultSchema = z.discriminatedUnion("do", ALL, {
  error: ({ input }) =>
    typeof input === "object" && input !== null
      ? oneOf((input as { do?: unknown }).do, FAULT_KINDS)
      : "expected a map",
});
type GivenFault = z.output<typeof FaultSchema>;

export function targetOf(kind: FaultKind): Target {
  return kind === "broker" ? "broker" : GATEWAY_KINDS.includes(kind) ? "gateway" : "boards";
}

/** The names that a fault of this kind meets where none is given. */
export function defaultNames(kind: FaultKind): readonly string[] {
  return TARGET_NAMES[targetOf(kind)];
}

/** @param until default of `untilMs` */
export function faultOf(given: GivenFault, until: number): Fault {
  const { at, every, until: last, where, luck, ...act } = given;
  const fields = Object.entries(act)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [FIELD_NAMES[key] ?? key, value]);
  return {
    atMs: at,
    everyMs: typeof every === "object" ? every.random : every,
    random: typeof every === "object",
    untilMs: last ?? until,
    where: whereOf(where, given.do),
    ...(luck !== undefined && { luck }),
    ...(act.do === "crash" ? { step: act.step } : {}),
    ...(Object.fromEntries(fields) as unknown as Act),
  };
}

function whereOf(given: z.output<typeof WhereSchema>, kind: FaultKind): Where {
  if (given === undefined) return { names: defaultNames(kind), share: 1 };
  if (typeof given === "string") return { names: [given], share: 1 };
  if (Array.isArray(given)) return { names: given, share: 1 };
  return { names: given.names ?? defaultNames(kind), share: given.share };
}
