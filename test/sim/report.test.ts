// Reports: the page is well-formed whatever names are in it, needs nothing from outside, and is the
// same to the byte for the same figures; text fits its window; JSON keeps its shape; comparisons
// find what changed and nothing else.

import { describe, expect, it } from "vitest";
import { compareHtml } from "../../sim/report/compare.ts";
import { reportHtml, reportSvg } from "../../sim/report/html.ts";
import { resultJson, resultsOf } from "../../sim/report/json.ts";
import { differences, pairUp } from "../../sim/report/pairs.ts";
import { compareText, reportText } from "../../sim/report/text.ts";
import type { RunResult } from "../../sim/result.ts";
import { wellFormed } from "./report-reader.ts";
import { sample } from "./report-rig.ts";

const HOSTILE = `<script>alert("1")</script>&'\u0000\u001b[2J\ud800]]>--><!--`;
const seeds = (n: number, more = {}) =>
  Array.from({ length: n }, (_, i) => sample({ seed: i + 1, ...more }));
const HOUR = 3_600_000;

describe("the page", () => {
  it("is well-formed, of one run and of many, good and bad", () => {
    const pages = [
      reportHtml([sample()]),
      reportHtml([sample({ bad: true })]),
      reportHtml([...seeds(5), ...seeds(2, { scenario: "other", bad: true })]),
      compareHtml(seeds(4), seeds(4, { loss: 0.1 })),
      reportHtml([]),
    ];
    for (const page of pages) expect(wellFormed(page).filter((n) => n === "html")).toHaveLength(1);
    expect(wellFormed(pages[0]!).filter((name) => name === "figure")).toHaveLength(8);
  });

  it("finds what is not well-formed, or the test above would say nothing", () => {
    for (const bad of ["<p>", "<p></b>", "<p class=x></p>", "<p>a & b</p>", "<p>a < b</p>"])
      expect(() => wellFormed(bad), bad).toThrow();
    expect(wellFormed('<p title="a &amp; b"><br/>x</p>')).toEqual(["p", "br"]);
  });

  it("asks for nothing from outside, and holds no script", () => {
    const page = reportHtml([...seeds(2), sample({ scenario: "other", bad: true })]);
    const svg = reportSvg(seeds(2), "detection")!;
    for (const text of [page, svg]) {
      const addresses = [...text.matchAll(/\b(?:https?:)?\/\/[^\s"'<>]+/g)].map(([found]) => found);
      expect(addresses.filter((found) => found !== "http://www.w3.org/2000/svg")).toEqual([]);
      expect(text).not.toMatch(/<script|<link|@import|\bsrc=|url\((?!#)|\son\w+=/);
    }
  });

  it("is the same to the byte for the same figures, however long the runs took", () => {
    // Compared as booleans: half a million characters say nothing when they differ.
    const again = seeds(3).map((run) => ({ ...run, wallMs: run.wallMs * 7 }));
    const other = seeds(3, { loss: 0.1 });
    expect(reportHtml(again) === reportHtml(seeds(3))).toBe(true);
    expect(reportHtml([...again].reverse()) === reportHtml(seeds(3))).toBe(true);
    expect(compareHtml(again, other) === compareHtml(seeds(3), other)).toBe(true);
    expect(reportHtml(other) === reportHtml(again)).toBe(false);
  });

  it("keeps hostile names as words", () => {
    const run = sample({ scenario: HOSTILE, groups: [HOSTILE, "b"], bad: true });
    const evil: RunResult = {
      ...run,
      about: HOSTILE,
      hash: HOSTILE,
      metrics: { ...run.metrics, [HOSTILE]: 1 },
      violations: [{ ...run.violations[0]!, what: HOSTILE, invariant: HOSTILE, last: [HOSTILE] }],
      notEmulated: [HOSTILE],
      trace: {
        ...run.trace,
        ladder: [{ ...run.trace.ladder[1]!, text: HOSTILE, via: HOSTILE }],
        energy: [{ group: HOSTILE, mAh: { [HOSTILE]: 1 } }],
        faults: [{ from: 0, until: HOUR, where: HOSTILE, what: HOSTILE }],
      },
    };
    for (const page of [reportHtml([evil]), compareHtml([evil], [evil], [HOSTILE, "b"])]) {
      expect(wellFormed(page)).not.toContain("script");
      expect(page).not.toMatch(/[\u0000\u001b]|\p{Surrogate}/u);
    }
    for (const text of [reportText(evil, 80), compareText([evil], [sample()], 80, [HOSTILE, "b"])])
      expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it("has a picture for what there are figures of, and none for what there are not", () => {
    const { trace, ...run } = sample();
    const none = { bucketMs: 1_000, present: [], late: [], absent: [], left: [], unknown: [] };
    const empty: RunResult = {
      ...run,
      trace: {
        detections: [],
        load: { bucketMs: 1_000, rx: [], tx: [] },
        statuses: none,
        lanes: [],
        falseAbsents: [{ ...trace.falseAbsents[0]!, deviceDays: 0 }],
        energy: [],
        batteryDays: [Number.POSITIVE_INFINITY],
        ladder: [],
        faults: [],
      },
    };
    expect(wellFormed(reportHtml([empty]))).not.toContain("figure");
    expect(wellFormed(compareHtml([empty], [empty]))).not.toContain("figure");
    expect(reportSvg([empty], "detection")).toBeUndefined();
  });

  it("tells how to see each violation again, with the last that happened", () => {
    const page = reportHtml(seeds(2, { bad: true }));
    expect(page.match(/<details/g)).toHaveLength(2);
    for (const words of [
      "<code>nextbeat sim run sample@2#12345678</code>",
      "<li>3:00:00.000 HEARTBEAT seq 7</li>",
    ])
      expect(page.includes(words), words).toBe(true);
    expect(/<p class="verdict">.*<\/span> (.*)<\/p>/.exec(page)![1]).toBe(
      "2 of 4\u00a0expectations missed, 2\u00a0violations",
    );
  });
});

describe("text", () => {
  const width = (text: string) => Math.max(...text.split("\n").map((line) => [...line].length));

  it.each([40, 60, 80, 132])("fits %i columns, whatever is in it", (columns) => {
    const run = sample({ bad: true, groups: ["a", "b", "c", "d", "e-with-a-long-name"] });
    // A token is one word, for people to copy: it is never broken.
    const lines = reportText(run, columns).split("\n");
    expect(width(lines.filter((line) => !line.includes("sim run")).join("\n"))).toBeLessThanOrEqual(
      columns,
    );
    expect(lines.find((line) => line.startsWith("MISS"))).toMatch(/2 min 10 s$/);
    expect(lines).toContain("again: nextbeat sim run sample@1#12345678");
    for (const name of Object.keys(run.groups))
      expect(
        lines.some((line) => line.includes(` ${name}`)),
        name,
      ).toBe(true);
  });

  it("aligns numbers to the right", () => {
    const lines = reportText(sample(), 80).split("\n");
    const at = lines.findIndex((line) => line.trim().startsWith("fleet"));
    const [head, first] = [lines[at]!, lines[at + 1]!];
    const end = head.indexOf("fleet") + "fleet".length;
    expect(first.slice(0, end)).toMatch(/\S$/);
    expect(first[end]).toBe(" ");
  });
});

describe("JSON", () => {
  it("has the promised fields first, on one line, and is read again", () => {
    const run = sample({ bad: true });
    const text = resultJson(run);
    expect(text.indexOf("\n")).toBe(text.length - 1);
    expect(Object.keys(JSON.parse(text)).slice(0, 8)).toEqual([
      ..."scenario seed hash events virtualMs metrics expectations violations".split(" "),
    ]);
    expect(resultsOf(text + resultJson(sample()))).toEqual(
      [run, sample()].map((r) => JSON.parse(JSON.stringify(r))),
    );
    expect(resultsOf(JSON.stringify([run], null, 2))).toHaveLength(1);
    for (const other of ["", "{}", "[1]", '{"scenario":"a"}', "run: 10m\n", "[", "{"])
      expect(() => resultsOf(other), other).toThrow(
        "expected what `nextbeat sim run --json` prints",
      );
  });
});

describe("comparisons", () => {
  /** Runs whose only figure is `changes`, or another, with these values by seed 1, 2, 3... */
  const runs = (values: readonly (number | null)[], name = "falseAbsent", scenario = "s") =>
    values.map((value, i) => ({
      ...sample({ seed: i + 1, scenario }),
      metrics: { [name]: value },
      groups: {},
    }));
  const differencesOf = (a: RunResult[], b: RunResult[]) => differences(pairUp(a, b)[0]!);

  it("finds a difference that is small beside the spread of seeds, for it is of pairs", () => {
    const [found] = differencesOf(runs([10, 50, 100, 200]), runs([9, 48, 99, 198]));
    expect(found).toMatchObject({ a: 90, b: 88.5, pairs: 4, verdict: "better" });
    // Mean -1.5, deviation 0.57735, Student's t of 3 degrees of freedom 3.182.
    expect(found!.difference.mean).toBe(-1.5);
    expect(found!.difference.high! - found!.difference.mean).toBeCloseTo((3.182 * 0.57735) / 2, 3);
  });

  it("says worse, changed, open and same where they are due", () => {
    const judged = (name: string, a: number[], b: number[]) =>
      differencesOf(runs(a, name), runs(b, name))[0]!.verdict;
    expect(judged("falseAbsent", [1, 2, 3], [2, 3, 4])).toBe("worse");
    expect(judged("ackedShare", [0.1, 0.2, 0.3], [0.2, 0.3, 0.4])).toBe("better");
    expect(judged("beats", [1, 2, 3], [2, 3, 4])).toBe("changed");
    expect(judged("falseAbsent", [1, 2, 3], [3, 2, 1])).toBe("open");
    expect(judged("falseAbsent", [1], [2])).toBe("open");
    expect(judged("detect.p50", [10_000, 20_000], [10_001, 20_001])).toBe("same");
    expect(judged("violations", [0, 0], [0, 1])).toBe("open");
  });

  it("pairs by seed, leaves out what has no counterpart, and says so", () => {
    const [a, b] = [runs([1, 2, 3]), runs([5, 6]).map((run) => ({ ...run, seed: run.seed + 1 }))];
    const [pairing] = pairUp(a, b);
    expect(pairing!.a.map(({ seed }) => seed)).toEqual([2, 3]);
    expect(pairing!.alone).toEqual({ a: [1], b: [] });
    expect(compareText(a, b)).toContain("only in A, left out: 1\n");
    expect(compareText(a.slice(0, 1), b)).toContain("no seed was run on both sides");
    expect(differencesOf(runs([1, null]), runs([2, 3]))[0]).toMatchObject({ pairs: 1 });
    expect(differencesOf(runs([null]), runs([2]))).toEqual([]);
  });

  it("compares one scenario with another of any name, and several with their namesakes", () => {
    expect(pairUp(runs([1], "beats", "a"), runs([1], "beats", "b"))[0]!.a).toHaveLength(1);
    const both = [...runs([1], "beats", "a"), ...runs([1, 2], "beats", "b")];
    const pairings = pairUp(both, runs([1, 2], "beats", "b"));
    expect(pairings.map(({ scenario, a }) => [scenario, a.length])).toEqual([
      ["a", 0],
      ["b", 2],
    ]);
  });
});
