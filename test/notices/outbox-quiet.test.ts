/** Mutes and maintenances, and the whole outbox under whatever happens. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SEED } from "../gateway/gateway-bench.ts";
import { farm, type Keeper } from "./outbox-rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DEVICE = "device:000007";

describe.each(["mute", "maintenance"] as const)("a %s", (kind) => {
  it.each([
    ["of the device", DEVICE, DEVICE, [7]],
    ["of its site", "site:farm", DEVICE, [7]],
    ["of the site that broke", "site:farm", "site:farm", [1, 2, 3]],
  ])(
    "%s: what opens is not told, and at its end what is still open is, once",
    (_, target, scope, members) => {
      const keeper = farm(["a", { repeatMs: HOUR }]);
      keeper.quiet(target, kind, 2 * HOUR);
      const gone = keeper.open(scope, members);
      const back = keeper.open(scope, members);
      keeper.now = HOUR;
      keeper.close(back);
      keeper.crash();
      keeper.tick(2 * HOUR - 1);
      expect(keeper.told()).toEqual([]);
      expect(keeper.incidents.get(gone)).toMatchObject({ hushed: kind, closedAt: null });
      expect(keeper.incidents.get(back)).toMatchObject({ hushed: kind, closedAt: HOUR });
      keeper.tick(2 * HOUR);
      expect(keeper.told()).toEqual(["a opened 1"]);
      expect(keeper.texts()[0]).toMatch(new RegExp(`^After a ${kind}: `));
      expect(keeper.quiets.list).toEqual([]);
      keeper.crash();
      keeper.tick(3 * HOUR - 1);
      keeper.close(gone);
      expect(keeper.told()).toEqual(["a opened 1", "a closed 1"]);
    },
  );

  it("ends when it is taken away", () => {
    const keeper = farm(["a"]);
    keeper.quiet(DEVICE, kind, null);
    keeper.open(DEVICE, [7]);
    keeper.tick(1_000 * HOUR);
    expect(keeper.told()).toEqual([]);
    keeper.unquiet("site:farm");
    expect(keeper.told()).toEqual([]);
    keeper.unquiet(DEVICE);
    expect(keeper.told()).toEqual(["a opened 1"]);
  });

  it("keeps reminders back, and no recovery of what was told before it", () => {
    const keeper = farm(["a", { repeatMs: HOUR }]);
    const n = keeper.open(DEVICE, [7]);
    keeper.delivered(1);
    keeper.quiet(DEVICE, kind, 90 * MINUTE);
    keeper.tick(89 * MINUTE);
    keeper.close(n);
    expect(keeper.told()).toEqual(["a opened 1", "a closed 1"]);
  });

  it("is over at its end, also where nobody has looked yet", () => {
    const keeper = farm(["a"]);
    keeper.quiet(DEVICE, kind, HOUR);
    keeper.now = HOUR;
    keeper.open(DEVICE, [7]);
    expect(keeper.told()).toEqual(["a opened 1"]);
  });

  it("of each of them silences all, until one of them ends", () => {
    const keeper = farm(["a"]);
    keeper.quiet("device:000008", kind, HOUR);
    keeper.quiet(DEVICE, kind, 2 * HOUR);
    keeper.open("site:farm", [8, 7]);
    keeper.tick(HOUR - 1);
    expect(keeper.told()).toEqual([]);
    keeper.tick(HOUR);
    expect(keeper.told()).toEqual(["a opened 1"]);
  });

  it("of one device does not silence the others that fell silent with it", () => {
    const keeper = farm(["a"]);
    keeper.quiet(DEVICE, kind, HOUR);
    keeper.open("site:farm", [7, 8]);
    expect(keeper.told()).toEqual(["a opened 1"]);
  });
});

it(`whatever happens, each is told once each way, over crashes too (seed ${SEED})`, () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("open"), at: fc.nat(13) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("close"), at: fc.nat(30) }) },
    fc.record({ do: fc.constant("join"), at: fc.nat(30) }),
    fc.record({ do: fc.constant("ack"), at: fc.nat(30) }),
    { weight: 3, arbitrary: fc.record({ do: fc.constant("pass"), at: fc.nat(200) }) },
    fc.record({ do: fc.constant("quiet"), at: fc.nat(13) }),
    fc.record({ do: fc.constant("unquiet"), at: fc.nat(13) }),
    fc.record({ do: fc.constant("crash"), at: fc.constant(0) }),
    { weight: 3, arbitrary: fc.record({ do: fc.constant("deliver"), at: fc.nat(40) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const keeper = farm(["a", { repeatMs: HOUR }], ["b", { waitMs: 5 * MINUTE }]);
      const open = () => [...keeper.incidents.values()].filter((each) => each.closedAt === null);
      for (const { do: what, at } of steps) {
        const some = open()[at % Math.max(1, open().length)];
        const target = `device:${(at + 1).toString(16).padStart(6, "0")}`;
        if (what === "open") keeper.open(target, [at + 1]);
        else if (what === "pass") keeper.tick(keeper.now + at * MINUTE);
        else if (what === "crash") keeper.crash();
        else if (what === "quiet") keeper.quiet(target, "maintenance", HOUR);
        else if (what === "unquiet") keeper.unquiet(target);
        else if (what === "deliver") deliver(keeper);
        else if (some !== undefined && what === "close") keeper.close(some.n);
        else if (some !== undefined && what === "ack") keeper.ack(some.n);
        else if (some !== undefined) keeper.join(some.n, (at % 14) + 1);
      }
      keeper.tick(keeper.now + 2 * HOUR);
      for (const { n } of open()) keeper.close(n);
      check(keeper);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

/** The oldest notice that a driver would deliver now. */
function deliver(keeper: Keeper): void {
  const waits = (route: string) => keeper.routes.find(({ name }) => name === route)!.waitMs;
  const may = keeper.outbox.waiting.find(
    ({ kind, route, madeAt }) => kind !== "opened" || madeAt + waits(route) <= keeper.now,
  );
  if (may !== undefined) keeper.delivered(may.n);
}

/** What holds at the end, when all incidents are closed and no quiet is left. */
function check(keeper: Keeper): void {
  const told = keeper.told().filter((each) => !each.includes("reminder"));
  expect(new Set(told).size).toBe(told.length);
  for (const { n, closedAt, openedAt, hushed } of keeper.incidents.values()) {
    const opened = told.includes(`a opened ${n}`);
    expect(told.includes(`a closed ${n}`)).toBe(opened);
    if (!opened) expect(hushed, `incident ${n}`).toBeDefined();
    // Whoever waits for 5 min is told of what was open for 5 min, both ways or not at all.
    if (hushed === undefined) {
      expect(told.includes(`b closed ${n}`)).toBe(closedAt! - openedAt >= 5 * MINUTE);
    }
  }
  const made = keeper.log.flatMap(({ notice }) => notice?.n ?? []);
  expect(Math.max(0, ...made)).toBe(new Set(made).size);
}
