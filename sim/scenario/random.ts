// Scenarios made up by luck, for runs that look for what nobody thought of (swarm testing: Groce et
// al., ISSTA 2012). Each draws first which kinds of faults it has at all: with all of them in every
// run, the one that hides another one always does.
//
// The same seed is the same scenario for ever: every choice has a stream of its own, and the words
// to choose from stand here, so that a new preset or a new kind of fault does not move the others.
// A seed is thus a test case of ten digits. What is drawn is a scenario as people write it, and it
// goes through the same parser: nothing is made up that a file could not say.
//
// The last part of each run is calm, and long enough for every board to be heard again: after any
// outage a gap is at most 8 intervals (rule 18) and HELLO comes at least once in the length of the
// outage, an hour at most (rule 12).

import { Dice } from "./dice.ts";
import { parseScenario } from "./parse.ts";
import { randomFault } from "./random-faults.ts";
import type { Scenario } from "./types.ts";
import { writeDuration } from "./units.ts";

const MINUTE = 60_000;
const RUN_MIN = 20 * MINUTE;
const RUN_MAX = 480 * MINUTE;
/** Boards of a fleet, and beats of a run: about a second of work. */
const BOARDS_MAX = 60;
const GROUPS_MAX = 4;
const BEATS_MAX = 40_000;
const FAULTS_MAX = 12;
/** Intervals that a calm is long: a backed-off gap, its beat lost, the same again, and rest. */
const CALM_INTERVALS = 24;
const HELLO_GAP_MAX = 60 * MINUTE;

const INTERVALS = [200, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 300_000, 600_000];
const LINKS = ["lan", "wifi-good", "wifi-congested", "wifi-edge", "lte-m", "nb-iot", "leo", "geo"];
LINKS.push("lora");
const NATS = ["none", "none", "linux", "cgn", "home-60", "cloud-350"];
const REACHES = ["awake", "awake", "light", "deep"];
const CLOCKS = ["xtal20", "exact", "rc-esp32", "rc-c3"];
const BOARDS = ["esp32", "esp32-c3", "esp8266"];
const BATTERIES = ["cr123a", "18650", "aa2"];
/** What links do that those of no preset do. */
const ODDITIES = [
  { outage: { every: "10m", for: "20s" } },
  { rate: "2kbit/s", queue: 100 },
  { corrupt: "2%" },
  { duplicate: "10%" },
  { reorder: { share: "20%", by: "800ms" } },
  { pattern: { per: "frame", steps: [0, "lost", 0, "200ms", 0, 0, "lost", "lost"] } },
  { down: { loss: "40%" } },
];
const SUITES = ["crc16", "hmac", "chaskey"];

/** Durations of the drawn fleet, from which those of the run follow. */
interface Shape {
  readonly intervals: readonly number[];
  readonly troubleMs: number;
  readonly runMs: number;
}

/** A scenario without expectations. @param seed 32 bits count: its number */
export function randomScenario(seed: number): Scenario {
  const dice = new Dice(seed, 0, "run");
  const counts = countsOf(dice);
  const { intervals, troubleMs, runMs } = shapeOf(dice, counts);
  const aps = ["own", "own", "ap1", "ap2"];
  const natOf = Object.fromEntries(aps.map((ap) => [ap, dice.of(NATS)]));
  const fleet = counts.map((count, i) => {
    const own = new Dice(seed, i, "group");
    const ap = own.of(aps);
    const nat = own.of(NATS);
    const name = `g${i + 1}`;
    const link = linkOf(new Dice(seed, i, "link"));
    const drawn = group(own, name, count, intervals[i]!);
    // A connection takes six frames: where each takes seconds, no exchange is left of a wake.
    const slow = drawn.reach === "deep" && /lora|nb-iot/.test(JSON.stringify(link));
    return {
      ...drawn,
      ...(slow && { transport: "udp" }),
      link,
      ap,
      nat: ap === "own" ? nat : natOf[ap],
    };
  });
  const names = [...fleet.map((each) => each.group), ...fleet.map(({ ap }) => ap)];
  const where = {
    names: [...new Set(names)].filter((name) => name !== "own"),
    boards: fleet.map(({ group, count }) => ({ group, count })),
  };
  const plain = {
    name: `swarm-${seed}`,
    about: "Made up by luck",
    seeds: 1,
    run: writeDuration(runMs),
    calm: writeDuration(troubleMs),
    gateway: gateway(new Dice(seed, 0, "gateway")),
    fleet,
    faults: Array.from({ length: dice.whole(0, FAULTS_MAX) }, (_, i) =>
      randomFault(seed, i, where, troubleMs),
    ),
  };
  return parseScenario(JSON.stringify(plain), `swarm-${seed}.json`);
}

/** Boards of each group. */
function countsOf(dice: Dice): number[] {
  const groups = dice.whole(1, GROUPS_MAX);
  const boards = dice.whole(groups, dice.of([5, 20, BOARDS_MAX]));
  const counts = Array.from({ length: groups }, () => 1);
  for (let left = boards - groups; left > 0; left--) counts[dice.whole(0, groups - 1)]!++;
  return counts;
}

/** Intervals and lengths that go together, and that a machine runs in about a second. */
function shapeOf(dice: Dice, counts: readonly number[]): Shape {
  let floor = 0;
  const drawn = counts.map(() => dice.whole(0, INTERVALS.length - 1));
  const wish = dice.whole(5, 400) * MINUTE;
  for (;;) {
    const intervals = drawn.map((n) => INTERVALS[Math.max(n, floor)]!);
    const longest = Math.max(...intervals);
    const rest = RUN_MAX - HELLO_GAP_MAX - 10 * MINUTE - CALM_INTERVALS * longest;
    const troubleMs = Math.min(wish, rest);
    const hello = Math.min(troubleMs, HELLO_GAP_MAX);
    const calm = Math.ceil((CALM_INTERVALS * longest + hello) / MINUTE) * MINUTE + 10 * MINUTE;
    const runMs = Math.max(RUN_MIN, troubleMs + calm);
    const beats = counts.reduce((sum, count, i) => sum + (count * runMs) / intervals[i]!, 0);
    if (beats <= BEATS_MAX || floor === INTERVALS.length - 1) {
      return { intervals, troubleMs, runMs };
    }
    floor++;
  }
}

function gateway(dice: Dice) {
  return {
    commit: dice.of(["1ms", "2ms..12ms", "5ms..80ms", "100ms..900ms"]),
    flush: dice.of(["1s", "1s", "200ms", "5s"]),
    grace: dice.of(["250ms", "250ms", "2s"]),
    clock: dice.of(["trusted", "trusted", "none"]),
    socketQueue: dice.of([554, 554, 20, 10_000]),
    frame: dice.of([0, "0.05ms", "2ms"]),
  };
}

function linkOf(dice: Dice) {
  const preset = dice.of(LINKS);
  return dice.chance(0.25) ? { preset, ...dice.of(ODDITIES) } : preset;
}

function group(dice: Dice, name: string, count: number, interval: number) {
  const reach = dice.of(REACHES);
  // Joining takes a sleeper time before each beat; at short intervals it would do nothing else.
  const sleeps = reach === "deep" && interval >= 10_000;
  const clock = dice.of(CLOCKS);
  const board = dice.of(BOARDS);
  const battery = dice.of(BATTERIES);
  const powered = dice.chance(0.5);
  return {
    group: name,
    count,
    suite: dice.of(SUITES),
    interval: writeDuration(interval),
    reach: reach === "deep" && !sleeps ? "light" : reach,
    transport: dice.chance(0.2) ? "mqtt" : "udp",
    clock,
    ...(powered && { board, battery }),
    temperature: { mean: dice.whole(0, 35), swing: dice.whole(0, 10) },
    boot: { at: writeDuration(dice.of([0, 0, 60_000])), spread: dice.of([0, "2s", "60s", "5m"]) },
    config: {
      // An RC clock gains 1.6 % at worst, and 0.2 % more a kelvin off 25.
      clockError: clock.startsWith("rc") ? "3%" : "1%",
      // Else what its board needs to join at the worst.
      ...(sleeps && dice.chance(0.5) && { wake: "20s" }),
      ...(dice.chance(0.3) && { makeUps: dice.whole(1, 2) }),
      ...(dice.chance(0.2) && { intervalMax: writeDuration(2 * interval) }),
    },
  };
}
