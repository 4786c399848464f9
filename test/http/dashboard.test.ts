/** What the dashboard says and draws, without a browser: words from facts, cells from beats. */

import { describe, expect, it } from "vitest";

// Browser modules without declarations: TypeScript checks them under gateway/tsconfig.web.json.
const web = (name: string) => import(new URL(`../../gateway/web/${name}`, import.meta.url).href);
const words = await web("words.js");
const beats = await web("beats.js");

const NOW = Date.UTC(2027, 0, 1, 12);
const MINUTE = 60_000;

/** A device that promised a minute 20 s ago. */
function device(more: object = {}) {
  return {
    id: "0002bd",
    name: "shed-07",
    status: "present",
    cause: "first-beat",
    tseq: 1,
    seenAt: NOW - 20_000,
    dueAt: NOW + 40_000,
    deadlineAt: NOW + 100_000,
    promiseMs: MINUTE,
    epoch: 7,
    seq: 10,
    recent: "",
    battery: 80,
    signal: -58,
    ...more,
  };
}

/** A no-break space holds number and unit together; here it is an ordinary one. */
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("durations", () => {
  it.each([
    [-1, "0 s"],
    [999, "0 s"],
    [59_999, "59 s"],
    [MINUTE, "1 min"],
    [90_000, "1 min 30 s"],
    [3_599_999, "59 min 59 s"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [86_400_000, "1 d"],
    [90_000_000, "1 d 1 h"],
  ])("of %d ms are %j", (ms, said) => {
    expect(plain(words.span(ms))).toBe(said);
  });

  it("that remain are rounded up, so that a countdown ends when it is over", () => {
    expect(plain(words.untilWords(1))).toBe("1 s");
    expect(plain(words.untilWords(1_000))).toBe("1 s");
    expect(plain(words.untilWords(1_001))).toBe("2 s");
  });

  it.each([
    [107, "0.1 s"],
    [5_200, "5.2 s"],
    [61_000, "61 s"],
    [900_000, "15 min"],
    [3_960_000, "66 min"],
    [7_920_000, "2.2 h"],
    [604_800_000, "7 d"],
  ])("that are promises: %d ms are %j", (ms, said) => {
    expect(plain(words.roughly(ms))).toBe(said);
  });
});

describe("what is said of a device", () => {
  it.each([
    [{}, "in 40 s", "Last heard 20 s ago. The next beat is promised within 40 s."],
    [
      { dueAt: NOW - 100 },
      "any moment",
      "Last heard 20 s ago. The next beat is promised any moment now.",
    ],
    [
      { status: "late", dueAt: NOW - 3_000, deadlineAt: NOW + 9_000 },
      "3 s overdue",
      "Late by 3 s. Absent in 9 s, unless it is heard. Last heard 20 s ago.",
    ],
    [
      { status: "absent", cause: "promise-broken", dueAt: NOW - 90_000, seenAt: NOW - 150_000 },
      "1 min overdue",
      "Absent: it should have been heard 1 min 30 s ago. Last heard 2 min 30 s ago.",
    ],
    [
      { status: "absent", cause: "battery", dueAt: NOW - 5_000 },
      "5 s overdue",
      "Absent: it should have been heard 5 s ago; likely the battery. Last heard 20 s ago.",
    ],
    [
      { status: "left", dueAt: null },
      "not expected",
      "Said goodbye; nothing is expected. Last heard 20 s ago.",
    ],
    [
      { status: "unknown", seenAt: null, dueAt: null },
      "no promise yet",
      "Enrolled, and never heard so far.",
    ],
  ])("%j: %j", (more, due, sentence) => {
    expect(plain(words.dueWords(device(more), NOW))).toBe(due);
    expect(plain(words.deviceSentence(device(more), NOW))).toBe(sentence);
  });

  it("a cause of a later version is shown as it came", () => {
    expect(words.causeWords("moonlight")).toBe("moonlight");
  });

  it("battery and signal keep what is unknown apart from what is low", () => {
    const said = (more: object) => [
      plain(words.batteryWords(device(more))),
      plain(words.signalWords(device(more))),
    ];
    expect(said({})).toEqual(["80 %", "−58 dBm"]);
    expect(said({ battery: 0, signal: -90 })).toEqual(["0 %", "−90 dBm"]);
    expect(said({ battery: "external", signal: null })).toEqual(["mains", "–"]);
    expect(said({ battery: null })).toEqual(["–", "−58 dBm"]);
    expect([null, -90, -82, -74, -66, -58, -42].map(words.signalBars)).toEqual([
      0, 0, 1, 2, 3, 4, 4,
    ]);
  });
});

describe("what is said of the fleet", () => {
  const none = { absent: 0, late: 0, present: 0, left: 0, unknown: 0 };

  it.each([
    [{}, "No device is enrolled yet."],
    [{ unknown: 2, left: 1 }, "No device has made a promise yet."],
    [{ present: 1, unknown: 4 }, "The one device keeps its promise."],
    [{ present: 12, left: 1 }, "All 12 keep their promise."],
    [{ present: 10, late: 1, absent: 1 }, "10 of 12 keep their promise."],
    [{ absent: 3 }, "All are silent."],
    [{ late: 1 }, "The one device is silent."],
  ])("%j: %j", (counts, sentence) => {
    expect(words.fleetSentence({ ...none, ...counts })).toBe(sentence);
  });

  it("those who need attention are named, the first three of each", () => {
    const named = (status: string, ...names: string[]) => names.map((name) => ({ name, status }));
    const fleet = [
      ...named("absent", "shed-10", "shed-2"),
      ...named("late", "d", "c", "b", "a"),
      ...named("present", "x"),
    ];
    expect(words.attentionSentence(fleet)).toBe(
      "Absent: shed-2, shed-10; late: a, b, c and 1 more.",
    );
    expect(words.attentionSentence(named("present", "x"))).toBe("");
  });
});

describe("the bar of beats", () => {
  /** The cells after looks at a device, each a change to the facts before. */
  function cells(told: boolean, ...looks: object[]): string[] {
    let before: object | undefined;
    let found: string[] = [];
    for (const look of looks) {
      const next = { ...(before ?? device()), ...look };
      found = beats.advance(found, before, next, told);
      before = next;
    }
    return found;
  }
  const heard = (seq: number, at: number) => ({ seq, seenAt: at, dueAt: at + MINUTE });

  it("gains a cell for each beat, and none for news without one", () => {
    const looks = [heard(1, NOW), { status: "late" }, heard(2, NOW + 50_000)];
    expect(cells(true, ...looks)).toEqual(["heard", "heard"]);
  });

  it("shows of the time before what the gateway remembers, and else nothing", () => {
    expect(cells(true, heard(4_000, NOW))).toEqual(["heard"]);
    const before = { ...heard(4_000, NOW), recent: "1011" };
    expect(cells(true, before)).toEqual(["heard", "missed", "heard", "heard"]);
    const after = { ...heard(4_003, NOW + 150_000), recent: "1011101" };
    const back = ["heard", "missed", "heard", "heard", "heard", "missed", "heard"];
    expect(cells(false, before, after)).toEqual(back);
    // More went by than it remembers.
    const little = { ...heard(4_003, NOW + 150_000), recent: "11" };
    expect(cells(false, before, little).at(-2)).toBe("unseen");
    expect(cells(true, { seenAt: null, dueAt: null, seq: 0 })).toEqual([]);
  });

  it("shows a number that was skipped as missed, or unseen where the page was out of touch", () => {
    const looks = [heard(1, NOW), heard(3, NOW + 50_000)];
    expect(cells(true, ...looks)).toEqual(["heard", "missed", "heard"]);
    expect(cells(false, ...looks)).toEqual(["heard", "unseen", "heard"]);
  });

  it("shows promises that ended in silence as missed, and the beat after them as late", () => {
    const back = { ...heard(1, NOW + 200_000), epoch: 8 };
    expect(cells(true, heard(9, NOW), back)).toEqual(["heard", "missed", "missed", "slow"]);
  });

  it("takes a new epoch for a restart, not for a leap", () => {
    const looks = [heard(900, NOW), { ...heard(1, NOW + 30_000), epoch: 8 }];
    expect(cells(true, ...looks)).toEqual(["heard", "heard"]);
  });

  it("holds at most its length, and a leap does not wash it away", () => {
    const looks = Array.from({ length: 100 }, (_, i) => heard(i + 1, NOW + i * 50_000));
    expect(cells(true, ...looks)).toHaveLength(beats.CELLS_MAX);
    const leap = cells(true, ...looks.slice(0, 50), heard(9_000, NOW + 2_500_000));
    expect(leap.filter((cell) => cell === "heard").length).toBeGreaterThan(40);
  });

  it("ends with what is owed now: one stroke overdue, or a broken one for each promise", () => {
    const late = beats.barOf(["heard"], device({ status: "late" }), NOW);
    expect(beats.barWords(late)).toBe("last 1 beat: 1 heard; one overdue now");
    const silent = device({ status: "absent", dueAt: NOW - 3 * MINUTE });
    expect(beats.barWords(beats.barOf(["heard"], silent, NOW))).toBe(
      "last 4 beats: 1 heard, 3 missed",
    );
    const asleep = beats.barOf(["heard"], device({ reach: 2 }), NOW);
    expect(beats.barWords(asleep)).toBe("last 1 beat: 1 heard; asleep as promised");
    expect(beats.barOf(["heard"], device({ reach: 0 }), NOW).last).toBeUndefined();
    const gone = device({ status: "absent", dueAt: NOW - 1_000 * MINUTE });
    expect(beats.barWords(beats.barOf(["heard"], gone, NOW))).toBe(
      "last 13 beats: 1 heard, 12 or more missed",
    );
  });

  it("is drawn from the right, each kind with a stroke of its own shape", () => {
    const cells = ["heard", "slow", "missed", "unseen", "deaf"];
    const paths = beats.barPaths({ cells, silent: 0, last: "overdue" }, 7);
    expect(paths).toEqual({
      empty: "M3 19.5V20",
      heard: "M9 4V20",
      slow: "M15 10V20",
      missed: "M21 4V8M21 16V20",
      unseen: "M27 18V20",
      deaf: "M33 10V10.1M33 14V14.1",
      overdue: "M39 4V20",
      asleep: "",
    });
    expect(beats.barPaths({ cells: [], silent: 0, last: "asleep" }, 1).asleep).toMatch(/^M1 12a/);
  });
});
