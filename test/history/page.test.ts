// The day of a device on the dashboard, without a browser: cells and words out of history.

import { describe, expect, it } from "vitest";

// A browser module without declarations: TypeScript checks it under gateway/tsconfig.web.json.
const { cellsOf, pastWords, uptimeWords } = await import(
  new URL("../../gateway/web/day.js", import.meta.url).href
);

const heard = { heard: 1, missed: 0, deafMs: 0 };
const missed = { heard: 1, missed: 2, deafMs: 0 };
const silent = { heard: 0, missed: 0, deafMs: 0 };
const deaf = { heard: 0, missed: 0, deafMs: 60_000 };
const unknown = { heard: null, missed: null, deafMs: 0 };
/** A no-break space holds number and unit together; here it is an ordinary one. */
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("a cell", () => {
  it.each([
    ["heard", [silent, heard, unknown]],
    ["missed", [heard, missed, heard]],
    ["empty", [silent, unknown, silent]],
    ["deaf", [silent, unknown, deaf]],
    ["unseen", [unknown, unknown]],
  ])("is %s", (kind, steps) => {
    expect(cellsOf(steps, 1)).toEqual([kind]);
  });

  it("covers its share of the steps, and every step is in one", () => {
    const steps = Array.from({ length: 1_441 }, (_, at) => (at === 1_440 ? missed : heard));
    const cells = cellsOf(steps, 96);
    expect(cells).toHaveLength(96);
    expect(cells.indexOf("missed")).toBe(95);
  });
});

it("words say what was heard, missed, and not to be heard", () => {
  expect(plain(pastWords([heard, missed, deaf], "last 24 hours"))).toBe(
    "last 24 hours: 2 beats heard, 2 missed; the gateway was deaf for 1 min",
  );
  expect(pastWords([], "last 7 days")).toBe("last 7 days: 0 beats heard, 0 missed");
});

it.each([
  [{ share: 1, deafMs: 0, unknownMs: 0 }, "100 %"],
  [{ share: 0.999_999, deafMs: 0, unknownMs: 0 }, "99.999 %"],
  [
    { share: 0.5, deafMs: 90_000, unknownMs: 3_600_000 },
    "50 %, deaf for 1 min 30 s, not known for 1 h",
  ],
  [{ share: null, deafMs: 0, unknownMs: 86_400_000 }, "–, not known for 1 d"],
])("uptime %j is %j", (uptime, words) => {
  expect(plain(uptimeWords(uptime))).toBe(words);
});
