// What goes wrong, and when: each fault of a scenario becomes scripts in the world, one for its
// begin and, where it ends, one for its end. After `calmAt` nothing begins and nothing goes on, so
// that everybody's recovery can be asked for.
//
// One function a kind, in two tables: what happens to each board, and what happens once. What lost:
// a class a fault, of which two dozen would say the same twenty lines of when and whom.

import { exponential } from "../exact.ts";
import { HOST_STEPS, type HostStep } from "../host.ts";
import { draw, purposeOf, stream } from "../random.ts";
import { us } from "../timeline.ts";
import type { World } from "../world.ts";
import { boardActs } from "./board-faults.ts";
import type { Cast, Member } from "./cast.ts";
import { Holds } from "./holds.ts";
import { Stranger } from "./stranger.ts";
import type { Act, Fault, Scenario, When } from "./types.ts";

const SPREAD = purposeOf("fault spread");
const BACK = purposeOf("fault back");
const GAP = purposeOf("fault gap");
/** Faults have luck of their own, beyond all ids and access points. */
const FAULTS = 0x4000000;

/** A window in which something was wrong, for pictures. */
export interface FaultWindow {
  readonly from: number;
  readonly until: number;
  readonly where: string;
  readonly what: string;
}

/** A fault begins or ends to work on one board. */
export interface Strike {
  readonly member: Member;
  readonly kind: string;
  readonly on: boolean;
}

/** A fault at work, one of its times. `n` counts them from 0. */
export interface Occurrence {
  readonly world: World;
  readonly cast: Cast;
  readonly holds: Holds;
  readonly entity: number;
  readonly n: number;
  /** When it ends; Infinity: never. */
  readonly until: number;
  readonly seed: number;
}

/** What a fault does to one board, and how that is undone; nothing to undo: undefined. */
export type BoardAct<A extends Act> = (
  act: A,
  member: Member,
  occurrence: Occurrence,
) => (() => void) | undefined;

export class Faults {
  readonly windows: FaultWindow[] = [];
  private readonly scenario: Scenario;
  private readonly world: World;
  private readonly cast: Cast;
  private readonly seed: number;
  private readonly holds = new Holds();
  private readonly stranger: Stranger;
  /** The step of the host at which its process is to die; undefined: none. */
  private fatal: { readonly step: HostStep; readonly forMs: number } | undefined;
  private downUntil = 0;

  /** Told of each board that a fault begins or ends to work on. */
  private readonly tell: (strike: Strike) => void;

  constructor(
    scenario: Scenario,
    seed: number,
    world: World,
    cast: Cast,
    tell: (strike: Strike) => void = () => {},
  ) {
    this.tell = tell;
    this.scenario = scenario;
    this.seed = seed;
    this.world = world;
    this.cast = cast;
    const listens = scenario.faults.some((f) => f.do === "replay" || f.do === "flood");
    this.stranger = new Stranger(world, cast, listens);
    for (const [i, fault] of scenario.faults.entries()) {
      this.schedule(fault, entityOf(fault, i), fault.atMs, 0);
    }
    this.world.hostDies = (step) => {
      if (step !== this.fatal?.step) return false;
      const { forMs } = this.fatal;
      this.fatal = undefined;
      this.restartIn(forMs);
      return true;
    };
  }

  /** The last instant at which a fault may do anything. */
  private get end(): number {
    return Math.min(this.scenario.calmAt, this.scenario.runMs);
  }

  private schedule(fault: Fault, entity: number, at: number, n: number): void {
    if (at > Math.min(fault.untilMs, this.end)) return;
    this.world.at(at, () => {
      this.strike(fault, entity, n);
      if (fault.everyMs === undefined) return;
      this.schedule(fault, entity, timeAfter(fault, this.seed, entity, n, at), n + 1);
    });
  }

  private strike(fault: Fault, entity: number, n: number): void {
    const { world, cast, holds, seed } = this;
    const { now } = world;
    const forMs = "forMs" in fault ? fault.forMs : 0;
    // What goes on for ever ends with the faults; but who dies, and a gateway, must be told.
    const until = Math.min(
      now + forMs,
      Number.isFinite(this.scenario.calmAt) ? this.end : Infinity,
    );
    this.windows.push({ from: now, until, where: fault.where.names.join(", "), what: fault.do });
    const occurrence: Occurrence = { world, cast, holds, entity, n, until, seed };
    const act = boardActs[fault.do] as BoardAct<Act> | undefined;
    if (act) {
      const last = "forMs" in fault ? until : this.end;
      const spread = "spreadMs" in fault ? fault.spreadMs : 0;
      const back = "backMs" in fault ? fault.backMs : 0;
      for (const member of cast.whom(fault.where, entity, n)) {
        const { id } = member.board;
        const later = (purpose: number) => draw(seed, entity, purpose, n * 0x1000000 + id);
        const begin = now + later(SPREAD) * spread;
        world.at(Math.min(begin, Math.max(now, last)), () => {
          this.tell({ member, kind: fault.do, on: true });
          const undo = act(fault, member, occurrence);
          if (!undo || until === Infinity) return;
          world.at(Math.max(world.now, until + later(BACK) * back), () => {
            this.tell({ member, kind: fault.do, on: false });
            undo();
          });
        });
      }
    } else this.once(fault, occurrence);
  }

  /** What happens to the gateway, the broker, or by strangers. */
  private once(fault: Fault, { world, until, entity, n }: Occurrence): void {
    const { host } = world;
    const lift = (undo: () => void) => {
      if (until !== Infinity) world.at(until, undo);
    };
    switch (fault.do) {
      case "crash":
        if (fault.step === undefined) {
          world.crashGateway();
          this.restartIn(fault.forMs);
        } else {
          // It waits for that step for as long as faults work at all.
          this.fatal = { step: stepNamed(fault.step), forMs: fault.forMs };
          world.at(Math.max(this.end, world.now), () => {
            this.fatal = undefined;
          });
        }
        return;
      case "stop":
        world.stopGateway();
        this.restartIn(fault.forMs);
        return;
      case "disk":
        host.commitMs = fault.commitMs;
        lift(() => {
          host.commitMs = this.scenario.gateway.commitMs;
        });
        return;
      case "stall":
        host.stalledUntil = Math.max(host.stalledUntil, Math.min(until, this.end));
        return;
      case "suspend":
        if (this.holds.take("suspend")) world.suspendGateway(true);
        lift(() => {
          if (this.holds.drop("suspend")) world.suspendGateway(false);
        });
        return;
      case "wall":
        host.wallMs += fault.byMs;
        return;
      case "broker":
        if (this.holds.take("broker")) world.network.streams.stop();
        lift(() => {
          if (this.holds.drop("broker")) world.network.streams.start(world.now);
        });
        return;
      case "replay":
      case "flood":
        this.stranger.begin(fault, Math.min(until, this.end), stream(this.seed, entity, `${n}`));
        return;
      default:
        throw new RangeError(`no fault ${fault.do}`);
    }
  }

  /** Whoever killed or stopped it, it is back then; an end that is later counts. */
  private restartIn(forMs: number): void {
    const { world } = this;
    // In whole microseconds, as time runs: a rounding error later it would never be that late.
    const at = us(Math.min(world.now + forMs, Math.max(this.end, world.now))) / 1_000;
    this.downUntil = Math.max(this.downUntil, at);
    world.at(at, () => {
      if (!world.host.gateway && world.now >= this.downUntil) world.startGateway();
    });
  }
}

/** Whose luck the i-th fault of a list has. */
export function entityOf({ luck }: Fault, i: number): number {
  return FAULTS + (luck ?? i);
}

/** When a fault that happens for the `n`-th time at `at`, counted from 0, happens next. */
export function timeAfter(fault: When, seed: number, entity: number, n: number, at: number) {
  const { everyMs = Infinity, random } = fault;
  return at + Math.max(everyMs * (random ? exponential(draw(seed, entity, GAP, n)) : 1), 1);
}

function stepNamed(step: string): HostStep {
  const found = HOST_STEPS.find((name) => name === step);
  if (!found) throw new RangeError(`step ${step}; expected one of ${HOST_STEPS.join(", ")}`);
  return found;
}
