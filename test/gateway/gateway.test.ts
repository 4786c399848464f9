/**
 * The core as a whole: `open`, what is counted, what a view shows, when it sleeps.
 */

import { describe, expect, it } from "vitest";
import { intervalMs } from "../../device/interval.ts";
import type { Source } from "../../gateway/facts.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { NUMBER_MAX } from "../../gateway/limits.ts";
import { Bench, HOME, met, OPTIONS } from "./gateway-bench.ts";
import { Board, nonceOf, P_MINUTE } from "./gateway-rig.ts";

const DAY = 86_400_000;
const MINUTE = intervalMs(P_MINUTE);

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

  it("lets go of what is absent, or never heard, for a day; of nothing enrolled", () => {
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

  it("answers what deserves none with nothing at all, a routine beat with one frame", () => {
    const { bench, board } = met();
    const nothing = { send: [], commit: [], ticket: 0, afterCommit: { send: [], changes: [] } };
    expect(bench.core.handle("", HOME, bench.now)).toEqual(nothing);
    expect(bench.core.expire(bench.now)).toMatchObject(nothing);
    const { send, ...rest } = bench.core.handle(board.beat(), HOME, bench.now);
    expect(rest).toEqual({ commit: [], ticket: 0, afterCommit: nothing.afterCommit });
    expect(send).toHaveLength(1);
  });

  it("takes no ticket that it never gave", () => {
    expect(() => new Bench().core.committed(1, 0)).toThrow(RangeError);
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
