// What a scenario file says becomes of it: defaults, units, presets and what differs from them.

import { expect, it } from "vitest";
import { plainLink } from "../../sim/link.ts";
import { natPreset } from "../../sim/nat.ts";
import { linkPreset } from "../../sim/presets.ts";
import { parseScenario } from "../../sim/scenario/parse.ts";
import type { Group, Scenario } from "../../sim/scenario/types.ts";

const parse = (text: string): Scenario => parseScenario(text, "nights/bad-night.yaml");
const group = (fields: string): Group =>
  parse(`run: 1h\nfleet: [{group: a${fields && `, ${fields}`}}]`).fleet[0]!;
const fault = (fields: string, run = "run: 6h") =>
  parse(`${run}\nfleet: [{group: a, ap: attic}]\nfaults: [{${fields}}]`).faults[0]!;

it("needs a run and a group, and has a default for all else", () => {
  const wifi = linkPreset("wifi-good")!;
  expect(parse("run: 90m\nfleet: [{group: a}]")).toEqual({
    name: "bad-night",
    about: "no description",
    seeds: [1],
    runMs: 5_400_000,
    calmAt: Number.POSITIVE_INFINITY,
    gateway: {
      commitMs: [2, 12],
      flushMs: 1_000,
      graceMs: 250,
      misses: 0,
      clockTrusted: true,
      socketQueue: 554,
      frameMs: 0,
    },
    fleet: [
      {
        group: "a",
        count: 1,
        suite: 2,
        intervalMs: 60_000,
        reach: "awake",
        transport: "udp",
        link: { preset: "wifi-good", up: wifi.up, down: wifi.down },
        nat: undefined,
        ap: "own",
        board: undefined,
        battery: undefined,
        clock: "xtal20",
        ...{ temperature: { mean: 20, swing: 0 }, boot: { atMs: 0, spreadMs: 0 } },
        config: {},
      },
    ],
    faults: [],
    expect: [],
  });
});

it("is the same in JSON, with anchors, and with keys merged in", () => {
  const yaml = parse("run: 1h\nfleet: [{group: a, count: 2}, {group: b, count: 2}]");
  expect(parse('{"run":"1h","fleet":[{"group":"a","count":2},{"group":"b","count":2}]}')).toEqual(
    yaml,
  );
  const merged = "fleet: [&like {group: a, count: 2}, {<<: *like, group: b}]";
  expect(parse(`run: 1h\n${merged}`)).toEqual(yaml);
});

it("takes its name from the file where it has none", () => {
  const name = (file: string) => parseScenario("run: 1h\nfleet: [{group: a}]", file).name;
  expect(name("/home/me/attic.yaml")).toBe("attic");
  expect(name("2026 night.v2.yml")).toBe("scenario-2026-night-v2");
  expect(name("x".repeat(60))).toHaveLength(40);
});

it("reads a group's quantities", () => {
  const suites = ["crc16", "hmac", "chaskey"].map((suite) => group(`suite: ${suite}`).suite);
  expect(suites).toEqual([0, 1, 2]);
  expect(group("interval: 1h30m").intervalMs).toBe(5_400_000);
  expect(group("boot: 5m").boot).toEqual({ atMs: 0, spreadMs: 300_000 });
  expect(group("boot: {at: 5m}").boot).toEqual({ atMs: 300_000, spreadMs: 0 });
  expect(group("temperature: -5.5").temperature).toEqual({ mean: -5.5, swing: 0 });
  expect(group("temperature: {mean: 12, swing: 8}").temperature).toEqual({ mean: 12, swing: 8 });
  expect(group("board: esp32, battery: 18650").battery).toBe("18650");
  expect(group("config: {rto: 1s, rtoMax: 8s, clockError: 2.5%, wake: 3s}").config).toEqual({
    rto: 1_000,
    rtoMax: 8_000,
    clockError: 0.025,
    wakeMs: 3_000,
  });
});

it("reads a link of its own, for both directions or for one", () => {
  expect(group("link: {}").link).toEqual({
    preset: "custom",
    up: plainLink(0),
    down: plainLink(0),
  });
  const { up, down } = linkPreset("lora")!;
  const words = `link: {preset: lora, loss: 5%, jitter: 2ms,
    up: {delay: {p0: 1ms, p50: 10ms, p99.9: 1s, p100: 2s}, outage: {every: 1h, for: 5m}},
    down: {loss: {good: 0.2%, bad: 0.5, goodFor: 1m, badFor: 300ms}, rate: 9600bit/s, queue: 4kB}}`;
  const lossless = { jitterMs: 2 };
  expect(group(words).link).toEqual({
    preset: "lora",
    up: {
      ...up,
      ...lossless,
      lossGood: 0.05,
      lossBad: 0.05,
      goodMs: 1_000,
      badMs: 0,
      delay: [
        [0, 1],
        [0.5, 10],
        [0.999, 1_000],
        [1, 2_000],
      ],
      outageEveryMs: 3_600_000,
      outageMs: 300_000,
    },
    down: {
      ...down,
      ...lossless,
      lossGood: 0.002,
      lossBad: 0.5,
      goodMs: 60_000,
      badMs: 300,
      bitsPerSecond: 9_600,
      queueBytes: 4_000,
    },
  });
});

it("reads the rest of a link", () => {
  const words = `delay: 20ms..80ms, wake: {after: 10s, delay: 1s}, duplicate: 1%, corrupt: 0.1%,
    reorder: {share: 2%, by: 30ms}, overhead: 48, mtu: 100,
    netem: {p: 1%, r: 20%, lossBad: 1, lossGood: 0}, pattern: {per: frame, steps: [0, lost, 5ms]}`;
  expect(group(`link: {${words}}`).link.up).toEqual({
    ...plainLink(0),
    delay: [
      [0, 20],
      [1, 80],
    ],
    idleMs: 10_000,
    wake: [
      [0, 1_000],
      [1, 1_000],
    ],
    duplicate: 0.01,
    corrupt: 0.001,
    reorder: 0.02,
    reorderMs: 30,
    overheadBytes: 48,
    mtu: 100,
    netem: { p: 0.01, r: 0.2, lossBad: 1, lossGood: 0 },
    pattern: { per: "frame", steps: [0, -1, 5] },
  });
});

it("reads a NAT by name, or with differences from one", () => {
  expect(group("nat: none").nat).toBeUndefined();
  expect(group("nat: cgn").nat).toEqual(natPreset("cgn"));
  const words = "nat: {preset: cgn, name: worse, unreplied: 5s, mappings: 10, ports: 2000..3000}";
  expect(group(words).nat).toEqual({
    ...natPreset("cgn"),
    name: "worse",
    unrepliedMs: 5_000,
    mappingsMax: 10,
    ports: [2_000, 3_000],
  });
  expect(group("nat: {stream: 1h}").nat).toEqual({
    ...natPreset("linux"),
    name: "custom",
    streamMs: 3_600_000,
  });
});

it("knows when a fault works, and whom it meets", () => {
  const once = { atMs: 60_000, everyMs: undefined, random: false, untilMs: 21_600_000 };
  expect(fault("at: 1m, do: reboot, where: a-1")).toEqual({
    ...once,
    where: { names: ["a-1"], share: 1 },
    do: "reboot",
  });
  expect(fault("at: 1m, do: leave, where: [a, attic]").where.names).toEqual(["a", "attic"]);
  expect(fault("at: 1m, do: leave, where: {share: 5%}").where).toEqual({
    names: ["fleet"],
    share: 0.05,
  });
  expect(fault("at: 1m, do: stop").where.names).toEqual(["gateway"]);
  expect(fault("at: 1m, do: broker").where.names).toEqual(["broker"]);
  expect(fault("at: 1m, every: 20s, until: 1h, do: leave")).toMatchObject({
    everyMs: 20_000,
    random: false,
    untilMs: 3_600_000,
  });
  expect(fault("at: 1m, every: {random: 20s}, do: leave", "run: 6h\ncalm: 5h")).toMatchObject({
    everyMs: 20_000,
    random: true,
    untilMs: 18_000_000,
  });
});

it("reads what a fault does", () => {
  const does = (words: string) => fault(`at: 0, do: ${words}`);
  const { up, down } = linkPreset("lan")!;
  const forMs = Number.POSITIVE_INFINITY;
  expect(does("power, for: 90s, back: 2s")).toMatchObject({
    forMs: 90_000,
    spreadMs: 0,
    backMs: 2_000,
  });
  expect(does("ap")).toMatchObject({ forMs });
  expect(does("ap, for: end")).toMatchObject({ forMs });
  expect(does("battery")).toMatchObject({ share: 1 });
  expect(does("clock, by: -1h30m")).toMatchObject({ byMs: -5_400_000 });
  expect(does("wall, by: 1d")).toMatchObject({ byMs: 86_400_000 });
  expect(does("link, to: lan, ramp: 5m")).toMatchObject({
    to: { preset: "lan", up, down },
    rampMs: 300_000,
    forMs,
  });
  expect(does("nat-set, to: cgn")).toMatchObject({ to: natPreset("cgn") });
  expect(does("nat")).toMatchObject({ change: "rebind" });
  expect(does("loss, share: 30%, direction: up")).toMatchObject({ share: 0.3, direction: "up" });
  expect(does("disk, commit: 5ms..800ms, for: 1m")).toMatchObject({ commitMs: [5, 800] });
  expect(does("crash, step: after-commit, for: 0.5s")).toMatchObject({
    step: "after-commit",
    forMs: 500,
  });
  expect(does("replay, perSecond: 2.5, delay: 1m")).toMatchObject({
    perSecond: 2.5,
    delayMs: 60_000,
  });
});

it("knows seeds one by one and in ranges", () => {
  const seeds = (words: string) => parse(`run: 1h\nfleet: [{group: a}]\nseeds: ${words}`).seeds;
  expect(["7", "1..4", "[9, 2..3, 0]"].map(seeds)).toEqual([[7], [1, 2, 3, 4], [9, 2, 3, 0]]);
});

it("reads bounds in the unit of their metric, and says them in words", () => {
  const expectations = (list: string) =>
    parse(`run: 1h\nfleet: [{group: a}]\nexpect: [${list}]`).expect;
  expect(
    expectations(
      "{metric: ackedShare, where: a, min: 99.9%}, {metric: detect.p99, min: 0, max: 3m30s}",
    ),
  ).toEqual([
    { metric: "ackedShare", where: "a", min: 0.999, text: "ackedShare of a at least 99.9%" },
    { metric: "detect.p99", min: 0, max: 210_000, text: "detect.p99 at least 0 and at most 3m30s" },
  ]);
});
