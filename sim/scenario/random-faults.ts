// Faults made up by luck, of every kind that there is, within the troubled part of a run.

import { Dice } from "./dice.ts";
import type { FaultKind } from "./types.ts";

/** Whom a drawn fault can meet. */
export interface Targets {
  /** Groups and access points. */
  readonly names: readonly string[];
  readonly boards: readonly { readonly group: string; readonly count: number }[];
}

/** Their order is part of every seed: new kinds go to the end. */
const KINDS: readonly FaultKind[] = [
  "power",
  "die",
  "battery",
  "reboot",
  "forget",
  "leave",
  "powercut",
  "clone",
  "clock",
  "drift",
  "link",
  "cut",
  "loss",
  "nat",
  "nat-full",
  "nat-deaf",
  "nat-set",
  "ap",
  "dns",
  "crash",
  "stop",
  "disk",
  "stall",
  "suspend",
  "wall",
  "broker",
  "replay",
  "flood",
  // What the rules are most afraid of comes more often.
  "crash",
  "crash",
  "powercut",
  "leave",
];
const GATEWAY: readonly FaultKind[] = ["crash", "stop", "disk", "stall", "suspend", "wall"];
/** Faults that last, by kind: the others happen and are over. */
const TIMELESS: readonly FaultKind[] = [
  "die",
  "battery",
  "reboot",
  "forget",
  "leave",
  "clone",
  "clock",
  "drift",
  "nat",
  "nat-set",
  "wall",
];
/** Of twins, floods and goodbyes a dozen hide all else. */
const ONCE: readonly FaultKind[] = ["clone", "replay", "flood", "leave"];
const DURATIONS = ["200ms", "1s", "3s", "10s", "30s", "1m", "3m", "10m", "30m", "1h"];
const GAPS = ["30s", "2m", "10m", "30m"];
const SHARES = ["10%", "30%", "50%", "90%"];
const STEPS = ["100ms", "-100ms", "10s", "-10s", "10m", "-10m", "1d", "-1d"];
const LINKS = ["lan", "wifi-congested", "wifi-edge", "nb-iot", "geo"];
const NATS = ["linux", "cgn", "home-60", "cloud-350"];
const POWER_STEPS = ["before-store", "after-store", "after-send"];
const HOST_STEPS = ["before-send", "before-commit", "after-commit", "before-late-send"];
HOST_STEPS.push("before-tell");
const DIRECTIONS = ["up", "down", "both"];
const COMMITS = ["5ms..50ms", "200ms..1500ms", "3s"];
const SECONDLY = [0.1, 1, 10];

/** The n-th fault of a scenario, as it is written. @param troubleMs it happens before this */
export function randomFault(seed: number, n: number, targets: Targets, troubleMs: number): object {
  const dice = new Dice(seed, n, "fault");
  const kind = kindOf(seed, dice);
  const at = dice.whole(0, Math.floor(troubleMs / 1_000) - 1);
  const repeats = dice.chance(0.3);
  const gap = dice.of(GAPS);
  const again = repeats && !ONCE.includes(kind) ? gap : undefined;
  const every = dice.chance(0.5) ? again : { random: again };
  return {
    at: `${at}s`,
    ...(again && { every }),
    ...whereOf(kind, dice, targets),
    do: kind,
    ...act(kind, dice),
    ...(!TIMELESS.includes(kind) && { for: dice.of(DURATIONS) }),
  };
}

/** One of the kinds that this scenario has: each is in with one chance in two. */
function kindOf(seed: number, dice: Dice): FaultKind {
  const kinds = KINDS.filter((_, i) => new Dice(seed, i, "kind").chance(0.5));
  return dice.of(kinds.length > 0 ? kinds : KINDS);
}

function whereOf(kind: FaultKind, dice: Dice, { names, boards }: Targets): object {
  if (GATEWAY.includes(kind) || kind === "broker") return {};
  const { group, count } = dice.of(boards);
  const board = `${group}-${dice.whole(1, count)}`;
  const name = dice.of(["fleet", dice.of(names), dice.of(names), board, board]);
  // What does not end hits few, or there is nothing left to look at.
  if (kind === "die" || kind === "leave" || kind === "clone") return { where: board };
  return { where: dice.chance(0.3) ? { names: [name], share: dice.of(SHARES) } : name };
}

function act(kind: FaultKind, dice: Dice): object {
  switch (kind) {
    case "power":
      return { spread: dice.of([0, "2s"]), back: dice.of([0, "2s", "1m"]) };
    case "die":
      return { spread: dice.of([0, "10s"]) };
    case "battery":
      return { share: dice.of(["100%", "5%", "0.5%"]) };
    case "powercut":
      return { step: dice.of(POWER_STEPS) };
    case "clock":
    case "wall":
      return { by: dice.of(STEPS) };
    case "drift":
      return { ppm: dice.whole(-9_000, 9_000) };
    case "link":
      return { to: dice.of(LINKS), ramp: dice.of([0, 0, "1m"]) };
    case "cut":
      return { direction: dice.of(DIRECTIONS) };
    case "loss":
      return { share: dice.of(SHARES), direction: dice.of(DIRECTIONS) };
    case "nat":
      return { change: dice.of(["rebind", "readdress", "reboot"]) };
    case "nat-set":
      return { to: dice.of(NATS) };
    case "crash":
      return dice.chance(0.75) ? { step: dice.of(HOST_STEPS) } : {};
    case "disk":
      return { commit: dice.of(COMMITS) };
    case "replay":
      return { perSecond: dice.of(SECONDLY), delay: dice.of(DURATIONS) };
    case "flood":
      return { perSecond: dice.of(SECONDLY) };
    default:
      return {};
  }
}
