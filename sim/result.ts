// What a run leaves behind: figures by name, what was expected of them, what was violated, and the
// traces that pictures are drawn from. Plain data that survives JSON, so that reports, comparisons
// and other people's programs need nothing else.

/** One run of a scenario with one seed. Instants and durations in ms of virtual time. */
export interface RunResult {
  readonly scenario: string;
  readonly about: string;
  readonly seed: number;
  /** Eight hex digits: rolling hash over every event. */
  readonly hash: string;
  /** Entries taken from the event queue. */
  readonly events: number;
  readonly virtualMs: number;
  /** Of the run on this machine, ms. Not part of what two runs are compared by. */
  readonly wallMs: number;
  /** Replays this run: `nextbeat sim run TOKEN`. */
  readonly token: string;
  /** By name, of the whole fleet; and by group and access point. */
  readonly metrics: Metrics;
  readonly groups: Readonly<Record<string, Metrics>>;
  readonly expectations: readonly Verdict[];
  readonly violations: readonly Violation[];
  /** What the mode cannot emulate of this scenario, a line each. */
  readonly notEmulated: readonly string[];
  readonly trace: Trace;
}

/** null: there was nothing to measure (no death, so no detection time). */
export type Metrics = Readonly<Record<string, number | null>>;

export interface Verdict {
  readonly metric: string;
  readonly where: string | undefined;
  readonly value: number | null;
  readonly ok: boolean;
  readonly text: string;
}

export interface Violation {
  readonly invariant: string;
  readonly token: string;
  readonly at: number;
  readonly what: string;
  /** The last events of the device concerned, oldest first, a line each. */
  readonly last: readonly string[];
}

/** What pictures are drawn from. Bounded: see LANES_MAX and friends in scenario/trace.ts. */
export interface Trace {
  /** Deaths that were found or not: how long from death to each verdict, null = never. */
  readonly detections: readonly Detection[];
  /** Gateway load per bucket of `load.bucketMs`: frames in and out. */
  readonly load: {
    readonly bucketMs: number;
    readonly rx: readonly number[];
    readonly tx: readonly number[];
    /** Most frames in and out in any one second of each bucket. */
    readonly rxMost?: readonly number[];
    readonly txMost?: readonly number[];
  };
  /** Devices by status at the end of each bucket of `statuses.bucketMs`. */
  readonly statuses: {
    readonly bucketMs: number;
    readonly present: readonly number[];
    readonly late: readonly number[];
    readonly absent: readonly number[];
    readonly left: readonly number[];
    readonly unknown: readonly number[];
  };
  /** Swim lanes of a few boards: those that have most to tell. */
  readonly lanes: readonly Lane[];
  /** False absents per device-day against measured loss, a point a group, with the closed form. */
  readonly falseAbsents: readonly FalseAbsentPoint[];
  /** Charge by state in mAh, of a board on average, a row a group that has power. */
  readonly energy: readonly EnergyRow[];
  /** Projected life of each battery, days. */
  readonly batteryDays: readonly number[];
  /** One exchange, frame by frame: a death, a retry, a HELLO; whichever the run has. */
  readonly ladder: readonly LadderStep[];
  /** Windows in which something was wrong, for shading: text for people. */
  readonly faults: readonly {
    readonly from: number;
    readonly until: number;
    readonly where: string;
    readonly what: string;
  }[];
}

export interface Detection {
  readonly board: string;
  readonly group: string;
  readonly diedAt: number;
  /** What its last accepted beat still promised at its death, ms. */
  readonly promiseLeftMs: number;
  readonly promiseMs: number;
  readonly lateMs: number | null;
  readonly absentMs: number | null;
}

export interface Lane {
  readonly board: string;
  readonly group: string;
  readonly marks: readonly LaneMark[];
  /** Spans of power off, sleep, path cut, and of the status that was told. */
  readonly spans: readonly LaneSpan[];
}

export interface LaneMark {
  readonly at: number;
  readonly kind: "beat" | "retry" | "hello" | "lost-up" | "lost-down" | "ack" | "welcome" | "other";
  /** How many of this kind, at `at` and right after it; absent: one. */
  readonly n?: number;
}

export interface LaneSpan {
  readonly from: number;
  readonly until: number;
  readonly kind: "off" | "asleep" | "cut" | "present" | "late" | "absent" | "left" | "unknown";
}

export interface EnergyRow {
  readonly group: string;
  readonly mAh: Readonly<Record<string, number>>;
  /**
   * Projected life of each battery of the group, days; without it the group has no row of these.
   */
  readonly batteryDays?: readonly number[];
}

export interface FalseAbsentPoint {
  readonly group: string;
  /** Share of beats of which no try arrived. */
  readonly loss: number;
  readonly perDeviceDay: number;
  /** The closed form at the same loss, for the group's interval and promises. */
  readonly expected: number;
  readonly deviceDays: number;
  /** The same closed form at other losses, by rising loss: a curve to draw. */
  readonly curve?: readonly (readonly [loss: number, perDeviceDay: number])[];
}

export interface LadderStep {
  readonly at: number;
  /** When it arrived; null: lost. */
  readonly arrivedAt: number | null;
  readonly direction: "up" | "down";
  /** What people call it: "HEARTBEAT seq 7 promise 64 s, try 2". */
  readonly text: string;
  /** Source address that the gateway saw, where a NAT stands between; else "". */
  readonly via: string;
}
