/** Who is told what, and how often: the outbox in the core, on a clock of its own. */

import { describe, expect, it } from "vitest";
import { messageOf } from "../../gateway/notices/message.ts";
import { remindAt } from "../../gateway/routes.ts";
import { farm, Keeper, routeOf, subject, ZERO } from "./outbox-rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DEVICE = "device:000007";

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
    const keeper = farm(["a"]);
    const incident = keeper.incidents.get(keeper.open(DEVICE, [7]))!;
    const routes = [routeOf("a", { repeatMs: HOUR })];
    const after = (remindedAt: number) => remindAt({ ...incident, remindedAt }, routes);
    expect([HOUR - 1, HOUR, HOUR + 1].map(after)).toEqual([2 * HOUR, 2 * HOUR, 2 * HOUR]);
  });

  it("not over a reminder that was never delivered", () => {
    const keeper = farm(["a", { repeatMs: HOUR }]);
    keeper.open(DEVICE, [7]);
    keeper.tick(50 * HOUR);
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

  it("but is told when another device joins, and then of the end too, over a crash", () => {
    const keeper = farm(["a"], ["b"]);
    const n = keeper.open("site:farm", [1, 2], { cause: "site" });
    keeper.delivered(1, false);
    keeper.tick(MINUTE);
    expect(keeper.incidents.get(n)!.told).toEqual(["b"]);
    keeper.delivered(2, false);
    keeper.join(n, 3);
    expect(keeper.told().slice(2)).toEqual(["a opened 1", "b opened 1"]);
    keeper.crash();
    keeper.close(n);
    expect(keeper.told().slice(4)).toEqual(["a closed 1", "b closed 1"]);
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
    keeper.now = HOUR - 1;
    keeper.open(DEVICE, []);
    keeper.tick(HOUR);
    for (let i = 0; i < 2; i++) keeper.open(DEVICE, []);
    expect(keeper.outbox.waiting.map(({ kind, incident }) => `${kind} ${incident}`)).toEqual([
      "opened 4",
      "reminder 3",
      "opened 5",
      "opened 6",
    ]);
  });

  it("still says how many were left out when its newest words change", () => {
    const keeper = new Keeper([routeOf("a", { waitMs: HOUR })], 4);
    for (let id = 1; id <= 7; id++) keeper.open("gateway", []);
    for (let n = 4; n <= 7; n++) keeper.join(n, 1);
    const said = keeper.outbox.waiting.map(({ body }) => JSON.parse(body).leftOut ?? 0);
    expect(said.reduce((sum, each) => sum + each, 0)).toBe(3);
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
