// The limits of a scenario file, each on both sides.

import { expect, it } from "vitest";
import { TEXT_MAX } from "../../gateway/yaml.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";

const parse = (text: string) => parseScenario(text, "s.yaml");

/** The lines with which a text is refused. */
function lines(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  throw new Error("it was accepted");
}
const line = (text: string) => lines(text)[0];

const withLine = (line: string) => `run: 1h\nfleet: [{group: a}]\n${line}\n`;
const withInterval = (interval: string) => `run: 1h\nfleet: [{group: a, interval: ${interval}}]`;

it("of the text", () => {
  const text = "run: 1h\nfleet: [{group: a}]\n#";
  expect(parse(text.padEnd(TEXT_MAX, "x")).runMs).toBe(3_600_000);
  expect(line(text.padEnd(TEXT_MAX + 1, "x"))).toBe(
    "s.yaml:1:1: scenario: expected at most 1000000 characters",
  );
});

it("of boards, in one group and together", () => {
  const fleet = (...counts: number[]) =>
    `run: 1h\nfleet: [${counts.map((count, i) => `{group: g${i}, count: ${count}}`).join()}]`;
  expect(parse(fleet(999_999, 1)).fleet).toHaveLength(2);
  expect(line(fleet(999_999, 2))).toContain("fleet: a list; expected at most 1000000 boards");
  expect(line(fleet(1_000_001))).toContain("expected a whole number, 1 to 1000000");
  expect(line(fleet(0))).toContain("expected a whole number, 1 to 1000000");
  expect(parse(fleet(...Array(200).fill(1))).fleet).toHaveLength(200);
  expect(line(fleet(...Array(201).fill(1)))).toContain("expected a list of 1 to 200 groups");
});

it("of faults, of their times, and of expectations", () => {
  const faults = (n: number) => withLine(`faults: [${Array(n).fill("{at: 0, do: reboot}")}]`);
  expect(parse(faults(1_000)).faults).toHaveLength(1_000);
  expect(line(faults(1_001))).toContain("expected a list of 0 to 1000 faults");
  expect(parse(withLine("faults: [{at: 0, every: 36ms, do: reboot}]")).faults).toHaveLength(1);
  const expectations = (n: number) =>
    withLine(`expect: [${Array(n).fill("{metric: alarms, max: 0}")}]`);
  expect(parse(expectations(1_000)).expect).toHaveLength(1_000);
  expect(line(expectations(1_001))).toContain("expected a list of 0 to 1000 bounds");
});

it("of seeds, of intervals, and of errors that are told", () => {
  expect(parse(withLine("seeds: 0..9999")).seeds).toHaveLength(10_000);
  expect(line(withLine("seeds: 0..10000"))).toContain("seeds");
  expect(parse(withLine("seeds: 4294967295")).seeds).toEqual([4_294_967_295]);
  expect(line(withLine("seeds: 4294967296"))).toContain("seeds");
  expect(parse(withInterval("200ms")).fleet[0]!.intervalMs).toBe(200);
  expect(parse(withInterval("7d")).fleet[0]!.intervalMs).toBe(604_800_000);
  expect(line(withInterval("604801s"))).toContain("200ms to 7d");
  const wrong = (n: number) => lines(withLine(`faults: [${Array(n).fill("5")}]`));
  expect(wrong(50)).toHaveLength(50);
  expect(wrong(51)).toHaveLength(51);
  expect(wrong(52).at(-1)).toBe("and 2 more");
});

it("of names and of steps", () => {
  const where = (n: number) =>
    withLine(`faults: [{at: 0, do: leave, where: [${Array(n).fill("a")}]}]`);
  expect(parse(where(100)).faults).toHaveLength(1);
  expect(line(where(101))).toContain("expected a list of 1 to 100 names");
  const steps = (n: number) =>
    `run: 1h\nfleet: [{group: a, link: {pattern: {per: ms, steps: [${Array(n).fill(0)}]}}}]`;
  expect(parse(steps(100_000)).fleet).toHaveLength(1);
  expect(line(steps(100_001))).toContain("expected a list of 1 to 100000 steps");
});
