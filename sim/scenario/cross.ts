// What the parts of a scenario must agree in: names that others use, instants within the run,
// bounds in the unit of their metric. Each part is read by itself here, so that one slip does not
// hide the others: a wrong link in one group and an unknown name in a fault are told together.

import { oneOf } from "../../gateway/near.ts";
import type { Problem } from "../../gateway/problems.ts";
import { FAULT_KINDS, targetOf, WHEN } from "./faults-schema.ts";
import { METRICS } from "./metrics.ts";
import { BOARDS_MAX, CalmSchema, GroupSchema, RunSchema } from "./schema.ts";
import type { Group } from "./types.ts";
import { readDuration, readShare } from "./units.ts";

/** Names that mean something of themselves. */
const RESERVED = ["fleet", "gateway", "broker", "own"];
/** Times that one fault may happen in a run. */
const FIRINGS_MAX = 100_000;

type Raw = Record<string, unknown>;

/** @param raw the whole scenario as it was written */
export function crossProblems(raw: unknown): Problem[] {
  if (typeof raw !== "object" || raw === null) return [];
  const { fleet, faults, expect, run, calm } = raw as Raw;
  const groups = rows(fleet);
  const runMs = RunSchema.safeParse(run).data;
  const calmMs = calm === undefined ? undefined : CalmSchema.safeParse(calm).data;
  const names = new Names(groups);
  const late = runMs !== undefined && calmMs !== undefined && calmMs >= runMs;
  return [
    ...(late ? [{ path: ["calm"], message: "expected an instant before the end of the run" }] : []),
    ...fleetProblems(groups, names),
    ...rows(faults).flatMap((fault, i) => faultProblems(fault, i, names, runMs, calmMs)),
    ...rows(expect).flatMap((each, i) => expectProblems(each, i, names)),
  ];
}

/** The maps of a list; what is none is an error of the schema. */
function rows(list: unknown): Raw[] {
  if (!Array.isArray(list)) return [];
  return list.map((each) => (typeof each === "object" && each !== null ? each : {}));
}

/** Whom a scenario knows by name. */
class Names {
  readonly groups = new Map<string, number>();
  readonly aps = new Set<string>();

  constructor(groups: readonly Raw[]) {
    for (const { group, count, ap } of groups) {
      if (typeof group === "string") this.groups.set(group, typeof count === "number" ? count : 1);
      if (typeof ap === "string" && ap !== "own") this.aps.add(ap);
    }
  }

  isBoard(name: string): boolean {
    const [, group, digits] = /^(.+)-([1-9]\d*)$/.exec(name) ?? [];
    return Number(digits) <= (this.groups.get(group ?? "") ?? 0);
  }

  has(name: string): boolean {
    return name === "fleet" || this.groups.has(name) || this.aps.has(name) || this.isBoard(name);
  }

  get list(): string[] {
    return [...this.groups.keys(), ...this.aps];
  }
}

function fleetProblems(groups: readonly Raw[], names: Names): Problem[] {
  const problems: Problem[] = [];
  const natOf = new Map<string, string>();
  const seen = new Set<unknown>();
  let boards = 0;
  for (const [i, raw] of groups.entries()) {
    const say = (key: string, message: string) =>
      problems.push({ path: ["fleet", i, key], message });
    const { group, ap } = raw;
    if (seen.has(group)) say("group", "expected a name of its own");
    seen.add(group);
    if (RESERVED.includes(String(group))) say("group", "expected a name that means nothing else");
    if (names.isBoard(String(group))) say("group", "expected a name that is not that of a board");
    if (ap !== "own" && RESERVED.includes(String(ap))) say("ap", "expected another name");
    if (names.groups.has(String(ap)) || names.isBoard(String(ap))) {
      say("ap", "expected a name that is not that of a group or a board");
    }
    const read = GroupSchema.safeParse(raw).data;
    if (!read) continue;
    if (read.only?.some((n) => n > read.count)) say("only", "expected numbers up to its count");
    boards += read.count;
    if (read.battery !== undefined && !read.board) say("battery", "expected a board beside it");
    if (!sharesNat(read, natOf)) say("nat", `expected the NAT of the others at ${read.ap}`);
  }
  if (boards > BOARDS_MAX) {
    problems.push({ path: ["fleet"], message: `expected at most ${BOARDS_MAX} boards` });
  }
  return problems;
}

/** Boards with one access point have one NAT. */
function sharesNat({ ap, nat }: Group, natOf: Map<string, string>): boolean {
  if (ap === "own") return true;
  const text = JSON.stringify(nat ?? null);
  const other = natOf.get(ap) ?? text;
  natOf.set(ap, other);
  return other === text;
}

function faultProblems(
  raw: Raw,
  i: number,
  names: Names,
  runMs: number | undefined,
  calmMs: number | undefined,
): Problem[] {
  const path = ["faults", i];
  const problems = whereProblems(raw, path, names);
  const say = (key: string, message: string) => problems.push({ path: [...path, key], message });
  const at = WHEN.at.safeParse(raw.at).data;
  const every = WHEN.every.safeParse(raw.every).data;
  const until = WHEN.until.safeParse(raw.until).data;
  if (at === undefined) return problems;
  if (runMs !== undefined && at >= runMs) say("at", "expected an instant within the run");
  else if (calmMs !== undefined && at >= calmMs) say("at", "expected an instant before the calm");
  if (until !== undefined && until < at) say("until", "expected an instant after `at`");
  const gap = typeof every === "object" ? every.random : every;
  const last = Math.min(until ?? Infinity, calmMs ?? Infinity, runMs ?? 0);
  if (gap !== undefined && (last - at) / gap > FIRINGS_MAX) {
    say("every", `expected at most ${FIRINGS_MAX} times in a run`);
  }
  return problems;
}

/** Names that there are not, or that are not such as this kind of fault meets. */
function whereProblems(raw: Raw, path: readonly PropertyKey[], names: Names): Problem[] {
  const kind = FAULT_KINDS.find((each) => each === raw.do);
  const where = WHEN.where.safeParse(raw.where).data;
  if (kind === undefined || where === undefined) return [];
  const target = targetOf(kind);
  const words = target === "boards" ? ["fleet", ...names.list] : [target];
  const check = (name: string, ...place: PropertyKey[]): Problem[] => {
    const known = target === "boards" ? names.has(name) : name === target;
    return known ? [] : [{ path: [...path, "where", ...place], message: oneOf(name, words) }];
  };
  if (typeof where === "string") return check(where);
  if (Array.isArray(where)) return where.flatMap((name, n) => check(name, n));
  return (where.names ?? []).flatMap((name, n) => check(name, "names", n));
}

/** A bound in the unit of its metric; undefined if it is none. */
export function readBound(metric: string, bound: string | number): number | undefined {
  const unit = METRICS[metric]?.unit;
  if (unit === "share") return readShare(bound);
  if (unit === "ms") return readDuration(bound);
  return typeof bound === "number" && bound >= 0 && bound < Infinity ? bound : undefined;
}

const UNIT_WORDS = {
  share: "expected a share such as 5% or 0.05",
  ms: "expected a duration such as 250ms or 90s",
  count: "expected a number, 0 or more",
  number: "expected a number, 0 or more",
};

function expectProblems(raw: Raw, i: number, names: Names): Problem[] {
  const { metric, where, min, max } = raw;
  const known = METRICS[String(metric)];
  const path = ["expect", i];
  if (!known) return [];
  const problems: Problem[] = [];
  const say = (key: string[], message: string) =>
    problems.push({ path: [...path, ...key], message });
  const [least, most] = [min, max].map((bound, n) => {
    if (typeof bound !== "string" && typeof bound !== "number") return undefined;
    const value = readBound(String(metric), bound);
    if (value === undefined) say([n === 0 ? "min" : "max"], UNIT_WORDS[known.unit]);
    return value;
  });
  if (min === undefined && max === undefined) say([], "expected min, max or both");
  if (least !== undefined && most !== undefined && least > most)
    say(["max"], "expected min or more");
  if (typeof where === "string") {
    if (!known.byGroup) say(["where"], "expected nothing: this metric is of the whole run");
    else if (!names.list.includes(where)) say(["where"], oneOf(where, names.list));
  }
  return problems;
}
