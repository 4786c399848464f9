/** Causes that many boards have in common, and what a return tells. */

import { describe, expect, it } from "vitest";
import { last, reset, story } from "./causes-rig.ts";
import { MINUTE_MS, ownAddress, Town } from "./rig.ts";

describe("site, broker and gateway-deaf", () => {
  const mqtt = (id: number) => ({ ...ownAddress(id, "mqtt"), port: 0 });

  it("broker: boards over MQTT fall silent, the others do not", () => {
    const town = new Town();
    const over = town.add(10, (n) => ({ site: `site${n % 3}`, from: mqtt(n + 500) }));
    town.add(20, (n) => ({ site: `site${n % 3}` }));
    town.run(10 * MINUTE_MS);
    town.unplug(over);
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ cause: "broker", scope: "broker", away: 10 }]);
    const { evidence } = last(town, over[9]!, "absent");
    expect(evidence).toMatchObject({ brokerDevices: 10 });
  });

  it("a site whose boards all use MQTT is no broker while others are heard over it", () => {
    const town = new Town();
    const house = town.add(6, (n) => ({ site: "house17", from: mqtt(n + 500) }));
    town.add(20, (n) => ({ site: `site${n % 3}`, from: mqtt(n + 600) }));
    town.run(10 * MINUTE_MS);
    town.unplug(house);
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ cause: "site", scope: "site:house17", away: 6 }]);
  });

  it("gateway-deaf: everybody is silent, at all sites", () => {
    const town = new Town();
    const all = town.add(20, (n) => ({ site: `site${n % 4}` }));
    town.run(10 * MINUTE_MS);
    town.unplug(all);
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ cause: "gateway-deaf", scope: "fleet", away: 20 }]);
    expect(town.told()).toEqual(["opened 1"]);
  });

  it("in our own network it is the network's access point, or power", () => {
    const town = new Town();
    const near = (id: number) =>
      ({ transport: "udp", address: `192.168.1.${id}`, port: 7 }) as const;
    const all = town.add(20, (n) => ({ site: `room${n % 4}`, from: near(n + 2) }));
    town.run(10 * MINUTE_MS);
    town.unplug(all);
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ cause: "site", scope: "fleet", away: 20 }]);
  });

  it("none is claimed for a second board in a moment when by chance nobody speaks", () => {
    const town = new Town({ limits: { falseAlarms: 1e9, missesMin: 1 } });
    const site = town.add(30, { site: "hall" });
    // All beat in the first 10 s of each minute; then it is quiet.
    site.forEach((live, n) => {
      live.nextAt = town.bench.now + 60_000 + (n * 10_000) / 30;
    });
    town.run(10 * MINUTE_MS);
    town.unplug(site.slice(28, 29));
    town.run(MINUTE_MS);
    town.unplug(site.slice(29));
    town.run(10 * MINUTE_MS);
    expect(town.incidents().map(({ cause, joined }) => [cause, joined])).toEqual([
      ["promise-broken", 1],
      ["promise-broken", 1],
    ]);
  });

  it("none is claimed for two boards of a large site on one day", () => {
    const town = new Town();
    const site = town.add(30, { site: "hall" });
    town.run(10 * MINUTE_MS);
    town.unplug(site.slice(3, 4));
    town.run(25_000);
    town.unplug(site.slice(9, 10));
    town.run(20 * MINUTE_MS);
    expect(town.changes("absent").map(({ cause }) => cause)).toEqual([
      "promise-broken",
      "promise-broken",
    ]);
    expect(town.incidents()).toHaveLength(2);
  });
});

describe("deafness that lasts", () => {
  it("5b.15: has an incident of its own; no device is called absent, and its end closes it", () => {
    const town = new Town();
    const all = town.add(10);
    town.run(5 * MINUTE_MS);
    const { core } = town.bench;
    const from = town.bench.now;
    town.bench.obey(core.requests.deaf("network", null, from, null));
    town.unplug(all);
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([
      { cause: "gateway-deaf", scope: "gateway", joined: 0, openedAt: from, closedAt: null },
    ]);
    town.bench.obey(core.requests.deaf("network", null, from, town.bench.now));
    const until = town.bench.now;
    town.plug(all);
    town.run(20 * MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ closedAt: until }]);
    expect(town.told()).toEqual(["opened 1", "closed 1"]);
    expect(town.changes("late")).toEqual([]);
  });

  it("of half a minute, or of a gateway that then died, wakes nobody for long", () => {
    const town = new Town();
    town.add(4);
    town.run(5 * MINUTE_MS);
    const { now } = town.bench;
    town.bench.obey(town.bench.core.requests.deaf("broker", "mqtt", now, null));
    town.run(29_000);
    town.bench.obey(town.bench.core.requests.deaf("broker", "mqtt", now, town.bench.now));
    town.run(MINUTE_MS);
    expect(town.incidents()).toEqual([]);
    town.bench.obey(town.bench.core.requests.deaf("broker", "mqtt", town.bench.now, null));
    town.run(MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ scope: "broker", closedAt: null }]);
    town.restart(1_000);
    town.run(MINUTE_MS);
    expect(town.incidents()).toMatchObject([{ scope: "broker" }]);
    expect(town.incidents()[0]!.closedAt).not.toBeNull();
  });
});

describe("a return", () => {
  it("clock: a sleeper's very next beat comes late", () => {
    const { town, live } = story({ intervalMs: 15 * MINUTE_MS, words: { reach: 2 } });
    live.nextAt += 2.5 * MINUTE_MS;
    town.run(18 * MINUTE_MS);
    expect(last(town, live, "present").cause).toBe("clock");
    expect(last(town, live, "present").evidence.overSleptMs).toBeGreaterThan(0);
  });

  it.each([
    ["beats were lost meanwhile", { seq: 3 }, { reach: 2 }],
    ["it booted", { ext: reset(1) }, { reach: 2 }],
    ["it is awake all the time", {}, { reach: 0 }],
  ])("not clock: %s", (_, words, always) => {
    const { town, live } = story({ intervalMs: 15 * MINUTE_MS, words: always });
    town.bench.pass(live.nextAt - town.bench.now + 2.5 * MINUTE_MS);
    if ("seq" in words) live.board.seq += words.seq;
    town.beat(live, "ext" in words ? words : {});
    expect(last(town, live, "present").cause).toBe("returned");
  });

  it("nat: it beat on, nothing came through, and now it comes another way", () => {
    const { town, live } = story();
    town.unplug([live]);
    town.run(3 * MINUTE_MS);
    live.board.seq += 2;
    live.from = { ...live.from, port: 9_999 };
    town.beat(live);
    const { cause, evidence } = last(town, live, "present");
    expect(cause).toBe("nat");
    expect(evidence).toMatchObject({ missed: 2, movedFrom: "198.51.0.1 port 7001" });
  });

  it.each([
    ["it did not move", { move: false }],
    ["it booted", { move: true, ext: reset(1) }],
    ["it sleeps, with a new socket each time", { move: true, reach: 2 }],
  ])("not nat: %s", (_, { move, ...words }) => {
    const { town, live } = story();
    live.words = { ...live.words, ...words };
    town.unplug([live]);
    town.run(3 * MINUTE_MS);
    live.board.seq += 2;
    if (move) live.from = { ...live.from, port: 9_999 };
    town.beat(live);
    expect(last(town, live, "present").cause).toBe("returned");
  });

  it("not nat: it moves all the time", () => {
    const { town, live } = story();
    for (let n = 0; n < 30; n++) {
      live.from = { ...live.from, port: 10_000 + n };
      town.run(MINUTE_MS);
    }
    town.unplug([live]);
    town.run(3 * MINUTE_MS);
    live.board.seq += 2;
    live.from = { ...live.from, port: 9_999 };
    town.beat(live);
    expect(last(town, live, "present").cause).toBe("returned");
  });
});
