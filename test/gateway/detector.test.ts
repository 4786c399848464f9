/** When to doubt a device, and when to give it up: what was learned, and what follows from it. */

import { describe, expect, it } from "vitest";
import { EXT_ACKED, EXT_CAUSE, encodeExtension } from "../../device/extensions.ts";
import { intervalMs } from "../../device/interval.ts";
import type { Evidence } from "../../gateway/affairs.ts";
import { NUMBERS } from "../../gateway/detector/learned.ts";
import { graceOf } from "../../gateway/detector/rhythm.ts";
import type { ChangeFact, Outgoing } from "../../gateway/facts.ts";
import { Bench, steps } from "./gateway-bench.ts";
import { Board, P_HOUR, P_MINUTE } from "./gateway-rig.ts";

const MINUTE = intervalMs(P_MINUTE);
/** A board a minute, whose gaps are between 54 and 60 s, and its promise. */
const GAPS = [54_000, 60_000, 57_000, 55_500, 58_500];
const acked = (bits: number) =>
  encodeExtension(EXT_ACKED, String.fromCharCode(bits >> 8, bits & 255));
const BOOT = encodeExtension(EXT_CAUSE, "\x01");

function live(bench: Bench, board: Board, beats: number, slow = 1): void {
  for (let n = 0; n < beats; n++) {
    bench.pass(GAPS[n % GAPS.length]! * slow);
    bench.receive(board.beat());
  }
}

function met(limits = {}): { bench: Bench; board: Board } {
  const bench = new Bench({ limits });
  const board = new Board(1);
  bench.enrol(board);
  bench.meet(board);
  return { bench, board };
}

/** How long its silence lasts until it is told, and what was written of it. */
function dies(bench: Bench, board: Board): { late: number; absent: number; evidence: Evidence } {
  const { seenAt } = bench.view(board);
  const before = bench.disk.changes.length;
  let evidence: Evidence = {};
  for (let n = 0; n < 100 && bench.view(board).status !== "absent"; n++) {
    bench.now = Math.max(bench.now, bench.core.wakeAt);
    bench.obey(bench.core.expire(bench.now));
    const fact = bench.facts.find(
      (one): one is ChangeFact => one.kind === "change" && one.change.to === "absent",
    );
    if (fact) evidence = fact.evidence!;
  }
  const [late, absent] = bench.disk.changes.slice(before);
  return { late: late!.at - seenAt!, absent: absent!.at - seenAt!, evidence };
}

describe("the grace", () => {
  it("is its floor once the rhythm is known, and follows a clock that runs slow", () => {
    const { bench, board } = met();
    expect(dies(bench, board).late).toBeCloseTo(MINUTE + graceOf(MINUTE, 250), 6);
    bench.receive(board.beat());
    live(bench, board, 40);
    expect(dies(bench, board).late).toBeCloseTo(MINUTE + 250, 6);
    const other = met();
    // 8 per cent slow: some beats come behind the promise, and within what it is granted.
    live(other.bench, other.board, 60, 1.08);
    const told = other.bench.told.length;
    live(other.bench, other.board, 200, 1.08);
    expect(other.bench.told).toHaveLength(told);
    const { late } = dies(other.bench, other.board);
    expect(late).toBeGreaterThan(1.08 * 60_000);
    expect(late).toBeLessThan(1.1 * MINUTE);
  });

  it("is never more than a quarter of the promise", () => {
    const { bench, board } = met();
    live(bench, board, 60, 1.25);
    expect(dies(bench, board).late).toBeLessThanOrEqual(1.25 * MINUTE + 1);
  });
});

describe("the verdict", () => {
  it("waits for two promises at first; for one, a second later, if nothing is ever lost", () => {
    const { bench, board } = met();
    const first = dies(bench, board);
    expect(first.absent).toBeCloseTo(2 * MINUTE + graceOf(MINUTE, 250), 6);
    expect(first.evidence).toMatchObject({ k: 2, alpha: 1, promiseMs: MINUTE });
    const sure = met({ falseAlarms: 1_000 });
    live(sure.bench, sure.board, 2_000);
    const nudges: Outgoing[] = [];
    sure.bench.onSent = (out) => nudges.push(out);
    const { late, absent, evidence } = dies(sure.bench, sure.board);
    expect(evidence).toMatchObject({ k: 1, lossUp: 0, lossDown: 0 });
    expect(nudges).toHaveLength(1);
    expect(absent - late).toBeCloseTo(1_000, 6);
  });

  it("for k = 1 falls together with late for a sleeper, in two changes", () => {
    const { bench, board } = met({ missesMin: 1, missesMax: 1 });
    bench.receive(board.beat({ reach: 2 }));
    const { late, absent } = dies(bench, board);
    expect(absent).toBe(late);
    expect(steps(bench.told.slice(1))).toEqual([
      "present late promise-broken",
      "late absent promise-broken",
    ]);
  });

  it("waits for more where beats are lost, and for none of it after a boot", () => {
    const { bench, board } = met();
    const lossy = (n: number) => {
      for (let round = 0; round < n; round++) {
        live(bench, board, 10);
        bench.pass(120_000);
        board.seq++;
        bench.receive(board.beat());
      }
    };
    lossy(30);
    const learned = dies(bench, board);
    expect(learned.evidence.k).toBeGreaterThan(2);
    expect(learned.evidence.lossUp).toBeGreaterThan(0.05);
    const rebooted = met();
    for (let round = 0; round < 30; round++) {
      live(rebooted.bench, rebooted.board, 10);
      rebooted.bench.pass(120_000);
      rebooted.board.seq++;
      rebooted.bench.receive(rebooted.board.beat({ ext: BOOT }));
    }
    expect(dies(rebooted.bench, rebooted.board).evidence).toMatchObject({ k: 2, lossUp: 0 });
  });

  it("takes a silence over our own deafness for no loss", () => {
    const { bench, board } = met();
    for (let round = 0; round < 20; round++) {
      live(bench, board, 10);
      const from = bench.now;
      bench.pass(100_000);
      bench.obey(bench.core.requests.deaf("network", null, from, bench.now));
      bench.pass(1_000);
      board.seq++;
      bench.receive(board.beat());
    }
    expect(bench.view(board).lossUp).toBe(0);
  });

  it("learns lost ACKs from extension 9, whoever else is heard", () => {
    const { bench, board } = met();
    for (let n = 0; n < 400; n++) {
      bench.pass(57_000);
      bench.receive(board.beat({ ext: acked(n % 4 === 0 ? 0xfffe : 0xffff) }));
    }
    expect(bench.view(board).lossDown).toBeGreaterThan(0.15);
    expect(bench.view(board).lossDown).toBeLessThan(0.35);
    expect(bench.view(board).lossUp).toBe(0);
  });
});

describe("a fleet", () => {
  /** Boards that live side by side; the first `bad` lose every tenth beat. */
  function fleet(boards: number, bad: number, beats: number): { bench: Bench; all: Board[] } {
    const bench = new Bench({ limits: { falseAlarms: 1_000 } });
    const all = Array.from({ length: boards }, (_, n) => new Board(n + 1));
    bench.enrol(...all);
    for (const board of all) bench.meet(board);
    for (let n = 0; n < beats; n++) {
      bench.pass(57_000);
      for (const [who, board] of all.entries()) {
        if (who < bad && (n + who) % 10 === 0) board.seq++;
        else bench.receive(board.beat());
      }
    }
    return { bench, all };
  }

  it("lends what it knows to a board that joins, and is not spoilt by one that is bad", () => {
    const good = fleet(20, 0, 300);
    const newcomer = new Board(99);
    good.bench.enrol(newcomer);
    good.bench.meet(newcomer);
    expect(good.bench.view(newcomer).knownInMs!).toBeLessThan(1.1 * MINUTE);
    const mixed = fleet(20, 1, 300);
    const waits = mixed.all.map((board) => mixed.bench.view(board).knownInMs!);
    expect(waits[0]).toBeGreaterThan(1.5 * MINUTE);
    for (const wait of waits.slice(1)) expect(wait).toBeLessThan(1.1 * MINUTE);
  });

  it("keeps what it knows over a restart", () => {
    const { bench, all } = fleet(20, 1, 1_100);
    const [bad, good] = all as [Board, Board];
    expect(bench.disk.devices.get(1)!.learned).toHaveLength(4 * NUMBERS);
    const before = bench.view(bad);
    bench.restart(0);
    for (const board of all) bench.receive(board.beat());
    expect(bench.view(bad).lossUp).toBeCloseTo(before.lossUp!, 2);
    expect(bench.view(bad).knownInMs).toBeCloseTo(before.knownInMs!, -3);
    expect(bench.view(good)).toMatchObject({ lossUp: 0, lossDown: 0 });
  });
});

describe("gateway.md 5b", () => {
  it("2: a beat in the very millisecond of the deadline: one outcome, and the next one works", () => {
    for (const first of ["beat", "deadline"]) {
      const { bench, board } = met();
      live(bench, board, 40);
      const at = bench.view(board).deadlineAt!;
      bench.now = at;
      if (first === "deadline") bench.obey(bench.core.expire(at));
      bench.receive(board.beat());
      bench.obey(bench.core.expire(at));
      expect(bench.view(board).status).toBe("present");
      expect(steps(bench.told.slice(1))).toEqual(
        first === "beat" ? [] : ["present late promise-broken", "late present returned"],
      );
      expect(dies(bench, board).late).toBeGreaterThan(MINUTE);
    }
  });

  it("5: a sleeper with a promise of an hour, battery pulled: absent by rule, with its reason", () => {
    const { bench, board } = met({ falseAlarms: 1_000 });
    const hour = intervalMs(P_HOUR);
    for (let n = 0; n < 500; n++) {
      bench.receive(board.beat({ promise: P_HOUR, reach: 2 }));
      bench.pass((GAPS[n % GAPS.length]! / 60_000) * 3_500_000);
    }
    bench.receive(board.beat({ promise: P_HOUR, reach: 2 }));
    const { late, absent, evidence } = dies(bench, board);
    expect(bench.view(board).cause).toBe("promise-broken");
    expect(late).toBeGreaterThan(hour);
    expect(absent).toBe(late);
    expect(late).toBe(hour + (evidence.graceMs as number));
    expect(evidence).toMatchObject({ k: 1, promiseMs: hour, dueAt: bench.view(board).dueAt });
  });

  it("21: alpha edited while a device is silent for longer: one verdict, no wedge", () => {
    const { bench, board } = met({ missesMin: 8, missesMax: 8 });
    live(bench, board, 40);
    bench.pass(5 * MINUTE);
    expect(bench.view(board).status).toBe("late");
    const limits = { falseAlarms: 1_000, missesMin: 1, missesMax: 1 };
    bench.restart(0, { limits });
    const at = bench.now;
    const { knownInMs } = bench.view(board);
    const told = bench.pass(10 * MINUTE);
    expect(steps(told)).toEqual(["late absent promise-broken"]);
    expect(told[0]!.at - at).toBeLessThanOrEqual(knownInMs! + 1);
    bench.receive(board.beat());
    expect(bench.view(board).status).toBe("present");
    expect(steps(bench.pass(2 * MINUTE))).toEqual([
      "present late promise-broken",
      "late absent promise-broken",
    ]);
  });
});
