// Scenarios made of one by leaving things out of it: each function gives another scenario that a
// file could say, and says nothing of what comes of it. Whoever stays keeps its id and its luck, so
// what went wrong mostly still does.

import { entityOf, timeAfter } from "./faults.ts";
import { numbersOf } from "./ids.ts";
import { presetLink } from "./link-schema.ts";
import { Gateway, GroupSchema } from "./schema.ts";
import type { Fault, GatewaySpec, Group, Scenario, When } from "./types.ts";

/** Times of one fault that are looked at. */
const TIMES_MAX = 256;
/** Lucks of the pieces of a fault begin here: beyond those of a list made by people. */
const PIECES = 500;

/** A board by the place of its group in the fleet, and its number. */
export type Place = readonly [group: number, n: number];

export function placesOf({ fleet }: Scenario): Place[] {
  return fleet.flatMap((group, i) => numbersOf(group).map((n): Place => [i, n]));
}

/** Only these boards, and of the faults what still meets anybody. */
export function withBoards(scenario: Scenario, places: readonly Place[]): Scenario {
  const numbers = scenario.fleet.map((_, i) => places.filter(([at]) => at === i).map(([, n]) => n));
  const last = numbers.findLastIndex((own) => own.length > 0);
  const fleet = scenario.fleet.slice(0, last + 1).map((group, i): Group => {
    const { only: _, ...rest } = group;
    const own = numbers[i]!;
    const count = Math.max(1, ...own);
    return own.length === count ? { ...rest, count } : { ...rest, count, only: own };
  });
  const known = new Set(["fleet", "gateway", "broker"]);
  for (const group of fleet) {
    const own = numbersOf(group);
    if (own.length > 0) known.add(group.group).add(group.ap);
    for (const n of own) known.add(`${group.group}-${n}`);
  }
  const faults = scenario.faults.flatMap((fault): Fault[] => {
    const names = fault.where.names.filter((name) => known.has(name));
    return names.length > 0 ? [{ ...fault, where: { ...fault.where, names } }] : [];
  });
  const expect = scenario.expect.filter(({ where }) => where === undefined || known.has(where));
  return { ...scenario, fleet, faults, expect };
}

/** Each fault says whose luck it has: others may go, and it stays the same. */
export function withLuck(scenario: Scenario): Scenario {
  return {
    ...scenario,
    faults: scenario.faults.map((fault, i) => ({ ...fault, luck: fault.luck ?? i })),
  };
}

/** Where a fault of an earlier scenario stands now, by its luck; -1: it is gone. */
export function placeOf({ faults }: Scenario, { luck, do: kind }: Fault): number {
  return faults.findIndex((fault) => fault.luck === luck && fault.do === kind);
}

/** What says no more than its place in the list says is left out. */
export function withoutLuck(scenario: Scenario): Scenario {
  const faults = scenario.faults.map((fault, i): Fault => {
    const { luck, ...rest } = fault;
    return luck === i ? (rest as Fault) : fault;
  });
  return { ...scenario, faults };
}

/** The run ends at `most` or before; what lies beyond is left out. */
export function until(scenario: Scenario, most: number): Scenario {
  const end = Math.min(scenario.runMs, most);
  const calm = scenario.calmAt < end ? scenario.calmAt : Number.POSITIVE_INFINITY;
  const last = Math.min(end, calm);
  const faults = scenario.faults
    .filter(({ atMs }) => atMs < last)
    .map((fault) => ({ ...fault, untilMs: Math.min(fault.untilMs, last) }));
  return { ...scenario, runMs: end, calmAt: calm, faults };
}

/** The times of the i-th fault of the list, the last if there are many; none: it happens once. */
export function timesOf({ faults, runMs, calmAt }: Scenario, i: number, seed: number): number[] {
  const fault = faults[i]!;
  if (fault.everyMs === undefined) return [];
  const times: number[] = [];
  const end = Math.min(fault.untilMs, runMs, calmAt);
  const entity = entityOf(fault, i);
  for (let at = fault.atMs, n = 0; at <= end; at = timeAfter(fault, seed, entity, n++, at)) {
    times.push(Math.round(at));
    if (times.length > TIMES_MAX) times.shift();
  }
  return times;
}

/** The i-th fault at these times and no other, one fault each. */
export function atTimes(scenario: Scenario, i: number, times: readonly number[]): Scenario {
  const fault = scenario.faults[i]!;
  const pieces = times.map((atMs, n): Fault => {
    const once: When = { atMs, everyMs: undefined, random: false, untilMs: Infinity };
    const luck = n === 0 ? fault.luck : PIECES + n;
    return { ...fault, ...once, ...(luck !== undefined && { luck }) };
  });
  const faults = [...scenario.faults];
  faults.splice(i, 1, ...pieces);
  return { ...scenario, faults };
}

const PLAIN = GroupSchema.parse({ group: "plain" });
const GROUP_CHANGES: readonly Partial<Group>[] = [
  { link: presetLink("lan") },
  { nat: undefined },
  { ap: "own", nat: undefined },
  { ap: "own" },
  { board: undefined, battery: undefined },
  { battery: undefined },
  { reach: "awake" },
  { transport: "udp" },
  { clock: "exact" },
  { temperature: PLAIN.temperature },
  { boot: { atMs: 0, spreadMs: 0 } },
  { config: {} },
  { suite: PLAIN.suite },
];
/** Fields of faults that are nothing special where they are 0. */
const FAULT_FIELDS = ["spreadMs", "backMs", "rampMs", "delayMs"];

export type Change = (scenario: Scenario) => Scenario;

/** Ways to make one thing less special: of the gateway, of all groups, of one, of a fault. */
export function plainer({ fleet, faults }: Scenario): Change[] {
  const own = Gateway.parse({});
  const keys = Object.keys(own) as (keyof GatewaySpec)[];
  return [
    (s) => ({ ...s, expect: [] }),
    (s) => ({ ...s, gateway: own }),
    ...keys.map((key): Change => {
      return (s) => ({ ...s, gateway: { ...s.gateway, [key]: own[key] } });
    }),
    ...GROUP_CHANGES.flatMap((change): Change[] => [
      (s) => ({ ...s, fleet: s.fleet.map((group) => ({ ...group, ...change })) }),
      ...(fleet.length > 1 ? fleet : []).map((_, i): Change => {
        return (s) => ({ ...s, fleet: s.fleet.with(i, { ...s.fleet[i]!, ...change }) });
      }),
    ]),
    ...faults.flatMap((fault): Change[] => {
      const changes: object[] = [{ where: { ...fault.where, share: 1 } }];
      for (const field of FAULT_FIELDS) if (field in fault) changes.push({ [field]: 0 });
      return changes.map((change): Change => {
        return (s) => {
          const i = placeOf(s, fault);
          return i < 0 ? s : { ...s, faults: s.faults.with(i, { ...s.faults[i]!, ...change }) };
        };
      });
    }),
  ];
}

/** The same sooner: all that happens by chance or design comes `byMs` earlier. */
export function sooner(scenario: Scenario, byMs: number): Scenario {
  const early = (at: number) => Math.max(0, at - byMs);
  return {
    ...scenario,
    runMs: Math.max(1, early(scenario.runMs)),
    calmAt: scenario.calmAt - byMs,
    faults: scenario.faults.map((fault) => ({
      ...fault,
      atMs: early(fault.atMs),
      untilMs: early(fault.untilMs),
    })),
  };
}
