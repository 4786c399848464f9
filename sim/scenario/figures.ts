// The figures of a run by name (see metrics.ts): added up over the boards of a group, an access
// point, or the whole fleet, so that each of them means the same everywhere.

import { RTO_FIRST } from "../../device/schedule.ts";
import type { Metrics, Trace } from "../result.ts";
import type { World } from "../world.ts";
import { falseAbsentsPerDay } from "./false-absents.ts";
import type { Life } from "./life.ts";
import type { GatewaySpec, Group } from "./types.ts";

const DAY_MS = 86_400_000;

const sum = (lives: readonly Life[], of: (life: Life) => number): number => {
  let total = 0;
  for (const life of lives) total += of(life);
  return total;
};
const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);

/** The value below which `p` of the sorted list lies; null where there is none. */
export function percentile(sorted: readonly number[], p: number): number | null {
  if (sorted.length === 0) return null;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))]!;
}

function mean(list: readonly number[]): number | null {
  return list.length === 0 ? null : list.reduce((a, b) => a + b, 0) / list.length;
}

const ascending = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);

/** Figures of some of the boards. `now` is the end of the run. */
export function figuresOf(lives: readonly Life[], world: World, now: number): Metrics {
  const beats = sum(lives, (life) => life.beats);
  const acked = sum(lives, (life) => life.acked);
  const falseAbsent = sum(lives, (life) => life.falseAbsent);
  const detections = lives.flatMap((life) => life.detections);
  const living = lives.filter(({ member: { board }, left }) => board.held === 0 && !left);
  return {
    devices: lives.length,
    beats,
    beatsAcked: acked,
    ackedShare: share(acked, beats),
    heardShare: share(lives.filter((life) => life.acked > 0).length, lives.length),
    ...linkFigures(lives, world),
    falseLate: sum(lives, (life) => life.falseLate),
    falseAbsent,
    falseAbsentPerDeviceDay: (falseAbsent / (lives.length * now)) * DAY_MS,
    deaths: detections.length,
    missedDeaths: detections.filter(({ absentMs }) => absentMs === null).length,
    ...spread(
      "detect",
      detections.map(({ absentMs }) => absentMs),
      true,
    ),
    ...spread(
      "detectLate",
      detections.map(({ lateMs }) => lateMs),
      true,
    ),
    ...spread(
      "return",
      lives.flatMap((life) => life.returns),
      false,
    ),
    recoveredShare: share(living.filter((life) => presentNow(life, world)).length, living.length),
    changes: sum(lives, (life) => life.changes),
    alarms: sum(lives, (life) => life.alarms),
    hellos: sum(lives, (life) => life.hellos),
    clashes: sum(lives, (life) => life.clashes),
    stale: sum(lives, (life) => life.stale),
    replaysTaken: sum(lives, (life) => life.replaysTaken),
    rebinds: sum(lives, (life) => life.rebinds),
    rungs: sum(lives, (life) => life.rungs),
    ...roundTrips(lives),
    ...energy(lives, now),
    brownOuts: sum(lives, (life) => life.brownOuts),
  };
}

function linkFigures(lives: readonly Life[], world: World): Record<string, number | null> {
  const { links } = world.network;
  const all = { up: 0, down: 0, lostUp: 0, lostDown: 0 };
  for (const { member } of lives) {
    const { path } = member.board;
    const up = links.counts(path.up);
    const down = links.counts(path.down);
    all.up += up.submitted;
    all.lostUp += up.lost;
    all.down += down.submitted;
    all.lostDown += down.lost;
  }
  return {
    "frames.up": all.up,
    "frames.down": all.down,
    "loss.up": share(all.lostUp, all.up),
    "loss.down": share(all.lostDown, all.down),
  };
}

function presentNow({ member }: Life, world: World): boolean {
  return world.view(member.board)?.status === "present";
}

function spread(
  name: string,
  values: readonly (number | null)[],
  withMean: boolean,
): Record<string, number | null> {
  const sorted = ascending(values.filter((value): value is number => value !== null));
  return {
    ...(withMean
      ? { [`${name}.mean`]: mean(sorted), [`${name}.p90`]: percentile(sorted, 0.9) }
      : {}),
    [`${name}.p50`]: percentile(sorted, 0.5),
    [`${name}.p99`]: percentile(sorted, 0.99),
    [`${name}.max`]: sorted.at(-1) ?? null,
  };
}

function roundTrips(lives: readonly Life[]): Record<string, number | null> {
  const sorted = ascending(lives.flatMap((life) => life.roundTrips));
  return { "roundTrip.p50": percentile(sorted, 0.5), "roundTrip.p99": percentile(sorted, 0.99) };
}

function energy(lives: readonly Life[], now: number): Record<string, number | null> {
  const powered = lives.filter(({ member }) => member.board.body?.power?.battery !== undefined);
  const days = ascending(batteryDays(powered, now));
  const total = sum(powered, ({ member }) => member.board.body!.power!.total);
  return {
    "energy.mAhPerDay": powered.length > 0 ? (total / powered.length / now) * DAY_MS : null,
    "battery.daysP50": percentile(days, 0.5),
    "battery.daysP5": percentile(days, 0.05),
  };
}

function batteryDays(lives: readonly Life[], now: number): number[] {
  return lives.map(({ member: { board } }) => board.body!.power!.days(now, board.body!.degrees));
}

/** Charge by state and life of the batteries, a row a group that has them. */
export function energyRows(byGroup: ReadonlyMap<string, Life[]>, now: number): Trace["energy"] {
  return [...byGroup].flatMap(([group, lives]) => {
    const powered = lives.filter(({ member }) => member.board.body?.power !== undefined);
    if (powered.length === 0) return [];
    const mAh: Record<string, number> = {};
    for (const { member } of powered) {
      const power = member.board.body!.power!;
      for (const state of Object.keys(power.board.nA) as (keyof typeof power.board.nA)[]) {
        mAh[state] = (mAh[state] ?? 0) + power.chargeOf(state) / powered.length;
      }
    }
    const finite = powered.filter(({ member }) => member.board.body!.power!.battery !== undefined);
    return [
      { group, mAh, ...(finite.length > 0 ? { batteryDays: batteryDays(finite, now) } : {}) },
    ];
  });
}

/** False absents a day of each group beside what independent losses would give. */
export function falseAbsentPoints(
  groups: readonly Group[],
  byGroup: ReadonlyMap<string, Life[]>,
  gateway: GatewaySpec,
  now: number,
): Trace["falseAbsents"] {
  return groups.flatMap((group) => {
    const lives = byGroup.get(group.group) ?? [];
    const beats = sum(lives, (life) => life.cleanBeats);
    const accepted = sum(lives, (life) => life.cleanAccepted);
    if (beats === 0) return [];
    const loss = Math.max(0, 1 - accepted / beats);
    const acked = sum(lives, (life) => life.cleanAcked);
    const unheard = Math.max(0, 1 - acked / Math.max(1, accepted));
    const rtos = lives.flatMap(({ member: { board } }) => board.sender?.rto ?? []);
    const rto = percentile(ascending(rtos), 0.5) ?? group.config.rto ?? RTO_FIRST;
    const at = (lost: number) =>
      falseAbsentsPerDay(group, gateway, rto, { lost, unheard: (1 - lost) * unheard });
    const deviceDays = (lives.length * now) / DAY_MS;
    const perDeviceDay = sum(lives, (life) => life.falseAbsent) / deviceDays;
    const curve = CURVE.map((lost) => [lost, at(lost)] as const);
    return [{ group: group.group, loss, perDeviceDay, expected: at(loss), deviceDays, curve }];
  });
}

const CURVE = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7];
