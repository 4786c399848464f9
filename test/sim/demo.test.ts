// What the demo says and what it counts as success; the demo itself runs in `make demo`, where real
// time is the point.

import { expect, test } from "vitest";
import { parseDuration } from "../../device/words.ts";
import type { ChangeJson, DeviceJson } from "../../gateway/http/answers.ts";
import { CAST } from "../../sim/cast.ts";
import { sayDuration, sayInstant } from "../../sim/duration.ts";
import { SocketFleet } from "../../sim/sockets.ts";
import { ending, type Loss, Story } from "../../sim/story.ts";

const START = Date.UTC(2026, 0, 1);

function stage() {
  const boards = CAST.map((role, i) => ({ ...role, id: i + 1 }));
  const place = { address: "127.0.0.1", family: 4, port: 1 } as const;
  const fleet = new SocketFleet({ ...place, seed: 1, boards, spreadMs: 0 });
  const said: string[] = [];
  const story = new Story((text) => said.push(text), false);
  story.opens(
    { url: new URL("http://127.0.0.1:1234/"), udpPort: 5678, folder: "/tmp/x" } as never,
    START,
  );
  const member = fleet.members[0]!;
  const loss: Loss = {
    member,
    at: START + 12_000,
    dueAt: START + 18_600,
    lateAt: START + 19_000,
    absentAt: START + 24_000,
    returnedAt: 0,
  };
  return { fleet, story, said, member, loss };
}

test("the death of a board is told in one line", () => {
  const { story, loss } = stage();
  const device = { signal: -61 } as DeviceJson;
  expect(story.sentence(loss, device)).toBe(
    "shed-07 unplugged 00:12 -> late 00:19 -> absent 00:24: " +
      "promise broken by 5.4 s; likely power, last signal -61 dBm",
  );
});

test("changes are told with their own instants, false ones as what they are", () => {
  const { story, said, member, loss } = stage();
  const change = (to: string, from = "present", seconds = 19) =>
    ({ to, from, at: new Date(START + seconds * 1_000).toISOString() }) as ChangeJson;
  const device = { promiseMs: 6_400, signal: null } as DeviceJson;
  const told = (...given: Parameters<Story["changed"]>) => {
    said.length = 0;
    story.changed(...given);
    return said.join("");
  };
  expect(told(member, change("present", "unknown", 1), device, undefined)).toBe(
    "00:01  shed-07 is present: promises the next beat within 6.4 s\n",
  );
  expect(told(member, change("late"), device, undefined)).toContain("it lives");
  expect(told(member, change("late"), device, loss)).not.toContain("it lives");
  expect(told(member, change("absent", "late", 24), device, loss)).toContain("likely power\n");
  expect(told(member, change("present", "absent", 30), device, loss)).toContain(
    "back, after 18 s without power",
  );
});

test("exit code 0 takes a death that was found, no false absent, and beats acknowledged", () => {
  const { fleet, story, said, member, loss } = stage();
  member.acked = 5;
  expect(ending(story, fleet, [loss], 0, true)).toBe(0);
  expect(said.join("")).toContain("shed-07 died at 00:12: late after 7 s, absent after 12 s");
  expect(said.join("")).toContain("make gateway");
  expect(ending(story, fleet, [loss], 1, true)).toBe(1);
  expect(ending(story, fleet, [{ ...loss, absentAt: 0 }], 0, true)).toBe(1);
  expect(ending(story, fleet, [], 0, true)).toBe(1);
  // Interrupted before anybody died: nothing was asked for.
  expect(ending(story, fleet, [], 0, false)).toBe(0);
  member.acked = 0;
  expect(ending(story, fleet, [loss], 0, true)).toBe(1);
});

test("durations and instants are read and written as people do", () => {
  expect(["90s", "5m", "1h30m", "700ms", "1.4s", "2d"].map(parseDuration)).toEqual([
    90_000, 300_000, 5_400_000, 700, 1_400, 172_800_000,
  ]);
  expect(["", "5", "5 m", "m", "-5s", "5s!"].map(parseDuration)).toEqual(
    new Array(6).fill(undefined),
  );
  expect([40, 61_300, 119_999, 3_720_000, 7_200_000, 200_000_000].map(sayDuration)).toEqual([
    "40 ms",
    "61.3 s",
    "120 s",
    "62 min",
    "2 h",
    "2 d 8 h",
  ]);
  expect(sayInstant(62_345)).toBe("1:02.345");
  expect(sayInstant(3_602_345)).toBe("1:00:02.345");
  expect(sayInstant(12_999, false)).toBe("0:12");
});
