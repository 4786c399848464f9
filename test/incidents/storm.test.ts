/**
 * Crashes at any effect, in the middle of outages: an incident is opened once for one outage and
 * closed once, people are told once each way, and whom it has away is right at any moment.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holds, SEED } from "../gateway/gateway-bench.ts";
import { type Live, MINUTE_MS, Town } from "./rig.ts";

console.info(`storm.test.ts: seed ${SEED}`);

const HOUR_MS = 60 * MINUTE_MS;

/** After how many steps the process dies, how much of what waits gets to disk, and for how long. */
const CRASH = fc.record({
  steps: fc.integer({ min: 0, max: 60 }),
  written: fc.integer({ min: 0, max: 3 }),
  stoppedMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5 * MINUTE_MS })),
});
type Crash = { steps: number; written: number; stoppedMs: number };

/** From now on the process dies as it is told; between the crashes the disk keeps up. */
function stormy(town: Town, crashes: readonly Crash[], check: () => void): void {
  const left = [...crashes];
  let steps = 0;
  let checked = -1;
  town.bench.hold = true;
  town.onStep = () => {
    const crash = left[0];
    if (crash !== undefined && steps++ >= crash.steps) {
      left.shift();
      steps = 0;
      town.bench.settle(crash.written);
      town.restart(crash.stoppedMs);
      checked = -1;
    } else town.bench.settle();
    if (town.diary.changes.length !== checked) check();
    checked = town.diary.changes.length;
  };
}

/** What must be so whenever everything is on disk. */
function sound(town: Town): void {
  const { changes } = town.diary;
  const lasts = new Map(changes.map((change) => [change.id, change]));
  const away = new Map<number, number>();
  for (const { to, incident } of lasts.values()) {
    if (to !== "absent") continue;
    expect(incident).not.toBeNull();
    away.set(incident!, (away.get(incident!) ?? 0) + 1);
  }
  for (const { n, closedAt, away: said, joined, members } of town.incidents()) {
    expect([n, said]).toEqual([n, away.get(n) ?? 0]);
    expect(joined).toBeGreaterThanOrEqual(Math.max(said, members.length));
    if (closedAt !== null) expect(said).toBe(0);
    away.delete(n);
  }
  expect([...away]).toEqual([]);
}

/** Numbers without gaps, one state after the other, and one notice each way. */
function toldOnce(town: Town): void {
  const { incidents } = town.diary;
  const numbers = [...new Set(incidents.map(({ n }) => n))];
  expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  for (const n of numbers) {
    const closed = incidents.filter((each) => each.n === n && each.closedAt !== null);
    expect(new Set(closed.map(({ closedAt }) => closedAt)).size).toBeLessThanOrEqual(1);
    const told = town.told().filter((text) => text.endsWith(` ${n}`));
    expect([[], [`opened ${n}`], [`opened ${n}`, `closed ${n}`]]).toContainEqual(told);
  }
}

function outage(count: number, others: number): { town: Town; house: Live[] } {
  const town = new Town();
  const house = town.add(count, { site: "house17" });
  town.add(others, (n) => ({ site: `other${n % 2}` }));
  town.run(5 * MINUTE_MS);
  return { town, house };
}

describe("one outage of a site, with crashes at any effect", () => {
  it("is one incident, from its first board to its last", () => {
    const plan = fc.record({
      count: fc.integer({ min: 2, max: 9 }),
      others: fc.integer({ min: 6, max: 16 }),
      down: fc.array(CRASH, { maxLength: 5 }),
      up: fc.array(CRASH, { maxLength: 5 }),
    });
    holds(
      fc.property(plan, ({ count, others, down, up }) => {
        const { town, house } = outage(count, others);
        stormy(town, down, () => {});
        town.unplug(house);
        town.run(2 * HOUR_MS);
        expect(town.incidents()).toMatchObject([
          { n: 1, scope: "site:house17", cause: "site", away: count, joined: count },
        ]);
        stormy(town, up, () => sound(town));
        town.plug(house, 5_000);
        town.run(HOUR_MS);
        expect(town.incidents()).toMatchObject([{ n: 1, away: 0, joined: count }]);
        expect(town.incidents()[0]!.closedAt).not.toBeNull();
        toldOnce(town);
        expect(town.told()).toEqual(["opened 1", "closed 1"]);
      }),
      60,
    );
  });
});

describe("boards that come and go as they like, with crashes at any effect", () => {
  it("are away in one open incident each, and nobody is told of anything twice", () => {
    const move = fc.record({
      who: fc.array(fc.integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 8 }),
      plug: fc.boolean(),
      ms: fc.integer({ min: 1_000, max: 6 * MINUTE_MS }),
      crash: fc.option(CRASH, { freq: 3 }),
    });
    holds(
      fc.property(fc.array(move, { minLength: 1, maxLength: 20 }), (moves) => {
        const { town, house } = outage(6, 6);
        const boards = [...house, ...town.boards.filter((live) => !house.includes(live))];
        for (const { who, plug, ms, crash } of moves) {
          stormy(town, crash === null ? [] : [crash], () => sound(town));
          const lives = [...new Set(who)].map((n) => boards[n]!);
          if (plug) town.plug(lives.filter(({ nextAt }) => nextAt === Infinity));
          else town.unplug(lives);
          town.run(ms);
        }
        toldOnce(town);
        stormy(town, [], () => sound(town));
        town.plug(boards.filter(({ nextAt }) => nextAt === Infinity));
        town.run(HOUR_MS);
        toldOnce(town);
        expect(town.incidents().every(({ closedAt }) => closedAt !== null)).toBe(true);
      }),
      60,
    );
  });
});
