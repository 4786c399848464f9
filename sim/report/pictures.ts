// Which pictures a set of runs has: those for which it has figures. Deaths, false absents, load and
// batteries are of all seeds together; lanes and the ladder are of one run, and say of which.

import type { RunResult } from "../result.ts";
import { type Deaths, detectionFigure } from "./detection.ts";
import { type BatteryRow, batteryFigure, energyFigure, meanEnergy } from "./energy.ts";
import { falseAbsentsFigure, type Measured, pooled } from "./false-absents.ts";
import type { Figure } from "./frame.ts";
import { ladderFigure } from "./ladder.ts";
import { lanesFigure } from "./lanes.ts";
import { loadFigure, peakRate } from "./load.ts";
import { deathsByGroup, groupKinds, telling } from "./runs.ts";
import { boardsOf, statusFigure } from "./statuses.ts";

/** A picture, and of which run it is; "": of all of them. */
export interface Shown {
  readonly figure: Figure;
  readonly of: string;
}

export function picturesOf(runs: readonly RunResult[]): Shown[] {
  const one = telling(runs);
  const of = runs.length > 1 ? `seed ${one.seed}` : "";
  const all = (figure: Figure | undefined): Shown[] =>
    figure === undefined ? [] : [{ figure, of: "" }];
  const single = (figure: Figure | undefined): Shown[] =>
    figure === undefined ? [] : [{ figure, of }];
  return [
    ...single(lanes(one)),
    ...all(statuses(runs)),
    ...all(detection(runs)),
    ...all(load(runs)),
    ...all(falseAbsents(runs)),
    ...all(energy(runs)),
    ...all(batteries(runs)),
    ...single(ladder(one)),
  ];
}

function lanes({ trace, virtualMs }: RunResult): Figure | undefined {
  const { lanes: list, faults } = trace;
  return list.length === 0 ? undefined : lanesFigure({ lanes: list, faults, virtualMs });
}

export function statuses(runs: readonly RunResult[]): Figure | undefined {
  const { trace, virtualMs } = telling(runs);
  if (boardsOf(trace.statuses) === 0) return undefined;
  const rows = runs.map((run) => ({ name: `seed ${run.seed}`, statuses: run.trace.statuses }));
  return statusFigure({ runs: rows, faults: trace.faults, virtualMs });
}

/** Curves of the groups' deaths; `side` names the set of runs where there are two of them. */
export function deathsOf(runs: readonly RunResult[], side = "", dashed = false): Deaths[] {
  const kindOf = groupKinds(runs);
  return [...deathsByGroup(runs)].map(([name, seeds]) => ({
    name: side === "" ? name : `${name}, ${side}`,
    kind: dashed ? `${kindOf(name)} dashed` : kindOf(name),
    seeds,
  }));
}

function detection(runs: readonly RunResult[]): Figure | undefined {
  const deaths = deathsOf(runs);
  return deaths.length === 0 ? undefined : detectionFigure(deaths);
}

/** `most`: end of the axis, frames a second, where it must be alike in two pictures. */
export function load(runs: readonly RunResult[], most = 0): Figure | undefined {
  const { trace, virtualMs } = telling(runs);
  const loads = runs.map((run) => run.trace.load);
  if (peakRate(loads) === 0) return undefined;
  return loadFigure({ loads, faults: trace.faults, virtualMs, most });
}

/** Points of the groups, all seeds together; `side` as in `deathsOf`. */
export function pointsOf(runs: readonly RunResult[], side = ""): Measured[] {
  const kindOf = groupKinds(runs);
  return pooled(
    runs
      .flatMap(({ trace }) => trace.falseAbsents)
      .map((point) => ({
        ...point,
        group: side === "" ? point.group : `${point.group}, ${side}`,
        kind: kindOf(point.group),
      })),
  );
}

function falseAbsents(runs: readonly RunResult[]): Figure | undefined {
  const points = pointsOf(runs).filter(({ deviceDays }) => deviceDays > 0);
  return points.length === 0 ? undefined : falseAbsentsFigure(points);
}

export function energy(runs: readonly RunResult[]): Figure | undefined {
  const rows = meanEnergy(runs.map(({ trace }) => trace.energy));
  const used = rows.filter(({ mAh }) => Object.values(mAh).some((part) => part > 0));
  return used.length === 0 ? undefined : energyFigure(used);
}

export function batteryRows(runs: readonly RunResult[], side = ""): BatteryRow[] {
  const kindOf = groupKinds(runs);
  const known = (list: readonly number[]) => list.filter((days) => Number.isFinite(days));
  const rows = meanEnergy(runs.map(({ trace }) => trace.energy)).map(({ group, batteryDays }) => ({
    name: group,
    days: known(batteryDays ?? []),
  }));
  const all = { name: "all boards", days: known(runs.flatMap(({ trace }) => trace.batteryDays)) };
  const grouped = rows.filter(({ days }) => days.length > 0);
  return (grouped.length > 0 ? grouped : [all].filter(({ days }) => days.length > 0)).map(
    ({ name, days }) => ({
      name: side === "" ? name : `${name}, ${side}`,
      kind: kindOf(name),
      days,
    }),
  );
}

function batteries(runs: readonly RunResult[]): Figure | undefined {
  const rows = batteryRows(runs);
  return rows.length === 0 ? undefined : batteryFigure(rows);
}

function ladder({ trace }: RunResult): Figure | undefined {
  return trace.ladder.length === 0 ? undefined : ladderFigure(trace.ladder);
}
