// What is wrong with a scenario is told at once, a line each, at its place. A wrong place is worse
// than none, so each case says line and column.

import { describe, expect, it } from "vitest";
import { Usage } from "../../gateway/cli/errors.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";

/** The lines with which a text is refused. */
function refusal(text: string): string[] {
  try {
    parseScenario(text, "s.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(Usage);
    return (error as Usage).message.split("\n");
  }
  throw new Error("it was accepted");
}

/** A scenario of one group, with one line more in it. */
const withGroup = (fields: string) => `run: 1h\nfleet:\n  - {group: a, count: 3, ${fields}}\n`;
const withLine = (line: string) => `run: 1h\nfleet: [{group: a, count: 3, ap: attic}]\n${line}\n`;
/** A map in braces; what is missing in it is told at its begin. */
const braces = (fields: string) => `${fields.includes("^") ? "" : "^"}{${fields}}`;
const withFault = (fault: string) => withLine(`faults: [${braces(fault)}]`);
const withExpectation = (expectation: string) => withLine(`expect: [${braces(expectation)}]`);

/** The one line with which a text is refused; its place is where the text has a `^`. */
function slip(marked: string): string {
  const before = marked.slice(0, marked.indexOf("^")).split("\n");
  const place = `s.yaml:${before.length}:${before.at(-1)!.length + 1}: `;
  const [line, ...more] = refusal(marked.replace("^", ""));
  expect(more).toEqual([]);
  expect(line!.slice(0, place.length)).toBe(place);
  return line!.slice(place.length);
}

const LINKS = "lan, wifi-good, wifi-congested, wifi-edge, lte-m, nb-iot, leo, geo, lora";

describe("one slip", () => {
  it.each([
    [
      "link: ^wifi-god",
      `fleet[0].link: "wifi-god"; expected one of ${LINKS}; did you mean wifi-good?`,
    ],
    ["link: ^ether", `fleet[0].link: "ether"; expected one of ${LINKS}`],
    ["^linc: lan", 'fleet[0]: unknown key "linc"; did you mean link?'],
    [
      "interval: ^60",
      "fleet[0].interval: 60; expected a duration with its unit, such as 250ms, 90s or 1h30m (200ms to 7d)",
    ],
    [
      "interval: ^199ms",
      'fleet[0].interval: "199ms"; expected a duration with its unit, such as 250ms, 90s or 1h30m (200ms to 7d)',
    ],
    ["reach: ^[deep]", "fleet[0].reach: a list; expected one of awake, light, deep"],
    ["link: {loss: ^105%}", 'fleet[0].link.loss: "105%"; expected a share such as 5% or 0.05'],
    [
      "link: {loss: ^[5%]}",
      "fleet[0].link.loss: a list; expected a share such as 5% or 0.05, or a map",
    ],
    [
      "link: {loss: ^{good: 1%, bad: 2%, goodFor: 1s}}",
      "fleet[0].link.loss.badFor: missing; expected a duration with its unit, such as 250ms, 90s or 1h30m",
    ],
    [
      "link: {delay: ^80ms..20ms}",
      'fleet[0].link.delay: "80ms..20ms"; expected a duration or two, such as 20ms or 20ms..80ms',
    ],
    [
      "link: {delay: ^{p0: 5ms, p100: 4ms}}",
      "fleet[0].link.delay: a map; expected quantiles from p0 to p100 that do not fall, such as {p0: 1ms, ...}",
    ],
    [
      "link: {delay: {p0: 1ms, ^q50: 2ms, p100: 4ms}}",
      'fleet[0].link.delay: unknown key "q50"; expected p0 to p100',
    ],
    [
      "nat: {mapping: ^any}",
      'fleet[0].nat.mapping: "any"; expected one of endpoint, address, address-port',
    ],
    ["battery: ^cr123a", 'fleet[0].battery: "cr123a"; expected a board beside it'],
    [
      "battery: ^18651, board: esp32",
      "fleet[0].battery: 18651; expected one of 18650, cr123a, aa2, aa2-lithium, lifepo4-18650, d-lithium, cr2032; did you mean 18650?",
    ],
    ["boot: {at: 1m, ^spred: 3s}", 'fleet[0].boot: unknown key "spred"; did you mean spread?'],
  ])("in a group: %s", (fields, line) => {
    expect(slip(withGroup(fields))).toBe(line);
  });

  it.each([
    ["at: 1m, do: reboot, where: ^b", 'faults[0].where: "b"; expected one of fleet, a, attic'],
    ["at: 1m, do: reboot, where: ^a-4", 'faults[0].where: "a-4"; expected one of fleet, a, attic'],
    [
      "at: 1m, do: reboot, where: [a, ^gateway]",
      'faults[0].where[1]: "gateway"; expected one of fleet, a, attic',
    ],
    [
      "at: 1m, do: crash, where: {names: [^fleet], share: 5%}",
      'faults[0].where.names[0]: "fleet"; expected gateway',
    ],
    ["at: ^1h, do: reboot", 'faults[0].at: "1h"; expected an instant within the run'],
    [
      "at: 5m, until: ^4m, every: 1s, do: reboot",
      'faults[0].until: "4m"; expected an instant after `at`',
    ],
    [
      "at: 0, every: ^1ms, do: reboot",
      'faults[0].every: "1ms"; expected at most 100000 times in a run',
    ],
    ["at: 0, do: crash, for: ^0", "faults[0].for: 0; expected a duration such as 90s, or end"],
    [
      "at: 0, do: disk, commit: ^1.5ms",
      'faults[0].commit: "1.5ms"; expected whole milliseconds, such as 5ms or 5ms..20ms',
    ],
    ["at: 0, do: clock", "faults[0].by: missing; expected a duration such as 90s or -1h"],
    [
      "at: 0, do: nat-set, to: ^none",
      'faults[0].to: "none"; expected one of linux, cgn, home-60, cloud-350',
    ],
  ])("in a fault: %s", (fault, line) => {
    expect(slip(withFault(fault))).toBe(line);
  });

  it("in a fault's kind: the nearest kind", () => {
    const line = slip(withFault("at: 0, do: ^pwer"));
    expect(line).toMatch(/^faults\[0\]\.do: "pwer"; expected one of power, .*mean power\?$/);
    expect(slip(withLine("faults: [^5]"))).toBe("faults[0]: 5; expected a map");
  });

  it.each([
    ["metric: alarms", "expect[0]: a map; expected min, max or both"],
    ["metric: alarms, max: ^5%", 'expect[0].max: "5%"; expected a number, 0 or more'],
    ["metric: detect.p99, max: ^90", "expect[0].max: 90; expected a duration such as 250ms or 90s"],
    ["metric: ackedShare, min: ^2", "expect[0].min: 2; expected a share such as 5% or 0.05"],
    ["metric: alarms, min: 3, max: ^2", "expect[0].max: 2; expected min or more"],
    [
      "metric: alarms, max: 1, where: ^atic",
      'expect[0].where: "atic"; expected one of a, attic; did you mean attic?',
    ],
    [
      "metric: gateway.commits, max: 1, where: ^a",
      'expect[0].where: "a"; expected nothing: this metric is of the whole run',
    ],
  ])("in an expectation: %s", (expectation, line) => {
    expect(slip(withExpectation(expectation))).toBe(line);
  });

  it.each([
    ["calm: ^1h", 'calm: "1h"; expected an instant before the end of the run'],
    ["seeds: ^3..1", 'seeds: "3..1"; expected seeds, 0 to 4294967295, such as 7 or 1..20'],
    ["seeds: ^[1, 1]", "seeds: a list; expected at most 10000 seeds, each once"],
    ["gateway: {clock: none, ^clok: 3}", 'gateway: unknown key "clok"; did you mean clock?'],
    ["gateway: ^fast", 'gateway: "fast"; expected a map'],
  ])("in the rest: %s", (line, expected) => {
    expect(slip(withLine(line))).toBe(expected);
  });
});

describe("names", () => {
  const fleet = (...groups: string[]) =>
    `run: 1h\nfleet:\n${groups.map((group) => `  - {${group}}\n`).join("")}`;

  it.each([
    [["group: a", "group: ^a"], 'fleet[1].group: "a"; expected a name of its own'],
    [["group: ^fleet"], 'fleet[0].group: "fleet"; expected a name that means nothing else'],
    [
      ["group: a, count: 2", "group: ^a-2"],
      'fleet[1].group: "a-2"; expected a name that is not that of a board',
    ],
    [
      ["group: a", "group: b, ap: ^a"],
      'fleet[1].ap: "a"; expected a name that is not that of a group or a board',
    ],
    [["group: a, ap: ^gateway"], 'fleet[0].ap: "gateway"; expected another name'],
    [
      ["group: a, ap: x, nat: linux", "group: b, ap: x, nat: ^cgn"],
      'fleet[1].nat: "cgn"; expected the NAT of the others at x',
    ],
  ])("that mean two things: %j", (groups, line) => {
    expect(slip(fleet(...groups))).toBe(line);
  });

  it("of the board after the last one is free", () => {
    const text = "run: 1h\nfleet: [{group: a, count: 2}, {group: a-3}]";
    expect(parseScenario(text, "s.yaml").fleet).toHaveLength(2);
  });
});

it("tells all slips together, in the order of the text", () => {
  const text = `runn: 6h
fleet:
  - group: house
    link: {loss: 5, dely: 3}
    nat: lynux
faults:
  - {at: 1h, where: attic, do: link, to: lann}
  - {do: crash, for: 20}
expect:
  - {metric: alrms, where: house, max: 0}
  - {metric: detect.p99, max: 3}
`;
  const told = refusal(text).map((line) => line.replace(/; expected .*(; did)/, "$1"));
  expect(told.map((line) => line.replace(/; expected one of.*/, ""))).toEqual([
    "s.yaml:1:1: run: missing; expected a duration above 0, such as 250ms, 90s or 1h30m",
    's.yaml:1:1: scenario: unknown key "runn"; did you mean run?',
    "s.yaml:4:18: fleet[0].link.loss: 5; expected a share such as 5% or 0.05",
    's.yaml:4:21: fleet[0].link: unknown key "dely"; did you mean delay?',
    's.yaml:5:10: fleet[0].nat: "lynux"; did you mean linux?',
    's.yaml:7:21: faults[0].where: "attic"',
    's.yaml:7:42: faults[0].to: "lann"; did you mean lan?',
    "s.yaml:8:5: faults[1].at: missing; expected a duration with its unit, such as 250ms, 90s or 1h30m",
    "s.yaml:8:22: faults[1].for: 20; expected a duration such as 90s, or end",
    's.yaml:10:14: expect[0].metric: "alrms"; did you mean alarms?',
    "s.yaml:11:31: expect[1].max: 3; expected a duration such as 250ms or 90s",
  ]);
});

describe("what is no scenario at all", () => {
  it.each([
    ["^", "scenario: empty; expected a map"],
    ["^- 5", "scenario: a list; expected a map"],
    ["run: 1h\n^run: 2h\nfleet: [{group: a}]", "Map keys must be unique"],
    ["run: 1h\nfleet: ^[]", "fleet: an empty list; expected a list of 1 to 200 groups"],
    ["run: 1h\nfleet: ^{group: a}", "fleet: a map; expected a list of 1 to 200 groups"],
    [
      "run: 1h\nfleet: [{group: ^}]",
      "fleet[0].group: empty; expected a name: letters, digits, - and _, a letter first, at most 40",
    ],
  ])("%j", (text, line) => {
    expect(slip(text)).toBe(line);
  });

  it("broken YAML and JSON: where it breaks", () => {
    expect(refusal('{"run": "1h",\n "fleet": [}')[0]).toMatch(/^s\.yaml:2:12: /);
    expect(refusal("run: 1h\n\tfleet: 5")[0]).toMatch(/^s\.yaml:2:1: /);
  });

  it("aliases of aliases without end", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
    for (const [name, of] of ["ba", "cb", "dc", "ed"].map((pair) => [...pair])) {
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${of}`).join()}]`);
    }
    expect(refusal(bomb.join("\n"))[0]).toMatch(/alias/);
  });
});
