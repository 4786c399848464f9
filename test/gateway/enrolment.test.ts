/** Who is enrolled and who may be; and nothing stays of what was removed. */

import { describe, expect, it } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import type { Enrolment } from "../../gateway/facts.ts";
import { LABELS_MAX, NAME_MAX } from "../../gateway/limits.ts";
import { Bench, HOME, met } from "./gateway-bench.ts";
import { Board, nonceOf, P_MINUTE } from "./gateway-rig.ts";

const MINUTE = intervalMs(P_MINUTE);

describe("enrolment", () => {
  const good = new Board(7, 1, { name: "shed-07", site: "garden", labels: ["south"] }).enrolment;

  it.each<[string, Partial<Enrolment>]>([
    ["id 0; expected a whole number from 1 to 16777215", { id: 0 }],
    ["id 1.5; expected a whole number from 1 to 16777215", { id: 1.5 }],
    ["id 16777216; expected a whole number from 1 to 16777215", { id: 2 ** 24 }],
    ["id 000001 is taken; expected an id of its own", { id: 1 }],
    ["name of 0 characters; expected 1 to 64", { name: "" }],
    [`name of 65 characters; expected 1 to 64`, { name: "x".repeat(65) }],
    ['name "a\\nb"; expected printable characters, none but these at its ends', { name: "a\nb" }],
    ['name " a"; expected printable characters, none but these at its ends', { name: " a" }],
    ['name "facade" reads like an id; expected anything but six hex digits', { name: "facade" }],
    ['name "board-1" is taken by 000001; expected a name of its own', { name: "board-1" }],
    ["site of 65 characters; expected 0 to 64", { site: "x".repeat(65) }],
    ["17 labels; expected at most 16", { labels: Array(17).fill("x") }],
    ["label of 0 characters; expected 1 to 64", { labels: [""] }],
    ["suite 3; expected 0, 1 or 2", { suite: 3 }],
    ["key of 15 characters; expected a byte string of 16", { key: "x".repeat(15) }],
    ["key of 0 characters; expected a byte string of 16", { key: "" }],
    ["key of 16 characters; expected a byte string of 16", { key: "\u0100".repeat(16) }],
    ["key of zeros; expected one from a good generator", { key: "\0".repeat(16) }],
    ["key is known, of 000001; expected a new key", { key: new Board(1).enrolment.key }],
  ])("refuses: %s", (message, wrong) => {
    const bench = new Bench();
    bench.enrol(new Board(1));
    expect(() => bench.core.enrol({ ...good, ...wrong }, bench.now)).toThrow(
      new RangeError(message),
    );
    expect(bench.core.view(7, bench.now)).toBeUndefined();
    expect(bench.core.counts(bench.now)).toMatchObject({ unknown: 1 });
    bench.obey(bench.core.enrol(good, bench.now));
    expect(bench.disk.devices.get(7)?.enrolment).toEqual(good);
  });

  it("takes everything at its limits", () => {
    const bench = new Bench();
    const words = { name: "é".repeat(NAME_MAX), labels: Array(LABELS_MAX).fill("x y") };
    bench.enrol(new Board(2 ** 24 - 1, 0, words), new Board(0xfacade, 1, { name: "facade" }));
    expect(bench.core.byName(words.name)).toBe(2 ** 24 - 1);
    expect(bench.core.byName("nobody")).toBeUndefined();
  });

  it("is for devicesMax devices, and for one more when one has gone", () => {
    const bench = new Bench({ limits: { devicesMax: 3 } });
    bench.enrol(new Board(1), new Board(2), new Board(3));
    const fourth = new Board(4).enrolment;
    expect(() => bench.core.enrol(fourth, bench.now)).toThrow(
      "devices: 3 enrolled; expected at most 3 (devicesMax)",
    );
    bench.obey(bench.core.remove(2, bench.now));
    bench.obey(bench.core.enrol(fourth, bench.now));
    // What is stored is taken whatever the limit says now.
    bench.restart(0, { limits: { devicesMax: 1 } });
    expect([...bench.core.views(bench.now)].map(({ id }) => id)).toEqual([1, 3, 4]);
  });

  it("finds free ids: one above the highest there ever was, then the lowest", () => {
    const bench = new Bench();
    expect(bench.core.freeId()).toBe(1);
    bench.enrol(new Board(1), new Board(9));
    expect(bench.core.freeId()).toBe(10);
    bench.obey(bench.core.remove(9, bench.now));
    expect(bench.core.freeId()).toBe(10);
    bench.enrol(new Board(2 ** 24 - 1), new Board(2));
    expect(bench.core.freeId()).toBe(3);
  });

  it("may get new words, and nothing but words", () => {
    const { bench, board } = met();
    const before = bench.view(board);
    const enrolment = { ...board.enrolment, name: "barn", site: "farm", labels: ["a", "b"] };
    bench.obey(bench.core.amend(enrolment, bench.now));
    expect(bench.facts).toEqual([{ kind: "enrol", id: board.id, enrolment }]);
    expect(bench.view(board)).toEqual({
      ...before,
      name: "barn",
      site: "farm",
      labels: ["a", "b"],
    });
    expect(bench.core.byName(board.enrolment.name)).toBeUndefined();
    expect(bench.core.byName("barn")).toBe(board.id);
    bench.obey(bench.core.amend({ ...enrolment, labels: [] }, bench.now));
    const other = { ...enrolment, key: "y".repeat(16) };
    expect(() => bench.core.amend(other, bench.now)).toThrow("expected new words only");
    expect(() => bench.core.amend({ ...enrolment, name: "" }, bench.now)).toThrow(RangeError);
    expect(() => bench.core.amend({ ...enrolment, id: 5 }, bench.now)).toThrow(
      "id 000005; expected an enrolled one",
    );
    bench.restart(0);
    expect(bench.view(board)).toMatchObject({ name: "barn", status: "present", seq: board.seq });
  });
});

describe("removal", () => {
  it("is told as a last change, and then there is nothing", () => {
    const { bench, board } = met();
    bench.obey(bench.core.remove(board.id, bench.now));
    expect(bench.changes).toMatchObject([
      { from: "present", to: "unknown", cause: "removed", tseq: 2 },
    ]);
    expect(bench.core.view(board.id, bench.now)).toBeUndefined();
    expect(bench.core.byName(board.enrolment.name)).toBeUndefined();
    expect(bench.core.counts(bench.now)).toEqual({
      unknown: 0,
      present: 0,
      late: 0,
      absent: 0,
      left: 0,
    });
    expect(bench.disk.devices.size).toBe(0);
    expect(bench.pass(1e8)).toEqual([]);
    expect(() => bench.core.remove(board.id, bench.now)).toThrow(RangeError);
  });

  it("of a device that keeps beating leaves a hint, no resurrection and no growth", () => {
    const { bench, board } = met();
    bench.obey(bench.core.remove(board.id, bench.now));
    for (let n = 0; n < 1_000; n++) {
      expect(bench.receive(n % 2 ? board.beat() : board.hello(nonceOf(n)))).toBeUndefined();
    }
    expect(bench.core.counters.unknown).toBe(1_000);
    expect([...bench.core.hints.values()]).toEqual([
      { id: board.id, reason: "unknown", address: HOME.address, at: bench.now, count: 1_000 },
    ]);
  });

  it("between a change and its commit confuses nobody, nor the next in the slot", () => {
    const { bench, board } = met();
    bench.hold = true;
    bench.pass(MINUTE * 2);
    bench.receive(board.beat());
    bench.obey(bench.core.remove(board.id, bench.now));
    const next = new Board(3);
    bench.obey(bench.core.enrol(next.enrolment, bench.now));
    expect(bench.view(next)).toMatchObject({ status: "unknown", tseq: 0, seq: 0, clashes: 0 });
    bench.settle();
    expect(bench.view(next)).toMatchObject({ status: "unknown", tseq: 0, cause: null });
    expect(bench.core.counts(bench.now)).toMatchObject({ unknown: 1, present: 0, late: 0 });
    bench.pass(1_000);
    expect([...bench.disk.devices.keys()]).toEqual([3]);
    bench.hold = false;
    bench.meet(next);
    expect(bench.view(next)).toMatchObject({ status: "present", tseq: 1, epoch: 1, seq: 1 });
  });
});
