/**
 * The same scenario with the same seed twice: in virtual time, and in real time with a real gateway
 * behind the UDP proxy and boards on real sockets; and what the networks of both decided.
 *
 * A decision is known by its occasion, which no clock is part of. Those of a link that is looked up
 * in time, or that counts its frames, are compared with that in mind: see `compare`.
 */

import { type LinkModel, plainLink } from "../../sim/link.ts";
import { Links } from "../../sim/links.ts";
import type { ProxyReport } from "../../sim/live/certify.ts";
import { decisions } from "../../sim/live/decisions.ts";
import { openUdpProxy } from "../../sim/live/proxy-udp.ts";
import { linkPreset } from "../../sim/presets.ts";
import type { Group, Scenario } from "../../sim/scenario/types.ts";
import { SocketFleet } from "../../sim/sockets.ts";
import type { World } from "../../sim/world.ts";
import { startHere } from "../gateway/socket-rig.ts";
import { bare } from "./trust-rig.ts";

type Way = "up" | "down";

/** What became of a frame, and when it was asked, ms from the start. */
export interface Decision {
  readonly id: number;
  readonly way: Way;
  readonly high: number;
  readonly low: number;
  readonly fate: string;
  readonly at: number;
}

export interface Pair {
  readonly scenario: Scenario;
  readonly virtual: readonly Decision[];
  readonly live: readonly Decision[];
  readonly proxy: ProxyReport;
}

/** Between the begin of everything and the first instant of the run, ms. */
const LEAD_MS = 300;

export async function playBoth(text: string, seed: number): Promise<Pair> {
  const { scenario, world } = bare(text, seed);
  const virtual = noted((tell) => world.observe(decisions(tell)));
  world.run(scenario.runMs);
  const { live, proxy } = await playLive(scenario, seed, world);
  return { scenario, virtual, live, proxy };
}

async function playLive(scenario: Scenario, seed: number, world: World) {
  const gateway = await startHere(new Map());
  for (const { id, name, suite, key } of world.boards.values()) {
    await gateway.registry.add({ id, name, suite, key });
  }
  const place = { address: "127.0.0.1", family: 4, port: gateway.udpPort } as const;
  const startAt = performance.now() + LEAD_MS;
  const live: Decision[] = [];
  const proxy = await openUdpProxy({
    ...{ port: 0, host: place.address, target: place, seed, scenario, startAt },
    link: linkPreset("lan")!,
    onDecision: (...told) => live.push(decisionOf(...told)),
  });
  const fleet = new SocketFleet({
    ...{ ...place, port: proxy.port, seed, boards: [], spreadMs: 0, startAt, exact: true },
    scenario: { ...scenario, fleet: scenario.fleet.map(withoutLink), faults: [] },
  });
  try {
    await fleet.open();
    const left = () => startAt + scenario.runMs - performance.now();
    while (left() > 0) await new Promise((wake) => setTimeout(wake, left()));
    return { live: [...live], proxy: proxy.report() };
  } finally {
    await fleet.close();
    await proxy.close();
    await gateway.stop();
  }
}

/** Between board and proxy there is nothing: all that the scenario says happens in the proxy. */
function withoutLink(group: Group): Group {
  return { ...group, link: { preset: "none", up: plainLink(0), down: plainLink(0) } };
}

function noted(observe: (tell: Parameters<typeof decisions>[0]) => void): Decision[] {
  const list: Decision[] = [];
  observe((...told) => list.push(decisionOf(...told)));
  return list;
}

function decisionOf(
  ...[id, way, high, low, fate, at]: Parameters<Parameters<typeof decisions>[0]>
): Decision {
  return { id, way, high, low, fate, at };
}

/** How the decisions of both about the boards of a group agree. */
export interface Agreement {
  /** Decisions on occasions that both had; of them in virtual time lost; and that differ. */
  readonly both: number;
  readonly lost: number;
  readonly differ: readonly (readonly [virtual: Decision, live: Decision])[];
  /** Of those of both, instants that differ by so much, sorted, ms. */
  readonly shifts: readonly number[];
  /** Decisions on occasions that only one had, by why. */
  readonly alone: Readonly<Record<string, number>>;
}

/**
 * @param counts the links count their frames: what comes behind one that only one of the two had is
 *   another one's fate, and is not compared
 */
export function compare({ virtual, live }: Pair, ids: (id: number) => boolean, counts: boolean) {
  const [left, right] = [virtual, live].map((list) => list.filter(({ id }) => ids(id)));
  const alone: Record<string, number> = {};
  const differ: (readonly [Decision, Decision])[] = [];
  const shifts: number[] = [];
  let lost = 0;
  const [byLeft, byRight] = [byLink(left!), byLink(right!)];
  for (const link of new Set([...byLeft.keys(), ...byRight.keys()])) {
    const [mine, theirs] = [byLeft.get(link) ?? [], byRight.get(link) ?? []];
    const [a, b] = counts ? sameBegin(mine, theirs) : [mine, theirs];
    if (counts)
      add(alone, "behind another frame", mine.length - a.length + theirs.length - b.length);
    const others = new Map(b.map((decision) => [occasion(decision), decision]));
    if (others.size < b.length) throw new Error(`one occasion for two frames of ${link}`);
    for (const decision of a) {
      const other = others.get(occasion(decision));
      if (!other) continue;
      shifts.push(Math.abs(other.at - decision.at));
      if (decision.fate !== "passed") lost++;
      if (other.fate !== decision.fate) differ.push([decision, other]);
    }
    for (const [why, n] of explained(a, b)) add(alone, why, n);
    for (const [why, n] of explained(b, a)) add(alone, why, n);
  }
  shifts.sort((x, y) => x - y);
  return { both: shifts.length, lost, differ, shifts, alone } satisfies Agreement;
}

const add = (to: Record<string, number>, why: string, n: number): void => {
  if (n > 0) to[why] = (to[why] ?? 0) + n;
};

function byLink(list: readonly Decision[]): Map<string, Decision[]> {
  const links = new Map<string, Decision[]>();
  for (const decision of list) {
    const key = `${decision.id} ${decision.way}`;
    const link = links.get(key);
    if (link) link.push(decision);
    else links.set(key, [decision]);
  }
  return links;
}

const occasion = ({ high, low }: Decision): string => `${high} ${low}`;
/** The exchange that a frame is of, whichever try. */
const exchange = ({ high, low }: Decision): string => `${high} ${low >>> 16}`;

/** Both lists as far as they have the same occasions in the same order. */
function sameBegin(a: readonly Decision[], b: readonly Decision[]) {
  let n = 0;
  while (n < Math.min(a.length, b.length) && occasion(a[n]!) === occasion(b[n]!)) n++;
  return [a.slice(0, n), b.slice(0, n)] as const;
}

/** Why `b` does not have what `a` has. */
function explained(a: readonly Decision[], b: readonly Decision[]): Map<string, number> {
  const occasions = new Set(b.map(occasion));
  const exchanges = new Set(b.map(exchange));
  const last = Math.max(-1, ...a.map((each, n) => (occasions.has(occasion(each)) ? n : -1)));
  const found = new Map<string, number>();
  for (const [n, decision] of a.entries()) {
    if (occasions.has(occasion(decision))) continue;
    const tried = exchanges.has(exchange(decision));
    const why = n > last ? "at the end" : tried ? "another try" : "another exchange";
    found.set(why, (found.get(why) ?? 0) + 1);
  }
  return found;
}

/** What a link of this model says on the same occasion, asked at the same instant. */
export function fateOf(model: LinkModel, seed: number, { id, way, high, low, at }: Decision) {
  const links = new Links(seed);
  links.submit(links.add(model, id, way), "frame", at, high, low);
  return links.fate;
}
