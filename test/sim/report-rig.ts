// Sample results for the tests of reports: not a run of anything, but figures of the shape and size
// that runs give, drawn from a small generator of their own, so that what the pictures must show is
// known beforehand and does not move with the simulator.

import type {
  Detection,
  EnergyRow,
  Lane,
  LaneMark,
  LaneSpan,
  RunResult,
} from "../../sim/result.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Numbers in 0..1, the same for a seed: a sample must not change with the simulator's own luck. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Sample {
  readonly seed?: number;
  readonly scenario?: string;
  readonly groups?: readonly string[];
  /** Of every beat, to be lost. */
  readonly loss?: number;
  readonly hours?: number;
  readonly bad?: boolean;
}

/** A run of boards that beat once a minute; each group loses twice as much as the one before it. */
export function sample(options: Sample = {}): RunResult {
  const { seed = 1, scenario = "sample", hours = 6, bad = false } = options;
  const { groups = ["porch", "garage"], loss = 0.05 } = options;
  const next = dice(seed);
  const runMs = hours * HOUR;
  const share = (i: number) => Math.min(0.9, loss * 2 ** i);
  const lanes = groups.flatMap((group, i) =>
    Array.from({ length: 6 }, (_, k) => lane(`${group}-${k + 1}`, group, runMs, share(i), next)),
  );
  const detections = groups.flatMap((group) =>
    Array.from({ length: 40 }, (_, k) => detection(`${group}-${k + 1}`, group, runMs, next)),
  );
  const metrics = { devices: 12, "detect.p99": 130_000, ackedShare: 1 - loss / 4, extra: 7 };
  return {
    scenario,
    about: "Sample data, made up by a test.",
    seed,
    hash: "0badcafe",
    events: 123_456,
    virtualMs: runMs,
    wallMs: 250 + seed,
    token: `${scenario}@${seed}#12345678`,
    metrics,
    groups: Object.fromEntries(groups.map((group) => [group, metrics])),
    expectations: [
      verdict("ackedShare", metrics.ackedShare, true),
      verdict("detect.p99", metrics["detect.p99"], !bad),
    ],
    violations: bad ? [violation(scenario, seed)] : [],
    notEmulated: bad ? ["fault 3 at 2 h, gateway crash: not ours to kill"] : [],
    trace: {
      detections,
      load: load(runMs, next),
      statuses: statuses(runMs, groups.length * 6, next),
      lanes,
      falseAbsents: groups.map((group, i) => point(group, share(i))),
      energy: groups.map((group, i) => energy(group, i, next)),
      batteryDays: [],
      ladder: LADDER,
      faults: [{ from: 2 * HOUR, until: 2.5 * HOUR, where: groups[0]!, what: "power" }],
    },
  };
}

function verdict(metric: string, value: number, ok: boolean) {
  return { metric, where: undefined, value, ok, text: `${metric} at most 3m` };
}

function violation(scenario: string, seed: number) {
  return {
    invariant: "one-beat",
    token: `${scenario}@${seed}#12345678`,
    at: 3 * HOUR,
    what: "two different beats with one seq",
    last: ["2:59:58.001 HEARTBEAT seq 7", "3:00:00.000 HEARTBEAT seq 7"],
  };
}

function detection(board: string, group: string, runMs: number, next: () => number): Detection {
  const promiseMs = 72_000;
  const promiseLeftMs = promiseMs * next();
  const found = next() > 0.1;
  return {
    board,
    group,
    diedAt: next() * runMs,
    promiseMs,
    promiseLeftMs,
    lateMs: found ? promiseLeftMs + 5_000 : null,
    absentMs: found ? promiseLeftMs + promiseMs + 5_000 : null,
  };
}

function lane(board: string, group: string, runMs: number, loss: number, next: () => number): Lane {
  const marks: LaneMark[] = [{ at: 0, kind: "hello" }];
  for (let at = MINUTE * next(); at < runMs; at += MINUTE) {
    if (at > 2 * HOUR && at < 2.5 * HOUR) continue;
    marks.push({ at, kind: "beat" });
    if (next() < loss) marks.push({ at, kind: "lost-up" }, { at: at + 900, kind: "retry" });
    marks.push({ at: at + 1_000, kind: next() < loss ? "lost-down" : "ack" });
  }
  const span = (from: number, until: number, kind: LaneSpan["kind"]) => ({ from, until, kind });
  const spans = [
    span(0, 2 * HOUR + 72_000, "present"),
    span(2 * HOUR + 72_000, 2 * HOUR + 144_000, "late"),
    span(2 * HOUR + 144_000, 2.5 * HOUR, "absent"),
    span(2.5 * HOUR, runMs, "present"),
    span(2 * HOUR, 2.5 * HOUR, "off"),
  ];
  return { board, group, marks, spans };
}

function load(runMs: number, next: () => number): RunResult["trace"]["load"] {
  const bucketMs = MINUTE;
  const buckets = runMs / bucketMs;
  const back = (2.5 * HOUR) / bucketMs;
  const rx = Array.from(
    { length: buckets },
    (_, i) => 700 + Math.round(next() * 40) + (i === back ? 9_000 : 0),
  );
  const most = rx.map((n, i) => (i === back ? 4_321 : Math.round(n / 30)));
  return { bucketMs, rx, tx: rx.map((n) => n - 3), rxMost: most, txMost: most.map((n) => n - 1) };
}

function statuses(runMs: number, boards: number, next: () => number) {
  const bucketMs = MINUTE;
  const length = runMs / bucketMs;
  const none = () => Array.from({ length }, () => 0);
  const rows = { present: none(), late: none(), absent: none(), left: none(), unknown: none() };
  for (let i = 0; i < length; i++) {
    const at = i * bucketMs;
    const cut = at > 2 * HOUR + 144_000 && at < 2.5 * HOUR;
    rows.unknown[i] = i === 0 ? boards : 0;
    rows.absent[i] = cut ? Math.floor(boards / 2) : 0;
    rows.late[i] = i > 0 && next() < 0.05 ? 1 : 0;
    rows.present[i] = boards - rows.unknown[i]! - rows.absent[i]! - rows.late[i]!;
  }
  return { bucketMs, ...rows };
}

function point(group: string, loss: number) {
  const rate = (q: number) => 1_440 * q ** 3 * (1 - q);
  const curve = [0.001, 0.01, 0.1, 0.5, 0.9].map((q) => [q, rate(q)] as const);
  const deviceDays = 40;
  const perDeviceDay = Math.round(rate(loss) * deviceDays) / deviceDays;
  return { group, loss, perDeviceDay, expected: rate(loss), deviceDays, curve };
}

function energy(group: string, i: number, next: () => number): EnergyRow {
  return {
    group,
    mAh: { deep: 1 + i, awake: 4, join: 2 * (i + 1), tx: 0.5 },
    batteryDays: Array.from({ length: 40 }, () => 200 + 150 * next() * (i + 1)),
  };
}

const step = (at: number, arrivedAt: number | null, direction: "up" | "down", text: string) => ({
  at,
  arrivedAt,
  direction,
  text,
  via: arrivedAt === null ? "" : "nat:40001",
});

const LADDER: RunResult["trace"]["ladder"] = [
  step(1_000, null, "up", "HEARTBEAT seq 7: next within 72 s, battery 80 %"),
  step(1_300, 1_340, "up", "HEARTBEAT seq 7: next within 72 s, battery 80 %"),
  step(1_341, 1_380, "down", "ACK seq 7: own pace"),
  step(61_000, 61_030, "up", "HEARTBEAT seq 8: next within 72 s, battery 80 %"),
];
