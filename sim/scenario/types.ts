// A scenario: a fleet, its links, what goes wrong and when, and what must come of it. Data and
// nothing else: the same scenario drives virtual time, the live proxy and a fleet on real sockets,
// can be hashed, made smaller, and made up at random. Callbacks lost: none of that can be done
// with them.
//
// Durations in ms, shares 0..1, instants in ms from the start of the run. scenario/parse.ts makes
// one of YAML or JSON; scenario/schema.ts says what is allowed and what is the default.

import type { LinkModel } from "../link.ts";
import type { NatModel } from "../nat.ts";

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Seeds to run, one after the other; at least one. */
  readonly seeds: readonly number[];
  readonly runMs: number;
  /** After this instant no fault works any more, and liveness is asked for; Infinity: never. */
  readonly calmAt: number;
  readonly gateway: GatewaySpec;
  readonly fleet: readonly Group[];
  readonly faults: readonly Fault[];
  readonly expect: readonly Expectation[];
}

export interface GatewaySpec {
  /** Duration of one commit: whole ms, drawn between the two. */
  readonly commitMs: readonly [least: number, most: number];
  readonly flushMs: number;
  readonly graceMs: number;
  /** Promises that must break in a row before a verdict; 0: as the detector learns. */
  readonly misses: number;
  /** False: it has no wall clock that it trusts. */
  readonly clockTrusted: boolean;
  /** Datagrams that wait in its socket while it cannot read; more are dropped. */
  readonly socketQueue: number;
  /** CPU time of one frame, ms: frames that come faster wait. 0: none. */
  readonly frameMs: number;
}

/** Boards that are alike. The n-th (from 1) is named `group-n`. */
export interface Group {
  readonly group: string;
  readonly count: number;
  /** Only these of them are there: a fleet made smaller, where nobody's id and luck is another. */
  readonly only?: readonly number[] | undefined;
  readonly suite: 0 | 1 | 2;
  readonly intervalMs: number;
  readonly reach: "awake" | "light" | "deep";
  readonly transport: "udp" | "mqtt";
  readonly link: LinkSpec;
  /** Name of a preset or a model of its own; "none": the board's address is the one seen. */
  readonly nat: NatModel | undefined;
  /** Boards with one access point share it, and its NAT; "own": each has one. */
  readonly ap: string;
  /** Names of presets in power.ts and clock.ts; undefined: no energy is counted. */
  readonly board: string | undefined;
  readonly battery: string | undefined;
  readonly clock: string;
  /** Of its surroundings, in degrees C: mean, and half of the daily swing. */
  readonly temperature: { readonly mean: number; readonly swing: number };
  /** First power: at `atMs`, and up to `spreadMs` later, drawn for each board. */
  readonly boot: { readonly atMs: number; readonly spreadMs: number };
  readonly config: BoardConfig;
}

/** Settings of the sender that a scenario may change; see SenderConfig in device/state.ts. */
export interface BoardConfig {
  readonly rto?: number;
  readonly rtoMax?: number;
  readonly clockError?: number;
  readonly wakeMs?: number;
  readonly makeUps?: number;
  /** Intervals with an alert and with a low battery, ms. */
  readonly ownMin?: number;
  readonly ownMax?: number;
}

/** A link by its preset's name, and what differs from it. */
export interface LinkSpec {
  readonly preset: string;
  readonly up: LinkModel;
  readonly down: LinkModel;
}

/**
 * Whom a fault meets: names of groups, of boards (`group-n`), of access points, or "gateway",
 * "broker", "fleet" (all boards); `share` takes that share of the boards, drawn by the fault's own
 * luck.
 */
export interface Where {
  readonly names: readonly string[];
  readonly share: number;
}

/** When: once at `atMs`, or every `everyMs` (drawn exponentially if `random`) until `untilMs`. */
export interface When {
  readonly atMs: number;
  readonly everyMs: number | undefined;
  readonly random: boolean;
  readonly untilMs: number;
}

/** `luck`: whose luck it has, by its place in a list; its own if it is not given. */
export type Fault = When & { readonly where: Where; readonly luck?: number } & Act;
export type FaultKind = Act["do"];

/** `forMs` Infinity: until the end of the run. */
export type Act =
  // On boards.
  /** No power for `forMs`; each board goes within `spreadMs` and is back within `backMs` after. */
  | {
      readonly do: "power";
      readonly forMs: number;
      readonly spreadMs: number;
      readonly backMs: number;
    }
  /** Never comes back: what the gateway must find out. */
  | { readonly do: "die"; readonly spreadMs: number }
  /** The battery is full again / at a share of its charge. */
  | { readonly do: "battery"; readonly share: number }
  | { readonly do: "reboot" }
  /** The flash is wiped, and the board boots. */
  | { readonly do: "forget" }
  | { readonly do: "leave" }
  /** Power goes at a step of the next send (board.ts, POWER_CUTS), and is back `forMs` later. */
  | { readonly do: "powercut"; readonly step: string; readonly forMs: number }
  /** A second board with the identity and the flash of this one appears. */
  | { readonly do: "clone" }
  /** The board's clock jumps by so much. */
  | { readonly do: "clock"; readonly byMs: number }
  | { readonly do: "drift"; readonly ppm: number }
  // On the paths of boards.
  | { readonly do: "link"; readonly to: LinkSpec; readonly rampMs: number; readonly forMs: number }
  | { readonly do: "cut"; readonly direction: "up" | "down" | "both"; readonly forMs: number }
  /** `share` of frames is lost on top of what the link does. */
  | {
      readonly do: "loss";
      readonly share: number;
      readonly direction: "up" | "down" | "both";
      readonly forMs: number;
    }
  | { readonly do: "nat"; readonly change: "rebind" | "readdress" | "reboot" }
  /** The table takes no new mapping / what comes in is dropped, for a while. */
  | { readonly do: "nat-full"; readonly forMs: number }
  | { readonly do: "nat-deaf"; readonly forMs: number }
  | { readonly do: "nat-set"; readonly to: NatModel }
  /** The access point is off: nothing passes, and its boards must join again. */
  | { readonly do: "ap"; readonly forMs: number }
  /** Names do not resolve: a board that boots or joins finds no gateway until it is over. */
  | { readonly do: "dns"; readonly forMs: number }
  // On the gateway and the broker.
  /**
   * kill -9; starts again `forMs` later. `step`: dies at the next such step (host.ts), or at once.
   */
  | { readonly do: "crash"; readonly step: string | undefined; readonly forMs: number }
  /** An orderly stop and a start `forMs` later. */
  | { readonly do: "stop"; readonly forMs: number }
  /** Commits take so long, drawn between the two. */
  | { readonly do: "disk"; readonly commitMs: readonly [number, number]; readonly forMs: number }
  /** No commit ends before this is over. */
  | { readonly do: "stall"; readonly forMs: number }
  /** The process does not run (suspended machine): frames wait in its socket, the rest is lost. */
  | { readonly do: "suspend"; readonly forMs: number }
  /** The wall clock jumps. */
  | { readonly do: "wall"; readonly byMs: number }
  /** The broker is down: no frame passes, and boards on it connect again. */
  | { readonly do: "broker"; readonly forMs: number }
  // Of strangers.
  /**
   * Somebody who heard it all sends frames of these boards again, `delayMs` after it heard them.
   */
  | {
      readonly do: "replay";
      readonly perSecond: number;
      readonly delayMs: number;
      readonly forMs: number;
    }
  /** Random bytes, and frames of these boards with a bit flipped, at the gateway. */
  | { readonly do: "flood"; readonly perSecond: number; readonly forMs: number };

/** What must come of it: a bound on a metric, or an invariant (all are checked in any case). */
export interface Expectation {
  readonly metric: string;
  /** Group or access point; undefined: the whole fleet. */
  readonly where: string | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** As it was written, for people: "falseAbsent of control at most 0". */
  readonly text: string;
}
