// Deadlines and deafness (architecture rule 2): nobody is doubted for what we could not hear, nor
// spared for what we could.

import { describe, expect, it } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import { silenceMs } from "../../gateway/detector/silence.ts";
import type { Source } from "../../gateway/facts.ts";
import { Bench, HOME, steps } from "../gateway/gateway-bench.ts";
import { Board, P_MINUTE } from "../gateway/gateway-rig.ts";

const MINUTE = intervalMs(P_MINUTE);
const HOUR = 3_600_000;

/** A board that has just beaten, promising a minute, and the instant at which it becomes late. */
function beaten(from = HOME) {
  const bench = new Bench();
  const board = new Board(0x2bd);
  bench.enrol(board);
  bench.meet(board, {}, from);
  const lateAt = bench.view(board).deadlineAt!;
  const deaf = (fromAt: number, toAt: number | null, over: Source["transport"] | null = null) =>
    bench.obey(bench.core.requests.deaf("network", over, fromAt, toAt));
  return { bench, board, lateAt, seenAt: bench.now, deaf };
}

describe("a deadline", () => {
  it("falls as ever where the deafness was over before the last beat", () => {
    const { bench, lateAt, seenAt, deaf } = beaten();
    deaf(seenAt - 1_000, seenAt - 1);
    bench.pass(lateAt - bench.now);
    expect(steps(bench.changes)).toEqual(["present late promise-broken"]);
  });

  it("waits for a full promise after deafness that covered it", () => {
    const { bench, board, lateAt, deaf } = beaten();
    bench.pass(lateAt - 5_000 - bench.now);
    deaf(bench.now, null);
    bench.pass(10_000);
    deaf(bench.now - 10_000, bench.now);
    const graceMs = lateAt - bench.view(board).dueAt!;
    const endAt = bench.now;
    expect(bench.pass(MINUTE + graceMs - 1)).toEqual([]);
    bench.pass(1);
    expect(bench.told.at(-1)).toMatchObject({ to: "late", at: endAt + MINUTE + graceMs });
  });

  it("is forgotten where the beat comes after all", () => {
    const { bench, board, lateAt, deaf } = beaten();
    deaf(bench.now + 1, lateAt + 1_000);
    bench.pass(lateAt + MINUTE / 2 - bench.now);
    bench.receive(board.beat());
    bench.pass(MINUTE / 2);
    expect(bench.told).toHaveLength(1);
  });

  it("does not fall while deafness goes on, be it for days", () => {
    const { bench, board, deaf } = beaten();
    deaf(bench.now + 1, null);
    expect(bench.pass(3 * 86_400_000)).toEqual([]);
    deaf(bench.now - 3 * 86_400_000, bench.now);
    const endAt = bench.now;
    bench.pass(2 * HOUR);
    const late = bench.told.find(({ to }) => to === "late")!;
    expect(late.at).toBeGreaterThanOrEqual(endAt + silenceMs(MINUTE, Infinity));
    expect(late.at).toBeLessThan(endAt + silenceMs(MINUTE, Infinity) + MINUTE);
    expect(bench.view(board).tseq).toBe(3);
  });

  it("that was long past when deafness began has fallen, though nobody had looked", () => {
    const { bench, lateAt, deaf } = beaten();
    bench.now = lateAt + 5_000;
    deaf(lateAt + 1, bench.now);
    bench.obey(bench.core.expire(bench.now));
    expect(bench.told.at(-1)).toMatchObject({ to: "late", at: lateAt });
    // The next one, of `absent`, is touched.
    expect(bench.told).toHaveLength(2);
    expect(bench.pass(MINUTE - 1_000)).toEqual([]);
  });

  it("waits for each of two deafnesses in a row", () => {
    const { bench, board, lateAt, deaf } = beaten();
    const graceMs = lateAt - bench.view(board).dueAt!;
    deaf(lateAt - 2_000, lateAt - 1_000);
    bench.pass(lateAt + MINUTE - 2_000 - bench.now);
    expect(bench.told).toHaveLength(1);
    deaf(bench.now - 500, bench.now);
    const endAt = bench.now;
    expect(bench.pass(MINUTE + graceMs - 1)).toEqual([]);
    bench.pass(HOUR);
    const late = bench.told.find(({ to }) => to === "late")!;
    // From the first one to the end of the last nothing was heard: more than a promise.
    expect(late.at).toBeGreaterThanOrEqual(endAt + MINUTE + graceMs);
    expect(late.at).toBeLessThanOrEqual(endAt + silenceMs(MINUTE, 2 * MINUTE) + graceMs);
  });

  it("waits for one who was heard in the midst of deafness as for who was not", () => {
    const { bench, board, deaf } = beaten();
    const fromAt = bench.now + 1;
    bench.now += 2 * HOUR;
    deaf(fromAt, null);
    // It waited in the socket for a long time, and its device gave up since (rule 12).
    bench.receive(board.beat());
    deaf(fromAt, bench.now);
    const endAt = bench.now;
    const waits = bench.pass(silenceMs(MINUTE, endAt - fromAt));
    expect(waits).toEqual([]);
    expect(steps(bench.pass(MINUTE))[0]).toBe("present late promise-broken");
  });

  it("of one who was heard in the last of many counts from the first", () => {
    const { bench, board, deaf } = beaten();
    for (let n = 0; n < 10; n++) {
      const fromAt = bench.now + 1;
      bench.now += 10 * MINUTE;
      deaf(fromAt, bench.now);
      bench.pass(MINUTE / 2);
    }
    bench.now += MINUTE;
    deaf(bench.now - MINUTE, bench.now);
    bench.receive(board.beat());
    expect(bench.pass(silenceMs(MINUTE, 100 * MINUTE))).toEqual([]);
    expect(bench.pass(2 * MINUTE)).not.toEqual([]);
  });

  it("of a board on UDP falls while the broker is away; one over MQTT waits", () => {
    for (const [transport, falls] of [
      ["udp", true],
      ["mqtt", false],
    ] as const) {
      const { bench, lateAt, deaf } = beaten({ transport, address: "192.0.2.7", port: 0 });
      deaf(bench.now + 1, null, "mqtt");
      bench.pass(lateAt - bench.now);
      expect(bench.told.some(({ to }) => to === "late")).toBe(falls);
    }
  });

  it("of a device that was late already waits as well: late stays late", () => {
    const { bench, board, lateAt, deaf } = beaten();
    bench.pass(lateAt - bench.now);
    expect(bench.view(board).status).toBe("late");
    const absentAt = bench.view(board).deadlineAt!;
    deaf(bench.now + 1, null);
    bench.pass(absentAt + 1_000 - bench.now);
    expect(bench.view(board).status).toBe("late");
    bench.receive(board.beat());
    expect(bench.view(board)).toMatchObject({ status: "present", cause: "returned" });
  });

  it("after a start counts the deafness before the stop: its device backs off since then", () => {
    const { bench, board, deaf } = beaten();
    deaf(bench.now + 1, null);
    bench.pass(10 * MINUTE);
    const deafMs = bench.now - bench.view(board).seenAt!;
    bench.restart(1_000, { affairs: bench.disk.archive.affairs(0) });
    const graceMs = 2 * 250 + MINUTE * 0.02;
    const { deadlineAt } = bench.view(board);
    expect(deadlineAt! - bench.now).toBeGreaterThan(silenceMs(MINUTE, deafMs - 1_000, true));
    expect(deadlineAt! - bench.now).toBeLessThan(silenceMs(MINUTE, deafMs, true) + graceMs);
  });
});
