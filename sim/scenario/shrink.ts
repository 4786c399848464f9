// The smallest scenario that still breaks what a big one broke: which boards it takes, which
// faults, at which times, and nothing special that is not needed. Each candidate is run with the
// same seed. Luck is keyed by board and fault, so whoever is left behaves as before: leaving out a
// board is not another throw of the dice, and most candidates fail as the whole did.
//
// A candidate counts if it breaks the same invariant, not only if it does so in the same way: a
// shorter story of the same wrong is a better one. What lost: QuickCheck's own way of shrinking the
// numbers that a scenario was drawn from, which knows nothing of boards and faults.

import { fewest } from "./fewest.ts";
import { parseScenario } from "./parse.ts";
import * as smaller from "./smaller.ts";
import { scenarioHash, scenarioText } from "./text.ts";
import type { Fault, Scenario, When } from "./types.ts";
import { type Broken, firstWrong } from "./wrong.ts";

/** Room behind the violation, to see what comes of it, ms. */
const AFTER_MS = 1_000;
/** Virtual time in which nothing is wrong yet may be left out, in these shares. */
const SOONER = [1, 0.9, 0.5, 0.1];
const SHORTER = [0.25, 0.5, 0.75, 0.9];
/** Times of one fault that become a fault each. */
const TIMES_FEW = 6;
const NAME_MAX = 33;

export interface Size {
  readonly boards: number;
  readonly faults: number;
  readonly runMs: number;
}

export interface Shrunk {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly broken: Broken;
  readonly runs: number;
  readonly from: Size;
  readonly to: Size;
}

export interface Budget {
  readonly runsMax: number;
  /** Of the clock handed in. */
  readonly wallMs?: number;
  readonly clock?: () => number;
  readonly progress?: (runs: number, size: Size) => void;
}

export function sizeOf(scenario: Scenario): Size {
  const { faults, runMs } = scenario;
  return { boards: smaller.placesOf(scenario).length, faults: faults.length, runMs };
}

/** @param broken what `firstWrong` found of this scenario and seed */
export function shrink(scenario: Scenario, seed: number, broken: Broken, budget: Budget): Shrunk {
  const search = new Search(scenario, seed, broken, budget);
  search.go();
  const { best, runs } = search;
  return { ...best, seed, runs, from: sizeOf(scenario), to: sizeOf(best.scenario) };
}

class Search {
  best: { readonly scenario: Scenario; readonly broken: Broken };
  runs = 0;
  private readonly seed: number;
  private readonly budget: Budget;
  private readonly endAt: number;
  private readonly tried = new Set<string>();
  /** The best one as it was run, before its end was cut off. */
  private proven: Scenario;

  constructor(scenario: Scenario, seed: number, broken: Broken, budget: Budget) {
    this.seed = seed;
    this.budget = budget;
    this.endAt = (budget.clock?.() ?? 0) + (budget.wallMs ?? Number.POSITIVE_INFINITY);
    this.best = { scenario, broken };
    this.proven = scenario;
  }

  go(): void {
    const { scenario } = this.best;
    const name = `${scenario.name.slice(0, NAME_MAX)}-small`;
    this.best = { ...this.best, scenario: smaller.withLuck({ ...scenario, name }) };
    this.accepts({ ...this.best.scenario, seeds: [this.seed] });
    let before: string;
    do {
      before = scenarioHash(this.best.scenario);
      this.boards();
      this.faults();
      for (const change of smaller.plainer(this.best.scenario)) {
        this.accepts(change(this.best.scenario));
      }
      this.times();
      this.shorter();
    } while (scenarioHash(this.best.scenario) !== before && !this.spent);
    const last = smaller.withoutLuck(this.best.scenario);
    const holds = firstWrong(last, this.seed, this.best.broken.wrong) !== undefined;
    this.best = { ...this.best, scenario: holds ? last : this.proven };
  }

  private get spent(): boolean {
    const { runsMax, clock } = this.budget;
    return this.runs >= runsMax || (clock !== undefined && clock() >= this.endAt);
  }

  /** Runs a candidate; if the same thing goes wrong, and it can be written, it is the best one. */
  private accepts(wish: Scenario): boolean {
    const candidate = smaller.until(wish, wish.runMs);
    const hash = scenarioHash(candidate);
    if (this.spent || this.tried.has(hash)) return false;
    this.tried.add(hash);
    if (!writable(candidate)) return false;
    this.runs++;
    const broken = firstWrong(candidate, this.seed, this.best.broken.wrong);
    if (!broken) return false;
    // What ends with the run is not over before.
    const end = broken.at < candidate.runMs ? roundUp(broken.at + AFTER_MS) : candidate.runMs;
    this.best = { scenario: smaller.until(candidate, end), broken };
    this.proven = candidate;
    this.budget.progress?.(this.runs, sizeOf(this.best.scenario));
    return true;
  }

  /** First those that the violation speaks of, which nearly always will do. */
  private boards(): void {
    const { scenario, broken } = this.best;
    const places = smaller.placesOf(scenario);
    const words = new Set(broken.what.split(/[^A-Za-z0-9_-]+/));
    const named = places.filter(([i, n]) => words.has(`${scenario.fleet[i]!.group}-${n}`));
    if (named.length > 0) this.accepts(smaller.withBoards(scenario, named));
    fewest(smaller.placesOf(this.best.scenario), (some) =>
      this.accepts(smaller.withBoards(this.best.scenario, some)),
    );
  }

  private faults(): void {
    const { scenario } = this.best;
    if (scenario.faults.length > 0 && this.accepts({ ...scenario, faults: [] })) return;
    fewest(this.best.scenario.faults, (faults) =>
      this.accepts({ ...this.best.scenario, faults: [...faults] }),
    );
  }

  /** Of what happens again and again: one time, or the few that decide, or fewer. */
  private times(): void {
    for (const fault of this.best.scenario.faults) {
      if (this.at(fault, this.timesOf(fault).slice(-1))) continue;
      if (this.at(fault, this.timesOf(fault).slice(0, 1))) continue;
      while (this.halved(fault));
      const few = this.timesOf(fault);
      if (few.length > TIMES_FEW) continue;
      const { scenario } = this.best;
      const i = smaller.placeOf(scenario, fault);
      fewest(few, (some) => this.accepts(smaller.atTimes(scenario, i, some)));
    }
  }

  /** When a fault happens, if it does more than once; what was left out never does. */
  private timesOf(fault: Fault): number[] {
    const i = smaller.placeOf(this.best.scenario, fault);
    return i < 0 ? [] : smaller.timesOf(this.best.scenario, i, this.seed);
  }

  private at(fault: Fault, times: readonly number[]): boolean {
    const { scenario } = this.best;
    const i = smaller.placeOf(scenario, fault);
    return times.length > 0 && this.accepts(smaller.atTimes(scenario, i, times));
  }

  /** Only the later half of its times, or the earlier one. */
  private halved(fault: Fault): boolean {
    const times = this.timesOf(fault);
    const middle = times[times.length >> 1]!;
    const { scenario } = this.best;
    const i = smaller.placeOf(scenario, fault);
    const put = (change: Partial<When>) => {
      const faults = scenario.faults.with(i, { ...scenario.faults[i]!, ...change } as Fault);
      return this.accepts({ ...scenario, faults });
    };
    return times.length >= 4 && (put({ atMs: middle }) || put({ untilMs: middle }));
  }

  private shorter(): void {
    const first = Math.min(...this.best.scenario.faults.map(({ atMs }) => atMs));
    if (Number.isFinite(first)) {
      for (const share of SOONER) {
        if (this.accepts(smaller.sooner(this.best.scenario, Math.floor(share * first)))) break;
      }
    }
    for (const share of SHORTER) {
      const { scenario, broken } = this.best;
      if (broken.at < scenario.runMs) return;
      const end = roundUp(scenario.runMs * share);
      const { calmAt, runMs } = scenario;
      const calm = Number.isFinite(calmAt) ? end - (runMs - calmAt) : calmAt;
      if (calm > 0 && this.accepts(smaller.until({ ...scenario, calmAt: calm }, end))) return;
    }
  }
}

/** Whether a file can say it: what could not be written down would be of no use. */
function writable(scenario: Scenario): boolean {
  try {
    const again = parseScenario(scenarioText(scenario), `${scenario.name}.yaml`);
    return scenarioHash(again) === scenarioHash(scenario);
  } catch {
    return false;
  }
}

function roundUp(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}
