/** The core as a whole: who is enrolled and who may be, `open`, what is counted, and what it costs. */

import { describe, expect, it } from "vitest";
import { intervalMs } from "../device/interval.ts";
import type { Enrolment, Source } from "../gateway/facts.ts";
import { Gateway } from "../gateway/gateway.ts";
import { LABELS_MAX, NAME_MAX, NUMBER_MAX } from "../gateway/limits.ts";
import { Bench, Board, HOME, met, nonceOf, OPTIONS, P_MINUTE } from "./gateway-rig.ts";

const DAY = 86_400_000;
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

  it("between a change and its commit confuses nobody, nor does the next device in the slot", () => {
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

describe("open", () => {
  function greets(bench: Bench, board: Board, from = HOME): boolean {
    const nonce = nonceOf(board.id);
    return board.welcomeOf(bench.receive(board.hello(nonce), from), nonce) !== undefined;
  }

  it("is off unless asked for", () => {
    const bench = new Bench();
    expect(greets(bench, new Board(5, 0))).toBe(false);
    expect(bench.core.counters.unknown).toBe(1);
  });

  it("takes in a HELLO under suite 0 that verifies, on disk before it is answered", () => {
    const bench = new Bench({ open: true });
    const board = new Board(0x2bd, 0);
    const hello = board.hello(nonceOf(1));
    expect(bench.counted("bad-tag", () => bench.receive(`${hello.slice(0, -1)}x`))).toBe(1);
    expect(bench.counted("unknown", () => bench.receive(new Board(6, 1).hello(nonceOf(1))))).toBe(
      1,
    );
    expect(bench.counted("unknown", () => bench.receive(board.beat({ epoch: 1 })))).toBe(1);
    expect([...bench.core.views(bench.now)]).toEqual([]);
    bench.hold = true;
    expect(bench.receive(hello)).toBeUndefined();
    expect(bench.facts.map(({ kind }) => kind)).toEqual(["enrol", "epoch"]);
    bench.settle();
    expect(board.welcomeOf(bench.sent[0]?.frame, nonceOf(1))).toBeDefined();
    expect(bench.view(board)).toMatchObject({ name: "0002bd", suite: 0, open: true });
  });

  it("takes in openMax, and none beyond devicesMax", () => {
    const bench = new Bench({ open: true, limits: { openMax: 2, devicesMax: 4 } });
    expect([1, 2, 3].map((id) => greets(bench, new Board(id, 0)))).toEqual([true, true, false]);
    expect(bench.core.counters["open-full"]).toBe(1);
    bench.obey(bench.core.remove(1, bench.now));
    expect(greets(bench, new Board(3, 0))).toBe(true);
    const small = new Bench({ open: true, limits: { devicesMax: 1 } });
    expect([1, 2].map((id) => greets(small, new Board(id, 0)))).toEqual([true, false]);
  });

  it("lets go of what is absent for a day, or was never heard for one; of nothing that was enrolled", () => {
    const bench = new Bench({ open: true });
    const [beats, greeted, enrolled] = [new Board(1, 0), new Board(2, 0), new Board(3, 0)];
    bench.enrol(enrolled!);
    bench.meet(enrolled!);
    bench.meet(beats!);
    const start = bench.now;
    expect(greets(bench, greeted!)).toBe(true);
    bench.pass(2 * DAY);
    const gone = bench.told.filter(({ cause }) => cause === "removed");
    const absent = bench.told.find(({ id, to }) => id === 1 && to === "absent")!;
    expect(gone.map(({ id, from, at }) => [id, from, at])).toEqual([
      [2, "unknown", start + DAY],
      [1, "absent", absent.at + DAY],
    ]);
    expect([...bench.disk.devices.keys()]).toEqual([3]);
    expect(bench.view(enrolled!)).toMatchObject({ status: "absent", open: false });
  });

  it("counts its day anew after a restart, with or without the option", () => {
    const bench = new Bench({ open: true });
    bench.meet(new Board(1, 0));
    expect(greets(bench, new Board(2, 0))).toBe(true);
    bench.pass(DAY / 2);
    bench.restart(1_000, { open: false });
    expect(bench.pass(DAY - 1)).toEqual([]);
    expect(bench.pass(1).map(({ id, cause }) => [id, cause])).toEqual([
      [1, "removed"],
      [2, "removed"],
    ]);
  });
});

describe("the core", () => {
  it("refuses options out of range", () => {
    const wrong = [{ generation: 16 }, { generation: -1 }, { secret: "fifteen bytes.." }];
    for (const option of wrong) {
      expect(() => new Gateway({ ...OPTIONS, ...option }, [], 0)).toThrow(RangeError);
    }
  });

  it("sleeps when nothing is due, and may be asked early", () => {
    const bench = new Bench();
    expect(bench.core.wakeAt).toBe(Infinity);
    const board = new Board(1);
    bench.enrol(board);
    bench.meet(board);
    const { deadlineAt } = bench.view(board);
    expect(bench.core.wakeAt).toBe(deadlineAt);
    for (let n = 0; n < 100; n++) bench.obey(bench.core.expire(bench.now + n));
    expect(bench.core.wakeAt).toBe(deadlineAt);
    expect(bench.facts).toEqual([]);
  });

  it("answers what deserves no answer with nothing at all, and a routine beat with one frame", () => {
    const { bench, board } = met();
    const nothing = { send: [], commit: [], ticket: 0, afterCommit: { send: [], changes: [] } };
    expect(bench.core.handle("", HOME, bench.now)).toEqual(nothing);
    expect(bench.core.expire(bench.now)).toMatchObject(nothing);
    const { send, ...rest } = bench.core.handle(board.beat(), HOME, bench.now);
    expect(rest).toEqual({ commit: [], ticket: 0, afterCommit: nothing.afterCommit });
    expect(send).toHaveLength(1);
  });

  it("takes no ticket that it never gave", () => {
    expect(() => new Bench().core.committed(1)).toThrow(RangeError);
  });

  it("counts frames by result, and by transport", () => {
    const { bench, board } = met();
    const mqtt: Source = { transport: "mqtt", address: "nextbeat/0002bd/up", port: 0 };
    bench.receive(board.beat(), mqtt);
    bench.receive(board.beat({ seq: board.seq }), mqtt);
    expect(bench.core.frames.mqtt).toMatchObject({ fresh: 1, duplicate: 1, welcome: 0 });
    expect(bench.core.frames.udp).toMatchObject({ fresh: 2, duplicate: 0, welcome: 1 });
    expect(bench.core.counters).toMatchObject({ fresh: 3, duplicate: 1, acks: 4, changes: 1 });
    expect(bench.view(board)).toMatchObject({ transport: "mqtt", address: mqtt.address, port: 0 });
  });

  it("reads vitals", () => {
    const { bench, board } = met();
    const read = (vitals: number) => {
      bench.receive(board.beat({ vitals }));
      const { battery, signal, alert } = bench.view(board);
      return [battery, signal, alert];
    };
    expect(read(0x01)).toEqual([0, -90, false]);
    expect(read(0xaf)).toEqual([100, -42, true]);
    expect(read(0xb0)).toEqual([null, null, false]);
    expect(read(0xe4)).toEqual(["external", -66, false]);
    expect(read(0xf8)).toEqual([null, null, true]);
    expect(bench.core.view(board.id, bench.now)?.reach).toBe(0);
  });

  it("does not move by the wall clock, wherever that jumps", () => {
    let unix = 1_800_000_000;
    const bench = new Bench({ unixSeconds: () => unix });
    const board = new Board(1);
    bench.enrol(board);
    bench.meet(board);
    for (const jump of [31_536_000, -63_072_000, 0, NUMBER_MAX]) {
      unix = jump === 0 ? 0 : unix + jump;
      bench.pass(MINUTE);
      bench.receive(board.beat());
    }
    expect(bench.told).toHaveLength(1);
    expect(bench.view(board).status).toBe("present");
  });

  it("keeps 100 000 devices, finds the one that died, and lets each be heard in between", () => {
    const bench = new Bench();
    const boards = Array.from({ length: 100_000 }, (_, n) => new Board(n + 1));
    bench.enrol(...boards);
    const beating = boards.filter((_, n) => n % 1_000 === 0);
    for (const board of beating) bench.meet(board);
    for (let minute = 0; minute < 10; minute++) {
      bench.pass(MINUTE);
      for (const board of beating.slice(1)) bench.receive(board.beat());
    }
    expect(bench.told.filter(({ to }) => to !== "present")).toMatchObject([
      { id: 1, to: "late" },
      { id: 1, to: "absent" },
    ]);
    expect(bench.core.counts(bench.now)).toMatchObject({ unknown: 99_900, present: 99, absent: 1 });
  });
});
