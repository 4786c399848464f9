// One run of a scenario: the world is built, the faults are laid out, checkers and the ledger look
// on, and at the end there is a RunResult. The same seed gives the same result, but for `wallMs`.

import { sha256 } from "../../gateway/sha256.ts";
import { Checkers } from "../checkers.ts";
import type { Metrics, RunResult, Trace, Verdict } from "../result.ts";
import { World } from "../world.ts";
import { Cast } from "./cast.ts";
import { Faults, type Strike } from "./faults.ts";
import { energyRows, falseAbsentPoints, figuresOf } from "./figures.ts";
import { Ledger } from "./ledger.ts";
import type { Life } from "./life.ts";
import { tokenOf } from "./token.ts";
import { Tracer } from "./trace.ts";
import type { Expectation, Scenario } from "./types.ts";

export interface RunOptions {
  /** Told now and then how far it is: virtual ms, events so far. */
  readonly progress?: (virtualMs: number, events: number) => void;
  /** Stop at the first violation. */
  readonly untilViolation?: boolean;
  /** Wall clock, ms; not read where a run must be the same everywhere. */
  readonly clock?: () => number;
}

/** Virtual time between two looks at the clock. */
const SLICES = 200;

/**
 * A scenario's world: its gateway is there and does not run, nobody lives in it, nobody looks on.
 */
export function worldOf({ gateway, fleet }: Scenario, seed: number): World {
  const devices = fleet.reduce((total, { count }) => total + count, 0);
  const { commitMs, clockTrusted, socketQueue, frameMs, graceMs, flushMs, misses } = gateway;
  const fixed = misses > 0 ? { missesMin: misses, missesMax: misses } : {};
  const limits = { graceMs, flushMs, devicesMax: Math.max(1, devices), ...fixed };
  const host = { commitMs, clockTrusted, socketQueue, frameMs, limits };
  return new World({ seed, sha256, host });
}

/** Faults of an access point and its NAT. */
const SHARED = new Set(["ap", "dns", "nat-full", "nat-deaf"]);

/** A run that has been set up, and can be driven. */
export class ScenarioRun {
  readonly world: World;
  readonly checkers: Checkers;
  readonly cast: Cast;
  private readonly scenario: Scenario;
  private readonly seed: number;
  private readonly ledger: Ledger;
  private readonly tracer: Tracer;
  private readonly faults: Faults;

  constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    this.seed = seed;
    this.world = worldOf(scenario, seed);
    const { world } = this;
    this.checkers = new Checkers(world);
    this.cast = new Cast(scenario, seed, world);
    const attacked = scenario.faults.some(({ do: kind }) => kind === "replay");
    this.ledger = new Ledger(world, this.cast, attacked);
    this.tracer = new Tracer(world, this.cast, scenario.runMs);
    this.faults = new Faults(scenario, seed, world, this.cast, (strike) => this.struck(strike));
    world.startGateway();
  }

  /** Lets it happen until the end, or until the first violation if that is asked for. */
  play({ progress, untilViolation }: RunOptions = {}): void {
    const { world, checkers, scenario } = this;
    const broken = untilViolation ? () => checkers.violations.length > 0 : undefined;
    for (let slice = 1; slice <= SLICES; slice++) {
      if (world.run((scenario.runMs * slice) / SLICES, broken)) break;
      progress?.(world.now, world.events);
    }
    this.ledger.close();
    checkers.close(scenario.calmAt);
  }

  result(wallMs: number): RunResult {
    const { world, scenario, seed, ledger } = this;
    const { name, about } = scenario;
    const token = tokenOf(scenario, seed);
    const groups = this.groups();
    const metrics = this.wholeFigures();
    return {
      scenario: name,
      about,
      seed,
      hash: world.hash.toString(16).padStart(8, "0"),
      events: world.events,
      virtualMs: world.now,
      wallMs,
      token,
      metrics,
      groups: Object.fromEntries(
        [...groups].map(([group, lives]) => [group, figuresOf(lives, world, world.now)]),
      ),
      expectations: scenario.expect.map((expected) => this.verdict(expected, metrics)),
      violations: this.checkers.violations.map((violation) => ({ ...violation, token })),
      notEmulated: [],
      trace: this.trace(ledger.lives),
    };
  }

  /** What works on an access point works on every board behind it. */
  private struck(strike: Strike): void {
    const { now } = this.world;
    const boards = SHARED.has(strike.kind) ? strike.member.ap.boards : [strike.member.board];
    for (const board of boards) {
      const member = this.cast.byBoard.get(board);
      if (!member) continue;
      this.ledger.struck({ ...strike, member }, now);
      this.tracer.struck({ ...strike, member }, now);
      this.checkers.struck(board, strike.kind);
    }
  }

  private wholeFigures(): Metrics {
    const { world, ledger, tracer } = this;
    const { disk, inbox } = world.host;
    return {
      ...figuresOf(ledger.lives, world, world.now),
      violations: this.checkers.violations.length,
      "gateway.rxPerSecond.max": tracer.rxMax,
      "gateway.txPerSecond.max": tracer.txMax,
      "gateway.rxDropped": inbox.dropped,
      "gateway.bytesOutPerIn": ledger.bytesIn > 0 ? ledger.bytesOut / ledger.bytesIn : null,
      "gateway.commits": disk.batches,
    };
  }

  /** Lives by group, and by the access points that scenarios name. */
  private groups(): Map<string, Life[]> {
    const groups = new Map<string, Life[]>();
    for (const life of this.ledger.lives) {
      const { group, ap } = life.member;
      const keys = group.ap === "own" ? [group.group] : [group.group, ap.name];
      for (const key of new Set(keys)) {
        const list = groups.get(key);
        if (list) list.push(life);
        else groups.set(key, [life]);
      }
    }
    return groups;
  }

  private verdict({ metric, where, min, max, text }: Expectation, whole: Metrics): Verdict {
    const names = new Set(where === undefined ? [] : this.cast.named(where));
    const lives = this.ledger.lives.filter(({ member }) => names.has(member));
    const of = where === undefined ? whole : figuresOf(lives, this.world, this.world.now);
    const value = of[metric] ?? null;
    // Nothing to measure breaks no upper bound, and meets no lower one.
    const ok =
      value === null
        ? min === undefined
        : value >= (min ?? -Infinity) && value <= (max ?? Infinity);
    return { metric, where, value, ok, text };
  }

  private trace(lives: readonly Life[]): Trace {
    const { scenario, world } = this;
    const byGroup = new Map<string, Life[]>();
    for (const life of lives) {
      const list = byGroup.get(life.member.group.group);
      if (list) list.push(life);
      else byGroup.set(life.member.group.group, [life]);
    }
    const energy = energyRows(byGroup, world.now);
    const { gateway } = scenario;
    return {
      ...this.tracer.close(world.now),
      detections: lives.flatMap(({ detections }) => detections),
      falseAbsents: falseAbsentPoints(scenario.fleet, byGroup, gateway, world.now),
      energy,
      batteryDays: energy.flatMap(({ batteryDays = [] }) => batteryDays),
      faults: this.faults.windows.map((window) => ({
        ...window,
        until: Math.min(window.until, world.now),
      })),
    };
  }
}

/** Runs a scenario with one seed from its begin to its end. */
export function runScenario(scenario: Scenario, seed: number, options: RunOptions = {}): RunResult {
  const clock = options.clock ?? (() => 0);
  const started = clock();
  const run = new ScenarioRun(scenario, seed);
  run.play(options);
  return run.result(clock() - started);
}
