// What the search for the life of a NAT binding has found: when it looks again, what `mapped` says
// of it, and what flash keeps.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joined, lifeMs } from "../../device/binding-state.ts";
import { REBOOT, REJOIN, SOCKET, TRY } from "../../device/ladder.ts";
import { type NatModel, natPreset } from "../../sim/nat-presets.ts";
import { Bench, up } from "./binding-rig.ts";
import { atRest, DAY, found, HOUR, home, MINUTE, SECOND, searched } from "./probing-rig.ts";
import { holds, SEED } from "./sender-rig.ts";

describe("a result", () => {
  const later = (model: NatModel, then: NatModel, days: number) => {
    const it = home(model, 3);
    expect(searched(it).done).toBe(true);
    const first = found(it.board);
    it.ap.nat!.set(then, it.world.now);
    it.world.run(it.world.now + days * DAY);
    expect(it.world.run(it.world.now + 2 * DAY, () => atRest(it.board))).toBe(true);
    return [first, found(it.board)];
  };
  const linux = natPreset("linux")!;

  test("is looked at again after a day, then after 2, 4, 8, 16, 28 and 28", () => {
    const it = new Bench();
    it.answers = up(120 * SECOND);
    it.pass(120 * DAY);
    const looks = it.probes.filter(({ delay }, n) => delay === 1 && it.probes[n - 1]?.delay !== 1);
    const days = looks.slice(1).map(({ at }, n) => Math.round((at - looks[n]!.at) / DAY));
    expect(days.filter((gap) => gap > 0)).toEqual([1, 2, 4, 8, 16, 28, 28, 28]);
    // Five for the search, and three each: that it holds, and twice that the next does not.
    expect(looks).toHaveLength(5 + 3 * 8);
  });

  test("that got longer is found again, one life a day", () => {
    expect(later(linux, { ...linux, streamMs: 180_500 }, 1.5)).toEqual([lifeMs(4), lifeMs(5)]);
    expect(later(linux, { ...linux, streamMs: 300_000 }, 4)).toEqual([lifeMs(4), lifeMs(7)]);
  });

  test("that got shorter is found again within a day, where no port tells of it", () => {
    expect(later(linux, { ...linux, streamMs: 60_000 }, 1.5)).toEqual([lifeMs(4), lifeMs(2)]);
    expect(later(linux, { ...linux, streamMs: 31_000 }, 2.5)).toEqual([lifeMs(4), lifeMs(1)]);
  });

  test("that got shorter is told by `mapped` at the next beat, and proven with the probes that the day has left", () => {
    const random: NatModel = { ...linux, port: "random" };
    const it = home(random, 3);
    searched(it);
    expect(found(it.board)).toBe(lifeMs(4));
    it.ap.nat!.set({ ...random, streamMs: 90_000 }, it.world.now);
    it.world.run(it.world.now + 4 * MINUTE);
    expect(found(it.board)).toBe(lifeMs(3));
    it.world.run(it.world.now + DAY);
    expect(it.board.binding).toMatchObject({ used: 3, high: 4, phase: 0 });
  });

  test("is one life too low for a quarter of an hour when the router began anew", () => {
    const random: NatModel = { ...linux, port: "random" };
    const it = home(random, 3);
    searched(it);
    it.ap.nat!.reboot(it.world.now);
    it.world.run(it.world.now + 3 * MINUTE);
    expect(found(it.board)).toBe(lifeMs(3));
    it.world.run(it.world.now + 17 * MINUTE);
    expect(found(it.board)).toBe(lifeMs(4));
  });

  test.each([
    ["a new socket", SOCKET, 4],
    ["another join", REJOIN, 4],
    ["a reboot", REBOOT, 3],
    ["only another try", TRY, 3],
  ])("knows %s from a binding that ended", (_, rung, used) => {
    const it = new Bench();
    it.answers = up(120 * SECOND);
    it.pass(HOUR);
    expect(it.b.used).toBe(4);
    it.s.rungs = rung;
    it.turn();
    it.s.rungs = 0;
    it.mapped++;
    it.pass(2 * MINUTE);
    expect(it.b.used).toBe(used);
  });
});

describe("flash", () => {
  const searchedAt = (network: string, known: string, life: number) => {
    const it = new Bench(HOUR, known, network);
    it.answers = up(life * SECOND);
    it.pass(2 * HOUR);
    return it;
  };

  test("keeps the life of each of the last four networks, five bytes each", () => {
    let known = "";
    for (const [network, life] of [
      ["aaaa", 60],
      ["bbbb", 120],
      ["cccc", 300],
    ] as const) {
      const it = searchedAt(network, known, life);
      expect(it.b.dirty).toBe(1);
      known = it.b.known;
    }
    expect(known).toBe("cccc\x08bbbb\x05aaaa\x03");
    const again = searchedAt("bbbb", known, 120);
    expect(again.b).toMatchObject({ used: 4, dirty: 0, known });
    expect(again.probes).toEqual([]);
    known = searchedAt("eeee", searchedAt("dddd", known, 60).b.known, 60).b.known;
    expect(known).toBe("eeee\x03dddd\x03cccc\x08bbbb\x05");
  });

  test("keeps a network's life when the board moves there and back", () => {
    const it = searchedAt("aaaa", "", 60);
    joined(it.b, it.s, "bbbb", it.now);
    expect(it.b).toMatchObject({ used: -1, low: -1, high: 11 });
    joined(it.b, it.s, "aaaa", it.now);
    expect(it.b).toMatchObject({ used: 2, high: 3 });
  });

  test(`that is damaged does no harm (seed ${SEED})`, () => {
    holds(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (known) => {
        const it = new Bench(HOUR, known, known.slice(0, 4).padEnd(4));
        it.answers = up(120 * SECOND);
        it.pass(10 * MINUTE);
        expect(it.b.used).toBeGreaterThanOrEqual(-1);
        expect(it.b.used).toBeLessThan(11);
        expect(it.s.gap).toBeGreaterThan(0);
      }),
      200,
    );
  });
});
