/** What belongs together shares one incident with its own life; the names are gateway.md's, 5b. */

import { describe, expect, it } from "vitest";
import { LEAVING } from "../../device/wire.ts";
import { MINUTE_MS, ownAddress, Town } from "./rig.ts";

const HOUR_MS = 60 * MINUTE_MS;

describe("5b.14: a site's switch dies", () => {
  it("one incident names its devices, one notice tells of it and one of the recovery", () => {
    const town = new Town();
    const house = town.add(12, { site: "house17" });
    town.add(30, (n) => ({ site: `other${n % 3}` }));
    town.run(10 * MINUTE_MS);
    town.unplug(house);
    town.run(10 * MINUTE_MS);
    const ids = house.map(({ board }) => board.id);
    expect(town.incidents()).toMatchObject([
      { n: 1, cause: "site", scope: "site:house17", joined: 12, away: 12, closedAt: null },
    ]);
    expect([...town.incidents()[0]!.members].sort((a, b) => a - b)).toEqual(ids);
    expect(town.changes("absent").map(({ incident }) => incident)).toEqual(ids.map(() => 1));
    expect(town.told()).toEqual(["opened 1"]);
    expect(town.diary.notices.get(1)!.text).toMatch(/of site house17/);
    town.plug(house);
    town.run(10 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ n: 1, joined: 12, away: 0 }]);
    expect(town.incidents()[0]!.closedAt).not.toBeNull();
    expect(town.told()).toEqual(["opened 1", "closed 1"]);
    expect(
      town
        .changes("present")
        .slice(42)
        .map(({ incident }) => incident),
    ).toEqual(ids.map(() => 1));
  });

  it.each([2, 3, 5, 40])("of %d boards", (count) => {
    const town = new Town();
    const house = town.add(count, { site: "house17" });
    town.add(50, (n) => ({ site: `other${n % 5}` }));
    town.run(10 * MINUTE_MS);
    town.unplug(house);
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ cause: "site", scope: "site:house17", away: count }]);
    expect(town.told()).toEqual(["opened 1"]);
  });

  it("beside a board that lives on: still the site", () => {
    const town = new Town();
    const house = town.add(12, { site: "house17" });
    town.add(20, { site: "other" });
    town.run(10 * MINUTE_MS);
    town.unplug(house.slice(1));
    town.run(10 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ cause: "site", scope: "site:house17", away: 11 }]);
    expect(town.told()).toEqual(["opened 1"]);
  });

  it("with sleepers that are missed much later: they join", () => {
    const town = new Town();
    const mains = town.add(6, { site: "farm" });
    const sleepers = town.add(4, { site: "farm", intervalMs: HOUR_MS, words: { reach: 2 } });
    town.add(30, (n) => ({ site: `other${n % 3}` }));
    town.run(3 * HOUR_MS);
    town.unplug([...mains, ...sleepers]);
    town.run(5 * HOUR_MS);
    expect(town.incidents()).toMatchObject([{ cause: "site", scope: "site:farm", away: 10 }]);
    expect(town.told()).toEqual(["opened 1"]);
  });
});

describe("boards of one address", () => {
  it("without a site share the incident of their router", () => {
    const town = new Town();
    const home = { transport: "udp", address: "203.0.113.5" } as const;
    const house = town.add(6, (n) => ({ from: { ...home, port: 5_000 + n } }));
    town.add(30);
    town.run(10 * MINUTE_MS);
    town.unplug(house);
    town.run(10 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([
      { cause: "site", scope: "address:203.0.113.5", away: 6 },
    ]);
  });

  it("that move away belong there no longer", () => {
    const town = new Town();
    const home = { transport: "udp", address: "203.0.113.5" } as const;
    const house = town.add(4, (n) => ({ from: { ...home, port: 5_000 + n } }));
    town.add(30);
    town.run(5 * MINUTE_MS);
    for (const live of house.slice(0, 2)) live.from = ownAddress(live.board.id);
    town.run(5 * MINUTE_MS);
    town.unplug(house.slice(0, 1));
    town.run(10 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ cause: "promise-broken", away: 1 }]);
    town.unplug(house.slice(2));
    town.run(10 * MINUTE_MS);
    expect(town.incidents()[1]).toMatchObject({ scope: "address:203.0.113.5", away: 2 });
  });
});

describe("one board alone", () => {
  it("never waits for others, and has an incident of its own", () => {
    const town = new Town();
    const house = town.add(12, { site: "house17" });
    town.run(10 * MINUTE_MS);
    const alone = new Town();
    alone.add(1, {});
    alone.run(10 * MINUTE_MS);
    town.unplug(house.slice(0, 1));
    alone.unplug(alone.boards);
    const seenAt = town.bench.view(house[0]!.board).seenAt!;
    const aloneAt = alone.bench.view(alone.boards[0]!.board).seenAt!;
    town.run(10 * MINUTE_MS);
    alone.run(10 * MINUTE_MS);
    const [verdict] = town.bench.told.filter(({ to }) => to === "absent");
    const [other] = alone.bench.told.filter(({ to }) => to === "absent");
    expect(verdict!.at - seenAt).toBe(other!.at - aloneAt);
    expect(town.incidents()).toMatchObject([
      { cause: "promise-broken", scope: "device:000001", members: [1], joined: 1, away: 1 },
    ]);
  });

  it("closes when it is back for good; late opens nothing", () => {
    const town = new Town();
    const [live] = town.add(2);
    town.run(5 * MINUTE_MS);
    town.unplug([live!]);
    town.run(10 * MINUTE_MS);
    town.plug([live!], 1);
    town.run(1_000);
    expect(town.incidents()).toMatchObject([{ away: 0, closedAt: null }]);
    const backAt = town.bench.told.at(-1)!.at;
    town.run(5 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ away: 0, closedAt: backAt }]);
    expect(town.told()).toEqual(["opened 1", "closed 1"]);
  });

  it("that comes and goes is told of once each way", () => {
    const town = new Town();
    const [live] = town.add(2);
    town.run(5 * MINUTE_MS);
    for (let n = 0; n < 20; n++) {
      town.unplug([live!]);
      town.run(150_000);
      town.plug([live!], 1);
      town.run(10_000);
    }
    expect(town.changes("absent").length).toBeGreaterThan(10);
    town.run(10 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ n: 1, joined: 1, away: 0 }]);
    expect(town.told()).toEqual(["opened 1", "closed 1"]);
  });

  it("that says goodbye, or is removed, ends its incident at once", () => {
    const town = new Town();
    const [left, removed] = town.add(4);
    town.run(5 * MINUTE_MS);
    town.unplug([left!, removed!]);
    town.run(30 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ away: 1 }, { away: 1 }]);
    town.beat(left!, { promise: LEAVING });
    town.unplug([left!]);
    town.bench.obey(town.bench.core.remove(removed!.board.id, town.bench.now));
    town.boards.splice(town.boards.indexOf(removed!), 1);
    town.run(2_000);
    expect(town.incidents().map(({ closedAt }) => closedAt !== null)).toEqual([true, true]);
    expect(town.told().slice(2).sort()).toEqual(["closed 1", "closed 2"]);
  });
});

describe("another outage", () => {
  it("of a site with one board that never came back is told again", () => {
    const town = new Town();
    const house = town.add(8, { site: "house17" });
    town.add(20, { site: "other" });
    town.run(5 * MINUTE_MS);
    town.unplug(house);
    town.run(20 * MINUTE_MS);
    town.plug(house.slice(1));
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ n: 1, joined: 8, away: 1, closedAt: null }]);
    town.unplug(house);
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([
      { n: 1, away: 1 },
      { n: 2, scope: "site:house17", away: 7 },
    ]);
    expect(town.told()).toEqual(["opened 1", "opened 2"]);
    town.plug(house.slice(1));
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([
      { n: 1, closedAt: null },
      { n: 2, away: 0 },
    ]);
    expect(town.told()).toEqual(["opened 1", "opened 2", "closed 2"]);
  });

  it("of one board of a site, days later, is its own", () => {
    const town = new Town();
    const house = town.add(8, { site: "house17" });
    town.run(5 * MINUTE_MS);
    for (const n of [0, 1, 2]) {
      town.unplug(house.slice(n, n + 1));
      town.run(HOUR_MS);
    }
    expect(town.incidents().map(({ scope, away }) => [scope, away])).toEqual([
      ["device:000001", 1],
      ["device:000002", 1],
      ["device:000003", 1],
    ]);
  });
});
