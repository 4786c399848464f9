// History against the record of everything: storms of beats, losses, duplicates, boots, silences,
// deafness, stops and crashes, each beat written down by the test and counted in the plainest way.
// Equal to the minute; and of the time, each second is one thing.

import fc from "fast-check";
import { expect, it } from "vitest";
import { PHASE_MS, phaseOf } from "../../gateway/history/code.ts";
import { HOME, holds } from "../gateway/gateway-bench.ts";
import { Board, P_MINUTE } from "../gateway/gateway-rig.ts";
import { HistoryBench, HOUR, MINUTE } from "./rig.ts";

/** Extension 4: a boot by power on. */
const BOOTED = "\x41\x01";
const ID = 77;

type Step =
  | { kind: "wait"; ms: number }
  | { kind: "beat"; lost: number; booted: boolean; twice: boolean; promise: number }
  | { kind: "stale" }
  | { kind: "meet" }
  | { kind: "leave" }
  | { kind: "deaf"; ms: number }
  | { kind: "stop" | "crash"; ms: number };

const ms = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 130_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 60_000, max: 2 * HOUR }) },
  { weight: 1, arbitrary: fc.integer({ min: HOUR, max: 9 * HOUR }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("beat" as const),
      lost: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 2, arbitrary: fc.integer({ min: 1, max: 9 }) },
        { weight: 1, arbitrary: fc.integer({ min: 10, max: 65_000 }) },
      ),
      booted: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      twice: fc.boolean(),
      promise: fc.constantFrom(P_MINUTE, P_MINUTE, P_MINUTE - 20, P_MINUTE + 40),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>({ kind: "stale" }, { kind: "meet" }, { kind: "leave" }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("deaf" as const), ms }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("stop" as const, "crash" as const), ms }),
  },
);

/** Everything that happened, and what must be read of it. */
class Record {
  /** By minute: heard, missed. Those that are in neither are not known. */
  readonly written = new Map<number, [number, number]>();
  readonly gathered = new Map<number, [number, number]>();
  /** Spans in which nobody could hear. */
  readonly deaf: [number, number][] = [];
  lastAt = 0;
  promiseMs = 0;
  /** When this process began, and the part that it has not written. */
  startedAt = 0;
  partAt = 0;
  away: { missAt: number; estimated: number } | undefined;

  begin(now: number): void {
    this.startedAt = now;
    this.partAt = minute(now) * MINUTE;
  }

  add(at: number, heard: number, missed: number): void {
    const before = this.gathered.get(minute(at)) ?? [0, 0];
    this.gathered.set(minute(at), [before[0] + heard, before[1] + missed]);
  }

  /** What was gathered before `end` is on disk. */
  write(end: number): void {
    for (let at = this.partAt; at < end; at += MINUTE) this.add(at, 0, 0);
    for (const [at, [heard, missed]] of this.gathered) {
      if (at >= Math.ceil(end / MINUTE)) continue;
      const [h, m] = this.written.get(at) ?? [0, 0];
      this.written.set(at, [h + heard, m + missed]);
      this.gathered.delete(at);
    }
    this.partAt = minute(end) * MINUTE;
  }

  heardMs(from: number, to: number): number {
    const inside = this.deaf
      .map(([a, b]): [number, number] => [Math.max(a, from), Math.min(b, to)])
      .filter(([a, b]) => a < b)
      .sort((x, y) => x[0] - y[0]);
    let ms = to - from;
    let end = from;
    for (const [a, b] of inside) {
      ms -= Math.max(0, b - Math.max(a, end));
      end = Math.max(end, b);
    }
    return ms;
  }

  /** Rule by rule, one missed beat after the other. */
  settle(told: number, now: number, back: boolean): void {
    let count = 0;
    if (told > 0) {
      const ours = this.heardMs(Math.max(this.lastAt, this.startedAt), now);
      count = Math.round((told * ours) / (now - this.lastAt || 1)) - (this.away?.estimated ?? 0);
    }
    if (this.away) {
      const { missAt } = this.away;
      let due = 0;
      while (missAt + due * this.promiseMs < now) due++;
      const share = due > 0 ? this.heardMs(missAt, now) / (now - missAt) : 0;
      count = Math.max(count, Math.round(due * share));
      this.away.missAt += due * this.promiseMs;
      this.away.estimated = Math.min(65_535, this.away.estimated + Math.max(0, count));
    }
    const from = Math.max(this.lastAt, this.partAt);
    for (let i = 1; i <= count; i++) {
      // At the end of a minute it still is that one's.
      const at = (i * (now - from)) / (count + 1) + from;
      this.add(Math.min(now, Math.ceil(at / MINUTE) * MINUTE - 1), 0, 1);
    }
    if (back) this.away = undefined;
  }
}

const minute = (at: number) => Math.floor(at / MINUTE);

function play(script: readonly Step[]): void {
  const bench = new HistoryBench();
  const board = new Board(ID);
  const record = new Record();
  const origin = bench.now;
  const phase = phaseOf(ID) * PHASE_MS;
  let begun = false;
  let starts = 0;
  bench.onMade = ({ to, at }) => {
    if (to === "absent") record.away = { missAt: at, estimated: 0 };
  };
  bench.enrol(board);
  const heard = (told: number, more: () => void) => {
    if (!begun) record.begin(bench.now);
    begun = true;
    if (told > 0 || record.away) record.settle(told, bench.now, true);
    record.add(bench.now, 1, 0);
    more();
    record.lastAt = bench.now;
    record.promiseMs = bench.view(board).promiseMs ?? 0;
  };
  /** To the next instant at which a part is written, and on. */
  const pass = (length: number) => {
    const until = bench.now + length;
    for (;;) {
      const next = Math.floor((bench.now - phase) / HOUR) * HOUR + HOUR + phase;
      if (next > until) break;
      bench.pass(next - bench.now);
      if (!begun) continue;
      if (record.away) record.settle(0, next, false);
      record.write(minute(next) * MINUTE);
    }
    bench.pass(until - bench.now);
  };
  for (const step of [{ kind: "meet" } as const, ...script]) {
    if (step.kind === "wait") pass(step.ms);
    else if (step.kind === "meet") heard(0, () => bench.meet(board));
    else if (step.kind === "leave") heard(0, () => bench.receive(board.beat({ promise: 255 })));
    else if (step.kind === "stale") {
      if (board.seq > 1) bench.receive(board.beat({ seq: board.seq - 1 }));
    } else if (step.kind === "deaf") {
      record.deaf.push([bench.now - step.ms, bench.now]);
      bench.obey(bench.core.requests.deaf("overflow", null, bench.now - step.ms, bench.now));
    } else if (step.kind === "beat") {
      board.seq += step.lost;
      const frame = board.beat({ promise: step.promise, ext: step.booted ? BOOTED : "" });
      heard(step.booted ? 0 : step.lost, () => bench.receive(frame));
      if (step.twice) bench.receive(frame, HOME);
    } else {
      // The beats of the last second are not on disk (rule 8), and here none shall be lost by that.
      pass(1_500);
      if (step.kind === "stop") {
        if (record.away) record.settle(0, bench.now, false);
        record.write(bench.now + 1);
        bench.stop(step.ms);
      } else {
        record.gathered.clear();
        bench.crash(step.ms);
      }
      record.deaf.push([bench.now - step.ms, bench.now]);
      record.begin(bench.now);
      starts++;
      const absent = bench.view(board).status === "absent";
      record.away = absent ? { missAt: bench.now + record.promiseMs, estimated: 0 } : undefined;
    }
  }
  if (record.away) record.settle(0, bench.now, false);
  record.write(bench.now + 1);
  const hours = Math.min(48, (bench.now - origin) / HOUR);
  const { share: _, ...times } = bench.uptime(ID, hours);
  const all = Object.values(times).reduce((sum, ms) => sum + ms, 0);
  // Parts have their durations in seconds, and a part begins with a full minute.
  expect(Math.abs(all - hours * HOUR)).toBeLessThan(60_000 * (starts + 1));
  for (const { at, heard, missed } of bench.minutes(ID, hours)) {
    const [h, m] = record.written.get(minute(at)) ?? [null, null];
    const place = `minute ${(at - origin) / MINUTE}`;
    expect(`${place}: ${heard} heard, ${missed} missed`).toBe(`${place}: ${h} heard, ${m} missed`);
  }
}

it("equals, to the minute, a full record of all beats", { timeout: 60_000 }, () => {
  const scripts = fc.array(step, { minLength: 1, maxLength: 60, size: "max" });
  holds(fc.property(scripts, play), 150);
});
