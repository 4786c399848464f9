/** Who is told what, and how often: the outbox in the core, on a clock of its own. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messageOf } from "../gateway/notices/message.ts";
import { SEED } from "./gateway-bench.ts";
import { Keeper, routeOf, subject, ZERO } from "./outbox-rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DEVICE = "device:000007";

/** A keeper with shed-07 at the farm, and 13 others there. */
function farm(...routes: Parameters<typeof routeOf>[]): Keeper {
  const keeper = new Keeper(routes.map((words) => routeOf(...words)));
  for (let id = 1; id <= 14; id++) keeper.subjects.set(id, subject(id));
  return keeper;
}

/** The words of the newest notice as somebody in London reads them. */
function read(keeper: Keeper): { title: string; text: string } {
  const wallAt = (at: number) => ZERO * 1_000 + at;
  const options = { secret: "s", now: keeper.now, wallAt, timeZone: "UTC" };
  return messageOf(keeper.outbox.waiting.at(-1)!, options);
}

describe("who is told", () => {
  it.each([
    ["all", {}, true],
    ["its site", { sites: ["barn", "farm"] }, true],
    ["another site", { sites: ["barn"] }, false],
    ["its label", { labels: ["cold", "x"] }, true],
    ["another label", { labels: ["x"] }, false],
    ["its site and another label", { sites: ["farm"], labels: ["x"] }, false],
    ["its cause", { causes: ["battery"] as const }, true],
    ["another cause", { causes: ["site"] as const }, false],
  ])("a route for %s", (_, words, told) => {
    const keeper = farm(["a", words]);
    keeper.subjects.set(7, subject(7, { labels: ["cold"] }));
    const n = keeper.open(DEVICE, [7], { cause: "battery" });
    keeper.now = MINUTE;
    keeper.close(n);
    expect(keeper.told()).toEqual(told ? ["a opened 1", "a closed 1"] : []);
  });

  it("each route once each way, whoever else is told", () => {
    const keeper = farm(["a"], ["b", { recovery: false }], ["c", { sites: ["barn"] }]);
    keeper.close(keeper.open(DEVICE, [7]));
    const n = keeper.open("gateway", [], { cause: "gateway-deaf" });
    keeper.now = MINUTE;
    keeper.close(n);
    expect(keeper.told()).toEqual([
      ...["a opened 1", "b opened 1", "a closed 1"],
      ...["a opened 2", "b opened 2", "c opened 2"],
      ...["a closed 2", "c closed 2"],
    ]);
  });

  it("one that a device joins later, of what it then is", () => {
    const keeper = farm(["a"], ["barn", { sites: ["barn"] }]);
    keeper.subjects.set(20, subject(20, { site: "barn" }));
    const n = keeper.open("broker", [7], { cause: "broker" });
    keeper.now = MINUTE;
    keeper.join(n, 20);
    expect(keeper.told()).toEqual(["a opened 1", "barn opened 1"]);
  });
});

describe("5b.14: the switch of a site dies", () => {
  it("one notice names all who fell silent, and one says that they are back", () => {
    const keeper = farm(["phone"]);
    const twelve = Array.from({ length: 12 }, (_, i) => i + 1);
    keeper.now = 90_000;
    const evidence = { withinMs: 7_400 };
    const n = keeper.open("site:farm", twelve, { cause: "site", evidence });
    expect(keeper.told()).toEqual(["phone opened 1"]);
    expect(read(keeper)).toMatchObject({
      title: "12 of 14 devices of site farm are silent",
      text:
        "12 of 14 devices of site farm fell silent within 8 s: likely its power or access point. " +
        "They are shed-01, shed-02, shed-03, shed-04, shed-05, shed-06, shed-07, shed-08 and 4 " +
        "more; the first was due at 14:01:00.",
    });
    keeper.now += 12 * MINUTE;
    keeper.close(n);
    expect(keeper.told()).toEqual(["phone opened 1", "phone closed 1"]);
    expect(read(keeper).text).toMatch(
      /^All 12 devices of site farm are back after 12 min: shed-01, /,
    );
  });

  it("also where they fall silent one by one, while the route waits", () => {
    const keeper = farm(["phone", { waitMs: 10_000 }]);
    const n = keeper.open("site:farm", [1], { cause: "site" });
    keeper.now = 9_000;
    keeper.join(n, 2);
    expect(keeper.texts()).toMatchObject([/^2 of 14 devices of site farm/]);
    keeper.now = 10_000;
    keeper.join(n, 3);
    expect(keeper.texts()).toMatchObject([/^2 of 14 devices of site farm/]);
    expect(keeper.outbox.waiting.map(({ madeAt }) => madeAt)).toEqual([0]);
  });

  it("a wait in which all come back tells nobody of either", () => {
    const keeper = farm(["slow", { waitMs: 10_000 }], ["fast"]);
    const n = keeper.open(DEVICE, [7]);
    keeper.delivered(2);
    keeper.now = 9_999;
    keeper.close(n);
    expect(keeper.outbox.waiting).toMatchObject([{ route: "fast", kind: "closed" }]);
    expect(keeper.incidents.get(n)!.told).toEqual(["fast"]);
  });
});

describe("5b.16: an alarm is repeated", () => {
  it("every R of each route while it is open, and not when it is acknowledged", () => {
    const keeper = farm(["a", { repeatMs: HOUR }], ["b", { repeatMs: 90 * MINUTE }], ["c"]);
    const n = keeper.open(DEVICE, [7]);
    const reminders = (until: number) => {
      for (const { n } of keeper.outbox.waiting) keeper.delivered(n);
      const before = keeper.told().length;
      keeper.tick(until);
      return keeper.told().slice(before);
    };
    expect(reminders(HOUR - 1)).toEqual([]);
    expect(reminders(HOUR)).toEqual(["a reminder 1"]);
    expect(reminders(2 * HOUR - 1)).toEqual(["b reminder 1"]);
    expect(reminders(3 * HOUR - 1)).toEqual(["a reminder 1"]);
    expect(reminders(3 * HOUR)).toEqual(["a reminder 1", "b reminder 1"]);
    expect(keeper.texts().at(-1)).toMatch(/^Still: shed-07 \(farm\) is absent/);
    keeper.ack(n);
    expect(keeper.outbox.waiting).toEqual([]);
    expect(reminders(100 * HOUR)).toEqual([]);
    keeper.close(n);
    expect(keeper.told().slice(-3)).toEqual(["a closed 1", "b closed 1", "c closed 1"]);
  });

  it("a restart knows what was told, and repeats once for all that it missed", () => {
    const keeper = farm(["a", { repeatMs: HOUR }]);
    const n = keeper.open(DEVICE, [7]);
    keeper.delivered(1);
    keeper.tick(HOUR + 1);
    keeper.delivered(2);
    keeper.crash();
    keeper.tick(HOUR + 20 * MINUTE);
    expect(keeper.told()).toEqual(["a opened 1", "a reminder 1"]);
    keeper.crash();
    keeper.now = 30 * HOUR;
    keeper.tick(keeper.now);
    expect(keeper.told()).toEqual(["a opened 1", "a reminder 1", "a reminder 1"]);
    keeper.crash();
    keeper.close(n);
    expect(keeper.told().at(-1)).toBe("a closed 1");
  });

  it("an instant that comes back from the disk a millisecond off repeats nothing", () => {
    const keeper = farm(["a", { repeatMs: HOUR }]);
    const n = keeper.open(DEVICE, [7]);
    keeper.delivered(1);
    keeper.tick(HOUR);
    keeper.delivered(2);
    const incident = keeper.incidents.get(n)!;
    keeper.incidents.set(n, { ...incident, remindedAt: incident.remindedAt! - 1 });
    keeper.tick(HOUR + MINUTE);
    expect(keeper.told()).toEqual(["a opened 1", "a reminder 1"]);
  });

  it("not over a reminder that was never delivered", () => {
    const keeper = farm(["a", { repeatMs: HOUR }]);
    keeper.open(DEVICE, [7]);
    keeper.tick(50 * HOUR);
    expect(keeper.told()).toEqual(["a opened 1"]);
  });
});

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

  it("of one device does not silence the others that fell silent with it", () => {
    const keeper = farm(["a"]);
    keeper.quiet(DEVICE, kind, HOUR);
    keeper.open("site:farm", [7, 8]);
    expect(keeper.told()).toEqual(["a opened 1"]);
  });
});

describe("what is delivered", () => {
  it("is taken away, and what is not waits over a crash under the same number", () => {
    const keeper = farm(["a"], ["b"]);
    keeper.open(DEVICE, [7]);
    keeper.delivered(1);
    keeper.crash();
    expect(keeper.outbox.waiting).toMatchObject([{ n: 2, route: "b" }]);
    keeper.delivered(2);
    keeper.delivered(2);
    keeper.crash();
    expect(keeper.outbox.waiting).toEqual([]);
    keeper.open(DEVICE, [7]);
    expect(keeper.outbox.waiting.map(({ n }) => n)).toEqual([3, 4]);
  });

  it("who could not be told that it opened is not told that it closed", () => {
    const keeper = farm(["a"], ["b"]);
    const first = keeper.open(DEVICE, [7]);
    keeper.delivered(1, false);
    keeper.now = MINUTE;
    keeper.close(first);
    expect(keeper.outbox.waiting.map(({ route }) => route)).toEqual(["b", "b"]);
    keeper.delivered(2, false);
    expect(keeper.outbox.waiting).toEqual([]);
  });
});

describe("a full outbox", () => {
  it("loses the oldest reminder first", () => {
    const keeper = new Keeper([routeOf("a", { repeatMs: HOUR })], 4);
    for (let id = 1; id <= 3; id++) {
      keeper.subjects.set(id, subject(id));
      keeper.open(`device:00000${id}`, [id]);
      keeper.delivered(id);
    }
    keeper.tick(HOUR);
    expect(keeper.outbox.waiting.map(({ kind }) => kind)).toEqual(Array(3).fill("reminder"));
    for (let i = 0; i < 3; i++) keeper.open(DEVICE, []);
    expect(keeper.outbox.waiting.map(({ kind, incident }) => `${kind} ${incident}`)).toEqual([
      "reminder 3",
      "opened 4",
      "opened 5",
      "opened 6",
    ]);
  });

  it("then the oldest incident of the route with most waiting, and says so there", () => {
    const keeper = new Keeper([routeOf("dead"), routeOf("farm", { sites: ["farm"] })], 8);
    keeper.subjects.set(7, subject(7));
    keeper.open(DEVICE, [7]);
    keeper.subjects.set(8, subject(8, { site: "barn" }));
    for (let i = 0; i < 20; i++) keeper.open("device:000008", [8]);
    const { waiting } = keeper.outbox;
    expect(waiting).toHaveLength(8);
    expect(waiting.filter(({ route }) => route === "farm")).toHaveLength(1);
    const said = waiting.map(({ body }) => JSON.parse(body).leftOut ?? 0);
    // 21 incidents, of which 7 still wait.
    expect(said.reduce((sum, each) => sum + each, 0)).toBe(14);
    for (const n of [1, 2]) keeper.close(n);
    expect(keeper.outbox.waiting.filter(({ kind }) => kind === "closed")).toMatchObject([
      { route: "farm" },
    ]);
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
