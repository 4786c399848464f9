/** Tests of gateway.md, 5b, that concern incidents beside its 14 (incidents.test.ts). */

import { describe, expect, it } from "vitest";
import { HOLD_MS } from "../../gateway/incidents.ts";
import { Live, MINUTE_MS, ownAddress, Town } from "./rig.ts";

/** Boards are called absent right after they are late. */
const HASTY = { limits: { falseAlarms: 1e9, missesMin: 1 } };

describe("5b.16, the core's half: an acknowledgement", () => {
  it("stands with the incident, over a restart too; what is closed or unknown is refused", () => {
    const town = new Town();
    const [live] = town.add(2);
    town.run(5 * MINUTE_MS);
    town.unplug([live!]);
    town.run(10 * MINUTE_MS);
    const { core } = town.bench;
    town.bench.obey(core.requests.acknowledge(1, town.bench.now));
    const ackedAt = town.bench.now;
    expect(core.requests.incident(1)).toMatchObject({ ackedAt });
    town.restart(1_000);
    expect(town.bench.core.requests.incident(1)).toMatchObject({ ackedAt, away: 1 });
    expect(town.told()).toEqual(["opened 1"]);
    town.run(20 * MINUTE_MS);
    expect(town.told()).toEqual(["opened 1"]);
    town.plug([live!], 1);
    town.run(20 * MINUTE_MS);
    expect(town.told()).toEqual(["opened 1", "closed 1"]);
    const now = town.bench.now;
    expect(() => town.bench.core.requests.acknowledge(1, now)).toThrow("incident 1 is closed");
    expect(() => town.bench.core.requests.acknowledge(9, now)).toThrow("incident 9 is unknown");
  });
});

describe("5b.8: a new address before the old session dies", () => {
  it("is no event at all", () => {
    const town = new Town();
    const [live] = town.add(1);
    town.run(5 * MINUTE_MS);
    const before = town.bench.told.length;
    town.bench.pass(live!.nextAt - town.bench.now - 1_000);
    live!.from = ownAddress(99);
    town.beat(live!);
    // What the old session still had under way comes after it.
    town.bench.receive(
      live!.board.beat({ ...live!.words, seq: live!.board.seq - 1 }),
      ownAddress(1),
    );
    town.run(5 * MINUTE_MS);
    expect(town.bench.told.length).toBe(before);
    expect(town.bench.view(live!.board)).toMatchObject({ status: "present", tseq: 1 });
    expect(town.bench.view(live!.board).address).toBe(ownAddress(99).address);
  });
});

describe("5b.22: a removed device keeps beating", () => {
  it("it is a sender unknown, with a count; nothing rises from the dead", () => {
    const town = new Town();
    const [live] = town.add(2);
    town.run(5 * MINUTE_MS);
    town.unplug([live!]);
    town.run(10 * MINUTE_MS);
    town.bench.obey(town.bench.core.remove(1, town.bench.now));
    town.boards.splice(0, 1);
    town.run(2_000);
    const told = town.bench.told.length;
    const ghost = new Live(1, {});
    for (let seq = 1; seq <= 1_000; seq++) {
      town.bench.receive(ghost.board.beat({ seq, epoch: live!.board.epoch }), live!.from);
      expect(town.bench.sent).toEqual([]);
      expect(town.bench.facts).toEqual([]);
    }
    expect(town.bench.told.length).toBe(told);
    expect([...town.bench.core.hints.values()]).toMatchObject([
      { id: 1, reason: "unknown", count: 1_000, address: live!.from.address },
    ]);
    expect(town.incidents()).toMatchObject([{ n: 1, away: 0 }]);
    expect(town.incidents()[0]!.closedAt).not.toBeNull();
  });
});

describe("over a restart", () => {
  it.each([2, 3, 12])(
    "between the first and the last of %d boards it stays one outage",
    (count) => {
      const town = new Town(HASTY);
      const house = town.add(count, { site: "house17" });
      town.add(12, (n) => ({ site: `other${n % 2}` }));
      town.run(5 * MINUTE_MS);
      town.unplug(house);
      while (town.changes("absent").length === 0) town.run(1_000);
      town.restart(1_000);
      town.run(120 * MINUTE_MS);
      expect(town.incidents()).toMatchObject([{ n: 1, scope: "site:house17", away: count }]);
      expect(town.told()).toEqual(["opened 1"]);
    },
  );

  it("more boards than a record names find back to it", () => {
    const town = new Town();
    const hall = town.add(150, { site: "hall" });
    town.add(60, (n) => ({ site: `other${n % 2}` }));
    town.run(5 * MINUTE_MS);
    town.unplug(hall);
    town.run(30 * MINUTE_MS);
    const before = town.incidents();
    expect(before).toMatchObject([{ n: 1, scope: "site:hall", joined: 150, away: 150 }]);
    expect(before[0]!.members).toHaveLength(64);
    town.restart(1_000);
    expect(town.incidents()).toMatchObject([{ n: 1, joined: 150, away: 150 }]);
    town.plug(hall.slice(0, 100));
    town.run(MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ n: 1, joined: 150, away: 50 }]);
    town.restart(1_000);
    expect(town.incidents()).toMatchObject([{ n: 1, joined: 150, away: 50 }]);
    town.plug(hall.slice(100));
    town.run(10 * MINUTE_MS);
    expect(town.told()).toEqual(["opened 1", "closed 1"]);
  });
});

describe("an incident", () => {
  it("is shown when it is on disk, and not before", () => {
    const town = new Town();
    const [live] = town.add(2);
    town.run(5 * MINUTE_MS);
    town.unplug([live!]);
    town.bench.hold = true;
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toEqual([]);
    expect(() => town.bench.core.requests.acknowledge(2, 0)).toThrow("unknown");
    const opens = town.bench.waiting.findIndex(({ commit }) =>
      commit.some(({ kind }) => kind === "incident"),
    );
    expect(opens).toBeGreaterThan(0);
    town.bench.settle(opens);
    expect(town.incidents()).toEqual([]);
    town.bench.settle(1);
    expect(town.incidents()).toMatchObject([{ n: 1, away: 1 }]);
  });

  it("costs the disk a fact for each that joins, and fewer of the many", () => {
    const town = new Town();
    const hall = town.add(300, { site: "hall" });
    town.add(60, (n) => ({ site: `other${n % 2}` }));
    town.run(5 * MINUTE_MS);
    town.unplug(hall);
    town.run(30 * MINUTE_MS);
    town.plug(hall);
    town.run(30 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ joined: 300, away: 0 }]);
    expect(town.diary.incidents.length).toBeLessThan(64 + 40 + 5);
  });
});

describe("verdicts", () => {
  const heldMs = (town: Town): number[] =>
    town.diary.kept
      .filter(({ change }) => change.to === "absent")
      .map(({ evidence }) => Number(evidence?.heldMs ?? 0));

  it("wait for the others of a site that is going dark, for 30 s at most", () => {
    const town = new Town(HASTY);
    const house = town.add(12, { site: "house17" });
    town.add(20, (n) => ({ site: `other${n % 2}` }));
    town.run(10 * MINUTE_MS);
    town.unplug(house);
    town.run(20 * MINUTE_MS);
    const held = heldMs(town);
    expect(held).toHaveLength(12);
    // The first was given before anybody could know.
    expect(held[0]).toBe(0);
    expect(Math.max(...held)).toBeGreaterThan(10_000);
    expect(Math.max(...held)).toBeLessThanOrEqual(HOLD_MS);
    expect(town.incidents()).toMatchObject([{ scope: "site:house17", away: 12 }]);
    expect(town.told()).toEqual(["opened 1"]);
  });

  it("wait for a promise at most where that is shorter", () => {
    const town = new Town(HASTY);
    const cell = town.add(12, { site: "cell", intervalMs: 1_000 });
    town.add(20, { intervalMs: 1_000 });
    town.run(MINUTE_MS);
    town.unplug(cell);
    town.run(MINUTE_MS);
    expect(Math.max(...heldMs(town))).toBeGreaterThan(0);
    expect(Math.max(...heldMs(town))).toBeLessThanOrEqual(1_200);
    expect(town.incidents()).toMatchObject([{ scope: "site:cell", away: 12 }]);
  });

  it("are none where the others are back in time", () => {
    const town = new Town(HASTY);
    const house = town.add(12, { site: "house17" });
    town.add(20, (n) => ({ site: `other${n % 2}` }));
    town.run(10 * MINUTE_MS);
    town.unplug(house);
    while (town.changes("late").length < 4) town.run(1_000);
    town.plug(house);
    town.run(20 * MINUTE_MS);
    expect(town.changes("absent").length).toBe(1);
  });
});
