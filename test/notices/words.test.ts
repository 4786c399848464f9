/** What a notice says, to the letter: whole sentences with numbers. */

import { describe, expect, it } from "vitest";
import type { Evidence } from "../../gateway/affairs.ts";
import { CAUSES } from "../../gateway/facts.ts";
import { messageOf, testMessage } from "../../gateway/notices/message.ts";
import { Keeper, routeOf, subject, ZERO } from "./outbox-rig.ts";

const MINUTE = 60_000;
const DEVICE = "device:000007";
const wallAt = (at: number) => ZERO * 1_000 + at;

function keeper(): Keeper {
  const found = new Keeper([routeOf("a")]);
  found.subjects.set(7, subject(7, { seenAt: 31 * MINUTE + 2_000, dueAt: 32 * MINUTE + 10_000 }));
  found.now = 32 * MINUTE + 10_000 + 192_000;
  return found;
}

function newest(from: Keeper, timeZone = "UTC") {
  const options = { secret: "s", now: from.now, wallAt, timeZone };
  return messageOf(from.outbox.waiting.at(-1)!, options);
}

describe("one device", () => {
  it("is absent, since when, and what is it likely", () => {
    const one = keeper();
    const evidence: Evidence = { battery: 10, batteryBefore: 40, beats: 12, unheardOf: 1 };
    const n = one.open(DEVICE, [7], { cause: "battery", evidence });
    expect(newest(one)).toMatchObject({
      title: "shed-07 is absent",
      text:
        "shed-07 (farm) is absent: it promised to be heard by 14:32:10 and was not, for 3 min " +
        "12 s; last seen 14:31:02 at -61 dBm, battery 40 %. Likely cause: its battery is at its " +
        "end (its battery read 10 %, its battery had read 40 %).",
    });
    expect(newest(one, "Asia/Kolkata").text).toContain("heard by 20:02:10 and");
    one.now += 12 * MINUTE;
    one.subjects.set(7, subject(7, { site: "", seenAt: one.now, battery: null, signal: null }));
    one.close(n);
    expect(newest(one)).toMatchObject({
      title: "shed-07 is back",
      text:
        "shed-07 is back after 12 min; last seen 14:47:22. The likely cause was: its battery is " +
        "at its end.",
    });
  });

  it("without a trusted clock, in durations alone", () => {
    const one = keeper();
    one.trusted = false;
    one.open(DEVICE, [7]);
    expect(newest(one).text).toBe(
      "shed-07 (farm) is absent: its promise is broken by 3 min 12 s; last seen 4 min 20 s ago " +
        "at -61 dBm, battery 40 %. Likely cause: nothing is known that explains the silence.",
    );
    expect(newest(one).data.at).toBe(null);
  });

  it.each([
    ["that speaks", { dueAt: 99 * MINUTE }, /^shed-07 \(farm\) is heard, and something is wrong/],
    ["never heard", { seenAt: null, dueAt: null }, /; it was never heard\. Likely cause: /],
    ["on the mains", { battery: "external" as const }, /, battery external\. Likely/],
  ])("%s", (_, words, text) => {
    const one = keeper();
    one.subjects.set(7, subject(7, words));
    one.open(DEVICE, [7], { cause: "reset-loop" });
    expect(newest(one).text).toMatch(text);
  });

  it.each([
    ["left", { dueAt: null }, "shed-07 (farm) has left after 0 s"],
    ["removed", undefined, "A device was removed after 0 s of absence."],
  ])("that is %s at the end", (_, words, text) => {
    const one = keeper();
    const n = one.open(DEVICE, [7]);
    if (words === undefined) one.subjects.delete(7);
    else one.subjects.set(7, subject(7, words));
    one.close(n);
    expect(newest(one).text).toContain(text);
  });

  it("an instant of another day stands with its day", () => {
    const one = keeper();
    one.now += 26 * 60 * MINUTE;
    one.open(DEVICE, [7]);
    expect(newest(one).text).toContain("to be heard by 1 Jan 14:32:10 and was not, for 26 h 3 min");
  });
});

describe("many", () => {
  it.each([
    ["gateway", [], "The gateway cannot hear since 14:35:22; no device is called absent for it."],
    ["broker", [1, 2], "2 of 9 devices over MQTT fell silent: likely the MQTT broker. They are"],
    ["address:192.0.2.1", [1, 2], "2 of 5 devices behind 192.0.2.1 fell silent: likely"],
    ["fleet", [1, 2], "2 of 3 devices fell silent: likely"],
  ])("of scope %s", (scope, members, text) => {
    const one = keeper();
    for (const id of [1, 2]) one.subjects.set(id, subject(id));
    const evidence = { brokerDevices: 9, addressDevices: 5, fleetDevices: 3 };
    const n = one.open(scope, members, { cause: "broker", evidence });
    expect(newest(one).text).toContain(text);
    one.close(n, members.length - 1);
    const back = members.length
      ? /^1 of 2 devices.* are back after 0 s: .*The other 1 /
      : /hears again/;
    expect(newest(one).text).toMatch(back);
  });
});

describe("the message", () => {
  it("has an id that is the same after a crash, and of every notice another", () => {
    const one = keeper();
    const n = one.open(DEVICE, [7]);
    const before = newest(one);
    one.crash();
    expect(newest(one)).toEqual(before);
    expect(before.id).toMatch(/^nb_[A-Za-z0-9_-]{32}$/);
    one.close(n);
    const ids = one.outbox.waiting.map((notice) =>
      ["s", "t"].map((secret) => messageOf(notice, { secret, now: 0, wallAt }).id),
    );
    expect(new Set(ids.flat()).size).toBe(4);
  });

  it("stays below 20 kB as JSON, whatever the devices are called", () => {
    const one = keeper();
    const members = Array.from({ length: 1_000 }, (_, i) => i + 1);
    const words = "\u{6f22}".repeat(64);
    for (const id of members) one.subjects.set(id, subject(id, { name: words, site: words }));
    one.open("site:farm", members, { cause: "site" });
    const { data } = newest(one);
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(18_000);
    expect((data.devices as unknown[]).length).toBeGreaterThan(10);
    expect(data).toMatchObject({ joined: 1_000, cause: "site", scope: "site:farm" });
  });

  it("has a sentence for every cause", () => {
    for (const cause of CAUSES) {
      const one = keeper();
      one.open(DEVICE, [7], { cause });
      expect(newest(one).text, cause).toMatch(/Likely cause: [a-z][^.]{8,}\.$/);
    }
  });

  it("of a test says that it is one", () => {
    const test = testMessage("phone", { secret: "s", now: 0, wallAt });
    expect(test).toMatchObject({ type: "gateway.test", data: { test: true } });
    expect(test.text).toContain("test of the route phone");
  });
});
